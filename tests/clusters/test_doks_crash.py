# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration killed at every call in the way direct: one more run heals, and no token is forgotten.

Except one that was minted in the very instant of the crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from access import DIRECT, JOURNAL
from clusters.cluster import Cluster
from clusters.crashes import ENDED, MINT, Killer, Runs, check_healed, check_moment, good_tokens

NAMESPACES = {"pear", "plum", "pomelo"}
DAY_S = 86_400
OPTIONS: dict[str, Any] = {
    "registries": ["kiwi"],
    "way": "direct",
    "namespaces": ["p*"],
    "service_accounts": ["default", "ro*"],
    "wait_timeout": 15,
    "wait_sleep": 1,
}
RENEWED = {**OPTIONS, "rotate_every": "20d", "revoke_after": "25m"}


@pytest.fixture
def killer(marsh: Cluster, tmp_path: Path) -> Iterator[Killer]:
    marsh.sandbox.switch("rate_limit", False)
    marsh.add_namespaces(*NAMESPACES)
    marsh.add_accounts("plum", "robot", "other")
    marsh.give("pear", ["theirs", "others"])
    marsh.give("plum", ["a-robots"], "robot")
    marsh.give("plum", ["not-meant"], "other")
    with Runs(marsh.sandbox, tmp_path) as runs:
        yield Killer(marsh, runs)


def wanted_accounts(cluster: Cluster) -> dict[tuple[str, str], list[str]]:
    """What the accounts of a cluster without our entries are to be."""
    return {
        (namespace, account): [*names, *([DIRECT] if namespace in NAMESPACES and account != "other" else [])]
        for (namespace, account), names in cluster.accounts().items()
    }


def undo(cluster: Cluster) -> None:
    """Take away what was written, as if there had been no run; nobody's entries but ours."""
    for name in (DIRECT, JOURNAL):
        for namespace in cluster.secrets(name):
            cluster.call("DELETE", f"namespaces/{namespace}/secrets/{name}")
    for (namespace, account), names in cluster.accounts().items():
        if DIRECT in names:
            cluster.give(namespace, [one for one in names if one != DIRECT], account)


def test_a_first_run(killer: Killer) -> None:
    cluster, options = killer.cluster, {**RENEWED, "clusters": ["marsh"]}
    accounts = wanted_accounts(cluster)
    known, lost_at, seen = good_tokens(cluster.sandbox), [], []
    for where in killer.each_call(options):
        seen.append(where)
        check_moment(cluster, ())
        killer.runs.run(options)
        current = check_healed(cluster, DIRECT, NAMESPACES, accounts)
        lost = good_tokens(cluster.sandbox) - known - {current}
        assert len(lost) <= 1
        lost_at += [where] if lost else []
        known |= good_tokens(cluster.sandbox)
        undo(cluster)
    assert lost_at == [f"POST /api/v1/namespaces/kube-system/secrets {JOURNAL}", f"after {MINT}"]
    assert seen.count(ENDED) == 8
    assert len(seen) - 8 > 30
