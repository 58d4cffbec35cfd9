# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several modules, the manifest and the tasks of the role name agree with each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.schema import STRING, fields_of
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.module_options import desired_registries
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.variables import CONNECTION, VARIABLES
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.access import ACCESS_SPEC
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.gc_options import GC_SPEC
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.plan import PLAN_SPEC
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.registry import REGISTRY_SPEC
from conventions.source import ROOT

SPECS = {
    "docr_plan": PLAN_SPEC,
    "docr_registry": REGISTRY_SPEC,
    "docr_gc": GC_SPEC,
    "docr_doks_integration": ACCESS_SPEC,
}
ENTRIES = REGISTRY_SPEC.options["registries"]["options"]
# The prefix of the variables that are options of a module.
PREFIXES = {
    "docr_plan": ("docr_doks_", "docr_"),
    "docr_registry": ("docr_",),
    "docr_gc": ("docr_gc_", "docr_"),
    "docr_doks_integration": ("docr_doks_",),
    "docr_manifests": ("docr_",),
}
RENAMED = {("docr_manifests", "files"): "docr_manifest_files"}
VALUE = re.compile(r"\{\{ _docr_values\.(\w+)(?: \| default\(omit, true\))? \}\}")


def task_options() -> Iterator[tuple[str, str, str]]:
    """Module, option and variable wherever a task of the role sets an option to a variable."""

    def walk(tasks: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
        for task in tasks:
            yield from walk([*task.get("block", []), *task.get("always", [])])
            for key, options in task.items():
                name = key.removeprefix("planton.digitalocean.")
                if name in PREFIXES:
                    for option, value in (options or {}).items():
                        if found := VALUE.fullmatch(str(value)):
                            yield name, option, found[1]

    for path in sorted((ROOT / "roles/docr/tasks").glob("*.yml")):
        yield from walk(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_a_task_of_the_role_sets_an_option_to_the_variable_of_the_same_name() -> None:
    found = list(task_options())
    for module, option, variable in found:
        names = {f"{prefix}{option}" for prefix in PREFIXES[module]}
        assert variable in names | {RENAMED.get((module, option))}, (module, option)
    assert len(found) > 50


def test_a_task_of_the_role_sets_an_option_to_each_variable_outside_the_groups() -> None:
    given = {variable for _module, _option, variable in task_options()}
    # The groups arrive as a whole. Variables that no option is named for are switches and lists of the role.
    others = {
        name
        for name, variable in VARIABLES.items()
        if not variable.group and any(name.endswith(f"_{option}") for spec in SPECS.values() for option in spec.options)
    }
    assert len(others) > 15
    assert others <= given
    assert not {name for name, variable in VARIABLES.items() if variable.group == CONNECTION} & given


def test_the_registries_of_modules_and_the_fields_of_a_manifest_are_the_same() -> None:
    fields = [field.name for field in fields_of("spec") if field.type == STRING]
    assert sorted([*fields, "origin"]) == sorted(ENTRIES)
    (entry,) = desired_registries([dict.fromkeys(ENTRIES)])
    assert sorted(entry) == sorted(ENTRIES)
    assert PLAN_SPEC.options["registries"]["options"] == ENTRIES


def test_the_options_for_a_single_registry_are_the_options_of_an_entry() -> None:
    single = {name: dict(REGISTRY_SPEC.options[name]) for name in ENTRIES if name != "origin"}
    of_entry = {
        name: {key: value for key, value in option.items() if key != "required"} for name, option in ENTRIES.items()
    }
    assert single | {"origin": of_entry["origin"]} == of_entry


def test_an_option_of_docr_plan_is_the_option_of_the_module_that_applies_the_plan() -> None:
    for name, option in PLAN_SPEC.options.items():
        others = [spec.options[name] for spec in (REGISTRY_SPEC, ACCESS_SPEC) if name in spec.options]
        # Entries of docr_plan have the default of an empty list: either part may be left out.
        expected = [dict(one) | ({"default": []} if one["type"] == "list" else {}) for one in others[:1]]
        if name == "registries":
            expected = [dict(REGISTRY_SPEC.options[name]) | {"default": []}]
        assert [dict(option)] == expected or name == "read_clusters", name


def test_an_entry_of_integrations_has_the_options_that_apply_to_all_entries() -> None:
    entries = ACCESS_SPEC.options["integrations"]["options"]
    common = {name: one for name, one in entries.items() if name != "origin"}
    for name, option in common.items():
        assert {**option, "required": False} == {"required": False, **ACCESS_SPEC.options[name]}, name
