# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc warns where a person must look, and fails where the options ask for that."""

from __future__ import annotations

from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.gc_module import RUNNING, START, collections, hold, only, run, run_and, seed, set_rate
from support.modules import writes
from support.plays import play
from support.role_manifests import written

LONG = {"started_at": "2026-02-22T03:05:00Z", "ended_at": "2026-02-22T08:35:00Z", "blobs_deleted": 3, "freed_bytes": 77}


@pytest.mark.parametrize(
    ("now", "passed"), [("2026-03-01T03:05:00Z", "1 window has"), ("2026-03-08T03:05:00Z", "2 windows have")]
)
def test_each_skipped_window_is_a_warning_and_the_third_tries_the_collection(
    sandbox: Sandbox, now: str, passed: str
) -> None:
    seed(sandbox, LONG, now=now, rate=0)
    skipped = run(sandbox)
    assert (only(skipped)["decision"], skipped["changed"]) == ("too_late", False)
    (warning,) = skipped["warnings"]
    assert warning.startswith(
        f"The registry kiwi was not collected, and {passed} passed so: A collection may take 5h30m"
    )
    sandbox.set_clock("2026-03-15T03:05:00Z")
    set_rate(sandbox, 60)
    assert only(run(sandbox))["decision"] == "collected"


@pytest.mark.parametrize("check", [False, True])
def test_skipped_windows_fail_the_task_after_other_registries_are_collected(sandbox: Sandbox, check: bool) -> None:
    seed(sandbox, LONG, names=("kiwi", "plum"), now="2026-03-08T03:05:00Z")
    assert not run(sandbox, max_skipped_windows=3, check=True).get("failed")
    result = run(sandbox, "kiwi", "plum", max_skipped_windows=2, check=check)
    assert (result["failed"], result["error"]["kind"]) == (True, "needs_attention")
    assert "Could not finish the garbage collections of kiwi: The registry kiwi was not collected" in result["msg"]
    assert len(collections(sandbox, "plum")) == (0 if check else 1)


def test_an_empty_registry_is_not_collected_and_check_mode_says_the_same(sandbox: Sandbox) -> None:
    sandbox.set_clock("2026-03-01T03:20:00Z")
    given = {
        "docr_manifests": [written("kiwi", subscription_tier="basic", region="syd1", garbage_collection_enabled=True)]
    }
    predicted = play("playbooks/site.yml", sandbox, given, "--check")
    assert "expected" in predicted.output
    played = play("playbooks/site.yml", sandbox, given)
    assert played.changed == predicted.changed != []
    assert writes(sandbox) == ["POST /v2/registries"]
    one = only(run(sandbox))
    assert (one["decision"], one["next_window"]["opens_at"]) == ("empty", "2026-03-08T03:00:00Z")


@pytest.mark.parametrize("fails", [False, True])
def test_a_collection_that_the_task_cancelled_needs_a_person(sandbox: Sandbox, fails: bool) -> None:
    seed(sandbox, rate=0)
    options: dict[str, Any] = {"stuck_after": "1m", "on_stuck": "cancel", "fail_on": ["cancelled"] if fails else []}

    def stop_progress() -> None:
        hold(sandbox, status="scanning manifests")
        set_rate(sandbox, 60)

    result = run_and(sandbox, START, stop_progress, **options)
    said = "The collection of the registry kiwi was cancelled before its end: The status was"
    assert bool(result.get("failed")) is fails
    assert said in (result["msg"] if fails else " ".join(result["warnings"]))
    assert result["changed"] is True


@pytest.mark.parametrize(
    ("kind", "fault", "said"),
    [
        ("unproven", {"path": "*/docker-credentials", "status": 403, "times": 9}, "Whether the registry kiwi"),
        (
            "unrevoked",
            {"path": "/v1/oauth/revoke", "status": 500, "times": 9},
            "A credential that can push",
        ),
    ],
)
@pytest.mark.parametrize("fails", [False, True])
def test_what_is_not_proven_or_revoked_after_a_cancel_needs_a_person(
    sandbox: Sandbox, kind: str, fault: dict[str, Any], said: str, fails: bool
) -> None:
    repositories = [{"name": "api", "manifests": [{"tags": ["v7"], "size_bytes": 9000}]}]
    registry = {"name": "kiwi", "region": "syd1", "repositories": repositories, "garbage_collections": [RUNNING]}
    sandbox.set_clock("2026-03-01T03:20:00Z")
    sandbox.seed({"tier": "professional", "registries": [registry]})
    set_rate(sandbox, 60)
    sandbox.fault(**fault)
    result = run(sandbox, state="idle", fail_on=[kind] if fails else [])
    assert bool(result.get("failed")) is fails, result
    told = result["msg"] if fails else " ".join(result["warnings"])
    assert said in told
    assert ".." not in told


def test_a_failed_start_is_not_listed_as_a_collection(sandbox: Sandbox) -> None:
    seed(sandbox)
    sandbox.fault(method="POST", path="*/garbage-collection", status=500)
    result = run(sandbox)
    assert [one["decision"] for one in result["last"]] == ["failed"]


def test_a_push_inside_the_window_gets_advice_for_a_push(sandbox: Sandbox) -> None:
    image = {"tags": ["v7"], "size_bytes": 90_000}
    sandbox.set_clock("2026-03-01T03:15:00Z")
    registry = {"name": "kiwi", "region": "syd1", "repositories": [{"name": "api", "manifests": [image]}]}
    sandbox.seed({"tier": "professional", "registries": [registry]})
    sandbox.set_clock("2026-03-01T03:20:00Z")
    result = run(sandbox, quiet_period="20m", outside_window="fail")
    assert "run the task again when the quiet_period is over" in result["msg"]
    assert "inside a window" not in result["msg"]
