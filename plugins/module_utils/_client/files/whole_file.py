# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress

_NEW = ".new"


def replace_file(path: str, content: bytes, *, is_synced: bool = True) -> None:
    """Replace a file by a private file, which with `is_synced` is on the disk when the call returns. Raises OSError."""
    folder = os.path.dirname(path)
    handle, temporary = tempfile.mkstemp(suffix=_NEW, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if is_synced:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    if is_synced:
        sync_folder(folder)


def sync_folder(folder: str) -> None:
    """Write the names of a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
