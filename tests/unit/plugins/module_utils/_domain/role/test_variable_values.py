# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the role in every form in which Ansible and AWX hand them over."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.variable_values import (
    ReadVariables,
    read_variables,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.variables import VARIABLES
from ansible_collections.planton.digitalocean.plugins.plugin_utils._variable_texts import TEXTS

WINDOW = {"days": ["monday"], "start": "22:30", "duration": "90m"}
XMAS = datetime.date(2026, 12, 24)
NINE = datetime.datetime(2026, 12, 24, 9, tzinfo=datetime.UTC)


def read(*required: str, **given: object) -> ReadVariables:
    return read_variables(given, required, TEXTS)


def value(name: str, given: object) -> Any:
    found = read(**{name: given})
    assert found.warnings == ()
    return found.variables.values[name]


def errors(*required: str, **given: object) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(*required, **given)
    return [str(one) for one in caught.value.field_errors]


@pytest.mark.parametrize("blank", [None, "", " ", "\n", "null", " NULL ", "~"])
@pytest.mark.parametrize("name", VARIABLES)
def test_a_blank_variable_has_its_default(name: str, blank: object) -> None:
    assert value(name, blank) == read().variables.values[name]


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        *(("docr_gc_enabled", one, False) for one in (False, "false", "no", "Off", " FALSE ", "0", 0, "n")),
        *(("docr_allow_delete_images", one, True) for one in (True, "true", "yes", "On", "1", 1, "y")),
        *(("docr_doks_wait_timeout", one, 90) for one in (90, "90", " 90\n")),
        *(
            ("docr_destroy_names", one, ["acme", "acme-old"])
            for one in (
                ["acme", "acme-old"],
                "acme,acme-old",
                "acme, acme-old",
                "acme\nacme-old\n",
                '["acme", "acme-old"]',
                "[acme, acme-old]",
                "- acme\n- acme-old\n",
                ("acme ", " acme-old"),
            )
        ),
        ("docr_destroy_names", "acme", ["acme"]),
        # Text that YAML 1.1 would change, in a text that Ansible does not read as YAML.
        ("docr_doks_clusters", "[007, 1.10, yes, null]", ["007", "1.10", "yes", "null"]),
        *(
            ("docr_gc_blackout_dates", one, ["2026-12-24", "2026-12-24/2027-01-02"])
            for one in (
                [XMAS, "2026-12-24/2027-01-02"],
                "2026-12-24,2026-12-24/2027-01-02",
                "2026-12-24\n2026-12-24/2027-01-02\n",
                '["2026-12-24", "2026-12-24/2027-01-02"]',
            )
        ),
        ("docr_gc_blackout_dates", XMAS, ["2026-12-24"]),
        *(
            ("docr_gc_maintenance_windows", one, [WINDOW])
            for one in (
                [WINDOW],
                WINDOW,
                '[{"days": ["monday"], "start": "22:30", "duration": "90m"}]',
                "- days: [monday]\n  start: 22:30\n  duration: 90m\n",
                "{days: monday, start: 22:30, duration: 90m}",
                [{**WINDOW, "days": "monday", "time_zone": None}],
            )
        ),
        ("docr_gc_min_interval", "20h", "20h"),
        ("docr_doks_revoke_after", 0, "0"),
        ("docr_team", " acme\n", "acme"),
        ("docr_manifest_files", "a.yaml\nb c.yaml\n", ["a.yaml", "b c.yaml"]),
        ("docr_manifests", {"kind": "x"}, [{"kind": "x"}]),
        ("docr_manifests", "kind: x\n---\nkind: y\n", [{"kind": "x"}, {"kind": "y"}]),
        ("docr_manifests", '[{"kind": "x"}]', [{"kind": "x"}]),
        ("docr_manifests", ["x"], ["x"]),
    ],
)
def test_each_form_of_a_value_means_the_same(name: str, given: object, expected: object) -> None:
    assert value(name, given) == expected


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("docr_gc_enabled", "maybe", "'maybe' is not a boolean; use true or false"),
        ("docr_gc_enabled", 2, "2 is not a boolean"),
        ("docr_gc_enabled", 1.0, "1.0 is not a boolean"),
        ("docr_gc_enabled", [], "a list is not a boolean"),
        ("docr_doks_wait_timeout", "soon", "'soon' is not a whole number"),
        ("docr_doks_wait_timeout", 1.5, "1.5 is not a whole number"),
        ("docr_doks_wait_timeout", True, "the boolean true is not a whole number"),
        ("docr_team", 7, "arrived as the number 7; texts such as 007, 1.10 and 22:30 arrive as a number"),
        ("docr_team", True, "arrived as the boolean true; texts such as yes, on and true arrive as a boolean"),
        ("docr_team", ["acme"], "arrived as a list; write text"),
        ("docr_doks_clusters", ["a", 1.1], "item 2 arrived as the number 1.1"),
        ("docr_doks_clusters", ["a", None], "item 2 arrived as null; texts such as null and ~ arrive as null"),
        ("docr_doks_clusters", [True], "item 1 arrived as the boolean true"),
        ("docr_doks_clusters", {"a": 1}, "item 1 arrived as a mapping"),
        ("docr_destroy_names", ["a", ""], "item 2 is empty"),
        ("docr_destroy_names", "[a, ", "the text is neither JSON nor YAML"),
        ("docr_gc_type", "unreferenced_blob", "'unreferenced_blob' is not known; did you mean unreferenced_blobs?"),
        ("docr_gc_outside_window", "never", "'never' is not known; use skip, fail or wait"),
        ("docr_gc_blackout_dates", [NINE], "item 1 arrived as the time 2026-12-24T09:00"),
        ("docr_gc_maintenance_windows", "sunday", "item 1 is text; write a window with days, start and duration"),
        ("docr_gc_maintenance_windows", [{"start": 192}], "start of item 1 arrived as the number 192; write the time"),
        ("docr_gc_maintenance_windows", [{"start": 1440}], "start of item 1 arrived as the number 1440"),
        ("docr_gc_maintenance_windows", [{"start": 22.5}], "start of item 1 arrived as the number 22.5"),
        ("docr_gc_min_interval", 90, "the number 90 has no unit, and texts such as 1:30 arrive as a number"),
        ("docr_gc_type", XMAS, "arrived as the date 2026-12-24; texts such as 2026-12-24 arrive as a date: write the"),
        ("docr_rotate_names", "acme old", "item 1 is refused: 'acme old' is not a registry name"),
        ("docr_token", 7, "the value is not text; enter an access token of DigitalOcean"),
        ("docr_manifests", "kind: x\nkind: y\n", "line 2, column 1: the key 'kind' is given twice"),
        ("docr_manifests", "kind: [", "line 1, column 8: the text is not valid YAML"),
        *(
            (name, f"[{'[' * 9000}", "the text is neither JSON nor YAML (lists or mappings are nested too deeply)")
            for name in ("docr_destroy_names", "docr_gc_maintenance_windows")
        ),
        ("docr_manifests", "[" * 9000, "lists or mappings are nested too deeply"),
        ("docr_tier_policy", "x" * 500, f"'{'x' * 79}...' is not known"),
        ("docr_token", " $encrypted$ ", "the value is AWX's placeholder for a secret, not the secret"),
    ],
)
def test_a_value_whose_meaning_is_not_certain_is_refused(name: str, given: object, told: str) -> None:
    (error,) = errors(**{name: given})
    assert error.startswith(f"{name}: {told}")


def test_blank_days_of_a_window_are_no_days() -> None:
    assert value("docr_gc_maintenance_windows", [{**WINDOW, "days": ""}]) == [{**WINDOW, "days": []}]


def test_all_errors_are_reported_at_once_and_missing_variables_too() -> None:
    found = errors("docr_team", "docr_destroy_names", docr_team=None, docr_gc_enabled="maybe", docr_destroy_names="\n")
    assert [one.split(":")[0].split()[0] for one in found] == ["docr_gc_enabled", "docr_destroy_names", "docr_team"]
    assert "docr_team is missing; name the team that the token must belong to" in found


@pytest.mark.parametrize(("minutes", "start"), [(600, "10:00"), (1350, "22:30"), (1439, "23:59")])
def test_a_start_that_yaml_reads_as_a_number_is_taken_back_with_a_warning(minutes: int, start: str) -> None:
    found = read(docr_gc_maintenance_windows=[{**WINDOW, "start": minutes}])
    assert found.variables.values["docr_gc_maintenance_windows"] == [{**WINDOW, "start": start}]
    (warning,) = found.warnings
    assert f"arrived as the number {minutes}, which YAML 1.1 makes of {start}; {start} is used" in warning


@pytest.mark.parametrize("blank", ["", " ", None, "~"])
def test_a_blank_field_of_a_window_is_not_given(blank: object) -> None:
    given = [{**WINDOW, "time_zone": blank}]
    assert value("docr_gc_maintenance_windows", given) == [WINDOW]


@pytest.mark.parametrize("block", ["garbage_collection", "garbageCollection"])
def test_a_start_in_an_inline_manifest_is_taken_back_with_a_warning(block: str) -> None:
    def manifest(start: object) -> dict[str, Any]:
        return {"spec": {"name": "kiwi", block: {"maintenanceWindows": [{**WINDOW, "start": start}]}}}

    found = read(docr_manifests=[manifest("09:30"), manifest(1350)])
    assert found.variables.values["docr_manifests"] == [manifest("09:30"), manifest("22:30")]
    (warning,) = found.warnings
    assert "docr_manifests: start of document 2 arrived as the number 1350" in warning
    # The reader of manifests refuses what is no time, with the place in the manifest.
    assert value("docr_manifests", manifest(192)) == [manifest(192)]


@pytest.mark.parametrize(("text", "expected"), [("yes", True), (" False ", False), ("maybe", "maybe"), ("", "")])
def test_a_boolean_in_an_inline_manifest_may_be_text_as_awx_writes_prompts(text: str, expected: object) -> None:
    def manifest(collects: object, never: object) -> dict[str, Any]:
        access = {"neverExpires": never, "namespaces": ["yes"]}
        spec = {"garbage_collection_enabled": collects, "doks_integration": access, "name": "no"}
        return {"metadata": {"labels": {"garbage_collection_enabled": "yes"}}, "spec": spec}

    assert value("docr_manifests", manifest(text, text)) == [manifest(expected, expected)]


def test_a_misspelt_variable_is_a_warning_unless_it_is_ignored() -> None:
    (warning,) = read(docr_gc_maintenance_window=[], docr_unrelated=1, docr_outputs={}).warnings
    assert "docr_gc_maintenance_window; did you mean docr_gc_maintenance_windows?" in warning
    assert read(docr_gc_enable=1, docr_ignored_variables="docr_gc_enable").warnings == ()


def test_secrets_are_not_in_the_result_nor_in_the_repr() -> None:
    variables = read(docr_token="dop_v1_secret", docr_endpoint="https://api.test").variables
    shown = variables.shape()
    assert "dop_v1_secret" not in f"{shown} {variables!r}"
    assert (shown["has_token"], shown["connection"]) == (True, {"endpoint": "https://api.test"})
    assert read(docr_token=" ").variables.shape()["has_token"] is False


def test_groups_have_the_names_of_options_and_only_what_has_a_value() -> None:
    shape = read(docr_doks_method="direct", docr_gc_max_age="9d").variables.shape()
    access, gc = shape["doks_integration"], shape["garbage_collection"]
    assert access == {"clusters": [], "contexts": [], "method": "direct"}
    assert isinstance(gc, dict)
    assert (gc["max_age"], gc["on_stuck"], "quiet_period" in gc) == ("9d", "fail", False)


def test_paths_are_relative_to_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "pat"))
    assert value("docr_ca_path", "certs/ca.pem") == f"{tmp_path}/certs/ca.pem"
    assert value("docr_doks_kubeconfig", "~/config") == f"{tmp_path}/pat/config"
