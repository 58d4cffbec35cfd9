# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration killed at every call with the method direct: the next run succeeds and leaves no token.

Except one that was minted in the very instant of the crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.access_crashes import MINT, Killer, Losses, Runs, check_healed, check_moment, good_tokens, journal
from support.access_module import DIRECT, JOURNAL
from support.control_plane import Cluster

NAMESPACES = {"pear", "plum", "pomelo"}
DAY_S = 86_400
OPTIONS: dict[str, Any] = {
    "clusters": ["marsh"],
    "registries": ["kiwi"],
    "method": "direct",
    "namespaces": ["p*"],
    "service_accounts": ["default", "ro*"],
    "wait_timeout": 15,
    "wait_sleep": 1,
}
RENEWED = {**OPTIONS, "rotate_every": "20d", "revoke_after": "0m"}


@pytest.fixture
def killer(marsh: Cluster, is_long: bool) -> Iterator[Killer]:
    marsh.sandbox.switch("rate_limit", False)
    marsh.add_namespaces(*NAMESPACES)
    marsh.add_accounts("plum", "robot", "other")
    marsh.give("pear", ["theirs", "others"])
    marsh.give("plum", ["a-robots"], "robot")
    marsh.give("plum", ["not-meant"], "other")
    assert marsh.proxy is not None
    with Runs(marsh.sandbox) as runs:
        yield Killer(marsh, runs, marsh.proxy, is_long)


def wanted_accounts(cluster: Cluster) -> dict[tuple[str, str], list[str]]:
    """What the accounts of a cluster without our entries are to be."""
    return {
        (namespace, account): [*names, *([DIRECT] if namespace in NAMESPACES and account != "other" else [])]
        for (namespace, account), names in cluster.accounts().items()
    }


def undo(cluster: Cluster) -> None:
    """Delete everything that runs wrote, and keep the entries of other tools."""
    for name in (DIRECT, JOURNAL):
        for namespace in cluster.secrets(name):
            cluster.call("DELETE", f"namespaces/{namespace}/secrets/{name}")
    for (namespace, account), names in cluster.accounts().items():
        if DIRECT in names:
            cluster.give(namespace, [one for one in names if one != DIRECT], account)


@pytest.mark.long
def test_a_first_run(killer: Killer) -> None:
    cluster, accounts, losses = killer.cluster, wanted_accounts(killer.cluster), Losses(killer.cluster.sandbox)
    kills = killer.each_call(RENEWED)
    for where in kills:
        check_moment(cluster, ())
        killer.runs.run(RENEWED)
        current = check_healed(cluster, DIRECT, NAMESPACES, accounts)
        losses.note(where, current)
        # It was not a run that forgot this one.
        losses.known.add(current)
        undo(cluster)
    assert losses.at == [f"POST /api/v1/namespaces/kube-system/secrets {JOURNAL}", f"after {MINT}"]
    assert kills.calls >= 30


@pytest.mark.long
def test_a_rotation(killer: Killer) -> None:
    cluster, accounts, losses = killer.cluster, wanted_accounts(killer.cluster), Losses(killer.cluster.sandbox)
    killer.runs.run(RENEWED)
    cluster.sandbox.advance(21 * DAY_S)
    kills = killer.each_call(RENEWED)
    for where in kills:
        check_moment(cluster, NAMESPACES)
        killer.runs.run(RENEWED)
        current = check_healed(cluster, DIRECT, NAMESPACES, accounts)
        assert journal(cluster) == [("current", current)]
        losses.note(where, current)
        cluster.sandbox.advance(21 * DAY_S)
    assert losses.at == [f"PUT /api/v1/namespaces/kube-system/secrets/{JOURNAL}", f"after {MINT}"]
    assert kills.calls >= 30


@pytest.mark.long
def test_an_end(killer: Killer) -> None:
    cluster, before = killer.cluster, killer.cluster.accounts()
    absent = {**OPTIONS, "state": "absent"}
    killer.runs.run(RENEWED)
    kills = killer.each_call(absent)
    for _where in kills:
        check_moment(cluster, ())
        killer.runs.run(absent)
        assert (cluster.secrets(DIRECT), cluster.secrets(JOURNAL), cluster.accounts()) == ({}, {}, before)
        assert good_tokens(cluster.sandbox) == set()
        killer.runs.run(RENEWED)
    assert kills.calls > 25
