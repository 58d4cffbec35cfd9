# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes that keep a file readable in one go (L5, L6)."""

from __future__ import annotations

import ast

import pytest

from conventions.source import code_lines, functions, name_of, python_files

FILE_LINES = 250
MODULE_FILE_LINES = 60
FUNCTION_LINES = 40
MAIN_LINES = 15
PARAMETERS = 6


def excesses(name: str, text: str) -> list[str]:
    """What is longer than its budget in one file."""
    is_module = name.startswith("plugins/modules/")
    lines = code_lines(text)
    found = []
    budget = MODULE_FILE_LINES if is_module else FILE_LINES
    if len(lines) > budget:
        found.append(f"{name}: {len(lines)} code lines, at most {budget}")
    for function in functions(ast.parse(text)):
        size = len(lines & set(range(function.lineno, (function.end_lineno or function.lineno) + 1)))
        most = MAIN_LINES if is_module and function.name == "main" else FUNCTION_LINES
        if size > most:
            found.append(f"{name}:{function.lineno}: {function.name}() has {size} code lines, at most {most}")
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        count = len([argument for argument in arguments if argument.arg not in ("self", "cls")])
        if count > PARAMETERS and not name.startswith(("tests/", "sandbox/tests/")):
            found.append(f"{name}:{function.lineno}: {function.name}() takes {count} parameters, at most {PARAMETERS}")
    return found


def test_files_functions_and_parameters_keep_their_budgets() -> None:
    files = python_files("plugins", "sandbox", "tools", "tests")
    assert files
    found = [excess for path in files for excess in excesses(name_of(path), path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("plugins/module_utils/_domain/x.py", "x = 1\n" * 251, "251 code lines, at most 250"),
        ("plugins/modules/x.py", "x = 1\n" * 61, "61 code lines, at most 60"),
        ("plugins/modules/x.py", "def main():\n" + "    x = 1\n" * 15, "main() has 16 code lines, at most 15"),
        ("tools/x.py", "def long():\n" + "    x = 1\n" * 40, "long() has 41 code lines, at most 40"),
        ("tools/x.py", "def wide(a, b, c, d, *, e, f, g): ...", "wide() takes 7 parameters, at most 6"),
    ],
)
def test_an_excess_is_found(name: str, text: str, message: str) -> None:
    (found,) = excesses(name, text)
    assert found.endswith(message)


SAMPLE = '''
"""One.

Two.
"""

# Three
DOCUMENTATION = r"""
four
"""


def five():
    """Six."""
    return (
        7
    )
'''


def test_comments_docstrings_and_documentation_cost_nothing() -> None:
    assert len(code_lines(SAMPLE)) == 4
