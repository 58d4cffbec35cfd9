# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a value in any form in which Ansible and AWX hand it over to the type of its variable.

A value arrives typed, as text (`-e name=value`, INI inventories, AWX on ansible-core 2.18), as text that ansible-core
2.19 and newer read as YAML 1.1 without quotes (AWX's tag `!unsafe`), or as JSON text. A value is converted back where
its meaning is certain, and refused where a text such as 007 or 1.10 is lost.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidInput
from ..field_errors import INVALID, REQUIRED, FieldError
from ..manifest import schema
from ..manifest.place import nearest
from ..names import shown
from ..registry.name import name_fault
from .variables import (
    BOOLEAN,
    DATES,
    DURATION,
    INTEGER,
    MANIFESTS,
    NAMES,
    OUTPUTS,
    PATH,
    SECRET,
    TEXT,
    VARIABLES,
    WINDOWS,
    RoleVariable,
    RoleVariables,
    VariableType,
)

# As Ansible knows booleans.
_TRUE = frozenset({"y", "yes", "on", "1", "true", "t"})
_FALSE = frozenset({"n", "no", "off", "0", "false", "f"})
# The names of boolean fields of manifests in both spellings.
_BOOLEAN_FIELDS = frozenset(name for field in schema.FIELDS if field.type == schema.BOOLEAN for name in field.spellings)
# YAML's null, which ansible-core 2.18 hands over as text and newer versions as None.
_NULLS = ("", "null", "~")
# AWX shows this text in the place of a secret.
_AWX_PLACEHOLDER = "$encrypted$"
_WAY_OUT = "write the value with quotes in a file, or in the variables of AWX's job template instead of a prompt"
# Unquoted, YAML 1.1 reads the times from 10:00 to 23:59 as these numbers of minutes.
_FIRST_MINUTE, _LAST_MINUTE = 600, 1439


class _UnusableValue(Exception):
    """Why a value cannot be used, and what to do."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


@dataclass(frozen=True)
class ReadVariables:
    """The typed variables, and warnings about values that were understood in one of several ways."""

    variables: RoleVariables
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class TextReader:
    """What reading a value requires from outside: YAML from a text, and a path relative to the working directory.

    `load_documents` raises ValueError with the reason where the text is not YAML. `resolve_path` returns an absolute
    path.
    """

    load_plain: Callable[[str], object]
    load_documents: Callable[[str], Sequence[object]]
    resolve_path: Callable[[str], str]


def read_variables(given: Mapping[str, object], required: Iterable[str], reader: TextReader) -> ReadVariables:
    """Read all variables that begin with `docr_`; raises InvalidInput with every error.

    A blank text, null and the texts `null` and `~` count as not given: the default counts. `required` are the variables
    that must be given.
    """
    values: dict[str, object] = {}
    errors: list[FieldError] = []
    warnings: list[str] = []
    for name, variable in VARIABLES.items():
        try:
            value = _ValueReader(name, reader, warnings).read(variable, given.get(name))
        except _UnusableValue as error:
            errors.append(FieldError(name, error.what, error.advice, INVALID))
            continue
        values[name] = _copy(variable.default) if value is None else value
        if name in required and not value:
            errors.append(FieldError(name, f"{name} is missing", _REQUIRED_ADVICE.get(name, "set it"), REQUIRED))
    warnings += _misspelt(given, values.get("docr_ignored_variables"))
    if errors:
        raise InvalidInput(tuple(errors), tuple(warnings))
    return ReadVariables(RoleVariables(values), tuple(warnings))


_REQUIRED_ADVICE = {
    "docr_team": "name the team that the token must belong to",
    "docr_destroy_names": "repeat the names of the registries to destroy",
    "docr_rotate_names": "repeat the names of the registries whose credentials leaked",
}


def _copy(default: object) -> object:
    """The default as Ansible hands it over: lists instead of tuples."""
    if isinstance(default, tuple):
        return [_copy(one) for one in default]
    if isinstance(default, Mapping):
        return {key: _copy(one) for key, one in default.items()}
    return default


def usual_spelling(name: str) -> str:
    """The name of a variable in small letters with underscores, as the role's names are spelt."""
    return name.lower().replace("-", "_")


def _misspelt(given: Mapping[str, object], ignored: object) -> list[str]:
    """Warnings for variables that are close to a known name, which the role does not read."""
    passed = set(ignored) if isinstance(ignored, list) else set()
    unknown = (name for name in given if name not in VARIABLES and name not in OUTPUTS and name not in passed)
    spelt = {name: usual_spelling(name) for name in sorted(unknown)}
    found = {name: one if one in VARIABLES else nearest(one, VARIABLES, 0.85) for name, one in spelt.items()}
    return [
        f"The role does not know the variable {name}; did you mean {meant}? "
        f"List {name} in docr_ignored_variables if another role uses the variable."
        for name, meant in found.items()
        if meant
    ]


@dataclass(frozen=True)
class _ValueReader:
    """Reads the value of one variable; `warnings` collects what was understood in one of several ways."""

    name: str
    reader: TextReader
    warnings: list[str]

    def read(self, variable: RoleVariable, value: object) -> object:
        """The typed value; None where the variable is not given. Raises _UnusableValue."""
        if _is_blank(value):
            return None
        simple = _SIMPLE.get(variable.type)
        if simple is not None:
            return simple(value)
        if variable.type is TEXT:
            return _chosen(_text(value), variable.choices)
        if variable.type is PATH:
            return self.reader.resolve_path(_text(value))
        if variable.type is MANIFESTS:
            return self._manifests(value)
        return self._list(variable, self._items(value))

    def _list(self, variable: RoleVariable, items: Sequence[object]) -> list[Any]:
        if variable.type is WINDOWS:
            return [self._window(one, number) for number, one in enumerate(items)]
        read = _ITEMS.get(variable.type, _text)
        texts = [_within(f"item {number + 1}", read, one) for number, one in enumerate(items)]
        return [_chosen(one, variable.choices) for one in texts]

    def _items(self, value: object) -> list[object]:
        """The items of a list that may be text: JSON, YAML, or items between commas and line ends."""
        if isinstance(value, str):
            text = value.strip()
            if text.startswith(("[", "{", "- ")):
                return self._items(self._structure(text))
            return [one.strip() for line in text.splitlines() for one in line.split(",") if one.strip()]
        if isinstance(value, Mapping):
            return [value]
        if isinstance(value, Sequence):
            return list(value)
        return [value]

    def _structure(self, text: str) -> object:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass
        try:
            return self.reader.load_plain(text)
        except ValueError as error:
            raise _UnusableValue(
                f"the text is neither JSON nor YAML ({error})", "correct the text, or write a list"
            ) from None

    def _manifests(self, value: object) -> list[object]:
        if isinstance(value, str):
            try:
                documents = self.reader.load_documents(value)
            except ValueError as error:
                raise _UnusableValue(str(error), "correct the text, or use docr_manifest_files") from None
            return [one for document in documents for one in (document if isinstance(document, list) else [document])]
        # What is no mapping is reported with all other errors of manifests.
        documents = [value] if isinstance(value, Mapping) or not isinstance(value, Sequence) else value
        return [self._document(one, f"document {number}") for number, one in enumerate(documents, 1)]

    def _document(self, value: object, place: str) -> object:
        """A manifest whose spec has the values that the user wrote, as far as the values are certain."""
        if not isinstance(value, Mapping):
            return value
        return {key: self._restored(one, place) if key == "spec" else one for key, one in value.items()}

    def _restored(self, value: object, place: str) -> object:
        """A part of a spec with times in the place of YAML 1.1's numbers, and booleans in the place of AWX's texts."""
        if isinstance(value, list):
            return [self._restored(one, place) for one in value]
        if not isinstance(value, Mapping):
            return value
        return {key: self._field(str(key), one, place) for key, one in value.items()}

    def _field(self, key: str, value: object, place: str) -> object:
        if key == "start" and _is_time(value):
            return self._start(value, f"{key} of {place}")
        # ansible-core 2.18 reads the boolean of a prompt as text, which cannot be written in another way there.
        if key in _BOOLEAN_FIELDS and isinstance(value, str) and value.strip().lower() in _TRUE | _FALSE:
            return _boolean(value)
        return self._restored(value, place)

    def _window(self, value: object, number: int) -> dict[str, object]:
        if not isinstance(value, Mapping):
            raise _UnusableValue(f"item {number + 1} is {_kind(value)}", "write a window with days, start and duration")
        given = {str(key): one for key, one in value.items() if one is not None}
        # A field that is required is missing where the field is blank; that is said where windows are read.
        window: dict[str, object] = {key: one for key, one in given.items() if key != "time_zone" or not _is_blank(one)}
        for key, one in window.items():
            place = f"{key} of item {number + 1}"
            if key == "start":
                window[key] = self._start(one, place)
            elif key == "days":
                window[key] = [_within(place, _text, day) for day in self._items(one)]
            elif key == "duration" and _is_integer(one):
                window[key] = _within(place, _duration, one)
            elif isinstance(one, bool | int | float | datetime.date):
                window[key] = _within(place, _text, one)
        return window

    def _start(self, value: object, place: str) -> str:
        if not _is_integer(value):
            return _within(place, _text, value)
        minutes = int(str(value))
        if not _is_time(value):
            raise _UnusableValue(f"{place} arrived as the number {minutes}", 'write the time as text: "HH:MM"')
        start = f"{minutes // 60:02d}:{minutes % 60:02d}"
        self.warnings.append(
            f"{self.name}: {place} arrived as the number {minutes}, which YAML 1.1 makes of {start}; {start} is used. "
            'Write the time as text ("HH:MM") if another time is meant.'
        )
        return start


def _within(place: str, read: Callable[[object], str], value: object) -> str:
    try:
        return read(value)
    except _UnusableValue as error:
        raise _UnusableValue(f"{place} {error.what}", error.advice) from None


def _text(value: object) -> str:
    """A text without white space around it. Only a text is certain to be what the user wrote."""
    if isinstance(value, str):
        if not value.strip():
            raise _UnusableValue("is empty", "remove the item")
        return value.strip()
    if isinstance(value, bool):
        advice = f"texts such as yes, on and true arrive as a boolean: {_WAY_OUT}"
    elif isinstance(value, int | float):
        advice = f"texts such as 007, 1.10 and 22:30 arrive as a number: {_WAY_OUT}"
    elif value is None:
        advice = f"texts such as null and ~ arrive as null: {_WAY_OUT}"
    else:
        is_date = isinstance(value, datetime.date)
        advice = f"texts such as 2026-12-24 arrive as a date: {_WAY_OUT}" if is_date else "write text"
    raise _UnusableValue(f"arrived as {_kind(value)}", advice)


def _chosen(text: str, choices: Sequence[str]) -> str:
    if choices and text not in choices:
        meant = nearest(text, choices)
        advice = f"did you mean {meant}?" if meant else f"use {', '.join(choices[:-1])} or {choices[-1]}"
        raise _UnusableValue(f"{shown(text)} is not known", advice)
    return text


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    # A float is no number of a switch, though 1.0 equals 1.
    text = str(value).strip().lower() if isinstance(value, str) or _is_integer(value) else ""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _UnusableValue(f"{_named(value)} is not a boolean", "use true or false")


def _integer(value: object) -> int:
    if _is_integer(value):
        return int(str(value))
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,12}", value.strip(), re.ASCII):
        return int(value.strip())
    raise _UnusableValue(f"{_named(value)} is not a whole number", "write a number of seconds, such as 60")


def _named(value: object) -> str:
    """A scalar as the user wrote it, and what another value is."""
    if isinstance(value, str):
        return shown(value)
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else _kind(value)


def _duration(value: object) -> str:
    """A duration as text, such as 90m."""
    if _is_integer(value) and value != 0:
        advice = "write the duration with its units, such as 90m or 12h"
        raise _UnusableValue(f"the number {value} has no unit, and texts such as 1:30 arrive as a number", advice)
    return _text(str(value) if value == 0 and _is_integer(value) else value)


def _registry_name(value: object) -> str:
    """The name of a registry."""
    name = _text(value)
    fault = name_fault(name)
    if fault:
        raise _UnusableValue(f"is refused: {fault[0]}", f"{fault[1]}, and separate names with commas")
    return name


def _secret(value: object) -> str:
    """A secret text; messages never show the value."""
    if not isinstance(value, str):
        raise _UnusableValue("the value is not text", "enter an access token of DigitalOcean")
    if value.strip() == _AWX_PLACEHOLDER:
        raise _UnusableValue(
            "the value is AWX's placeholder for a secret, not the secret", "enter the token in AWX's credential again"
        )
    return value.strip()


def _date(value: object) -> str:
    """A date as YYYY-MM-DD; a range of dates is text."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    return _text(value)


def _is_blank(value: object) -> bool:
    """Whether a value counts as not given."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _NULLS)


def _is_time(minutes: object) -> bool:
    """Whether YAML 1.1 may have made a number of a time from 10:00 to 23:59."""
    return _is_integer(minutes) and _FIRST_MINUTE <= int(str(minutes)) <= _LAST_MINUTE


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(value: object) -> str:
    """What a value is, in YAML's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, datetime.datetime):
        return f"the time {value.isoformat()}"
    if isinstance(value, datetime.date):
        return f"the date {value.isoformat()}"
    if isinstance(value, str):
        return "text"
    return "a mapping" if isinstance(value, Mapping) else "a list"


_ITEMS: Mapping[VariableType, Callable[[object], str]] = {DATES: _date, NAMES: _registry_name}
_SIMPLE: Mapping[VariableType, Callable[[object], object]] = {
    BOOLEAN: _boolean,
    INTEGER: _integer,
    SECRET: _secret,
    DURATION: _duration,
}
