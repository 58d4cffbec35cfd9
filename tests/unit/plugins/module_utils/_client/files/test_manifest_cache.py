# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache of manifests: verified, private, bounded, and of no harm where the folder cannot be used."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.manifest_cache import FolderCache
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.documents import ManifestBytes


def entry(number: int, size: int = 10) -> tuple[str, ManifestBytes]:
    content = str(number).encode().rjust(size)
    return f"sha256:{hashlib.sha256(content).hexdigest()}", ManifestBytes(content, "application/x+json")


def test_an_entry_is_read_as_it_was_written_and_the_folders_are_private(tmp_path: Path) -> None:
    digest, manifest = entry(1)
    FolderCache(str(tmp_path / "new" / "cache")).write(digest, manifest)
    assert FolderCache(str(tmp_path / "new" / "cache")).read(digest) == manifest
    folders = [tmp_path / "new" / "cache", tmp_path / "new" / "cache" / "manifests"]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    files = [path for path in (tmp_path / "new").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_folder_that_others_may_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir(mode=0o755)
    FolderCache(str(tmp_path))
    assert (tmp_path / "manifests").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"application/x+json\n", b"application/x+json\nother", b"\n"])
def test_an_entry_with_other_bytes_is_no_entry(tmp_path: Path, content: bytes) -> None:
    digest, manifest = entry(1)
    cache = FolderCache(str(tmp_path))
    cache.write(digest, manifest)
    next(path for path in tmp_path.rglob("*") if path.is_file()).write_bytes(content)
    assert cache.read(digest) is None


def test_a_pipe_in_place_of_an_entry_is_no_entry(tmp_path: Path) -> None:
    digest, manifest = entry(1)
    cache = FolderCache(str(tmp_path))
    cache.write(digest, manifest)
    place = next(path for path in tmp_path.rglob("*") if path.is_file())
    place.unlink()
    os.mkfifo(place)
    assert cache.read(digest) is None


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "sha256:../../../etc/passwd", "../x:" + "0" * 64, "sha256:" + "0" * 64, "md5:" + "0" * 32]
)
def test_a_digest_that_is_not_kept_or_not_there_has_no_entry(tmp_path: Path, digest: str) -> None:
    cache = FolderCache(str(tmp_path / "cache"))
    if digest != "sha256:" + "0" * 64:
        cache.write(digest, ManifestBytes(b"x", ""))
    assert cache.read(digest) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_beyond_the_bound_the_oldest_entries_are_removed(tmp_path: Path) -> None:
    cache = FolderCache(str(tmp_path), most_bytes=10_000)
    entries = [entry(number, 1000) for number in range(12)]
    for age, (digest, manifest) in enumerate(entries):
        cache.write(digest, manifest)
        path = next(path for path in tmp_path.rglob(digest.partition(":")[2]))
        os.utime(path, (1000 + age, 1000 + age))
    cache.trim()
    left = [number for number, (digest, _manifest) in enumerate(entries) if cache.read(digest) is not None]
    assert left == list(range(4, 12))


def test_a_folder_that_cannot_be_used_keeps_nothing_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "manifests").symlink_to(tmp_path / "elsewhere")
    digest, manifest = entry(1)
    for place, problem in (("file", "cannot be made"), ("linked", "is no folder of its own")):
        cache = FolderCache(str(tmp_path / place))
        cache.write(digest, manifest)
        cache.trim()
        assert cache.read(digest) is None
        assert problem in (cache.problem or "")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_after_an_error_nothing_more_is_kept(tmp_path: Path) -> None:
    cache = FolderCache(str(tmp_path))
    (tmp_path / "manifests" / "sha256").write_text("", encoding="utf-8")
    digest, manifest = entry(1)
    cache.write(digest, manifest)
    assert "cannot be written to" in (cache.problem or "")
    (tmp_path / "manifests" / "sha256").unlink()
    cache.write(digest, manifest)
    assert cache.read(digest) is None
