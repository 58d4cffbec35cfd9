# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions of tags, matched in a time that is linear in the length of the tag.

A machine of states reads each character once, so that no expression of a user makes a run hang. The syntax is
Python's without what such a machine cannot do: backreferences and assertions. The whole tag must match.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, Union

# OCI distribution-spec, "Pulling manifests": the characters of a tag, and its greatest length.
TAG_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
LONGEST_TAG = 128
# A tag does not begin with these.
_NEVER_FIRST = ".-"
_LONGEST_PATTERN = 256
_MOST_STATES = 500
_MOST_CACHED = 20_000

_COUNT = re.compile(r"\{(?P<least>\d{0,4})(?P<comma>,)?(?P<most>\d{0,4})\}", re.ASCII)
_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_CLASS_ESCAPES = "dDwWsS"


class _Characters(NamedTuple):
    """One character of these."""

    allowed: frozenset[str]


class _Concatenation(NamedTuple):
    parts: tuple[_Node, ...]


class _Alternatives(NamedTuple):
    ways: tuple[_Node, ...]


class _Repeat(NamedTuple):
    """At least `least` and at most `most` times; without an end where `most` is None."""

    part: _Node
    least: int
    most: int | None


_Node = Union[_Characters, _Concatenation, _Alternatives, _Repeat]  # noqa: UP007 - for ansible-test's pylint


class TagRegex:
    """A regular expression of tags. Raises ValueError with what is wrong with the expression."""

    def __init__(self, pattern: str) -> None:
        self._machine = _Machine(_Parser(pattern).parse())
        self._steps: dict[tuple[int, str], int] = {}

    def matches(self, tag: str) -> bool:
        """Whether the whole tag matches."""
        states = self._machine.first
        for character in tag:
            key = (states, character)
            found = self._steps.get(key)
            if found is None:
                if len(self._steps) >= _MOST_CACHED:
                    self._steps.clear()
                found = self._steps[key] = self._machine.step(states, character)
            states = found
            if not states:
                return False
        return bool(states & self._machine.last)

    def can_match(self) -> bool:
        """Whether any tag can match."""
        states = self._machine.first
        characters = [one for one in TAG_CHARACTERS if one not in _NEVER_FIRST]
        seen = set[int]()
        for _length in range(LONGEST_TAG):
            after = 0
            for one in characters:
                after |= self._machine.step(states, one)
            if after & self._machine.last:
                return True
            if after in seen:
                return False
            seen.add(after)
            states, characters = after, list(TAG_CHARACTERS)
        return False


@lru_cache(maxsize=256)
def tag_regex(pattern: str) -> TagRegex:
    """The compiled expression; raises ValueError as TagRegex does."""
    return TagRegex(pattern)


class _Parser:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > _LONGEST_PATTERN:
            raise ValueError(f"write at most {_LONGEST_PATTERN} characters")
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"the expression is not valid: {error}") from None
        self._pattern = pattern
        self._at = 0

    def parse(self) -> _Node:
        """The whole pattern."""
        return self._choice(is_outer=True)

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _accept(self, text: str) -> bool:
        is_here = self._pattern.startswith(text, self._at)
        self._at += len(text) if is_here else 0
        return is_here

    def _choice(self, *, is_outer: bool) -> _Node:
        ways = [self._sequence(is_outer=is_outer)]
        while self._accept("|"):
            ways.append(self._sequence(is_outer=is_outer))
        return _Alternatives(tuple(ways)) if len(ways) > 1 else ways[0]

    def _sequence(self, *, is_outer: bool) -> _Node:
        parts: list[_Node] = []
        if is_outer:
            self._accept("^")
        while self._next() not in ("", "|", ")"):
            if is_outer and self._next() == "$" and self._pattern[self._at + 1 : self._at + 2] in ("", "|"):
                self._at += 1
                break
            parts.append(self._repeat(self._atom()))
        return _Concatenation(tuple(parts))

    def _repeat(self, part: _Node) -> _Node:
        bounds: tuple[int, int | None] | None = None
        for mark, found in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if bounds is None and self._accept(mark):
                bounds = found
        count = _COUNT.match(self._pattern, self._at) if bounds is None else None
        if count is not None and (count["least"] or count["most"] or count["comma"]):
            self._at = count.end()
            least = int(count["least"] or 0)
            most = int(count["most"]) if count["most"] else None
            bounds = (least, most if count["comma"] else least)
        if bounds is None:
            return part
        # Whether a repetition is greedy makes no difference to a match of the whole tag.
        self._accept("?")
        if self._next() in ("*", "+", "?") and self._next():
            raise ValueError("possessive repetitions are not supported")
        return _Repeat(part, *bounds)

    def _atom(self) -> _Node:
        if self._accept("("):
            if self._next() == "?" and not self._accept("?:"):
                raise ValueError("assertions, flags and named groups are not supported")
            inner = self._choice(is_outer=False)
            self._accept(")")
            return inner
        return _Characters(_characters(self._token()))

    def _token(self) -> str:
        """The text that stands for a character."""
        one = self._next()
        if one in "^$":
            raise ValueError("^ and $ are only supported at the ends, and the whole tag must match without them too")
        if one == "{":
            raise ValueError("a brace that is no repetition requires a backslash")
        found = _CLASS.match(self._pattern, self._at) if one == "[" else None
        token = found[0] if found is not None else self._pattern[self._at : self._at + (2 if one == "\\" else 1)]
        if one == "\\" and token[1].isalnum() and token[1] not in _CLASS_ESCAPES:
            raise ValueError(f"{token} is not supported: backreferences and assertions have no bound in time")
        self._at += len(token)
        return token


@lru_cache(maxsize=1024)
def _characters(token: str) -> frozenset[str]:
    """The characters of tags that a token stands for, by Python's own reading of the token."""
    single = re.compile(token, re.ASCII)
    return frozenset(one for one in TAG_CHARACTERS if single.fullmatch(one))


class _Machine:
    """States as the bits of a number: `first` are those before the first character, `last` those that accept."""

    def __init__(self, root: _Node) -> None:
        self._free: list[list[int]] = []
        self._moves: list[tuple[frozenset[str], int] | None] = []
        start = self._add()
        end = self._build(root, start)
        self.last = 1 << end
        closures = [self._closure(state) for state in range(len(self._free))]
        self.first = closures[start]
        self._after = [closures[move[1]] if move is not None else 0 for move in self._moves]
        self._readers = {
            one: sum(1 << state for state, move in enumerate(self._moves) if move is not None and one in move[0])
            for one in TAG_CHARACTERS
        }

    def step(self, states: int, character: str) -> int:
        """The states after a character."""
        reading = states & self._readers.get(character, 0)
        found = 0
        while reading:
            lowest = reading & -reading
            found |= self._after[lowest.bit_length() - 1]
            reading ^= lowest
        return found

    def _add(self) -> int:
        if len(self._free) >= _MOST_STATES:
            raise ValueError("the expression is too large: write smaller repetitions")
        self._free.append([])
        self._moves.append(None)
        return len(self._free) - 1

    def _build(self, node: _Node, start: int) -> int:
        """The state after the node, which begins at `start`."""
        if isinstance(node, _Characters):
            end = self._add()
            self._moves[start] = (node.allowed, end)
            return self._linked(end)
        if isinstance(node, _Concatenation):
            for one in node.parts:
                start = self._build(one, start)
            return start
        if isinstance(node, _Alternatives):
            end = self._add()
            for one in node.ways:
                self._free[self._build(one, self._linked(start))].append(end)
            return end
        return self._build_repeat(node, start)

    def _build_repeat(self, node: _Repeat, start: int) -> int:
        for _number in range(node.least):
            start = self._build(node.part, start)
        if node.most is None:
            loop = self._linked(start)
            self._free[self._build(node.part, self._linked(loop))].append(loop)
            return self._linked(loop)
        end = self._add()
        for _number in range(node.most - node.least):
            self._free[start].append(end)
            start = self._build(node.part, self._linked(start))
        self._free[start].append(end)
        return end

    def _linked(self, state: int) -> int:
        """A new state that is reached from a state without a character."""
        new = self._add()
        self._free[state].append(new)
        return new

    def _closure(self, state: int) -> int:
        found = 1 << state
        pending = [state]
        while pending:
            for one in self._free[pending.pop()]:
                if not found >> one & 1:
                    found |= 1 << one
                    pending.append(one)
        return found
