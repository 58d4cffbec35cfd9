# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of names of images, and of secrets whoever made them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    PULL_SECRET_TYPE,
    Secret,
    SecretContent,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.images import Image, read_image
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.secrets import index_secrets

HOST = "images.quay:7443"
DIGEST = f"sha256:{'b' * 64}"


@pytest.mark.parametrize(
    ("name", "image"),
    [
        (f"{HOST}/kiwi/web", Image("kiwi", "web", "latest")),
        (f"{HOST}/kiwi/team/web:v7", Image("kiwi", "team/web", "v7")),
        (f"{HOST}/kiwi/web:v7@{DIGEST}", Image("kiwi", "web", DIGEST)),
        (f"{HOST}/kiwi/web@{DIGEST}", Image("kiwi", "web", DIGEST)),
        (f"{HOST}/other/web:v7", Image("other", "web", "v7")),
        (f"{HOST}/kiwi:v7", Image("kiwi:v7", "", "latest")),
        ("kiwi/web:v7", Image("kiwi", "web", "v7", has_host=False)),
        ("kiwi", None),
        ("library/web:v7", None),
        ("images.quay/kiwi/web:v7", None),
        (f"{HOST}.evil/kiwi/web:v7", None),
        ("docker.io/kiwi/web", None),
    ],
)
def test_the_place_of_an_image_is_read_from_its_name(name: str, image: Image | None) -> None:
    assert read_image(name, HOST, ("kiwi", "plum")) == image


def test_a_place_shows_as_it_is_written() -> None:
    assert str(Image("kiwi", "web", "v7")) == "kiwi/web:v7"
    assert str(Image("kiwi", "web", DIGEST)) == f"kiwi/web@{DIGEST}"
    assert [one.is_whole for one in (Image("kiwi", "web", "v7"), Image("kiwi", "", "v7"))] == [True, False]


def auth(user: str, token: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{token}".encode()).decode()}


def secret(name: str, config: Any, *, kind: str = PULL_SECRET_TYPE, key: str = ".dockerconfigjson") -> Secret:
    text = config if isinstance(config, str) else json.dumps(config)
    return Secret("pear", name, SecretContent(kind, {key: base64.b64encode(text.encode()).decode()}))


@pytest.mark.parametrize(
    ("auths", "logins"),
    [
        ({HOST: auth("me", "t-1")}, [("", "t-1")]),
        ({f"https://{HOST}/v2/": auth("me", "t-1")}, [("", "t-1")]),
        (
            {f"{HOST}/kiwi": auth("me", "t-1"), f"{HOST}/plum/web": auth("me", "t-2")},
            [("/kiwi", "t-1"), ("/plum/web", "t-2")],
        ),
        ({HOST: {"auth": auth("me", "t-16")["auth"].rstrip("=")}}, [("", "t-16")]),
        ({HOST: {"auth": "bWU6\ndC0x\n"}}, [("", "t-1")]),
        ({"*.quay:7443": {"username": "me", "password": "t-3"}}, [("", "t-3")]),
        ({HOST: {"username": "me"}}, []),
        ({"quay.io": auth("me", "t-1"), "images.quay": auth("me", "t-2")}, []),
        ({HOST: {}}, []),
    ],
)
def test_logins_for_the_image_host_are_found_whatever_their_key(auths: Any, logins: list[tuple[str, str]]) -> None:
    indexed = index_secrets([secret("any", {"auths": auths})], HOST, ("kiwi",)).find("pear", "any")
    assert indexed is not None
    assert [(one.path, one.credentials.token) for one in indexed.parsed.logins] == logins
    assert indexed.parsed.fault is None


def test_a_secret_of_old_docker_is_read_too() -> None:
    old = secret("any", {HOST: auth("me", "t-1")}, kind="kubernetes.io/dockercfg", key=".dockercfg")
    indexed = index_secrets([old], HOST, ()).find("pear", "any")
    assert indexed is not None
    assert [one.credentials.token for one in indexed.parsed.logins] == ["t-1"]


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (secret("any", "{"), "not a Docker config in JSON"),
        (secret("any", {"auths": None}), "its .dockerconfigjson has no entry"),
        (secret("any", []), "not a Docker config"),
        (secret("any", {"auths": {HOST: {"auth": "&"}}}), f"the auth of its entry {HOST} is not base64"),
        (secret("any", {"auths": {HOST: {"auth": "dC0x"}}}), f"the auth of its entry {HOST} is not a user and"),
        (secret("any", {"auths": {HOST: {"password": 1}}}), f"the password of its entry {HOST} is not a text"),
        (secret("any", {"auths": {HOST: "t-1"}}), f"its entry {HOST} is not a map"),
        (secret("any", {"auths": {}}, key="other"), "its .dockerconfigjson has no entry"),
        (secret("any", {"auths": {}}, kind="Opaque"), "type is Opaque, which no kubelet reads"),
    ],
)
def test_an_unusable_pull_secret_is_explained_without_its_content(broken: Secret, fault: str) -> None:
    indexed = index_secrets([broken], HOST, ()).find("pear", "any")
    assert indexed is not None
    assert fault in str(indexed.parsed.fault)
    assert "t-1" not in repr(indexed)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("kiwi", ("kiwi", "one_click")),
        ("registry-kiwi", ("kiwi", "doctl")),
        ("docr-direct-kiwi", ("kiwi", "direct")),
        ("docr-operator-plum", ("plum", "operator")),
        ("docr-direct-pear", (None, "other")),
        ("regcred", (None, "other")),
    ],
)
def test_names_tell_for_which_registry_a_secret_is_and_who_makes_it(name: str, told: tuple[str | None, str]) -> None:
    indexed = index_secrets([secret(name, {"auths": {}})], HOST, ("kiwi", "plum")).find("pear", name)
    assert indexed is not None
    assert (indexed.registry, indexed.method, indexed.is_marked) == (*told, False)


@pytest.mark.parametrize(
    ("auths", "expected"),
    [
        ({f"https://{HOST}/v2": auth("me", "t-1")}, (0, (), (f"https://{HOST}/v2",), 0)),
        ({"*": auth("me", "t-1")}, (0, (), ("*",), 0)),
        ({f"{HOST}/kiwi/web:v1": auth("me", "t-1"), HOST: {}}, (0, (HOST,), (f"{HOST}/kiwi/web:v1",), 0)),
        ({"quay.io": auth("me", "t-1"), HOST: auth("me", "t-1")}, (1, (), (), 1)),
    ],
)
def test_entries_that_are_no_login_for_the_image_host_are_told_apart(auths: Any, expected: Any) -> None:
    indexed = index_secrets([secret("any", {"auths": auths})], HOST, ("kiwi",)).find("pear", "any")
    assert indexed is not None
    parsed = indexed.parsed
    assert (len(parsed.logins), parsed.passwordless, parsed.unfit, parsed.others) == expected


def test_a_secret_for_another_host_that_has_the_name_of_a_registry_is_its_authors_own() -> None:
    indexed = index_secrets([secret("kiwi", {"auths": {"quay.io": auth("me", "t-1")}})], HOST, ("kiwi",)).find(
        "pear", "kiwi"
    )
    assert indexed is not None
    assert (indexed.registry, indexed.method) == (None, "other")
