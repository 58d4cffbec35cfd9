# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes that keep a file readable in one go (L5, L6)."""

from __future__ import annotations

import ast
import warnings

import pytest

from conventions.source import code_lines, functions, name_of, python_files

FILE_LINES = 400
FILE_LINES_WARNED = 300
MODULE_FILE_LINES = 60
FUNCTION_LINES = 40
MAIN_LINES = 15
PARAMETERS = 6
FIELDS = 8  # of a class that is no value: a dataclass that is not frozen, or what a constructor sets


TESTS = ("tests/", "sandbox/tests/")


def count_fields(definition: ast.ClassDef) -> int:
    """The fields of a class that is no value; 0 for a frozen dataclass."""
    decorators = " ".join(ast.unparse(one) for one in definition.decorator_list)
    if "frozen=True" in decorators:
        return 0
    if "dataclass" in decorators:
        return sum(isinstance(one, ast.AnnAssign) for one in definition.body)
    constructors = [one for one in functions(definition) if one.name == "__init__"]
    return len(
        {
            target.attr
            for constructor in constructors
            for one in ast.walk(constructor)
            if isinstance(one, ast.Assign | ast.AnnAssign)
            for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
            if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self"
        }
    )


def excesses(name: str, text: str) -> list[str]:
    """What is longer than its budget in one file."""
    is_module = name.startswith("plugins/modules/")
    lines = code_lines(text)
    found = []
    budget = MODULE_FILE_LINES if is_module else FILE_LINES
    if len(lines) > budget and not name.startswith(TESTS):
        found.append(f"{name}: {len(lines)} code lines, at most {budget}")
    found += [
        f"{name}:{one.lineno}: {one.name} has {count_fields(one)} fields, at most {FIELDS}"
        for one in ast.walk(ast.parse(text))
        if isinstance(one, ast.ClassDef) and not name.startswith(TESTS) and count_fields(one) > FIELDS
    ]
    for function in functions(ast.parse(text)):
        size = len(lines & set(range(function.lineno, (function.end_lineno or function.lineno) + 1)))
        most = MAIN_LINES if is_module and function.name == "main" else FUNCTION_LINES
        if size > most:
            found.append(f"{name}:{function.lineno}: {function.name}() has {size} code lines, at most {most}")
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        count = len([argument for argument in arguments if argument.arg not in ("self", "cls")])
        if count > PARAMETERS and not name.startswith(TESTS):
            found.append(f"{name}:{function.lineno}: {function.name}() takes {count} parameters, at most {PARAMETERS}")
    return found


def test_files_functions_and_parameters_keep_their_budgets() -> None:
    files = python_files("plugins", "sandbox", "tools", "tests")
    assert files
    texts = {name_of(path): path.read_text(encoding="utf-8") for path in files}
    found = [excess for name, text in texts.items() for excess in excesses(name, text)]
    for name, text in texts.items():
        if FILE_LINES_WARNED < len(code_lines(text)) <= FILE_LINES and not name.startswith(TESTS):
            warnings.warn(
                f"{name} has more than {FILE_LINES_WARNED} code lines: see whether its parts belong together",
                stacklevel=1,
            )
    assert found == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("plugins/module_utils/_domain/x.py", "x = 1\n" * 401, "401 code lines, at most 400"),
        ("plugins/modules/x.py", "x = 1\n" * 61, "61 code lines, at most 60"),
        ("plugins/modules/x.py", "def main():\n" + "    x = 1\n" * 15, "main() has 16 code lines, at most 15"),
        ("tools/x.py", "def long():\n" + "    x = 1\n" * 40, "long() has 41 code lines, at most 40"),
        (
            "tools/x.py",
            "@dataclass\nclass Wide:\n" + "".join(f"    field_{n}: int\n" for n in range(9)),
            "Wide has 9 fields, at most 8",
        ),
        (
            "sandbox/src/docr_sandbox/model/x.py",
            "@dataclass\nclass Wide:\n" + "".join(f"    field_{n}: int\n" for n in range(9)),
            "Wide has 9 fields, at most 8",
        ),
        (
            "tools/x.py",
            "class Wide:\n    def __init__(self):\n" + "".join(f"        self.field_{n} = {n}\n" for n in range(9)),
            "Wide has 9 fields, at most 8",
        ),
        ("tools/x.py", "def wide(a, b, c, d, *, e, f, g): ...", "wide() takes 7 parameters, at most 6"),
    ],
)
def test_an_excess_is_found(name: str, text: str, message: str) -> None:
    (found,) = excesses(name, text)
    assert found.endswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "@dataclass(frozen=True)\nclass Value:\n" + "".join(f"    field_{n}: int\n" for n in range(20)),
        "@dataclass\nclass Small:\n" + "".join(f"    field_{n}: int\n" for n in range(8)),
    ],
)
def test_a_value_may_have_any_number_of_fields(text: str) -> None:
    assert excesses("tools/x.py", text) == []


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
