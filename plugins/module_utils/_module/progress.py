# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines for a person who waits, by way of a file: what a module prints itself is seen only at its end."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

# Set by the action plugin, which shows each line as it comes.
PROGRESS_VARIABLE = "DOCR_PROGRESS_FILE"


def open_progress() -> Callable[[str], None]:
    """What takes a line, and drops it where nobody reads. No secret may be in one: lines show in spite of no_log."""
    path = os.environ.get(PROGRESS_VARIABLE)
    if not path:
        return _drop

    def say(line: str) -> None:
        # Another user's task cannot write there, and a line that nobody sees is no reason to fail.
        with suppress(OSError), open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    return say


def _drop(line: str) -> None:
    """Nobody reads."""
