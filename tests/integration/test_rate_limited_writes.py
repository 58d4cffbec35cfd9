# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A write that the rate limit refused is decided again after the wait, and is never just sent again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.gc_module import LIST, RAN, START, collections, do_after, only, run, run_and, seed, set_rate
from support.modules import run_module, writes

CREATE = "POST /v2/registries"


def limit(sandbox: Sandbox, path: str, *, method: str = "POST", seconds: int = 1, times: int = 1) -> None:
    sandbox.fault(method=method, path=path, status=429, retry_after=seconds, times=times)


@pytest.mark.parametrize("wait", [True, False])
def test_a_start_whose_window_closes_during_the_wait_is_not_sent_again(sandbox: Sandbox, wait: bool) -> None:
    seed(sandbox, RAN, now="2026-03-01T06:59:30Z", rate=0)
    limit(sandbox, "*/garbage-collection", seconds=2)
    result = run_and(sandbox, START, lambda: sandbox.set_clock("2026-03-01T07:00:22Z"), wait=wait)
    assert (only(result)["decision"], result["changed"]) == ("outside_window", False)
    assert (writes(sandbox), len(collections(sandbox))) == ([START], 1)


def test_a_start_is_not_sent_again_where_another_client_collected_during_the_wait(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, rate=60)
    limit(sandbox, "*/garbage-collection", seconds=3)

    def collect() -> None:
        assert sandbox.request("POST", "/v2/registries/kiwi/garbage-collection")[0] == 201
        set_rate(sandbox, 600)

    result = run_and(sandbox, START, collect)
    assert only(result)["decision"] in ("recent", "adopted")
    assert (result["changed"], writes(sandbox).count(START), len(collections(sandbox))) == (False, 2, 2)


@pytest.mark.parametrize("wait", [True, False])
def test_a_start_that_is_still_due_after_the_wait_is_sent(sandbox: Sandbox, wait: bool) -> None:
    seed(sandbox, RAN)
    limit(sandbox, "*/garbage-collection")
    result = run(sandbox, wait=wait)
    assert (only(result)["decision"], result["changed"]) == ("collected", True)
    calls = sandbox.calls()
    assert LIST in calls[calls.index(START) : len(calls) - calls[::-1].index(START)]


def test_a_start_fails_where_the_limit_lasts_longer_than_is_allowed(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, names=("kiwi", "plum"))
    limit(sandbox, "*/kiwi/garbage-collection", seconds=99)
    result = run(sandbox, "kiwi", "plum", rate_limit_wait=9)
    assert (result["failed"], result["error"]["kind"]) == (True, "rate_limited")
    assert "wait 99 s, or raise rate_limit_wait" in result["msg"]
    assert writes(sandbox).count(START) == 1
    assert [one["garbage_collection"]["status"] for one in result["last"] if one["garbage_collection"]] == ["succeeded"]


def test_a_registry_that_another_run_created_during_the_wait_is_not_created_again(sandbox: Sandbox) -> None:
    limit(sandbox, "/v2/registries", seconds=2)
    body = {"name": "kiwi", "subscription_tier_slug": "basic"}
    result = run_and_call(
        sandbox, CREATE, lambda: sandbox.request("POST", "/v2/registries", body), name="kiwi", subscription_tier="basic"
    )
    assert (result["changed"], result["registry"]["name"]) == (False, "kiwi")
    assert writes(sandbox) == [CREATE, CREATE]


def test_a_registry_that_got_images_during_the_wait_is_not_deleted(sandbox: Sandbox) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    limit(sandbox, "/v2/registries/kiwi", method="DELETE", seconds=2)
    images = [{"name": "api", "manifests": [{"tags": ["v7"], "size_bytes": 9000}]}]
    full = {"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1", "repositories": images}]}
    result = run_and_call(
        sandbox, "DELETE /v2/registries/kiwi", lambda: sandbox.seed(full), name="kiwi", state="absent"
    )
    assert result["failed"] is True
    assert "allow_delete_images" in result["msg"]
    assert sandbox.account()["registries"]


def test_a_login_is_minted_after_the_wait_under_the_same_lock(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    limit(sandbox, "*/docker-credentials", method="GET")
    options: dict[str, Any] = {"registry": "kiwi", "path": str(tmp_path / "config.json")}
    result = run_module(sandbox, "docr_credentials", **options)
    assert (result["changed"], len(result["actions"])) == (True, 1)
    assert run_module(sandbox, "docr_credentials", **options)["changed"] is False


def test_clusters_are_listed_again_before_an_integration_is_sent_again(sandbox: Sandbox) -> None:
    orchard = {"name": "orchard", "region": "syd1"}
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}], "clusters": [orchard]})
    limit(sandbox, "/v2/kubernetes/registries")
    options: dict[str, Any] = {"clusters": ["orchard"], "registries": ["kiwi"], "wait_for_secrets": "never"}
    result = run_module(sandbox, "docr_doks_integration", **options)
    assert result["changed"] is True
    calls = sandbox.calls()
    first, second = (number for number, call in enumerate(calls) if call == "POST /v2/kubernetes/registries")
    assert "GET /v2/kubernetes/clusters" in calls[first:second]


def run_and_call(sandbox: Sandbox, after: str, do: Any, **options: Any) -> dict[str, Any]:
    """Run docr_registry, and do something else once the module has sent the request `after`."""
    return do_after(sandbox, after, do, lambda: run_module(sandbox, "docr_registry", **options))
