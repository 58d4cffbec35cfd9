# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module, role and manifest know the same options, and the role the same connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.schema import (
    BOOLEAN,
    DATES,
    OBJECTS,
    STRING,
    STRINGS,
    fields_of,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._module.spec import CONNECTION_OPTIONS
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.gc_options import GC_SPEC
from conventions.source import ROOT

BLOCK = "spec.garbage_collection"
TYPES = {BOOLEAN: "bool", STRING: "str", STRINGS: "list", DATES: "list", OBJECTS: "list"}
# Options that the role fills itself, and the consent, which has a name of its own there.
OWN = {"registries", "overrides", "expect_registries", "state", "allow_delete_untagged_manifests"}


def load(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "roles/docr" / name).read_text(encoding="utf-8")))


def role_options(entry: str, prefix: str) -> dict[str, dict[str, Any]]:
    """The variables of one entry that begin with the prefix, by what follows it."""
    options = load("meta/argument_specs.yml")["argument_specs"][entry]["options"]
    return {name.removeprefix(prefix): option for name, option in options.items() if name.startswith(prefix)}


def told(option: Mapping[str, Any]) -> dict[str, Any]:
    """What two descriptions of an option must agree on."""
    kept = {key: option[key] for key in ("type", "elements", "choices", "default", "required") if key in option}
    parts = {name: told(part) for name, part in option.get("options", {}).items()}
    return kept | ({"options": parts} if parts else {})


def test_the_roles_variables_are_the_modules_options_with_the_same_choices_and_defaults() -> None:
    variables = role_options("main", "docr_gc_")
    variables.pop("enabled")
    options = {name: option for name, option in GC_SPEC.options.items() if name not in OWN}
    assert {name: told(option) for name, option in variables.items()} == {
        name: told(option) for name, option in options.items()
    }


def test_a_manifest_says_what_an_override_says_and_the_variables_of_it_are_checked_with_the_manifests() -> None:
    override = {
        name: told(one) for name, one in GC_SPEC.options["overrides"]["options"].items() if name != "registries"
    }
    fields = {field.name: field for field in fields_of(BLOCK)}
    assert sorted(fields) == sorted(override) == sorted(load("vars/main.yml")["_docr_gc_options"])
    for name, field in fields.items():
        assert (TYPES[field.type], list(field.enum)) == (override[name]["type"], override[name].get("choices", []))
    windows = {
        field.name: {"required": field.required, "default": field.default}
        for field in fields_of(f"{BLOCK}.maintenance_windows[]")
    }
    assert windows == {
        name: {"required": one.get("required", False), "default": one.get("default")}
        for name, one in override["maintenance_windows"]["options"].items()
    }


def test_a_manifest_says_of_its_clusters_what_the_variables_say_for_all_but_for_the_controllers_file() -> None:
    variables = role_options("main", "docr_doks_")
    said = load("vars/main.yml")["_docr_doks_options"]
    fields = {field.name: field for field in fields_of("spec.doks_integration")}
    assert sorted(said) == sorted([*fields, "kubeconfig"])
    assert set(said) - set(variables) == set()
    assert {name: (TYPES[field.type], list(field.enum)) for name, field in fields.items()} == {
        name: (variables[name]["type"], variables[name].get("choices", [])) for name in fields
    }


@pytest.mark.parametrize("entry", ["main", "rotate", "destroy"])
def test_the_role_takes_every_connection_option(entry: str) -> None:
    variables = role_options(entry, "docr_")
    assert sorted(load("vars/main.yml")["_docr_connection_options"]) == sorted(CONNECTION_OPTIONS)
    assert {name: variables[name]["type"] for name in CONNECTION_OPTIONS} == {
        name: option["type"] for name, option in CONNECTION_OPTIONS.items()
    }
