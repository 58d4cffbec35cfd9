# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the role's variables agrees with argument_specs, defaults, modules, the manifest and docr_manifests."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.planton.digitalocean.plugins.action.docr_manifests import ActionModule as ManifestsAction
from ansible_collections.planton.digitalocean.plugins.action.docr_variables import ActionModule as VariablesAction
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.schema import (
    BOOLEAN,
    DATES,
    OBJECTS,
    STRING,
    STRINGS,
    fields_of,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.variables import (
    ACCESS,
    CONNECTION,
    GC,
    VARIABLES,
    RoleVariable,
    VariableType,
    describe_type,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._module.spec import CONNECTION_OPTIONS
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.access import ACCESS_SPEC
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.gc_options import GC_SPEC
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.registry import REGISTRY_SPEC
from conventions.source import ROOT

GC_BLOCK = "spec.garbage_collection"
# The types of fields in a manifest and of options in a module, as a variable has them.
OPTION_TYPES = {
    VariableType.TEXT: "str",
    VariableType.SECRET: "str",
    VariableType.PATH: "path",
    VariableType.DURATION: "str",
    VariableType.BOOLEAN: "bool",
    VariableType.INTEGER: "int",
    VariableType.TEXTS: "list",
    VariableType.DATES: "list",
    VariableType.WINDOWS: "list",
}
FIELD_TYPES = {BOOLEAN: "bool", STRING: "str", STRINGS: "list", DATES: "list", OBJECTS: "list"}
# Variables of the role alone.
OWN = {
    *("docr_manifest_files", "docr_manifests", "docr_skip_other_kinds", "docr_ignored_variables"),
    *("docr_summary_enabled", "docr_registry_enabled", "docr_gc_enabled", "docr_doks_integration_enabled"),
    *("docr_destroy_names", "docr_destroy_missing", "docr_rotate_names", "docr_login_folder"),
}


def entries() -> dict[str, dict[str, Any]]:
    specs = yaml.safe_load((ROOT / "roles/docr/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    return {entry: spec["options"] for entry, spec in specs.items()}


def group(name: str) -> dict[str, RoleVariable]:
    return {one.option: one for one in VARIABLES.values() if one.group == name}


def as_option(variable: RoleVariable) -> dict[str, Any]:
    return {"type": OPTION_TYPES[variable.type], "choices": list(variable.choices), "default": plain(variable.default)}


def plain(value: object) -> object:
    """A default as YAML has it."""
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return {key: plain(one) for key, one in value.items()} if isinstance(value, Mapping) else value


def told(option: Mapping[str, Any]) -> dict[str, Any]:
    """What the table says of an option too."""
    return {
        "type": option["type"],
        "choices": list(option.get("choices", [])),
        "default": plain(option.get("default")),
    }


def option_of(name: str) -> dict[str, Any] | None:
    """The option of a module that a variable outside the groups sets."""
    for prefix, spec in (("docr_gc_", GC_SPEC), ("docr_doks_", ACCESS_SPEC), ("docr_", REGISTRY_SPEC)):
        if name.startswith(prefix) and name.removeprefix(prefix) in spec.options:
            return dict(spec.options[name.removeprefix(prefix)])
    consent = name.removeprefix("docr_")
    return dict(GC_SPEC.options[consent]) if consent in GC_SPEC.options else None


def test_argument_specs_document_every_variable_let_every_form_pass_and_name_the_type() -> None:
    documented = {name: option for options in entries().values() for name, option in options.items()}
    assert sorted(documented) == sorted(VARIABLES)
    for options in entries().values():
        for name, option in options.items():
            variable = VARIABLES[name]
            assert option["type"] == "raw", name
            assert "required" not in option, name
            assert option["description"][-1] == describe_type(variable), name
            assert option.get("default") == plain(variable.default), name
            assert option.get("no_log", False) is (variable.type is VariableType.SECRET), name


def test_the_gc_and_access_variables_are_options_of_the_modules_with_the_same_type_choices_and_default() -> None:
    for name, options in ((GC, GC_SPEC.options), (ACCESS, ACCESS_SPEC.options)):
        for option, variable in group(name).items():
            found = told(options[option]) | ({"default": []} if as_option(variable)["default"] == [] else {})
            expected = as_option(variable)
            if option == "kubeconfig":
                found["type"] = "path"
            if name == ACCESS and option in ("never_expires", "method"):
                found["default"] = expected["default"]
            assert found == expected, option


def test_every_other_variable_is_an_option_of_a_module_or_the_roles_own() -> None:
    for name, variable in VARIABLES.items():
        if variable.group or name in OWN:
            continue
        option = option_of(name)
        assert option is not None, name
        assert told(option) == as_option(variable), name


def test_the_role_takes_every_connection_option() -> None:
    assert {name: one.type for name, one in group(CONNECTION).items()} == {
        name: {"str": VariableType.TEXT, "int": VariableType.INTEGER, "path": VariableType.PATH}[option["type"]]
        if name != "token"
        else VariableType.SECRET
        for name, option in CONNECTION_OPTIONS.items()
    }
    assert all(
        set(group(CONNECTION)) <= {name.removeprefix("docr_") for name in options} for options in entries().values()
    )


def test_a_manifest_says_what_an_override_says_and_what_the_variables_of_garbage_collection_say() -> None:
    override = set(GC_SPEC.options["overrides"]["options"]) - {"registries", "origin"}
    fields = {field.name: field for field in fields_of(GC_BLOCK)}
    assert sorted(fields) == sorted(override) == sorted(group(GC))
    for name, field in fields.items():
        variable = group(GC)[name]
        assert (FIELD_TYPES[field.type], list(field.enum)) == (OPTION_TYPES[variable.type], list(variable.choices))
    windows = {
        field.name: {"required": field.required, "default": field.default}
        for field in fields_of(f"{GC_BLOCK}.maintenance_windows[]")
    }
    assert windows == {
        name: {"required": one.get("required", False), "default": one.get("default")}
        for name, one in GC_SPEC.options["overrides"]["options"]["maintenance_windows"]["options"].items()
    }


def test_a_manifest_says_of_its_clusters_what_the_variables_say_but_for_the_controllers_file() -> None:
    fields = {field.name: field for field in fields_of("spec.doks_integration")}
    assert sorted(group(ACCESS)) == sorted([*fields, "kubeconfig"])
    assert {name: (FIELD_TYPES[field.type], list(field.enum)) for name, field in fields.items()} == {
        name: (OPTION_TYPES[group(ACCESS)[name].type], list(group(ACCESS)[name].choices)) for name in fields
    }


@pytest.mark.parametrize(
    ("module", "arguments"),
    [("docr_manifests", ManifestsAction.arguments), ("docr_variables", VariablesAction.arguments)],
)
def test_a_module_that_is_an_action_documents_and_declares_the_options_of_the_action(
    module: str, arguments: Mapping[str, Any]
) -> None:
    tree = ast.parse((ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8"))
    documentation = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION"
    )
    documented = {
        name: {key: one for key, one in option.items() if key != "description"}
        for name, option in yaml.safe_load(documentation)["options"].items()
    }
    (declared,) = (
        ast.literal_eval(keyword.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "argument_spec"
    )
    assert documented == declared == arguments
