# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of a limited number of lines for the log of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST_LINES = 40
MOST_NOTES = 12
MOST_NAMES = 3
# A longer note is a list of many objects; the result of its task has the whole note.
_MOST_CHARACTERS = 400

Row = Sequence[str]


def fit_table(head: str, columns: Row, rows: Sequence[Row], notes: Sequence[str], where: str) -> list[str]:
    """A line, a table and notes in at most MOST_LINES lines; `where` says where the rows are that do not fit.

    A column without a value in any row is left out.
    """
    room = MOST_LINES - len(notes) - 2
    shown = rows if len(rows) <= room else rows[: room - 1]
    lines = [head, *_align(columns, shown)] if rows else [head]
    if len(shown) < len(rows):
        lines.append(f"{len(rows) - len(shown)} more in {where}.")
    return [*lines, *notes]


def limit_notes(notes: Iterable[str], most: int) -> list[str]:
    """Notes as lines, each note once, at most `most` lines."""
    lines = [_shorten(" ".join(note.split())) for note in dict.fromkeys(notes)]
    if len(lines) <= most:
        return lines
    more = f"{len(lines) - most + 1} more notes are in the results of the tasks, which -v shows."
    return [*lines[: most - 1], more]


def list_names(names: Iterable[str]) -> str:
    """Some names, and how many more there are."""
    found = list(names)
    shown = ", ".join(found[:MOST_NAMES])
    return shown if len(found) <= MOST_NAMES else f"{shown} and {len(found) - MOST_NAMES} more"


def _align(columns: Row, rows: Sequence[Row]) -> list[str]:
    rows = [[str(cell) for cell in row] for row in rows]
    used = [number for number in range(len(columns)) if any(row[number] for row in rows)]
    table = [[row[number] or "-" for number in used] for row in rows]
    table.insert(0, [columns[number] for number in used])
    widths = [max(len(row[place]) for row in table) for place in range(len(used))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def _shorten(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 4]} ..."
