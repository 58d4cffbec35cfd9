# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where image clients look for a login, and which login they find."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.login.clients import (
    DOCKER,
    DOCKER_AUTH_CONFIG,
    PODMAN,
    Surroundings,
    default_path,
    places_of,
    used_login,
)

HOST = "images.test:5443"
DOCKERS = "/fig/.docker/config.json"
RUNTIME = "/run/user/7/containers/auth.json"
SETTINGS = "/fig/.config/containers/auth.json"
LOGIN = {"auth": "YTpi"}


def around(**environment: str) -> Surroundings:
    return Surroundings(environment, "/fig", 7)


@pytest.mark.parametrize(
    ("environment", "dockers", "podmans"),
    [
        ({}, DOCKERS, "/run/containers/7/auth.json"),
        ({"XDG_RUNTIME_DIR": "/run/user/7"}, DOCKERS, RUNTIME),
        ({"XDG_RUNTIME_DIR": "/run/user/7", "DOCKER_CONFIG": "/ci"}, "/ci/config.json", "/ci/config.json"),
        ({"REGISTRY_AUTH_FILE": "/ci/auth", "DOCKER_CONFIG": "/ci"}, "/ci/config.json", "/ci/auth"),
    ],
)
def test_the_default_file_is_the_file_that_the_client_writes(
    environment: dict[str, str], dockers: str, podmans: str
) -> None:
    assert default_path(DOCKER, around(**environment)) == dockers
    assert default_path(PODMAN, around(**environment)) == podmans


@pytest.mark.parametrize(
    ("path", "environment", "dockers", "podmans"),
    [
        (DOCKERS, {"XDG_RUNTIME_DIR": "/run/user/7"}, DOCKERS, (RUNTIME, SETTINGS, DOCKERS)),
        (RUNTIME, {"XDG_RUNTIME_DIR": "/run/user/7"}, DOCKERS, (RUNTIME, SETTINGS, DOCKERS)),
        ("/ci/config.json", {"XDG_RUNTIME_DIR": "/run/user/7"}, "/ci/config.json", ("/ci/config.json",)),
        ("/ci/config.json", {"DOCKER_CONFIG": "/ci"}, "/ci/config.json", ("/ci/config.json",)),
        ("/ci/plum.json", {}, DOCKERS, ("/ci/plum.json",)),
        (DOCKERS, {"REGISTRY_AUTH_FILE": "/ci/auth"}, DOCKERS, ("/ci/auth",)),
    ],
)
def test_clients_look_into_their_files_in_their_order(
    path: str, environment: dict[str, str], dockers: str, podmans: tuple[str, ...]
) -> None:
    assert places_of(DOCKER, path, around(**environment)) == (DOCKER_AUTH_CONFIG, dockers)
    assert places_of(PODMAN, path, around(**environment)) == podmans


@pytest.mark.parametrize(
    ("client", "contents", "expected"),
    [
        (DOCKER, {DOCKER_AUTH_CONFIG: {}, DOCKERS: {}}, (DOCKERS, HOST, True, False)),
        (DOCKER, {DOCKER_AUTH_CONFIG: {HOST: LOGIN}, DOCKERS: {}}, (DOCKER_AUTH_CONFIG, HOST, False, True)),
        (DOCKER, {DOCKER_AUTH_CONFIG: {"other": LOGIN}, DOCKERS: {}}, (DOCKERS, HOST, True, False)),
        # Docker ignores the variable as a whole, or finds no exact key.
        (DOCKER, {DOCKER_AUTH_CONFIG: {f"https://{HOST}": LOGIN}, DOCKERS: {}}, (DOCKERS, HOST, True, False)),
        (DOCKER, {DOCKER_AUTH_CONFIG: {HOST: {**LOGIN, "email": "a"}}, DOCKERS: {}}, (DOCKERS, HOST, True, False)),
        (DOCKER, {DOCKER_AUTH_CONFIG: {HOST: LOGIN, "other": {}}, DOCKERS: {}}, (DOCKERS, HOST, True, False)),
        (DOCKER, {DOCKER_AUTH_CONFIG: "{", DOCKERS: {}}, (DOCKERS, HOST, True, False)),
        (DOCKER, {DOCKERS: {f"{HOST}/kiwi": LOGIN}}, (DOCKERS, HOST, True, False)),
        (DOCKER, {"/other/config.json": {}}, (None, None, False, False)),
        (PODMAN, {DOCKERS: {f"{HOST}/kiwi": LOGIN}}, (DOCKERS, f"{HOST}/kiwi", False, True)),
        (PODMAN, {DOCKERS: {f"{HOST}/kiwi/web": LOGIN}}, (DOCKERS, f"{HOST}/kiwi/web", False, True)),
        (PODMAN, {DOCKERS: {f"{HOST}/kiwi": {}}}, (DOCKERS, HOST, True, False)),
        (PODMAN, {DOCKERS: {f"{HOST}/kiwis": LOGIN, f"{HOST}/plum": LOGIN}}, (DOCKERS, HOST, True, False)),
        (PODMAN, {RUNTIME: {HOST: LOGIN}, DOCKERS: {}}, (RUNTIME, HOST, False, True)),
        (PODMAN, {RUNTIME: None, SETTINGS: "no JSON", DOCKERS: {}}, (DOCKERS, HOST, True, False)),
        (PODMAN, {"/ci/auth": {HOST: LOGIN}}, ("/ci/auth", HOST, False, False)),
    ],
)
def test_the_first_place_with_an_entry_wins_and_podman_prefers_an_entry_with_a_path(
    client: str, contents: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    texts = {place: json.dumps({"auths": one}) if isinstance(one, dict) else one for place, one in contents.items()}
    found = used_login(client, texts, DOCKERS, HOST, "kiwi")
    assert (found.place, found.key, found.is_this_login, found.is_hidden) == expected


def test_a_helper_of_another_file_counts_as_its_login() -> None:
    texts = {RUNTIME: json.dumps({"credHelpers": {HOST: "pass"}}), DOCKERS: "{}"}
    assert used_login(PODMAN, texts, DOCKERS, HOST, "kiwi").key == "credHelpers"
