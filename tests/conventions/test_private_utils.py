# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file states its licence, and shared code has private names (L7)."""

from __future__ import annotations

import ast

from conventions.source import PLUGINS, name_of, python_files

HEADER = """\
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
PRIVATE = "private to this collection"


def filled(*folders: str) -> list[tuple[str, str]]:
    """Name and text of the Python files that are not empty."""
    files = [(name_of(path), path.read_text(encoding="utf-8")) for path in python_files(*folders)]
    return [(name, text) for name, text in files if text]


def test_every_file_starts_with_the_licence() -> None:
    files = filled("plugins", "sandbox", "tools", "tests")
    without = [name for name, text in files if not text.removeprefix("#!/usr/bin/python\n").startswith(HEADER)]
    assert files
    assert without == []


def test_the_package_of_shared_code_says_once_that_the_code_is_private() -> None:
    files = filled("plugins/module_utils", "plugins/plugin_utils", "plugins/doc_fragments")
    assert [name for name, text in files if PRIVATE in text] == ["plugins/module_utils/__init__.py"]


def test_every_package_of_shared_code_says_what_it_is_for() -> None:
    packages = {path.parent for path in python_files("plugins/module_utils")}
    assert packages
    silent = [
        name_of(folder)
        for folder in packages
        if not ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_shared_code_and_fragments_have_private_names() -> None:
    entries = [
        entry for folder in ("module_utils", "plugin_utils", "doc_fragments") for entry in (PLUGINS / folder).iterdir()
    ]
    assert entries
    assert [name_of(entry) for entry in entries if not entry.name.startswith("_")] == []
