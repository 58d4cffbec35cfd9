# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A class name has one meaning in the whole product (CONTRIBUTING, "Style")."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from conventions.source import ROOT, name_of, python_files

PRODUCT = "plugins/module_utils"


def repeated_classes(files: Iterable[tuple[Path, str]]) -> dict[str, list[str]]:
    """The class names that several places define, and the files. A leading underscore makes no other name."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, text in files:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(name_of(path))
    return {name: found for name, found in places.items() if len(found) > 1}


def test_a_class_name_is_defined_once_in_the_product() -> None:
    files = [(path, path.read_text(encoding="utf-8")) for path in python_files(PRODUCT)]
    assert len(files) > 100
    assert repeated_classes(files) == {}


def test_a_repeated_class_name_is_found() -> None:
    one, other = ROOT / "plugins/a.py", ROOT / "plugins/b.py"
    assert repeated_classes([(one, "class Access: ..."), (other, "class _Access: ...")]) == {
        "Access": ["plugins/a.py", "plugins/b.py"]
    }
