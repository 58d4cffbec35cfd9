# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of deleted manifests in a folder of the user, on the host where the module runs.

Each record is a file. A file is written whole, and is on the disk before a deletion that the file is to undo.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import partial

from ..._domain.errors import Refused
from ..._domain.retention.copies import CopyRecord, format_record, parse_record
from ..._domain.times import format_time
from ..errors import reason_of, refuse_in_check_mode, translated
from .whole_file import replace_file, sync_folder

_FOLDER = "undo"
_SUFFIX = ".json"
_PRIVATE = 0o700
_ADVICE = "check undo_path and the free space there, then run the task again"


class CopyFolder:
    """Records in the folder `undo` below a path; the protocol CopyStore says what each call promises."""

    def __init__(self, path: str, *, is_read_only: bool) -> None:
        self.path = path
        self._folder = os.path.join(path, _FOLDER)
        self._is_read_only = is_read_only

    def read_all(self, registry: str) -> Mapping[str, CopyRecord]:
        """The records; what killed runs left half-written has another ending."""
        folder = self._of(registry)
        with _told(f"read the copies in {folder}"):
            try:
                names = sorted(one for one in os.listdir(folder) if one.endswith(_SUFFIX))
            except FileNotFoundError:
                return {}
            found = {os.path.join(registry, one): _read(os.path.join(folder, one)) for one in names}
        return {name: record for name, record in found.items() if record is not None}

    def save(self, record: CopyRecord) -> str:
        """Keep a record; names sort by time."""
        folder = self._of(record.registry)
        with self._writing(f"save copies of manifests in {folder}"):
            self._make_folders(folder)
            name = f"{format_time(record.saved_at).replace(':', '')}-{uuid.uuid4().hex}{_SUFFIX}"
            replace_file(os.path.join(folder, name), format_record(record).encode())
        return os.path.join(record.registry, name)

    def close_record(self, name: str, record: CopyRecord) -> None:
        """Replace a record."""
        path = os.path.join(self._folder, name)
        with self._writing(f"change the copies in {path}"):
            replace_file(path, format_record(replace(record, is_open=False)).encode())

    def remove(self, name: str) -> None:
        """Remove a record; another run may have removed the record already."""
        path = os.path.join(self._folder, name)
        with self._writing(f"remove the copies in {path}"), suppress(FileNotFoundError):
            os.unlink(path)

    def _of(self, registry: str) -> str:
        return os.path.join(self._folder, registry)

    def _make_folders(self, folder: str) -> None:
        os.makedirs(self.path, mode=_PRIVATE, exist_ok=True)
        for one in (self._folder, folder):
            with suppress(FileExistsError):
                os.mkdir(one, mode=_PRIVATE)
            found = os.lstat(one)
            if os.path.islink(one) or found.st_uid != os.geteuid():
                raise ValueError(f"{one} is no folder of the user who runs the module")
            os.chmod(one, _PRIVATE)
            sync_folder(os.path.dirname(one))

    def _writing(self, words: str) -> AbstractContextManager[None]:
        refuse_in_check_mode(words, self._is_read_only)
        return _told(words)


def _read(path: str) -> CopyRecord | None:
    """The record in a file; None where another run removed the file meanwhile."""
    with _told(f"read the copies in {path}"):
        try:
            with open(path, encoding="utf-8") as file:
                return parse_record(file.read())
        except FileNotFoundError:
            return None


def _told(words: str) -> AbstractContextManager[None]:
    return translated(partial(_translate, words), OSError, ValueError)


def _translate(words: str, error: Exception) -> Refused:
    told = reason_of(error) if isinstance(error, (OSError, UnicodeError)) else str(error)
    return Refused(words, told, _ADVICE)
