# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths to values in objects of Kubernetes, such as `spec.template.spec.containers[*].image`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Union

from ..names import shown

# A name, a number of an entry, or None for each entry.
PathStep = Union[str, int, None]  # noqa: UP007 - ansible-test's pylint requires Union here
Path = tuple[PathStep, ...]

_STEP = re.compile(
    r"\.?(?P<name>[\w$/-]+)|\[(?P<every>\*?)\]|\[(?P<number>\d{1,4})\]|\[(?P<quote>['\"])(?P<quoted>.+?)(?P=quote)\]"
    r"|(?P<star>\.?\*)",
    re.ASCII,
)


def parse_path(text: str) -> Path:
    """The steps of a path; also as kubectl's JSONPath writes a path (`{.spec.image}`, `$.spec.image`).

    Raises ValueError with a sentence part.
    """
    plain = text.strip()
    if plain.startswith("{") and plain.endswith("}"):
        plain = plain[1:-1].strip()
    plain = plain.removeprefix("$").removeprefix(".")
    steps: list[PathStep] = []
    at = 0
    while at < len(plain):
        match = _STEP.match(plain, at)
        if match is None:
            raise ValueError(f"the path cannot be read from {shown(plain[at:])} on")
        steps.append(_step(match))
        at = match.end()
    if not steps:
        raise ValueError("the path is empty")
    return tuple(steps)


def _step(match: re.Match[str]) -> PathStep:
    if match["number"] is not None:
        return int(match["number"])
    return match["name"] or match["quoted"]


def find_texts(value: Any, path: Path) -> Iterator[str]:
    """All texts at the end of a path; a list on the way or at the end stands for each of its entries."""
    if isinstance(value, list) and not (path and isinstance(path[0], int)):
        rest = path[1:] if path and path[0] is None else path
        for one in value:
            yield from find_texts(one, rest)
    elif not path:
        if isinstance(value, str):
            yield value
    elif isinstance(value, list):
        number = path[0]
        if isinstance(number, int) and number < len(value):
            yield from find_texts(value[number], path[1:])
    elif isinstance(value, Mapping):
        for one in value.values() if path[0] is None else [value.get(str(path[0]))]:
            yield from find_texts(one, path[1:])
