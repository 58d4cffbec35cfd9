# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens where no token belongs: in what a program prints, and in the files of a folder.

All tokens of the sandbox begin alike, so a search for the beginning finds each token, the `auth` of each Docker config,
and each Docker config in the data of a Kubernetes secret. What is found is never printed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path

# A token, base64 of a token (`auth`), and base64 of a Docker config.
_SECRET = re.compile(rb"do[opr]_v1_[0-9a-f]{12,}|ZG9wX3Yx[\w+/=]{12,}|eyJhdXRocyI6[\w+/=]{12,}")


class ShownSecretError(AssertionError):
    """A program printed a token."""


def require_no_secret(where: str, *texts: str) -> None:
    """Raise ShownSecretError, which does not quote the token, where a text holds a token."""
    for text in texts:
        found = _SECRET.search(text.encode(errors="replace"))
        if found is not None:
            before = text.encode(errors="replace")[: found.start()].decode(errors="replace")[-120:]
            raise ShownSecretError(f"{where} shows a token after {before!r}")


def files_with_secrets(folder: Path, allowed: Collection[str]) -> list[str]:
    """The files below a folder that hold a token, without those whose names match a pattern in `allowed`."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or any(fnmatchcase(path.name, pattern) for pattern in allowed):
            continue
        if _SECRET.search(path.read_bytes()):
            found.append(str(path.relative_to(folder)))
    return found
