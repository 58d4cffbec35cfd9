# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared code has one place: no six lines of code are in two files (L6)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from conventions.source import code_lines, name_of, python_files

TWIN_LINES = 6
Line = tuple[int, str]


def comparable_lines(text: str) -> Iterator[Line]:
    """Number and stripped text of the code lines, without imports."""
    imports: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = text.splitlines()
    for number in sorted(code_lines(text) - imports):
        yield number, lines[number - 1].strip()


def twins(files: Iterable[tuple[str, str]]) -> list[str]:
    """Every place whose next six code lines stood somewhere before; overlapping ones are told once."""
    seen: dict[tuple[str, ...], tuple[str, int]] = {}
    found: list[str] = []
    for name, text in files:
        lines = list(comparable_lines(text))
        told_until = -1
        for start in range(len(lines) - TWIN_LINES + 1):
            window = lines[start : start + TWIN_LINES]
            key = tuple(line for number, line in window)
            if not any(len(line) > 20 for line in key):
                continue  # brackets and short names alone say nothing
            here = (name, window[0][0])
            first = seen.setdefault(key, here)
            if first != here and start > told_until:
                found.append(f"{name}:{here[1]} repeats {first[0]}:{first[1]}")
                told_until = start + TWIN_LINES - 1
    return found


@pytest.mark.parametrize("product", ["plugins", "sandbox/src", "tools"])
def test_no_six_lines_stand_in_two_places_of_one_product(product: str) -> None:
    files = [(name_of(path), path.read_text(encoding="utf-8")) for path in python_files(product)]
    assert files
    assert twins(files) == []


def test_a_twin_is_found_once() -> None:
    text = "\n".join(f"value_{number} = make_something({number})" for number in range(9))
    assert twins([("one.py", text), ("two.py", f"import os\n\n{text}")]) == ["two.py:3 repeats one.py:1"]
