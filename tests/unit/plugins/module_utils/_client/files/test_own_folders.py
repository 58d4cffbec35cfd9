# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders of the collection in a user's home."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.own_folders import (
    default_cache_path,
    default_undo_path,
)


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({}, "/users/mary/.cache/planton.digitalocean"),
        ({"XDG_CACHE_HOME": "/caches/mary"}, "/caches/mary/planton.digitalocean"),
        ({"XDG_CACHE_HOME": "caches"}, "/users/mary/.cache/planton.digitalocean"),
        ({"XDG_CACHE_HOME": ""}, "/users/mary/.cache/planton.digitalocean"),
    ],
)
def test_the_default_is_in_the_users_cache(environment: dict[str, str], path: str) -> None:
    assert default_cache_path(environment, "/users/mary") == path


def test_the_default_folder_follows_the_xdg_specification() -> None:
    assert default_undo_path({"XDG_STATE_HOME": "/srv/state"}, "/srv/a") == "/srv/state/planton.digitalocean"
    for relative in ({}, {"XDG_STATE_HOME": "state"}):
        assert default_undo_path(relative, "/srv/a") == "/srv/a/.local/state/planton.digitalocean"
