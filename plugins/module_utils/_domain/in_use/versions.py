# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ranges of versions as Flux reads them (github.com/Masterminds/semver), for tags that a range may choose.

A range protects, so what is uncertain fits: pre-releases always, and every tag where the range cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_VERSION = re.compile(
    r"[vV]?(?P<major>\d{1,18})(?:\.(?P<minor>\d{1,18}))?(?:\.(?P<patch>\d{1,18}))?"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:[+_][0-9A-Za-z._-]+)?",
    re.ASCII,
)
_PART = r"\d{1,18}|[xX*]"
_BOUND = re.compile(
    rf"(?P<operator>=>|=<|!=|>=|<=|~>|[=<>~^])?\s*[vV]?(?P<major>{_PART})(?:\.(?P<minor>{_PART}))?"
    rf"(?:\.(?P<patch>{_PART}))?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?",
    re.ASCII,
)
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)", re.ASCII)
_SEPARATOR = re.compile(r"\s*,\s*|\s+")
_AFTER_OPERATOR = re.compile(r"([=<>~^])\s+")
_ANY = "xX*"
# Major, minor, patch, and 0 for a pre-release or 1, so that versions compare as they follow each other.
Version = tuple[int, int, int, int]
_FIRST: Version = (0, 0, 0, 0)
_LAST: Version = (10**19, 0, 0, 0)


class _FluxSpan(NamedTuple):
    """The versions from `first` to `last`, with both; the pre-releases before the end of a range are in the range."""

    first: Version
    last: Version

    def has(self, version: Version) -> bool:
        """Whether the version is in the span."""
        return self.first <= version <= self.last


def read_version(tag: str) -> Version | None:
    """The numbers of a version in a tag; None for another tag. Missing numbers are 0, as Flux reads them."""
    match = _VERSION.fullmatch(tag)
    if match is None:
        return None
    return int(match["major"]), int(match["minor"] or 0), int(match["patch"] or 0), 0 if match["pre"] else 1


def fits_range(version: Version | None, text: str) -> bool:
    """Whether a range may choose a version; None stands for a tag that is no version."""
    spans = _read_range(text)
    if spans is None:
        return True
    return version is not None and any(all(span.has(version) for span in part) for part in spans)


@lru_cache(maxsize=64)
def _read_range(text: str) -> tuple[tuple[_FluxSpan, ...], ...] | None:
    """The alternatives of a range, each with spans that must all hold; None for a range that cannot be read."""
    try:
        return tuple(tuple(_spans(one)) for one in text.split("||"))
    except ValueError:
        return None


def _spans(text: str) -> Iterator[_FluxSpan]:
    plain = _AFTER_OPERATOR.sub(r"\1", _HYPHEN.sub(r">=\1,<=\2", text.strip()))
    for part in _SEPARATOR.split(plain) if plain else ["*"]:
        match = _BOUND.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no bound of versions")
        yield _span(match)


def _span(match: re.Match[str]) -> _FluxSpan:
    numbers = [match[name] for name in ("major", "minor", "patch")]
    known = [int(one) for one in numbers if one is not None and one not in _ANY]
    if any(one is not None and one not in _ANY for one in numbers[len(known) :]):
        raise ValueError("a number after a wildcard")
    first = _padded(known)
    operator = match["operator"] or ""
    if operator == "!=":
        return _FluxSpan(_FIRST, _LAST)
    if operator in (">", ">=", "=>"):
        return _FluxSpan(first, _LAST)
    if operator in ("<", "<=", "=<"):
        return _FluxSpan(_FIRST, first if operator == "<" else _after(known))
    if operator == "^":
        # The first number that is not 0 may not change; in 0.0 all later numbers may.
        index = next((number for number, one in enumerate(known) if one), len(known) - 1)
        return _FluxSpan(first, _after(known[: index + 1]))
    return _FluxSpan(first, _after(known[:2] if operator in ("~", "~>") else known))


def _after(known: list[int]) -> Version:
    """The pre-releases of the first version after all that begin with these numbers."""
    if not known:
        return _LAST
    return _padded([*known[:-1], known[-1] + 1])


def _padded(known: list[int]) -> Version:
    major, minor, patch = (*known, 0, 0, 0)[:3]
    return major, minor, patch, 0
