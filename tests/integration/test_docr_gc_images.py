# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc on registries whose images lie on the image host: consent, explanations, quiet periods and proofs."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.gc_module import (
    MONDAY,
    RAN,
    RUNNING,
    START,
    collections,
    hold,
    only,
    run,
    run_and,
    run_and_listen,
    seed,
    set_rate,
)
from support.image_host import MINT, REVOKE, minted, push_index
from support.modules import writes

UNSAFE = {"type": "untagged_manifests_and_unreferenced_blobs", "allow_delete_untagged_manifests": True}


def manifests(sandbox: Sandbox, repository: str = "app") -> set[str]:
    status, _headers, body = sandbox.request(
        "GET", f"/v2/registries/kiwi/repositories/{repository}/digests?per_page=99"
    )
    assert status == 200, body
    return {one["digest"] for one in json.loads(body)["manifests"]}


def with_images(sandbox: Sandbox, *past: dict[str, Any], rate: float = 60, now: str = MONDAY) -> list[str]:
    """A registry with an index of two images under v7, and one whose tag v7 went to the first."""
    seed(sandbox, rate=0, now=now)
    push_index(sandbox, "kiwi/app", "old")
    digests = push_index(sandbox, "kiwi/app", "v7")
    assert sandbox.request("DELETE", "/v2/registries/kiwi/repositories/app/tags/old")[0] == 204
    # Longer than the token of these pushes lives.
    sandbox.advance(1000)
    sandbox.seed({"registries": [{"name": "kiwi", "garbage_collections": list(past)}]})
    sandbox.clear_log()
    set_rate(sandbox, rate)
    return digests


def test_without_consent_an_unsafe_type_is_refused_with_what_may_break_and_the_number_of_indexes(
    sandbox: Sandbox,
) -> None:
    with_images(sandbox)
    push_index(sandbox, "kiwi/app", "v8")
    sandbox.clear_log()
    result = run(sandbox, type="untagged_manifests", force=True)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "invalid_input")
    assert "platforms, attestations and signatures of images" in result["msg"]
    assert "kiwi has 2 image indexes" in result["msg"]
    assert "set allow_delete_untagged_manifests if you can lose them" in result["msg"]
    assert (writes(sandbox), minted(sandbox)) == ([], [])


@pytest.mark.parametrize("spares_children", [True, False])
def test_with_consent_untagged_manifests_are_deleted_and_children_depend_on_the_service(
    sandbox: Sandbox, spares_children: bool
) -> None:
    *children, index = with_images(sandbox)
    sandbox.switch("gc_untagged_spares_children", spares_children)
    one = only(run(sandbox, force=True, **UNSAFE))
    assert one["decision"] == "collected"
    assert manifests(sandbox) == ({*children, index} if spares_children else {index})
    assert one["garbage_collection"]["blobs_deleted"] == (3 if spares_children else 5)


def test_a_collection_that_freed_nothing_reports_how_many_untagged_manifests_hold_blobs(sandbox: Sandbox) -> None:
    with_images(sandbox)
    assert only(run(sandbox, force=True))["garbage_collection"]["blobs_deleted"] == 1
    one = only(run(sandbox, force=True))
    assert one["garbage_collection"]["freed_bytes"] == 0
    assert "5 untagged manifests" in one["reason"]


def test_a_collection_starts_only_after_the_quiet_period_since_the_last_push(sandbox: Sandbox) -> None:
    with_images(sandbox, now="2026-03-01T03:20:00Z", rate=1)
    one = only(run(sandbox, quiet_period="30m"))
    assert (one["decision"], writes(sandbox)) == ("busy", [])
    sandbox.advance(900)
    set_rate(sandbox, 60)
    assert only(run(sandbox, quiet_period="30m"))["decision"] == "collected"


def test_idle_cancels_a_collection_of_any_client_and_proves_writes_by_an_upload(
    sandbox: Sandbox,
) -> None:
    with_images(sandbox, RAN, RUNNING, now="2026-03-01T04:00:00Z")
    result = run(sandbox, state="idle")
    one = only(result)
    assert (result["changed"], one["decision"], one["is_writable"]) == (True, "cancelled", True)
    assert collections(sandbox)[0]["status"] == "cancelled"
    calls = sandbox.calls()
    assert (calls.count(MINT), calls.count(REVOKE)) == (1, 1)
    upload = [call for call in calls if call.startswith("DELETE /v2/kiwi/app/blobs/uploads/")]
    assert len(upload) == 1
    assert [token["is_valid"] for token in minted(sandbox)] == [False]
    sandbox.clear_log()
    assert run(sandbox, state="idle")["changed"] is False


def test_pushes_that_come_back_a_while_after_the_cancel_are_waited_for(sandbox: Sandbox) -> None:
    with_images(sandbox, RAN, RUNNING, now="2026-03-01T04:00:00Z", rate=10)
    sandbox.switch("read_only_lingers_seconds", 90)
    one = only(run(sandbox, state="idle"))
    assert (one["decision"], one["is_writable"]) == ("cancelled", True)


def test_progress_lines_show_the_wait_for_pushes_after_a_cancel_and_its_deadline(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with_images(sandbox, RAN, RUNNING, now="2026-03-01T04:00:00Z", rate=10)
    sandbox.switch("read_only_lingers_seconds", 90)
    said = run_and_listen(sandbox, tmp_path, state="idle")
    tried, proven = said[-2:]
    assert re.fullmatch(r"kiwi: cancelled, \w+ since its start, checking whether pushes work, until .*Z", tried)
    assert re.fullmatch(r"kiwi: cancelled, \w+ since its start, accepts pushes", proven)


def test_pushes_that_stay_refused_in_ten_registries_are_waited_for_at_once(sandbox: Sandbox) -> None:
    names = ("kiwi", *(f"plum{number}" for number in range(9)))
    sandbox.switch("unknown_keys", True)
    sandbox.switch("read_only_lingers_seconds", 86_400)
    seed(sandbox, names=names, now="2026-03-01T04:00:00Z", rate=100)
    for name in names:
        assert sandbox.request("POST", f"/v2/registries/{name}/garbage-collection")[0] == 201
    started = time.monotonic()
    result = run(sandbox, *names, state="idle", wait_timeout=8)
    assert time.monotonic() - started < 5 * 8
    assert all(f"registry {name} writable again" in result["msg"] for name in names)


def test_pushes_that_stay_refused_end_in_one_message_for_a_support_ticket(sandbox: Sandbox) -> None:
    with_images(sandbox, RAN, RUNNING, now="2026-03-01T04:00:00Z", rate=100)
    sandbox.switch("read_only_lingers_seconds", 86_400)
    result = run(sandbox, state="idle", wait_timeout=6)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "stuck")
    for part in ("Could not make the registry kiwi writable again", collections(sandbox)[0]["uuid"], "support ticket"):
        assert part in result["msg"]
    assert [token["is_valid"] for token in minted(sandbox)] == [False]


def test_after_the_cancel_of_a_stuck_collection_pushes_work(sandbox: Sandbox) -> None:
    with_images(sandbox, RAN, now="2026-03-01T03:20:00Z", rate=1)

    def stand_still() -> None:
        hold(sandbox, status="waiting for delete requests")
        set_rate(sandbox, 600)

    one = only(run_and(sandbox, START, stand_still, stuck_after="30m", on_stuck="cancel"))
    assert (one["decision"], one["is_writable"]) == ("cancelled", True)
    assert [token["is_valid"] for token in minted(sandbox)] == [False]
