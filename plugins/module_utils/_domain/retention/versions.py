# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions in tags and ranges of versions, by Semantic Versioning 2.0.

A tag cannot hold a plus sign, so an underscore stands for the plus sign, as Helm writes chart versions. What
`git describe` gives between two versions (`v1.2.3-12-gabc`) counts as the version that it begins with, and as no
pre-release. What is not a version is in no range.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_NUMBER = r"(?:0|[1-9]\d*)"
_IDENTIFIER = r"(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_PRE_RELEASE = rf"(?:-(?P<pre>{_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
_VERSION = re.compile(
    rf"v?(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})\.(?P<patch>{_NUMBER}){_PRE_RELEASE}(?:[+_][0-9A-Za-z.-]+)?",
    re.ASCII,
)
# What git describe appends: the number of commits and the abbreviated commit, and the mark of a changed tree.
_DESCRIBED = re.compile(r"-\d+-g[0-9a-f]{3,64}(?:-dirty)?$|-dirty$", re.ASCII)
_TERM = re.compile(
    rf"(?P<operator>>=|<=|>|<|=|\^|~)?\s*v?(?P<major>{_NUMBER})(?:\.(?P<minor>{_NUMBER}|[xX*]))?"
    rf"(?:\.(?P<patch>{_NUMBER}|[xX*]))?{_PRE_RELEASE}(?:[+_][0-9A-Za-z.-]+)?",
    re.ASCII,
)
_LONGEST_RANGE = 256
_ADVICE = 'write comparisons such as ">=1.0.0 <2", "^1.4", "~1.4.2" or "1.x", and || between alternatives'

# A pre-release sorts before its version; within it, numbers sort before texts (semver.org, 11).
_Sorted = tuple[tuple[int, int, int], tuple[int, tuple[tuple[int, int, str], ...]]]
_RELEASE: tuple[int, tuple[tuple[int, int, str], ...]] = (1, ())
# Below all pre-releases of a version.
_BELOW: tuple[int, tuple[tuple[int, int, str], ...]] = (-1, ())
_LOWEST: _Sorted = ((0, 0, 0), _BELOW)


@dataclass(frozen=True)
class Version:
    """A version: `key` sorts as versions do, `is_pre_release` is False for the output of git describe."""

    key: _Sorted
    is_pre_release: bool


class Span(NamedTuple):
    """Versions from `low` up to `high`, in the order of keys; `high` is None where the span has no end.

    `has_low` and `has_high` say whether the ends belong to the span.
    """

    low: _Sorted
    has_low: bool
    high: _Sorted | None
    has_high: bool

    def has(self, key: _Sorted) -> bool:
        """Whether a version is in the span."""
        is_above = key > self.low or (self.has_low and key == self.low)
        return is_above and (self.high is None or key < self.high or (self.has_high and key == self.high))

    @property
    def is_empty(self) -> bool:
        """Whether no version can be in the span."""
        if self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and not (self.has_low and self.has_high))

    def is_within(self, other: Span) -> bool:
        """Whether every version of this span is in another span."""
        is_low = self.low > other.low or (self.low == other.low and (other.has_low or not self.has_low))
        if other.high is None or self.high is None:
            return is_low and other.high is None
        return is_low and (
            self.high < other.high or (self.high == other.high and (other.has_high or not self.has_high))
        )


@dataclass(frozen=True)
class VersionRange:
    """A range as the user wrote it, and its spans, each of which is an alternative."""

    text: str
    spans: tuple[Span, ...]

    def has(self, version: Version) -> bool:
        """Whether a version is in the range. A pre-release is before its version, and not in `<` its version."""
        return any(one.has(version.key) for one in self.spans)

    @property
    def is_empty(self) -> bool:
        """Whether no version can be in the range."""
        return all(one.is_empty for one in self.spans)

    def is_within(self, other: VersionRange) -> bool:
        """Whether each span of this range is in a span of another range."""
        return all(one.is_empty or any(one.is_within(more) for more in other.spans) for one in self.spans)


@lru_cache(maxsize=65_536)
def parse_version(tag: str) -> Version | None:
    """The version that a tag is, with or without a leading v; None for every other tag."""
    plain = _DESCRIBED.sub("", tag)
    match = _VERSION.fullmatch(plain)
    if match is None:
        return None
    numbers = (int(match["major"]), int(match["minor"]), int(match["patch"]))
    return Version((numbers, _pre_key(match["pre"])), match["pre"] is not None and plain == tag)


def parse_range(text: str) -> VersionRange:
    """The range in a text. Raises ValueError with what is right."""
    if len(text) > _LONGEST_RANGE:
        raise ValueError(f"write at most {_LONGEST_RANGE} characters")
    return VersionRange(text, tuple(_parse_alternative(one) for one in text.split("||")))


def _parse_alternative(text: str) -> Span:
    rest = text.strip().strip(",")
    span = Span(_LOWEST, True, None, False)
    if rest in ("*", "x", "X"):
        return span
    if not rest:
        raise ValueError(_ADVICE)
    while rest:
        match = _TERM.match(rest)
        if match is None or (match.end() < len(rest) and rest[match.end()] not in " ,\t"):
            raise ValueError(_ADVICE)
        span = _narrowed(span, _term_span(match))
        rest = rest[match.end() :].lstrip(" ,\t")
    return span


def _narrowed(one: Span, other: Span) -> Span:
    low, has_low = max((one.low, not one.has_low), (other.low, not other.has_low))
    ends = [(each.high, each.has_high) for each in (one, other) if each.high is not None]
    high, has_high = min(ends) if ends else (None, False)
    return Span(low, not has_low, high, has_high)


def _term_span(match: re.Match[str]) -> Span:
    """The versions of a comparison. A part that is missing or `x` stands for every number."""
    given = [match["major"], match["minor"], match["patch"]]
    written = [int(one) for one in given if one is not None and one.isdigit()]
    if match["minor"] is not None and not match["minor"].isdigit():
        written = written[:1]
    numbers = (*written, 0, 0)[:3]
    start = (numbers[0], numbers[1], numbers[2])
    is_exact = len(written) == len(start)
    if match["pre"] is not None and not is_exact:
        raise ValueError(_ADVICE)
    key = (start, _pre_key(match["pre"]))
    # A version that is not written to its end begins with the release, and ends before all of the next number.
    after: _Sorted = (_next(start, len(written)), _BELOW)
    operator = match["operator"] or "="
    if operator == ">=":
        return Span(key, True, None, False)
    if operator == ">":
        return Span(key, False, None, False) if is_exact else Span(after, True, None, False)
    if operator == "<":
        # A pre-release of the version that ends the range belongs to that version.
        return Span(_LOWEST, True, key if match["pre"] is not None else (start, _BELOW), False)
    if operator == "<=":
        return Span(_LOWEST, True, key, True) if is_exact else Span(_LOWEST, True, after, False)
    if operator == "=":
        return Span(key, True, key, True) if is_exact else Span(key, True, after, False)
    return Span(key, True, (_next(start, _kept_parts(operator, start, len(written))), _BELOW), False)


def _kept_parts(operator: str, start: tuple[int, int, int], written: int) -> int:
    """How many leading numbers stay in a range of ^ or ~ (docs.npmjs.com/cli/v6/using-npm/semver)."""
    if operator == "~":
        return min(written, 2)
    zeros = next((place for place, number in enumerate(start) if number), written - 1)
    return min(zeros + 1, written)


def _next(numbers: tuple[int, int, int], parts: int) -> tuple[int, int, int]:
    major, minor, patch = numbers
    return ((major + 1, 0, 0), (major, minor + 1, 0), (major, minor, patch + 1))[parts - 1]


def _pre_key(text: str | None) -> tuple[int, tuple[tuple[int, int, str], ...]]:
    if text is None:
        return _RELEASE
    return 0, tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in text.split("."))
