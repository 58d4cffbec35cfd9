# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collections from manifests and variables: each registry in its own windows, once in each window."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from playing import PlaybookFailedError, Played
from support.modules import writes
from support.plays import play
from support.role_manifests import written

GC = "playbooks/gc.yml"
SITE = "playbooks/site.yml"
TASK = "planton.digitalocean.docr : Collect garbage within maintenance windows"
# In Kathmandu it is 22:45, a quarter of an hour into the window of kiwi.
FRIDAY = "2031-05-09T17:00:00Z"
LATER_THAT_NIGHT = "2031-05-09T18:00:00Z"
NEXT_FRIDAY = "2031-05-16T17:05:00Z"
NIGHT = {"days": ["friday"], "start": "22:30", "duration": "150m", "time_zone": "Asia/Kathmandu"}
MORNING = {"days": ["TUESDAY"], "start": "05:15", "duration": "2h", "timeZone": "America/St_Johns"}
# Open on each of the moments above.
EVENING = {"days": ["friday"], "start": "16:40", "duration": "4h"}


def manifest(name: str, *, enabled: bool = True, **block: Any) -> dict[str, Any]:
    spec = {"subscription_tier": "professional", "region": "blr1", "garbage_collection_enabled": enabled}
    return written(name, **spec, garbageCollection=block)


KIWI = manifest("kiwi", maintenance_windows=[NIGHT])
PLUM = manifest("plum", maintenanceWindows=[MORNING])


def listing(name: str) -> str:
    return f"GET /v2/registries/{name}/garbage-collections"


def started(sandbox: Sandbox) -> list[str]:
    """The registries that a collection was asked for."""
    return [call.split("/")[3] for call in writes(sandbox) if call.endswith("/garbage-collection")]


@pytest.fixture
def team(sandbox: Sandbox) -> Sandbox:
    """Three registries with garbage, on a Friday evening whose minutes are seconds."""
    names = ("kiwi", "plum", "fig")
    sandbox.set_clock(FRIDAY)
    sandbox.control("PUT", "clock", {"rate": 60})
    present = [{"name": name, "region": "blr1", "unreferenced_bytes": 40_000 + len(name)} for name in names]
    sandbox.seed({"tier": "professional", "registries": present})
    sandbox.clear_log()
    return sandbox


def collect(sandbox: Sandbox, *manifests: Any, arguments: tuple[str, ...] = (), **variables: Any) -> Played:
    given = {"docr_manifests": list(manifests), "docr_gc_wait_sleep": 1, **variables}
    return play(GC, sandbox, given, *arguments)


def told(played: Played, name: str) -> dict[str, Any]:
    output: dict[str, Any] = played.statistics["docr_outputs"][name]["garbage_collection"]
    return output


def test_each_registry_is_collected_in_its_own_windows_and_the_outputs_report_the_outcome(team: Sandbox) -> None:
    variables: dict[str, Any] = {"docr_gc_maintenance_windows": [EVENING], "docr_gc_max_age": "192h"}
    played = collect(team, KIWI, PLUM, manifest("fig"), manifest("pear", enabled=False), **variables)
    assert sorted(started(team)) == ["fig", "kiwi"]
    kiwi, plum = told(played, "kiwi"), told(played, "plum")
    assert (kiwi["decision"], kiwi["last"]["status"], kiwi["last"]["freed_bytes"]) == ("collected", "succeeded", 40_004)
    assert (kiwi["is_overdue"], kiwi["read_only_seconds"] > 0) == (False, True)
    assert kiwi["next_window"] == {
        "opens_at": "2031-05-16T16:45:00Z",
        "closes_at": "2031-05-16T19:15:00Z",
        "time_zone": "Asia/Kathmandu",
        "opens_at_local": "2031-05-16T22:30:00+05:45",
        "closes_at_local": "2031-05-17T01:00:00+05:45",
    }
    assert (plum["decision"], plum["last"], plum["is_overdue"]) == ("outside_window", None, True)
    assert plum["next_window"]["opens_at_local"] == "2031-05-13T05:15:00-02:30"
    assert told(played, "fig")["next_window"]["time_zone"] == "UTC"
    assert told(played, "pear")["decision"] == "not_run"


def test_hourly_runs_collect_once_in_a_window_and_otherwise_make_one_call_for_each_registry(
    team: Sandbox,
) -> None:
    assert collect(team, KIWI, PLUM).changed == [TASK]
    team.set_clock(LATER_THAT_NIGHT)
    team.clear_log()
    again = collect(team, KIWI, PLUM)
    assert (again.changed, told(again, "kiwi")["decision"]) == ([], "recent")
    assert sorted(team.calls()) == [listing("kiwi"), listing("plum")]
    assert "planton.digitalocean.docr_plan" not in again.ran
    team.set_clock(NEXT_FRIDAY)
    assert told(collect(team, KIWI, PLUM), "kiwi")["decision"] == "collected"
    assert started(team) == ["kiwi"]


def test_a_manifests_field_takes_precedence_over_the_variable_of_the_same_name(team: Sandbox) -> None:
    closed = manifest("kiwi", blackout_dates=["2031-05-09"], type="UNTAGGED_MANIFESTS", outside_window="skip")
    variables: dict[str, Any] = {
        "docr_gc_maintenance_windows": [EVENING],
        "docr_gc_outside_window": "fail",
        "docr_gc_force": False,
    }
    played = collect(team, closed, manifest("fig"), docr_allow_delete_untagged_manifests=True, **variables)
    assert started(team) == ["fig"]
    assert (told(played, "kiwi")["type"], told(played, "kiwi")["note"]) == ("untagged_manifests", None)
    assert (told(played, "fig")["type"], told(played, "kiwi")["decision"]) == ("unreferenced_blobs", "outside_window")
    with pytest.raises(PlaybookFailedError, match="kiwi"):
        collect(team, manifest("kiwi", blackoutDates=["2031-05-09"]), **variables)


def test_a_type_of_a_manifest_needs_the_consent_that_only_a_variable_gives(team: Sandbox) -> None:
    unsafe = manifest("kiwi", type="untagged_manifests", maintenance_windows=[NIGHT])
    with pytest.raises(PlaybookFailedError, match="allow_delete_untagged_manifests"):
        collect(team, unsafe)
    assert started(team) == []
    assert told(collect(team, unsafe, docr_allow_delete_untagged_manifests=True), "kiwi")["decision"] == "collected"


@pytest.mark.parametrize(
    ("block", "variables", "told_of"),
    [
        ({"type": "untagged_manifests"}, {}, "kiwi has 0 image indexes"),
        (
            {"outside_window": "wait"},
            {"docr_gc_wait": False},
            "outside_window=wait requires docr_gc_wait=true",
        ),
        ({}, {"docr_gc_outside_window_timeout": "1 day"}, "'1 day' is not a duration"),
        ({"blackout_dates": ["2031-05-09"], "outside_window": "fail"}, {}, "outside every maintenance window"),
    ],
)
def test_main_refuses_what_docr_gc_refuses_before_any_write(
    team: Sandbox, block: dict[str, Any], variables: dict[str, Any], told_of: str
) -> None:
    wanted = [manifest("kiwi", maintenance_windows=[NIGHT], **block), manifest("lime")]
    with pytest.raises(PlaybookFailedError, match=told_of):
        play(SITE, team, {"docr_manifests": wanted, **variables})
    assert writes(team) == []


def test_collections_are_rehearsed_only_if_another_stage_writes(team: Sandbox) -> None:
    quiet = {"docr_gc_enabled": True, "docr_gc_wait_sleep": 1}
    first = play(SITE, team, {"docr_manifests": [KIWI, manifest("lime")], **quiet})
    assert (first.ran["planton.digitalocean.docr_gc"], told(first, "kiwi")["decision"]) == (2, "collected")
    assert first.changed == ["planton.digitalocean.docr : Create and change registries", TASK]
    again = play(SITE, team, {"docr_manifests": [KIWI, manifest("lime")], **quiet})
    assert (again.ran["planton.digitalocean.docr_gc"], again.changed) == (1, [])


def test_check_mode_predicts_and_starts_nothing(team: Sandbox) -> None:
    predicted = collect(team, KIWI, PLUM, arguments=("--check",))
    assert (told(predicted, "kiwi")["decision"], told(predicted, "plum")["decision"]) == ("collected", "outside_window")
    assert predicted.changed == [TASK]
    assert writes(team) == []


def test_check_mode_of_main_accepts_a_missing_registry_with_its_own_windows(team: Sandbox) -> None:
    lime = manifest("lime", maintenance_windows=[NIGHT])
    predicted = play(SITE, team, {"docr_manifests": [KIWI, lime]}, "--check")
    assert (told(predicted, "lime")["decision"], told(predicted, "kiwi")["decision"]) == ("expected", "collected")
    assert writes(team) == []


def arguments_of(played: Played) -> dict[str, Any]:
    """The options that docr_gc was given, as the highest verbosity tells them."""
    results = (json.loads(text) for text in re.findall(r"=> (\{$.*?^\})", played.output, re.MULTILINE | re.DOTALL))
    (found,) = (one["invocation"]["module_args"] for one in results if "garbage_collections" in one)
    assert isinstance(found, dict)
    return found


def test_every_variable_reaches_the_option_of_its_name(team: Sandbox) -> None:
    options: dict[str, Any] = {
        "type": "untagged_manifests",
        "maintenance_windows": [NIGHT],
        "blackout_dates": ["2031-12-24/2032-01-02"],
        "min_interval": "7h",
        "max_age": "193h",
        "force": True,
        "outside_window": "wait",
        "outside_window_timeout": "26h",
        "overrun": "cancel",
        "quiet_period": "17m",
        "stuck_after": "50m",
        "on_stuck": "cancel",
        "wait": True,
        "wait_timeout": 7300,
        "wait_sleep": 9,
    }
    variables = {f"docr_gc_{name}": value for name, value in options.items()}
    variables |= {"docr_allow_delete_untagged_manifests": True, "docr_registry_host": "images.test:5443"}
    # A token beside the addresses, since the token of the environment is not sent to servers that variables name.
    variables |= {"docr_revoke_url": "https://revoke.test/v1", "docr_token": team.token}
    # How ansible-core is asked to show what a module was given; older versions do so by themselves.
    shown = {"ANSIBLE_INJECT_INVOCATION": "true", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    talkative = Sandbox(team.folder, team.process, {**team.exports, **shown})
    played = collect(talkative, KIWI, manifest("fig"), arguments=("--check", "-vvv"), **variables)
    given = arguments_of(played)
    assert {name: given[name] for name in options} == options
    assert (given["registry_host"], given["revoke_url"]) == ("images.test:5443", "https://revoke.test/v1")
    (override,) = given["overrides"]
    assert {name: value for name, value in override.items() if value is not None} == {
        "registries": ["kiwi"],
        "origin": "docr_manifests document 1 (res-kiwi)",
        "maintenance_windows": [NIGHT],
    }


def test_in_a_variables_file_a_date_requires_no_quotes_and_an_empty_value_counts_as_not_set(
    team: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "variables.yml"
    file.write_text("docr_gc_blackout_dates: [2031-05-09]\ndocr_gc_max_age:\ndocr_gc_quiet_period: ~\n")
    variables: dict[str, Any] = {"docr_gc_maintenance_windows": [EVENING]}
    played = collect(team, manifest("fig"), arguments=("-e", f"@{file}"), **variables)
    assert (told(played, "fig")["decision"], told(played, "fig")["is_overdue"]) == ("outside_window", False)
    assert told(played, "fig")["next_window"]["opens_at"] == "2031-05-16T16:40:00Z"


@pytest.mark.parametrize("playbook", [SITE, GC])
def test_errors_in_manifests_and_variables_are_reported_together_before_any_call(team: Sandbox, playbook: str) -> None:
    block: dict[str, Any] = {"maintenanceWindow": [NIGHT], "overrun": "stop", "quiet_period": 20}
    variables = {
        "docr_manifests": [manifest("kiwi", **block)],
        "docr_gc_maintenance_windows": [EVENING | {"time_zone": "Europe/Berln"}],
        "docr_gc_max_age": "8d",
    }
    with pytest.raises(PlaybookFailedError) as refused:
        play(playbook, team, variables)
    message = str(refused.value).replace('\\"', '"')
    place = "docr_manifests document 1 (res-kiwi), spec.garbageCollection"
    for words in (
        "5 errors",
        f"{place}.maintenanceWindow: this field is not known; did you mean maintenanceWindows",
        f"{place}.overrun: 'stop' is not known; use finish or cancel",
        f"{place}.quiet_period: YAML reads it as a number, 20; write hours and minutes",
        "docr_gc_maintenance_windows[0].time_zone: there is no time zone 'Europe/Berln'; did you mean Europe/Berlin",
        "docr_gc_max_age: '8d' is not a duration",
    ):
        assert words in message
    assert team.calls() == []


def test_rules_of_a_registry_without_collections_do_nothing(team: Sandbox) -> None:
    played = collect(team, manifest("kiwi", enabled=False, maintenance_windows=[NIGHT]))
    assert (told(played, "kiwi")["decision"], team.calls()) == ("not_run", [])
