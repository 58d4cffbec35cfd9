# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's packages and files have an order without a cycle, and each name of a public class stands once."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from conventions.source import ROOT, name_of, python_files
from conventions.test_layers import SHARED, in_a_cycle, misplaced

SOURCE = ROOT / "sandbox/src/docr_sandbox"

# From the bottom to the top; an entry is a package, or a file directly in docr_sandbox. Rules as in test_layers.ORDER.
ORDER: list[tuple[str, ...]] = [
    (SHARED, "clock", "content", "failures", "files", "kept_connections", "listening", "spoiling", "tls"),
    ("contract", "env_file", "faults", "holds", "model", "state_file", "testing"),
    ("pytest_plugin", "switches"),
    ("world",),
    ("doks", "request_log", "seeding"),
    ("distribution",),
    ("api",),
    ("control_guard", "control_holds"),
    ("control",),
    ("app",),
    ("serving", "seed_command"),
    ("cli",),
    ("__main__",),
]


def file_imports(files: list[tuple[Path, str]]) -> dict[tuple[str, str], str]:
    """The imports between the sandbox's files, each with a place; imports for types and inside functions count too."""
    stems = {".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in python_files("sandbox/src")}
    found: dict[tuple[str, str], str] = {}
    for path, text in files:
        own = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for node in ast.walk(ast.parse(text)):
            for name in imported_names(node):
                inner = name.removeprefix("docr_sandbox.")
                other = inner if inner in stems else inner.rpartition(".")[0]
                if name.startswith("docr_sandbox.") and other:
                    found.setdefault((own, other), f"{name_of(path)}:{getattr(node, 'lineno', 0)}")
    return found


def imported_names(node: ast.AST) -> list[str]:
    """The dotted names that an import statement brings; relative imports are not allowed in the sandbox (ruff, TID)."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def entry_imports(imports: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """The same imports between packages and top files."""
    pairs = {(own.partition(".")[0], other.partition(".")[0]): where for (own, other), where in imports.items()}
    return {(own, other): where for (own, other), where in pairs.items() if own != other}


def all_files() -> list[tuple[Path, str]]:
    return [(path, path.read_text(encoding="utf-8")) for path in python_files("sandbox/src")]


def test_the_sandbox_keeps_its_order_and_has_no_cycle() -> None:
    imports = file_imports(all_files())
    assert imports
    assert misplaced(entry_imports(imports), ORDER) == []
    assert in_a_cycle(imports) == set()
    assert in_a_cycle(entry_imports(imports)) == set()


def test_every_entry_of_the_sandbox_stands_in_one_row() -> None:
    entries = {path.relative_to(SOURCE).parts[0].removesuffix(".py") for path, _text in all_files()}
    listed = [entry for row in ORDER for entry in row if entry != SHARED]
    assert sorted(listed) == sorted(entries - {"__init__"})


@pytest.mark.parametrize(
    ("place", "text", "breach"),
    [
        ("world.py", "from docr_sandbox.seeding.fill import fill", "world imports seeding"),
        ("model/x.py", "from docr_sandbox import world", "model imports world"),
        ("model/x.py", "import docr_sandbox.world", "model imports world"),
        ("model/x.py", "if TYPE_CHECKING:\n    from docr_sandbox.world import World", "model imports world"),
        ("seeding/x.py", "def f():\n    from docr_sandbox.doks import proxy", "seeding imports doks"),
        ("clock.py", "from docr_sandbox.model.tiers import TIERS", "clock imports model"),
        ("news/x.py", "from docr_sandbox.clock import Clock", "news stands in no row of ORDER"),
    ],
)
def test_an_import_against_the_order_of_the_sandbox_is_found(place: str, text: str, breach: str) -> None:
    (found,) = misplaced(entry_imports(file_imports([(SOURCE / place, text)])), ORDER)
    assert found.endswith(breach)


def test_a_cycle_of_files_in_one_package_is_found_behind_an_import_for_types() -> None:
    below = "if TYPE_CHECKING:\n    from docr_sandbox.distribution.manifests import MANIFESTS"
    files = [(SOURCE / "distribution/protocol.py", below)]
    kept = [(path, text) for path, text in all_files() if path != files[0][0]]
    assert {"distribution.manifests", "distribution.protocol"} <= in_a_cycle(file_imports([*kept, *files]))


def repeated_classes(files: list[tuple[Path, str]]) -> list[str]:
    """The names of public classes that several files define."""
    names = [
        node.name
        for _path, text in files
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    return sorted(name for name, times in Counter(names).items() if times > 1)


def test_each_name_of_a_public_class_of_the_sandbox_stands_once() -> None:
    assert repeated_classes(all_files()) == []


def test_a_repeated_name_of_a_class_is_found() -> None:
    assert repeated_classes([*all_files(), (SOURCE / "x.py", "class World: ...")]) == ["World"]
