# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders above a Docker config are private, whatever the umask is."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.docker_config import open_docker_config
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_new_folders_and_files_are_for_the_owner_only(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        open_docker_config(str(tmp_path / "a/b/c/config.json"), Settings("token")).write("{}")
    finally:
        os.umask(before)
    modes = {str(one.relative_to(tmp_path)): stat.S_IMODE(one.stat().st_mode) for one in tmp_path.rglob("*")}
    assert modes == {"a": 0o700, "a/b": 0o700, "a/b/c": 0o700, "a/b/c/config.json": 0o600}


def test_what_root_makes_in_a_home_folder_belongs_to_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    homes = {4711: str(tmp_path / "fig")}
    monkeypatch.setattr(pwd, "getpwuid", lambda number: SimpleNamespace(pw_dir=homes.get(number, "/root")))
    (tmp_path / "fig").mkdir()
    os.chown(tmp_path / "fig", 4711, 4712)
    file = open_docker_config(str(tmp_path / "fig/.docker/ci/config.json"), Settings("token"))
    file.write_note("{}")
    file.write("{}")
    found = {(one.stat().st_uid, one.stat().st_gid) for one in (tmp_path / "fig").rglob("*")}
    assert (len(list((tmp_path / "fig").rglob("*"))), found) == (4, {(4711, 4712)})
    outside = open_docker_config(str(tmp_path / "ci/config.json"), Settings("token"))
    outside.write("{}")
    assert (tmp_path / "ci/config.json").stat().st_uid == 0
