# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One loop waits, and no test of the pure parts sleeps (W1, W2)."""

from __future__ import annotations

import ast
from typing import TypeGuard

import pytest

from conventions.source import name_of, python_files

ONLY_PLACE = "plugins/module_utils/_service/flow/wait.py"


def is_sleep(node: ast.AST) -> TypeGuard[ast.ImportFrom | ast.Attribute]:
    if isinstance(node, ast.ImportFrom):
        return any(alias.name == "sleep" for alias in node.names)
    return isinstance(node, ast.Attribute) and ast.unparse(node) in ("time.sleep", "asyncio.sleep")


def sleeps(name: str, text: str) -> list[str]:
    """Where a file takes a real sleep from somewhere, instead of the clock that it was handed."""
    return [f"{name}:{node.lineno}: {ast.unparse(node)}" for node in ast.walk(ast.parse(text)) if is_sleep(node)]


def test_nothing_in_the_collection_sleeps_but_the_polling_loop() -> None:
    files = [path for path in python_files("plugins") if name_of(path) != ONLY_PLACE]
    assert files
    assert [found for path in files for found in sleeps(name_of(path), path.read_text(encoding="utf-8"))] == []


def test_no_unit_test_sleeps() -> None:
    files = python_files("tests/unit")
    assert [found for path in files for found in sleeps(name_of(path), path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("text", ["import time\ntime.sleep(1)", "from time import sleep", "wait = time.sleep"])
def test_a_sleep_is_found(text: str) -> None:
    assert len(sleeps("plugins/modules/x.py", text)) == 1
