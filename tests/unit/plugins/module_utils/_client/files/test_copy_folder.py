# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of deleted manifests in a folder, and files of plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.copy_folder import CopyFolder
from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.job_folder import ends_with_job
from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.plan_file import (
    read_plan_file,
    write_plan_file,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import ReadOnlyClient, Refused
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.copies import CopyRecord

AT = datetime(2031, 4, 5, 6, 7, 8, tzinfo=UTC)
RECORD = CopyRecord("kiwi", "team/app", AT, frozenset(), ())


def opened(path: Path, *, is_read_only: bool = False) -> CopyFolder:
    return CopyFolder(str(path), is_read_only=is_read_only)


def test_records_are_private_sorted_by_time_closed_and_removed(tmp_path: Path) -> None:
    store = opened(tmp_path / "state")
    later = store.save(replace(RECORD, saved_at=AT + timedelta(seconds=1)))
    first = store.save(RECORD)
    store.save(replace(RECORD, registry="plum"))
    folder = tmp_path / "state" / "undo" / "kiwi"
    assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent)} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert list(store.read_all("kiwi")) == [first, later]
    store.close_record(first, RECORD)
    assert [one.is_open for one in store.read_all("kiwi").values()] == [False, True]
    store.remove(first)
    store.remove(first)
    assert list(store.read_all("kiwi")) == [later]


def test_a_folder_without_records_is_empty_and_half_a_file_is_passed_over(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert store.read_all("kiwi") == {}
    store.save(RECORD)
    (tmp_path / "undo" / "kiwi" / "tmp7.new").write_text("{", encoding="utf-8")
    assert list(store.read_all("kiwi").values()) == [RECORD]


def test_a_foreign_file_and_a_link_are_refused_in_a_sentence(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.save(RECORD)
    (tmp_path / "undo" / "kiwi" / "a.json").write_text("[]", encoding="utf-8")
    with pytest.raises(Refused, match=r"Could not read the copies in .*a\.json: the file lacks .*; check undo_path"):
        store.read_all("kiwi")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "undo").symlink_to(tmp_path)
    with pytest.raises(Refused, match="is no folder of the user"):
        opened(tmp_path / "other").save(RECORD)


def test_check_mode_writes_neither_copies_nor_plans(tmp_path: Path) -> None:
    store = opened(tmp_path / "state", is_read_only=True)
    with pytest.raises(ReadOnlyClient):
        store.save(RECORD)
    with pytest.raises(ReadOnlyClient):
        write_plan_file(str(tmp_path / "plan"), "{}", Settings("t", is_read_only=True))
    assert list(tmp_path.iterdir()) == []


def test_a_plan_file_is_replaced_and_read(tmp_path: Path) -> None:
    path = str(tmp_path / "plan")
    assert read_plan_file(path) is None
    write_plan_file(path, "{}", Settings("t"))
    assert read_plan_file(path) == "{}"
    (tmp_path / "plan").write_bytes(b"\xff")
    with pytest.raises(Refused, match="the content is not UTF-8; check plan_file"):
        read_plan_file(path)
    with pytest.raises(Refused, match="Could not write the plan file"):
        write_plan_file(str(tmp_path / "none" / "plan"), "{}", Settings("t"))


def test_a_path_ends_with_a_job_of_awx_only(tmp_path: Path) -> None:
    job = {"AWX_PRIVATE_DATA_DIR": str(tmp_path / "job")}
    assert ends_with_job(str(tmp_path / "job" / "undo"), job)
    assert ends_with_job("/runner/artifacts/undo", job)
    assert not ends_with_job(str(tmp_path), {})
    # A mount is on another device than the root of the container.
    assert not ends_with_job(str(tmp_path / "kept"), job, root="/proc")
