# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of docr_credentials by the options and the environment."""

from __future__ import annotations

import os
import pwd
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.login import build_login_task


def build(**options: Any) -> Any:
    asked = {"registry": "kiwi", "state": "absent", "path": None, "client": "docker", "registry_host": "images.test"}
    return build_login_task(asked | {"expires_in": "2h", "longest_push": "1h"} | options)


def test_an_empty_home_counts_as_not_set_as_for_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("HOME", "")
    assert build().path == f"{pwd.getpwuid(os.getuid()).pw_dir}/.docker/config.json"


def test_a_user_without_a_home_folder_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_123_456_789)
    with pytest.raises(InvalidInput, match="HOME: the user has no home folder"):
        build()


def test_a_file_of_the_old_format_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"path: /fig/\.dockercfg has the old format"):
        build(path="/fig/.dockercfg")
