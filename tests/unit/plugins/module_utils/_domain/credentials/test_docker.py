# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker configs as DigitalOcean mints them, and as it should not."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.docker import (
    DockerCredentials,
    parse_docker_credentials,
)


def config(text: str, key: str = "registry.digitalocean.com") -> dict[str, Any]:
    return {"auths": {key: {"auth": base64.b64encode(text.encode()).decode()}}}


@pytest.mark.parametrize("key", ["registry.digitalocean.com", "registry.digitalocean.com/kiwi"])
@pytest.mark.parametrize(
    ("text", "user", "token"),
    [("dop_1:dop_1", "dop_1", "dop_1"), ("me@example.org:dop_1", "me@example.org", "dop_1"), ("u:a:b", "u", "a:b")],
)
def test_password_of_the_only_entry_is_the_token(key: str, text: str, user: str, token: str) -> None:
    assert parse_docker_credentials(config(text, key)) == DockerCredentials(user, token)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"auths": None},
        {"auths": {}},
        {"auths": {"a": {"auth": "c2VjcmV0OnNlY3JldA=="}, "b": {"auth": "c2VjcmV0OnNlY3JldA=="}}},
        {"auths": {"a": {}}},
        {"auths": {"a": {"auth": "secret!"}}},
        {"auths": {"a": {"auth": "/w=="}}},
        config("secret"),
        config("secret:"),
        None,
        [],
    ],
)
def test_a_value_that_is_not_a_docker_config_is_refused_without_the_value(raw: Any) -> None:
    with pytest.raises(ValueError, match=r"^(no Docker config with one entry|an entry without a password)$") as caught:
        parse_docker_credentials(raw)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("registry.digitalocean.com", "registry.digitalocean.com"),
        ("registry.digitalocean.com/kiwi", "registry.digitalocean.com"),
        ("https://localhost:40002/v2/", "localhost:40002"),
        ("", ""),
    ],
)
def test_host_is_the_first_part_of_the_only_key(key: str, host: str) -> None:
    assert parse_docker_credentials(config("a:b", key)).host == host
    assert DockerCredentials("a", "b").host == ""
