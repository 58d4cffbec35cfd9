# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file says its licence, and what is private to the collection says so (L7)."""

from __future__ import annotations

from conventions.source import PLUGINS, name_of, python_files

HEADER = """\
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
PRIVATE = "# Private to this collection"


def filled(*folders: str) -> list[tuple[str, str]]:
    """Name and text of the Python files that are not empty."""
    files = [(name_of(path), path.read_text(encoding="utf-8")) for path in python_files(*folders)]
    return [(name, text) for name, text in files if text]


def test_every_file_starts_with_the_licence() -> None:
    files = filled("plugins", "sandbox", "tools", "tests")
    without = [name for name, text in files if not text.removeprefix("#!/usr/bin/python\n").startswith(HEADER)]
    assert files
    assert without == []


def test_shared_code_and_fragments_say_that_they_are_private() -> None:
    files = filled("plugins/module_utils", "plugins/plugin_utils", "plugins/doc_fragments")
    assert files
    assert [name for name, text in files if PRIVATE not in text] == []


def test_shared_code_and_fragments_have_private_names() -> None:
    entries = [
        entry for folder in ("module_utils", "plugin_utils", "doc_fragments") for entry in (PLUGINS / folder).iterdir()
    ]
    assert entries
    assert [name_of(entry) for entry in entries if not entry.name.startswith("_")] == []
