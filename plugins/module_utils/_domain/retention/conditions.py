# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conditions of a rule, each read from what a user may write. Text from AWX is read as Ansible reads options."""

from __future__ import annotations

import re
from datetime import timedelta

from ..durations import parse_period
from ..names import shown
from .rules import PARTLY, WHOLLY
from .tag_regex import tag_regex
from .versions import VersionRange, parse_range

# Elsewhere an age of 999999 days overflowed, and every image was older.
LONGEST_AGE = timedelta(days=36_525)

_TRUE = frozenset({"y", "yes", "on", "1", "true", "t"})
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", re.ASCII)
_PERIODS = re.compile(r"(?:\d+[dhm])+", re.ASCII)
_NULL = "the value is null"
_LEAVE_OUT = "write a value, or leave the condition out"


class UnusableCondition(Exception):
    """Why a value cannot be used, and what to do; `inner` is the place in a list, such as `[1]`."""

    def __init__(self, what: str, advice: str, inner: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.inner = inner


def read_true(raw: object) -> bool:
    """A condition that is only given as true. A condition that is false would be no condition."""
    is_true = raw is True or raw == 1 or (isinstance(raw, str) and raw.strip().lower() in _TRUE)
    if not is_true:
        raise UnusableCondition(f"{raw!r} is not true" if raw is not None else _NULL, "write true, or leave it out")
    return True


def read_text(raw: object) -> str:
    """A text with more than blanks."""
    if raw is None:
        raise UnusableCondition(_NULL, _LEAVE_OUT)
    if not isinstance(raw, str):
        raise UnusableCondition(f"{raw!r} is not a text", "write the value with quotes")
    if not raw.strip():
        raise UnusableCondition("the value is empty", _LEAVE_OUT)
    return raw.strip()


def read_texts(raw: object) -> tuple[str, ...]:
    """A list of texts, or a text with commas between the entries; at least one entry."""
    entries = raw.split(",") if isinstance(raw, str) else raw
    if entries is None:
        raise UnusableCondition(_NULL, _LEAVE_OUT)
    if not isinstance(entries, (list, tuple)):
        raise UnusableCondition(f"{raw!r} is not a list of texts", "write a list, each entry with quotes")
    if not entries:
        raise UnusableCondition("the list is empty", _LEAVE_OUT)
    found = []
    for number, one in enumerate(entries):
        try:
            found.append(read_text(one))
        except UnusableCondition as error:
            raise UnusableCondition(error.what, error.advice, f"[{number}]") from None
    return tuple(dict.fromkeys(found))


def read_globs(raw: object) -> tuple[str, ...]:
    """Globs of tags."""
    return read_texts(raw)


def read_regex(raw: object) -> str:
    """A regular expression of whole tags."""
    text = read_text(raw)
    try:
        tag_regex(text)
    except ValueError as error:
        raise UnusableCondition(f"{shown(text)} cannot be used", str(error)) from None
    return text


def read_range(raw: object) -> VersionRange:
    """A range of versions."""
    text = read_text(raw)
    try:
        return parse_range(text)
    except ValueError as error:
        raise UnusableCondition(f"{shown(text)} is not a range of versions", str(error)) from None


def read_period(raw: object, *, is_zero_allowed: bool = False) -> timedelta:
    """An age or another period, of at most 100 years."""
    text = read_text(raw)
    advice = "use at most 36525d, which is 100 years"
    try:
        period = parse_period(text)
    except ValueError as error:
        if _PERIODS.fullmatch(text):
            raise UnusableCondition(f"{text} is longer than 100 years", advice) from None
        raise UnusableCondition(f"{shown(text)} is not a duration", str(error)) from None
    if period > LONGEST_AGE:
        raise UnusableCondition(f"{text} is longer than 100 years", advice)
    if not period and not is_zero_allowed:
        raise UnusableCondition(f"{text} is not greater than 0", "use 1d or another duration")
    return period


def read_count(raw: object) -> int:
    """A number of images, at least 1."""
    text = raw.strip() if isinstance(raw, str) else raw
    number = int(text) if isinstance(text, str) and re.fullmatch(r"\d{1,9}", text, re.ASCII) else text
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise UnusableCondition(f"{raw!r} is not a number of images" if raw is not None else _NULL, "use 1 or more")
    return number


def read_missing(raw: object) -> str:
    """How many children of an index are missing."""
    text = read_text(raw)
    if text not in (WHOLLY, PARTLY):
        raise UnusableCondition(f"{shown(text)} is not known", f"use {WHOLLY} or {PARTLY}")
    return text


def read_digests(raw: object) -> tuple[str, ...]:
    """Digests of manifests."""
    found = read_texts(raw)
    for number, one in enumerate(found):
        if not _DIGEST.fullmatch(one):
            advice = "write sha256: and 64 lower-case hexadecimal digits"
            raise UnusableCondition(f"{shown(one)} is not a digest", advice, f"[{number}]")
    return found
