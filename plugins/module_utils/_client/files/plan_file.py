# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a plan, on the host where the module runs."""

from __future__ import annotations

import os
from functools import partial

from ..._domain.errors import Refused
from ..errors import reason_of, refuse_in_check_mode, translated
from ..settings import Settings
from .whole_file import replace_file

_ADVICE = "check plan_file, then run the task again"


def read_plan_file(path: str) -> str | None:
    """The text of a plan file; None without the file."""
    with translated(partial(_translate, f"read the plan file {path}"), OSError, UnicodeError):
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None


def write_plan_file(path: str, text: str, settings: Settings) -> None:
    """Replace a plan file; its folder must exist."""
    words = f"write the plan file {path}"
    refuse_in_check_mode(words, settings.is_read_only)
    with translated(partial(_translate, words), OSError):
        replace_file(os.path.realpath(path), text.encode())


def _translate(words: str, error: Exception) -> Refused:
    told = "the content is not UTF-8" if isinstance(error, UnicodeError) else reason_of(error)
    return Refused(words, told, _ADVICE)
