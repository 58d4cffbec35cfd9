# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every variable of the role in every form in which Ansible and AWX hand variables over, through real plays."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.variables import (
    VARIABLES,
    VariableType,
)
from docr_sandbox.testing import Sandbox
from playing import MANIFEST, PlaybookFailedError
from support.plays import play
from support.unsafe_yaml import UnsafeDumper

WINDOWS = [{"days": ["monday", "friday"], "start": "22:30", "duration": "90m", "time_zone": "Asia/Kathmandu"}]
# A value for each variable that differs from its default.
VALUES: Mapping[str, Any] = {
    "docr_manifest_files": ["/srv/a.yaml", "/srv/more"],
    "docr_manifests": [{**MANIFEST, "metadata": {"name": "kiwi"}, "spec": {"name": "kiwi", "region": "syd1"}}],
    "docr_skip_other_kinds": True,
    "docr_registry_enabled": False,
    "docr_gc_enabled": False,
    "docr_doks_integration_enabled": False,
    "docr_summary_enabled": False,
    "docr_tier_policy": "strict",
    "docr_login_folder": "/srv/logins",
    "docr_doks_clusters": ["orchard", "meadow"],
    "docr_doks_contexts": ["farm", "field"],
    "docr_doks_kubeconfig": "/srv/kubeconfig",
    "docr_doks_method": "direct",
    "docr_doks_namespaces": ["team-*", "web"],
    "docr_doks_exclude_namespaces": ["team-x"],
    "docr_doks_namespace_selector": "pulls=yes,stage!=test",
    "docr_doks_service_accounts": ["default", "build"],
    "docr_doks_rotate_every": "30d",
    "docr_doks_never_expires": True,
    "docr_doks_revoke_after": "2h",
    "docr_doks_recreate_failed_pods": True,
    "docr_doks_exclusive_service_accounts": True,
    "docr_doks_wait_for_all_namespaces": True,
    "docr_doks_verify_credentials": "api",
    "docr_doks_wait_for_secrets": "always",
    "docr_doks_wait_timeout": 75,
    "docr_gc_type": "untagged_manifests",
    "docr_gc_maintenance_windows": WINDOWS,
    "docr_gc_blackout_dates": ["2031-12-24", "2031-12-30/2032-01-02"],
    "docr_gc_min_interval": "11h",
    "docr_gc_max_age": "9d",
    "docr_gc_force": True,
    "docr_gc_outside_window": "wait",
    "docr_gc_outside_window_timeout": "26h",
    "docr_gc_overrun": "cancel",
    "docr_gc_quiet_period": "17m",
    "docr_gc_stuck_after": "50m",
    "docr_gc_on_stuck": "cancel",
    "docr_gc_wait": False,
    "docr_gc_wait_timeout": 7300,
    "docr_gc_wait_sleep": 9,
    "docr_gc_max_skipped_windows": 3,
    "docr_gc_fail_on": ["unproven", "unrevoked"],
    "docr_allow_downgrade": True,
    "docr_allow_delete_images": True,
    "docr_allow_delete_integrated": True,
    "docr_allow_delete_untagged_manifests": True,
    "docr_destroy_names": ["acme", "acme-old"],
    "docr_destroy_missing": "ignore",
    "docr_rotate_names": ["kiwi"],
    "docr_ignored_variables": ["docr_own"],
    "docr_token": "dop_v1_forms",
    "docr_endpoint": "https://api.test",
    "docr_ca_path": "/srv/ca.pem",
    "docr_connect_timeout": 11,
    "docr_read_timeout": 33,
    "docr_rate_limit_wait": 99,
    "docr_team": "acme",
    "docr_registry_host": "images.test:5443",
    "docr_revoke_url": "https://revoke.test",
}


LISTS_OF_TEXTS = (VariableType.TEXTS, VariableType.NAMES, VariableType.PATHS, VariableType.DATES)


def as_text(value: Any) -> str:
    """A value as a user types the value into a field."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def as_json(value: Any) -> str:
    """A value as JSON text; a text stays as the text is."""
    return value if isinstance(value, str) else json.dumps(value)


def typed(folder: Path, values: Mapping[str, Any]) -> list[str]:
    return from_file(folder, yaml.safe_dump(dict(values)))


def key_and_value(folder: Path, values: Mapping[str, Any]) -> list[str]:
    return [part for name, value in values.items() for part in ("-e", f"{name}='{as_text(value)}'")]


def inventory(folder: Path, values: Mapping[str, Any]) -> list[str]:
    path = folder / "hosts.ini"
    lines = [f"{name}={as_text(value)}" for name, value in values.items()]
    path.write_text("\n".join(["localhost ansible_connection=local", "", "[all:vars]", *lines, ""]))
    return ["-i", str(path)]


def unsafe(folder: Path, values: Mapping[str, Any]) -> list[str]:
    lines = [f"{name}: !unsafe '{as_text(value)}'" for name, value in values.items()]
    return from_file(folder, "\n".join(lines))


def unsafe_lines(folder: Path, values: Mapping[str, Any]) -> list[str]:
    """Texts of several lines, as AWX's text areas give the texts."""
    given = {
        name: as_text(value).replace(", ", "\n") + "\n" if VARIABLES[name].type in LISTS_OF_TEXTS else value
        for name, value in values.items()
    }
    return from_file(folder, yaml.dump(given, Dumper=UnsafeDumper))


def unsafe_inside(folder: Path, values: Mapping[str, Any]) -> list[str]:
    """Lists and mappings whose texts have the tag, as AWX writes prompts."""
    return from_file(folder, yaml.dump(dict(values), Dumper=UnsafeDumper))


def json_text(folder: Path, values: Mapping[str, Any]) -> list[str]:
    return ["-e", json.dumps({name: as_json(value) for name, value in values.items()})]


def from_file(folder: Path, text: str) -> list[str]:
    path = folder / "variables.yml"
    path.write_text(text, encoding="utf-8")
    return ["-e", f"@{path}"]


FORMS: tuple[Callable[[Path, Mapping[str, Any]], list[str]], ...] = (
    typed,
    key_and_value,
    inventory,
    unsafe,
    unsafe_lines,
    unsafe_inside,
    json_text,
)


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    """A play that reads the variables and shows what was read."""
    read = {"planton.digitalocean.docr_variables": {"stages": ["registry", "gc"]}, "register": "read"}
    show = {"ansible.builtin.set_stats": {"data": {"read": "{{ read }}"}}}
    path = tmp_path / "read.yml"
    path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": [read, show]}]))
    return path


def test_the_table_of_values_has_every_variable_and_no_default() -> None:
    assert sorted(VALUES) == sorted(VARIABLES)
    same = [name for name, variable in VARIABLES.items() if VALUES[name] in (variable.default, None)]
    assert same == []


@pytest.mark.parametrize("form", FORMS)
def test_every_variable_is_read_in_every_form(
    sandbox: Sandbox, playbook: Path, tmp_path: Path, form: Callable[[Path, Mapping[str, Any]], list[str]]
) -> None:
    played = play(playbook, sandbox, {}, *form(tmp_path, VALUES))
    read = played.statistics["read"]
    assert read["variables"] == {name: value for name, value in VALUES.items() if name != "docr_token"}
    assert (read["has_token"], read["stages"]) == (True, [])
    assert read["connection"]["registry_host"] == "images.test:5443"
    assert VALUES["docr_token"] not in played.output
    told = " ".join(played.notes.split())
    # Only the start of a window can change on its way, and a warning then names the time that is used.
    assert "did you mean" not in told
    assert told.count("arrived as") == told.count("22:30 is used")


BLANKS: Mapping[str, tuple[Callable[[Path, Mapping[str, Any]], list[str]], str | None]] = {
    "empty": (typed, ""),
    "null": (typed, None),
    "key and nothing": (key_and_value, ""),
    "white space": (json_text, " \t\n"),
    "inventory": (inventory, ""),
    **{f"unsafe {blank!r}": (unsafe, blank) for blank in ("", "null", "~", " ")},
}


@pytest.mark.parametrize("blank", BLANKS)
def test_every_variable_may_be_blank(sandbox: Sandbox, playbook: Path, tmp_path: Path, blank: str) -> None:
    default = play(playbook, sandbox).statistics["read"] if blank == "empty" else None
    form, text = BLANKS[blank]
    read = play(playbook, sandbox, {}, *form(tmp_path, dict.fromkeys(VALUES, text))).statistics["read"]
    expected = {name: json.loads(json.dumps(one.default)) for name, one in VARIABLES.items() if name != "docr_token"}
    assert read["variables"] == expected
    assert (read["has_token"], read["stages"], read["connection"]) == (False, ["registry", "gc"], {})
    assert default in (None, read)


@pytest.mark.parametrize("kind", [[{"b": None}], 1.5, "maybe: ["], ids=["list", "float", "text"])
def test_a_value_of_a_wrong_kind_is_refused_with_the_name_of_the_variable(
    sandbox: Sandbox, playbook: Path, tmp_path: Path, kind: Any
) -> None:
    with pytest.raises(PlaybookFailedError) as failed:
        play(playbook, sandbox, {}, *typed(tmp_path, dict.fromkeys(VALUES, kind)))
    told = " ".join(str(failed.value).split())
    for word in ("NoneType", "Traceback", "unable to convert", "<class", "object at"):
        assert word not in told
    for name in ("docr_gc_enabled", "docr_doks_wait_timeout", "docr_tier_policy"):
        assert f"{name}: " in told
    assert sandbox.calls() == []
