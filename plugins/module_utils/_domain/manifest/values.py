# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read parsed YAML by the table of a manifest's fields: values out, and every fault with its path."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..field_errors import DUPLICATE, INVALID, REQUIRED, FieldError
from .schema import ANYTHING, BOOLEAN, DATES, OBJECT, OBJECTS, STRING, STRING_MAP, STRINGS, Field, fields_of

# What a message shows of a value at most.
SHOWN_LENGTH = 80

# What YAML makes of unquoted text, and what can be written as text again.
_SCALARS = (bool, int, float, datetime.date, datetime.time)
_WORDS: tuple[tuple[Any, str], ...] = (
    ((int, float), "a number"),
    ((datetime.date, datetime.time), "a date"),
    (str, "text"),
    (bytes, "binary data"),
    (Mapping, "a map"),
    ((list, tuple), "a list"),
)
_NOUNS = {STRING: "text", OBJECT: "a map of its fields"}

Faults = tuple[FieldError, ...]
Read = tuple[Any, Faults]
_Reader = Callable[[Field, object, "Place"], Read]


@dataclass(frozen=True)
class Place:
    """Where a value stands: the document as users know it, if any, and the path of the field in it."""

    origin: str
    path: str = ""

    def at(self, key: str) -> Place:
        """The place of a field of this object."""
        return Place(self.origin, f"{self.path}.{key}" if self.path else key)

    def item(self, key: object) -> Place:
        """The place of an entry of this list or map."""
        return Place(self.origin, f"{self.path}[{key}]")

    @property
    def text(self) -> str:
        """The place as a message names it."""
        return ", ".join(part for part in (self.origin, self.path) if part)

    def fault(self, what: str, advice: str = "", kind: str = INVALID) -> FieldError:
        """A fault at this place."""
        return FieldError(self.text, what, advice, kind)


def read_object(parent: str, content: Mapping[Any, Any], place: Place) -> tuple[dict[str, Any], Faults]:
    """The values of the table's fields below `parent`, by published name; a field with a fault has none."""
    fields = fields_of(parent)
    known = {spelling: field.name for field in fields for spelling in field.spellings}
    faults = tuple(_unknown_fault(key, known, place) for key in content if not (isinstance(key, str) and key in known))
    values = {}
    for field in fields:
        spelled = [spelling for spelling in field.spellings if spelling in content]
        if len(spelled) > 1:
            faults += (
                place.at(field.name).fault(
                    f"the field is given twice, as {' and '.join(spelled)}", "keep one", DUPLICATE
                ),
            )
            continue
        key = spelled[0] if spelled else field.name
        value, found = _read_field(field, content.get(key), place.at(key))
        faults += found
        if not found:
            values[field.name] = value
    return values, faults


def given(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Those of the values that are given."""
    return {name: value for name, value in (values or {}).items() if value is not None}


def spelled_path(path: str, content: object) -> str:
    """The path of a field of the table, as the document spells it."""
    parent, _dot, name = path.rpartition(".")
    spelled = spelled_path(parent, content) if parent else ""
    for part in filter(None, spelled.split(".")):
        content = content.get(part) if isinstance(content, Mapping) else None
    spellings = next((field.spellings for field in fields_of(parent) if field.name == name), (name,))
    key = next((one for one in spellings if isinstance(content, Mapping) and one in content), name)
    return f"{spelled}.{key}" if spelled else key


def kind_of_value(value: object) -> str:
    """What a parsed value is."""
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    for types, words in _WORDS:
        if isinstance(value, types):
            return words
    return "empty" if value is None else f"of the type {type(value).__name__}"


def shown(value: object) -> str:
    """Text as a message shows it: quoted, on one line, not longer than what can be read at a glance."""
    text = repr(str(value))
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}...'"


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that was probably meant."""
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word[:SHOWN_LENGTH].lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None


def _unknown_fault(key: object, known: Mapping[str, str], place: Place) -> FieldError:
    if not isinstance(key, str):
        return place.fault(f"YAML reads the name of a field as {kind_of_value(key)}", "quote it, or correct it")
    meant = nearest(key, known)
    advice = f"did you mean {meant}" if meant else f"known are {', '.join(dict.fromkeys(known.values()))}"
    return place.at(_on_one_line(key)).fault("this field is not known", advice)


def _read_field(field: Field, value: object, place: Place) -> Read:
    if value is None or (field.unset and isinstance(value, str) and value.lower() == field.unset):
        return field.default, (
            place.fault("the field is missing", _right(field, "give"), REQUIRED),
        ) if field.required else ()
    return _READERS[field.type](field, value, place)


def _read_string(field: Field, value: object, place: Place) -> Read:
    faults = _text_faults(value, place, meant=field.meant)
    if faults or not isinstance(value, str):
        return None, faults
    text = value.lower() if field.ignore_case else value
    wrong = field.check(text) if field.check else None
    if wrong:
        return None, (place.fault(*wrong),)
    is_known = not field.enum or text in field.enum
    if not is_known or (field.pattern and not re.fullmatch(field.pattern.rstrip("$"), text)):
        return None, (place.fault(f"{shown(value)} is not known", _right(field, "use")),)
    return text, ()


def _read_boolean(_field: Field, value: object, place: Place) -> Read:
    if isinstance(value, bool):
        return value, ()
    what = f"{shown(value)} is text" if isinstance(value, str) else f"the value is {kind_of_value(value)}"
    return None, (place.fault(what, "write true or false, without quotes"),)


def _read_strings(field: Field, value: object, place: Place) -> Read:
    return _read_list(field, value, place, _read_string, "strings")


def _read_dates(field: Field, value: object, place: Place) -> Read:
    return _read_list(field, value, place, _read_date, "dates")


def _read_date(field: Field, value: object, place: Place) -> Read:
    # A time of day would be lost, so only what is a date and no more is taken without quotes.
    is_date = isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
    return _read_string(field, str(value) if is_date else value, place)


def _read_objects(field: Field, value: object, place: Place) -> Read:
    return _read_list(field, value, place, _read_entry, "maps")


def _read_entry(field: Field, value: object, place: Place) -> Read:
    return _read_map(f"{field.path}[]", value, place)


def _read_map(path: str, value: object, place: Place) -> Read:
    if not isinstance(value, Mapping):
        return None, (place.fault(f"the value is {kind_of_value(value)}", "write a map of its fields"),)
    return read_object(path, value, place)


def _read_list(field: Field, value: object, place: Place, read_one: _Reader, noun: str) -> Read:
    if not isinstance(value, list | tuple):
        return None, (place.fault(f"the value is {kind_of_value(value)}", f"write a list of {noun}"),)
    if len(value) < field.min_items:
        return None, (
            place.fault("the list is empty", _right(field, "use") if field.enum else "name at least one", REQUIRED),
        )
    read = [read_one(field, one, place.item(number)) for number, one in enumerate(value)]
    return [one for one, _faults in read], tuple(fault for _one, faults in read for fault in faults)


def _read_string_map(_field: Field, value: object, place: Place) -> Read:
    if not isinstance(value, Mapping):
        return None, (place.fault(f"the value is {kind_of_value(value)}", "write a map of strings"),)
    faults: Faults = ()
    for key, one in value.items():
        if isinstance(key, str):
            # An empty label is one all the same.
            faults += _text_faults(key, place) + _text_faults(one, place.at(_on_one_line(key)), may_be_empty=True)
        else:
            faults += (place.fault(f"YAML reads a name in it as {kind_of_value(key)}", "quote it"),)
    return dict(value), faults


def _read_object_field(field: Field, value: object, place: Place) -> Read:
    return _read_map(field.path, value, place)


def _read_anything(_field: Field, _value: object, _place: Place) -> Read:
    return None, ()


_READERS: Mapping[str, _Reader] = {
    STRING: _read_string,
    BOOLEAN: _read_boolean,
    STRINGS: _read_strings,
    DATES: _read_dates,
    STRING_MAP: _read_string_map,
    OBJECT: _read_object_field,
    OBJECTS: _read_objects,
    ANYTHING: _read_anything,
}


def _text_faults(
    value: object, place: Place, *, may_be_empty: bool = False, meant: Callable[[object], str | None] | None = None
) -> Faults:
    if not isinstance(value, str):
        return (_no_text_fault(value, place, meant(value) if meant else None),)
    if not value.strip() and not may_be_empty:
        return (place.fault("the value is empty", "write text, or remove the field", REQUIRED),)
    try:
        value.encode()
    except UnicodeEncodeError:
        return (place.fault(f"{shown(value)} holds half of a character", "write the whole one"),)
    return ()


def _no_text_fault(value: object, place: Place, meant: str | None) -> FieldError:
    if not isinstance(value, _SCALARS):
        return place.fault(f"the value is {kind_of_value(value)}", "write text")
    if isinstance(value, bool):
        # What was written is not known any more: on, yes and true are all the same to YAML.
        return place.fault(f"YAML reads it as {kind_of_value(value)} (so also on, off, yes and no)", "quote it")
    try:
        text = str(value)
    except ValueError:  # Python writes no number of more than some thousand digits
        return place.fault(f"YAML reads it as {kind_of_value(value)}", "quote it")
    if meant:
        return place.fault(f"YAML reads it as {kind_of_value(value)}, {_on_one_line(text)}", meant)
    return place.fault(
        f"YAML reads {_on_one_line(text)} as {kind_of_value(value)}", f'quote it: "{_on_one_line(text)}"'
    )


def _on_one_line(text: str) -> str:
    return shown(text)[1:-1]


def _right(field: Field, verb: str) -> str:
    """What would be right instead."""
    if field.enum:
        *most, last = field.enum
        return f"{verb} {', '.join(most)} or {last}" if most else f"{verb} {last}"
    return field.advice or f"{verb} {_NOUNS[field.type]}"
