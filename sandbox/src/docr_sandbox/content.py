# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blobs and manifests as files by digest."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Set
from functools import cached_property
from pathlib import Path

ALGORITHMS = ("sha256", "sha512")
_CHUNK = 1 << 20


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    """The digest of some content, with its algorithm."""
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


class ContentStore:
    """A folder of files by digest; without a `folder` a temporary folder, created with the first content."""

    def __init__(self, folder: Path | None = None) -> None:
        self._given = folder

    @cached_property
    def _folder(self) -> Path:
        if self._given is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="docr-sandbox-content-")
            return Path(self._temporary.name)
        self._given.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._given

    def path(self, digest: str) -> Path:
        """The file of a digest, which may be missing."""
        return self._folder / digest.replace(":", "-")

    def has(self, digest: str) -> bool:
        """Whether the content of a digest is stored."""
        return self.path(digest).is_file()

    def add(self, content: bytes, algorithm: str = "sha256") -> str:
        """Store some content; return its digest."""
        digest = digest_of(content, algorithm)
        self.path(digest).write_bytes(content)
        return digest

    def put(self, digest: str, content: bytes) -> None:
        """Store content under a digest that is not the digest of all its bytes, as for signed manifests."""
        self.path(digest).write_bytes(content)

    def add_padded(self, start: bytes, size: int) -> str:
        """Store `start`, followed by zeros up to a size, which take no room on most disks; return the digest."""
        found = hashlib.sha256(start[:size])
        zeros = bytes(_CHUNK)
        left = size - len(start)
        while left > 0:
            found.update(zeros[:left])
            left -= _CHUNK
        path = self.path(f"sha256:{found.hexdigest()}")
        with path.open("wb") as file:
            file.write(start[:size])
            file.truncate(size)
        return f"sha256:{found.hexdigest()}"

    def scratch(self) -> Path:
        """A new empty file for content whose digest is not known yet."""
        path = self._folder / f"upload-{uuid.uuid4()}"
        path.touch(mode=0o600)
        return path

    def take(self, scratch: Path, digest: str) -> bool:
        """Turn a scratch file into the content of a digest; False, and the file is deleted, when its digest differs."""
        with scratch.open("rb") as file:
            is_it = hashlib.file_digest(file, digest.partition(":")[0]).hexdigest() == digest.partition(":")[2]
        if is_it:
            scratch.replace(self.path(digest))
        else:
            scratch.unlink()
        return is_it

    def keep_only(self, digests: Set[str]) -> None:
        """Delete all content except these digests; uploads are kept."""
        if not self._is_used:
            return
        kept = {digest.replace(":", "-") for digest in digests}
        for path in self._folder.iterdir():
            if path.name not in kept and not path.name.startswith("upload-"):
                path.unlink()

    def clear(self) -> None:
        """Delete everything."""
        if self._is_used:
            for path in self._folder.iterdir():
                path.unlink()

    @property
    def _is_used(self) -> bool:
        return "_folder" in vars(self) or self._given is not None
