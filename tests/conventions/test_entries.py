# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module and its action plugin do the same work, and only they read check mode and the diff flag (C1)."""

from __future__ import annotations

import ast

from conventions.source import PLUGINS, modules, name_of, python_files

# Modules that only run as action plugins.
WITHOUT_WORK = {"docr_manifests", "docr_variables"}
ENTRIES = {"plugins/module_utils/_module/run.py", "plugins/plugin_utils/_module_action.py"}


def entry_of_module(name: str) -> str:
    """The entry that `main` of a module runs."""
    text = (PLUGINS / "modules" / f"{name}.py").read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    (entry,) = [ast.unparse(one.args[0]) for one in calls if ast.unparse(one.func) == "run_module"]
    return entry


def entry_of_action(name: str) -> str:
    """The entry of an action plugin, which holds nothing but names."""
    tree = ast.parse((PLUGINS / "action" / f"{name}.py").read_text(encoding="utf-8"))
    (plugin,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert all(isinstance(node, ast.ImportFrom | ast.ClassDef) for node in tree.body), name
    assert [ast.unparse(one) for one in plugin.bases] == ["ModuleAction"], name
    values = {ast.unparse(one.targets[0]): ast.unparse(one.value) for one in plugin.body if isinstance(one, ast.Assign)}
    assert set(values) <= {"entry", "variable_prefix"}, name
    return values["entry"]


def test_a_module_and_its_action_plugin_run_the_same_entry() -> None:
    names = [name for name in modules() if name not in WITHOUT_WORK]
    assert names
    assert {name: entry_of_action(name) for name in names} == {name: entry_of_module(name) for name in names}


def test_only_the_entries_read_check_mode_and_the_diff_flag() -> None:
    readers = set()
    for path in python_files("plugins"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("check_mode", "_diff"):
                readers.add(name_of(path))
    assert readers == ENTRIES
