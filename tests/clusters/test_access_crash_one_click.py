# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration killed at every call of a move to DigitalOcean's one-click integration, and of one from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.access_crashes import MINT, Killer, Losses, Runs, fingerprint, good_tokens
from support.access_module import DIRECT, EVERYWHERE, JOURNAL
from support.control_plane import Cluster, eventually
from support.pod_pulls import can_pull

NAMESPACES = EVERYWHERE | {"pear"}
ONE_CLICK = "kiwi"
GIVEN: dict[str, Any] = {"clusters": ["marsh"], "registries": ["kiwi"], "wait_timeout": 15, "wait_sleep": 1}
METHODS: dict[str, dict[str, Any]] = {
    # The next run changes no integration, so the user must ask for a read of the cluster.
    "one_click": {**GIVEN, "wait_for_secrets": "always"},
    "direct": {**GIVEN, "method": "direct", "never_expires": True},
}
SECRETS = {"one_click": ONE_CLICK, "direct": DIRECT}
# At which calls a token is lost: when it was minted in the very instant of the crash.
LOST = {"one_click": [], "direct": [f"POST /api/v1/namespaces/kube-system/secrets {JOURNAL}", f"after {MINT}"]}


@pytest.fixture
def killer(marsh: Cluster, is_long: bool) -> Iterator[Killer]:
    marsh.sandbox.switch("rate_limit", False)
    marsh.add_namespaces("pear")
    marsh.give("pear", ["theirs"])
    assert marsh.proxy is not None
    with Runs(marsh.sandbox) as runs:
        yield Killer(marsh, runs, marsh.proxy, is_long)


@pytest.mark.long
@pytest.mark.parametrize(("before", "after"), [("direct", "one_click"), ("one_click", "direct")])
def test_killed_move_is_continued_and_pods_can_pull_at_every_moment(killer: Killer, before: str, after: str) -> None:
    cluster, losses = killer.cluster, Losses(killer.cluster.sandbox)
    killer.runs.run(METHODS[before])
    kills = killer.each_call(METHODS[after])
    for where in kills:
        assert can_pull(cluster, "pear") or can_pull(cluster, "pear"), where
        killer.runs.run(METHODS[after])
        # DigitalOcean takes its own secrets away in its own time.
        eventually(lambda: cluster.secrets(SECRETS[before]), lambda left: left == {})
        eventually(lambda: cluster.pull_secrets("pear"), lambda names: names == ["theirs", SECRETS[after]])
        assert set(cluster.secrets(SECRETS[after])) == NAMESPACES, where
        assert set(cluster.secrets(JOURNAL)) == (set() if after == "one_click" else {"kube-system"})
        (current,) = {fingerprint(secret) for secret in cluster.secrets(SECRETS[after]).values()}
        assert current in good_tokens(cluster.sandbox), where
        losses.note(where, current)
        killer.runs.run(METHODS[before])
    assert losses.at == LOST[after]
    assert kills.calls > 20
