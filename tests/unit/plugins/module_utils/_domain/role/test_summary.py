# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.destroy import summarize_destroy
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.outputs import StageResults
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.rotate import summarize_rotate
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.summary import (
    format_bytes,
    summarize_stages,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.table import fit_table, limit_notes

WINDOW = {"opens_at_local": "2031-05-11T03:00:00+02:00", "time_zone": "Europe/Amsterdam"}
CREATED = {"action": "create_registry", "target": "fig", "message": "create the registry fig in ams3"}
PRICED = {"tier": {"slug": "basic", "monthly_price_in_cents": 500}}


def output(name: str, *, changed: bool = False, **fields: Any) -> dict[str, Any]:
    collection = {"enabled": False, "decision": "not_run", "last": None, "next_window": None}
    return {
        "name": name,
        "endpoint": f"images.test/{name}",
        "region": "ams3",
        "subscription_tier": "basic",
        "changed": changed,
        "actions": [],
        "garbage_collection": collection | fields.pop("garbage_collection", {}),
        "clusters": [],
    } | fields


def cluster(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "method": "direct", "added": False, "changed": False} | fields


def results(**stages: Any) -> StageResults:
    """The results of stages; a stage that is not given has none."""
    given = {"plan": {}, "registry": {}, "garbage_collection": {}, "integration": {}} | stages
    return StageResults(manifests=(), gc_type="unreferenced_blobs", **given)


def lines(
    *outputs: dict[str, Any], is_check_mode: bool = False, switched_off: tuple[str, ...] = (), **stages: Any
) -> list[str]:
    by_name = {one["name"]: one for one in outputs}
    return summarize_stages(by_name, results(**stages), is_check_mode=is_check_mode, switched_off=switched_off)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


COLLECTED = {
    "enabled": True,
    "decision": "collected",
    "last": {"status": "succeeded", "freed_bytes": 61_500},
    "next_window": WINDOW,
}


@pytest.mark.parametrize(
    ("is_check_mode", "change", "collection"),
    [
        (False, "created, garbage collection started, cluster access changed", "succeeded, 61.5 kB freed"),
        (True, "would be created, garbage collection would start, cluster access would change", "would start"),
    ],
)
def test_a_row_says_what_changed_or_would_change(is_check_mode: bool, change: str, collection: str) -> None:
    clusters = [cluster("a"), cluster("b"), cluster("c"), cluster("d", changed=True, added=True)]
    fig = output("fig", changed=True, actions=[CREATED], garbage_collection=COLLECTED, clusters=clusters)
    stage = {"registries": [], "subscription": PRICED, "actions": []}
    told = lines(output("kiwi"), fig, is_check_mode=is_check_mode, registry=stage)
    assert cells(told[1]) == ["REGISTRY", "REGION", "TIER", "CHANGE", "COLLECTION", "NEXT WINDOW", "CLUSTERS"]
    # The changed registry comes first.
    assert cells(told[2]) == [
        "images.test/fig",
        "ams3",
        "basic $5.00 a month",
        change,
        collection,
        "2031-05-11 03:00 Europe/Amsterdam",
        "d (direct, added), a (direct), b (direct) and 1 more",
    ]
    assert cells(told[3]) == [
        "images.test/kiwi",
        "ams3",
        "basic $5.00 a month",
        "none",
        "off",
        "-",
        "-",
    ]


@pytest.mark.parametrize("count", [1, 25, 26, 37, 38, 500])
def test_forty_lines_are_enough_for_any_number_of_registries(count: int) -> None:
    notes = [f"note {number}" for number in range(30)]
    many = [output(f"r{number}", changed=number == count - 1) for number in range(count)]
    told = lines(*many, garbage_collection={"notes": notes})
    assert len(told) <= 40
    assert f"images.test/r{count - 1}" in told[2]
    assert (f"{count - 25} more in the fact docr_outputs." in told) is (count > 26)
    assert told[-1] == "19 more notes are in the results of the tasks, which -v shows."


def test_a_column_that_no_stage_read_is_left_out() -> None:
    told = lines(output("kiwi", region=None, subscription_tier=None))
    assert cells(told[1]) == ["REGISTRY", "CHANGE", "COLLECTION"]


def test_a_failed_stage_and_the_notes_stand_below_the_table() -> None:
    told = lines(
        output("kiwi"), integration={"failed": True, "msg": "Could not\n  reach"}, registry={"notes": ["n", "n"]}
    )
    assert told[-2:] == ["The stage doks_integration failed: Could not reach", "n"]


def test_destroy_says_which_clusters_lose_access() -> None:
    found = {
        "check": {"missing": [{"name": "gone"}], "notes": ["The subscription stays."]},
        "one_click": {"integrations": [{"cluster": {"name": "orchard"}, "removed": ["kiwi"], "pull_access": None}]},
        "managed": {
            "failed": True,
            "msg": "Could not reach farm",
            "last": [
                {
                    "cluster": {"name": "farm"},
                    "removed": [],
                    "pull_access": [{"registry": "kiwi", "deleted": ["web"]}, {"registry": "plum", "deleted": []}],
                }
            ],
        },
        "deletion": {"actions": [{"action": "delete_registry", "target": "kiwi"}]},
    }
    told = summarize_destroy(["kiwi", "plum", "gone"], found, is_check_mode=False)
    assert told[0] == "Registries deleted: 1."
    assert [cells(line) for line in told[2:5]] == [
        ["kiwi", "deleted", "orchard, farm"],
        ["plum", "not deleted", "-"],
        ["gone", "does not exist", "-"],
    ]
    assert told[5:] == ["Failed: Could not reach farm", "The subscription stays."]
    planned = summarize_destroy(["kiwi"], found, is_check_mode=True)
    assert "nothing was changed" in planned[0]
    assert "would be deleted" in planned[2]


def test_rotate_says_what_was_written_and_revoked_in_each_cluster() -> None:
    credential = {"fingerprint": "ab12", "renew_at": "2031-06-01T00:00:00Z"}
    access = {"registry": "kiwi", "written": ["web", "api"], "revoked": ["old"], "credential": credential}
    entries = [
        {"cluster": {"name": "farm"}, "pull_access": [access]},
        {"cluster": {"name": "down"}, "registries": ["kiwi"], "pull_access": None},
    ]
    told = summarize_rotate({"failed": True, "msg": "Could not reach down", "last": entries}, is_check_mode=False)
    assert told[-1] == "Failed: Could not reach down"
    assert cells(told[2]) == ["kiwi", "farm", "2", "1", "ab12", "2031-06-01T00:00:00Z"]
    assert cells(told[3]) == ["kiwi", "down", "not known", "not known", "-", "-"]
    assert summarize_rotate({}, is_check_mode=False) == ["Nothing was rotated."]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (61_500, "61.5 kB"), (5_368_709_120, "5.4 GB"), (7e15, "7000.0 TB")],
)
def test_bytes_are_written_as_a_person_reads_them(count: int, text: str) -> None:
    assert format_bytes(count) == text


def test_a_long_note_is_cut_and_a_repeated_note_stands_once() -> None:
    assert limit_notes(["x" * 500, "a\n  b", "x" * 500], 5) == ["x" * 396 + " ...", "a b"]


def test_a_table_without_rows_is_the_line_and_the_notes() -> None:
    assert fit_table("Nothing.", ("A",), [], ["n"], "there") == ["Nothing.", "n"]


def test_a_failed_check_of_garbage_collection_is_a_failure() -> None:
    told = lines(output("kiwi"), gc_check={"failed": True, "msg": "outside every maintenance window"})
    assert told[-1] == "The stage gc failed: outside every maintenance window"


def test_values_of_an_earlier_run_that_are_no_text_are_shown() -> None:
    told = lines(output("kiwi", region=7, subscription_tier=1.5))
    assert cells(told[2])[1:3] == ["7", "1.5"]


def test_a_stage_that_a_variable_switches_off_is_told() -> None:
    told = lines(output("fig"), switched_off=("registry",))
    assert told[-1] == "The stage registry is switched off by the variable docr_registry_enabled."
