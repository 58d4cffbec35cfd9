# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a value of a manifest stands, how the file writes the value, and how messages show both."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..field_errors import INVALID, FieldError
from ..names import SHOWN_LENGTH, shown

_WORDS: tuple[tuple[Any, str], ...] = (
    ((int, float), "a number"),
    ((datetime.date, datetime.time), "a date"),
    (str, "text"),
    (bytes, "binary data"),
    (Mapping, "a map"),
    ((list, tuple), "a list"),
)

Faults = tuple[FieldError, ...]


class WrittenMap(dict[Any, Any]):
    """A map of a file. `written` holds the file's text of the values that YAML does not read as text, by key."""

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[Any, str] = {}


class WrittenList(list[Any]):
    """A list of a file. `written` holds the file's text of the entries that YAML does not read as text, by index."""

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[Any, str] = {}


@dataclass(frozen=True)
class Place:
    """Where a value stands: the document as users know it, if any, and the path of the field in it.

    `written` is the file's text of a value that YAML does not read as text, None for text and where no file is known.
    """

    origin: str
    path: str = ""
    written: str | None = None

    def at(self, key: str, holder: object = None) -> Place:
        """The place of a field of this object, which is `holder`."""
        name = on_one_line(key)
        return Place(self.origin, f"{self.path}.{name}" if self.path else name, _written(holder, key))

    def item(self, key: int, holder: object = None) -> Place:
        """The place of an entry of this list, which is `holder`."""
        return Place(self.origin, f"{self.path}[{key}]", _written(holder, key))

    @property
    def text(self) -> str:
        """The place as a message names it."""
        return ", ".join(part for part in (self.origin, self.path) if part)

    def fault(self, what: str, advice: str = "", kind: str = INVALID) -> FieldError:
        """A fault at this place."""
        return FieldError(self.text, what, advice, kind)


def kind_of_value(value: object) -> str:
    """What a parsed value is."""
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    for types, words in _WORDS:
        if isinstance(value, types):
            return words
    return "empty" if value is None else f"of the type {type(value).__name__}"


def on_one_line(text: str) -> str:
    """Text as a message shows it, without quotes."""
    return shown(text)[1:-1]


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that was probably meant."""
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word[:SHOWN_LENGTH].lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None


def _written(holder: object, key: object) -> str | None:
    return holder.written.get(key) if isinstance(holder, WrittenMap | WrittenList) else None
