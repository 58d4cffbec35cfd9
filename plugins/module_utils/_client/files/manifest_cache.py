# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests by digest in a folder of the user's cache, on the host where the module runs.

An entry is read only where its bytes have its digest, so a damaged or foreign entry costs one request and nothing else.
The folder may be deleted at any time.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress

from ..._domain.images.documents import ManifestBytes, digest_fault
from ..errors import reason_of
from .whole_file import replace_file

# 100,000 manifests of usual images.
MOST_CACHED_BYTES = 256 * 1024 * 1024
_MOST_ENTRY_BYTES = 8 * 1024 * 1024
_PRIVATE = 0o700
_NAMED = re.compile(r"(sha256|sha512):([0-9a-f]{64,128})", re.ASCII)
_FOLDER = "manifests"


class FolderCache:
    """A cache in the folder `manifests` below a path; the protocol ManifestCache says what each call promises."""

    def __init__(self, path: str, most_bytes: int = MOST_CACHED_BYTES) -> None:
        self._folder = os.path.join(path, _FOLDER)
        self._most_bytes = most_bytes
        self._has_written = False
        self.problem: str | None = None
        try:
            os.makedirs(path, mode=_PRIVATE, exist_ok=True)
            with suppress(FileExistsError):
                os.mkdir(self._folder, mode=_PRIVATE)
            self.problem = _folder_problem(self._folder)
        except OSError as error:
            self.problem = f"the folder {self._folder} cannot be made ({reason_of(error)})"

    def read(self, digest: str) -> ManifestBytes | None:
        """An entry whose bytes have the digest."""
        path = self._path(digest)
        if path is None:
            return None
        try:
            with open(path, "rb", opener=_open_at_once) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return None
                content_type, _end, content = file.read(_MOST_ENTRY_BYTES).partition(b"\n")
        except OSError:
            return None
        if digest_fault(content, digest) is not None:
            return None
        return ManifestBytes(content, content_type.decode("ascii", "replace"))

    def write(self, digest: str, manifest: ManifestBytes) -> None:
        """Put an entry in its place as a whole; after an error nothing more is kept."""
        path = self._path(digest)
        if path is None or len(manifest.content) > _MOST_ENTRY_BYTES // 2:
            return
        try:
            _replace(path, manifest)
            self._has_written = True
        except OSError as error:
            self.problem = f"the folder {self._folder} cannot be written to ({reason_of(error)})"

    def trim(self) -> None:
        """Remove the oldest entries until a tenth of the bound is free."""
        if not self._has_written:
            return
        entries = sorted(_entries(self._folder))
        size = sum(one for _time, one, _path in entries)
        if size <= self._most_bytes:
            return
        for _time, one, path in entries:
            with suppress(OSError):
                os.unlink(path)
            size -= one
            if size <= self._most_bytes * 9 // 10:
                return

    def _path(self, digest: str) -> str | None:
        """Where an entry is; None for a digest that is not kept, which may come from an answer as any text."""
        match = _NAMED.fullmatch(digest)
        if match is None or self.problem is not None:
            return None
        return os.path.join(self._folder, match[1], match[2][:2], match[2])


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; a pipe is opened without a wait for its writer."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _folder_problem(folder: str) -> str | None:
    """Why a folder is not private; entries are verified, so that only their existence would show to others."""
    found = os.lstat(folder)
    if not os.path.isdir(folder) or os.path.islink(folder):
        return f"{folder} is no folder of its own"
    if found.st_uid != os.geteuid():
        return f"the folder {folder} belongs to another user"
    os.chmod(folder, _PRIVATE)
    return None


def _replace(path: str, manifest: ManifestBytes) -> None:
    os.makedirs(os.path.dirname(path), mode=_PRIVATE, exist_ok=True)
    content_type = manifest.content_type.encode("ascii", "replace").replace(b"\n", b" ")
    # A lost entry costs one request, so no entry waits for the disk.
    replace_file(path, content_type + b"\n" + manifest.content, is_synced=False)


def _entries(folder: str) -> Iterator[tuple[float, int, str]]:
    """The time, size in bytes and path of each file below a folder."""
    for place, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with suppress(OSError):
                found = os.stat(path, follow_symlinks=False)
                yield found.st_mtime, found.st_size, path
