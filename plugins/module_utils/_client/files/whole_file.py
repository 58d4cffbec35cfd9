# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are written whole or not at all, and that are on the disk when the call returns."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress

_NEW = ".new"


def replace_file(path: str, text: str) -> None:
    """Replace a file by a private file. Raises OSError."""
    folder = os.path.dirname(path)
    handle, temporary = tempfile.mkstemp(suffix=_NEW, dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(folder)


def sync_folder(folder: str) -> None:
    """Write the names of a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
