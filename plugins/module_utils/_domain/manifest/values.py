# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read parsed YAML by the table of a manifest's fields: values out, and every fault with its path."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from ..field_errors import DUPLICATE, REQUIRED, UNSUPPORTED, FieldError
from ..names import shown
from .place import Faults, Place, kind_of_value, nearest, on_one_line
from .schema import (
    ANYTHING,
    BOOLEAN,
    DATES,
    INTEGER,
    MAPS,
    OBJECT,
    OBJECTS,
    STRING,
    STRING_MAP,
    STRINGS,
    Field,
    fields_of,
)

# What YAML makes of unquoted text, and what can be written as text again.
_SCALARS = (bool, int, float, datetime.date, datetime.time)
_NOUNS = {STRING: "text", OBJECT: "a map of its fields"}

# The fields whose value may be written as {value: X}, and the lists whose entries may.
_WRAPPED = (STRING, BOOLEAN, INTEGER)
_WRAPPED_ENTRIES = (STRINGS, DATES)
_WRAPPERS = {"value", "valueFrom", "value_from"}

_QUOTE = "quote it"

# Python writes no number of more than some thousand digits.
_MANY = 10**18

Read = tuple[Any, Faults]
_Reader = Callable[[Field, object, Place], Read]


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
        value, found = _read_field(field, content.get(key), place.at(key, content))
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


# What `kubectl get -o yaml` shows in metadata and beside it, and no user writes.
_FIELDS_OF_THE_SERVER = frozenset(
    {"creationTimestamp", "finalizers", "generation", "managedFields", "namespace", "ownerReferences"}
    | {"resourceVersion", "selfLink", "uid"}
)


def _unknown_fault(key: object, known: Mapping[str, str], place: Place) -> FieldError:
    if not isinstance(key, str):
        return place.fault(f"YAML reads the name of a field as {kind_of_value(key)}", "quote it, or correct it")
    if key in _FIELDS_OF_THE_SERVER:
        return place.at(key).fault("an API server of Kubernetes adds this field", "remove the field")
    meant = nearest(key, known)
    advice = f"did you mean {meant}" if meant else f"known are {', '.join(dict.fromkeys(known.values()))}"
    return place.at(key).fault("this field is not known", advice)


def _read_field(field: Field, value: object, place: Place) -> Read:
    if field.type in _WRAPPED:
        value, place, faults = _unwrap(field, value, place)
        if faults:
            return None, faults
    if field.numbers and _is_number(value):
        if value not in range(len(field.numbers)):
            return None, (_unknown_number(field, value, place),)
        value = field.numbers[int(cast(float, value))]
    if value is None or (field.unset and isinstance(value, str) and value.lower() == field.unset):
        return field.default, (
            place.fault("the field is missing", _right(field, "give"), REQUIRED),
        ) if field.required else ()
    return _READERS[field.type](field, value, place)


def _unwrap(field: Field, value: object, place: Place) -> tuple[object, Place, Faults]:
    """The value X of {value: X}, as the format's other kinds write values, and its place."""
    if not (isinstance(value, Mapping) and value and field.path.startswith("spec.") and _WRAPPERS.issuperset(value)):
        return value, place, ()
    for key in ("valueFrom", "value_from"):
        if value.get(key) is not None:
            reason = "nothing resolves a reference to another resource here"
            return None, place, (place.at(key).fault(reason, "write the value itself", UNSUPPORTED),)
    return value.get("value"), place.at("value", value), ()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unknown_number(field: Field, value: object, place: Place) -> FieldError:
    """The fault of a number that no word of an enum has; protobuf's JSON takes numbers in the place of the words."""
    known = f"which knows the numbers 1 to {len(field.numbers) - 1}"
    text = on_one_line(place.written) if place.written is not None else str(value)
    shown_number = f"number {text}" if -_MANY < cast(float, value) < _MANY else "number"
    what = f"the {shown_number} stands for no {field.name} of this collection, {known}"
    return place.fault(what, _right(field, "use"))


def _read_string(field: Field, value: object, place: Place) -> Read:
    faults = _text_faults(value, place, field)
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
    read = [_read_item(field, one, place.item(number, value), read_one) for number, one in enumerate(value)]
    return [one for one, _faults in read], tuple(fault for _one, faults in read for fault in faults)


def _read_item(field: Field, value: object, place: Place, read_one: _Reader) -> Read:
    if field.type in _WRAPPED_ENTRIES:
        value, place, faults = _unwrap(field, value, place)
        if faults:
            return None, faults
    return read_one(field, value, place)


def _read_integer(field: Field, value: object, place: Place) -> Read:
    """A whole number, as digits in quotes too: protobuf's JSON takes both."""
    number = int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value) else value
    is_whole = _is_number(number) and number == cast(float, number) // 1
    if is_whole and field.maximum is not None and 0 <= cast(float, number) <= field.maximum:
        return int(cast(float, number)), ()
    is_shown = isinstance(value, str | float) or (isinstance(value, int) and abs(value) < _MANY)
    what = f"{on_one_line(str(value))} is not allowed" if is_shown else f"the value is {kind_of_value(value)}"
    return None, (place.fault(what, _right(field, "write")),)


def _read_maps(field: Field, value: object, place: Place) -> Read:
    return _read_list(field, value, place, _read_plain_map, "maps")


def _read_plain_map(_field: Field, value: object, place: Place) -> Read:
    if not isinstance(value, Mapping):
        return None, (place.fault(f"the value is {kind_of_value(value)}", "write a map"),)
    return value, ()


def _read_string_map(_field: Field, value: object, place: Place) -> Read:
    if not isinstance(value, Mapping):
        return None, (place.fault(f"the value is {kind_of_value(value)}", "write a map of strings"),)
    faults: Faults = ()
    for key, one in value.items():
        if isinstance(key, str):
            # An empty label is one all the same.
            faults += _text_faults(key, place) + _text_faults(one, place.at(key, value), may_be_empty=True)
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
    INTEGER: _read_integer,
    OBJECTS: _read_objects,
    MAPS: _read_maps,
    ANYTHING: _read_anything,
}


def _text_faults(value: object, place: Place, field: Field | None = None, *, may_be_empty: bool = False) -> Faults:
    """What keeps a value from being text at all; `field` is None for the texts of a map."""
    if not isinstance(value, str):
        return (_no_text_fault(value, place, field),)
    if not value.strip() and not may_be_empty:
        return (place.fault("the value is empty", _instead_of_empty(place, field), REQUIRED),)
    try:
        value.encode()
    except UnicodeEncodeError:
        return (place.fault(f"{shown(value)} holds half of a character", "write the whole one"),)
    return ()


def _instead_of_empty(place: Place, field: Field | None) -> str:
    if field is not None and field.required:
        return _right(field, "give")
    return f"write text, or remove the {'entry' if place.path.endswith(']') else 'field'}"


def _no_text_fault(value: object, place: Place, field: Field | None) -> FieldError:
    kind = kind_of_value(value)
    if not isinstance(value, _SCALARS):
        return place.fault(f"the value is {kind}", "write text")
    if place.written is not None:
        text = on_one_line(place.written)
        return place.fault(f"YAML reads {text} as {kind}", _instead_of_scalar(field, value, place.written))
    # Without the file's text nothing can be quoted: 0123 is 83 to YAML, and on, yes and true are the same.
    if isinstance(value, bool):
        return place.fault(f"YAML reads it as {kind} (so also on, off, yes and no)", "quote it")
    try:
        text = str(value)
    except ValueError:  # Python writes no number of more than some thousand digits
        return place.fault(f"YAML reads it as {kind}", "quote it")
    advice = _instead_of_scalar(field, value, text)
    is_quote = advice.startswith(_QUOTE) and text in advice
    return place.fault(f"YAML reads it as {kind}, {on_one_line(text)}", "quote it" if is_quote else advice)


def _instead_of_scalar(field: Field | None, value: object, text: str) -> str:
    """Quotes where they make the value right, else what is right."""
    wrong = _read_string(field, text, Place(""))[1] if field is not None else ()
    if field is not None and wrong:
        return (field.meant(value) if field.meant else None) or wrong[0].advice or _right(field, "write")
    return f'{_QUOTE}: "{on_one_line(text)}"'


def _right(field: Field, verb: str) -> str:
    """What would be right instead."""
    if field.advice:
        return field.advice
    if field.enum:
        *most, last = field.enum
        return f"{verb} {', '.join(most)} or {last}" if most else f"{verb} {last}"
    return f"{verb} {_NOUNS.get(field.type, 'text')}"
