# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration killed at every call where DigitalOcean's operator copies: the next run succeeds.

A move between the methods is always either not done or done: until the other one works, the one before stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.access_crashes import MINT, Killer, Losses, Runs, check_healed, check_moment, good_tokens, journal
from support.access_module import DIRECT, EVERYWHERE, JOURNAL, OPERATOR, actions, give, valid
from support.control_plane import Cluster, eventually

NAMESPACES = EVERYWHERE | {"pear"}
ENDS: dict[str, Any] = {
    "clusters": ["marsh"],
    "registries": ["kiwi"],
    "method": "operator",
    "wait_timeout": 15,
    "wait_sleep": 1,
}
GIVES = {**ENDS, "rotate_every": "9d", "revoke_after": "0m"}


@pytest.fixture
def killer(marsh: Cluster, is_long: bool) -> Iterator[Killer]:
    marsh.sandbox.switch("rate_limit", False)
    marsh.add_namespaces("pear")
    marsh.give("pear", ["theirs", "others"])
    assert marsh.proxy is not None
    with Runs(marsh.sandbox) as runs:
        yield Killer(marsh, runs, marsh.proxy, is_long)


def wanted_accounts(cluster: Cluster, name: str = OPERATOR) -> dict[tuple[str, str], list[str]]:
    """What the accounts of a cluster without our entries are to be; there are only default ones."""
    return {key: [*names, name] for key, names in cluster.accounts().items()}


def undo(cluster: Cluster) -> None:
    """Take away what was written, as if there had been no run; copies and entries are the operator's own."""
    for name in (OPERATOR, JOURNAL):
        cluster.plane.request("DELETE", f"/api/v1/namespaces/kube-system/secrets/{name}")
    eventually(lambda: [one for names in cluster.accounts().values() for one in names], lambda n: OPERATOR not in n)


def test_move_to_an_inactive_operator_keeps_the_former_method(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    give(orchard)
    orchard.sandbox.switch("doks_operator", "stopped")
    for _run in range(2):
        result = give(orchard, method="operator", wait_timeout=1)
        assert result["failed"], result
        assert "wait for the secret docr-operator-kiwi of DigitalOcean in the cluster orchard" in result["msg"]
        check_moment(orchard, EVERYWHERE | {"pear"})
        assert set(orchard.secrets(DIRECT)) == EVERYWHERE | {"pear"}
    orchard.sandbox.switch("doks_operator", "runs")
    healed = give(orchard, method="operator")
    assert actions(healed)[-2:] == ["patch_service_accounts", "delete_pull_secrets"]
    assert set(orchard.secrets(OPERATOR)) == EVERYWHERE | {"pear"}
    assert orchard.pull_secrets("pear") == [OPERATOR]
    assert valid(orchard.sandbox) == 1


@pytest.mark.long
def test_a_first_run(killer: Killer) -> None:
    cluster, accounts, losses = killer.cluster, wanted_accounts(killer.cluster), Losses(killer.cluster.sandbox)
    kills = killer.each_call(GIVES)
    for where in kills:
        killer.runs.run(GIVES)
        current = check_healed(cluster, OPERATOR, NAMESPACES, accounts)
        losses.note(where, current)
        losses.known.add(current)
        undo(cluster)
    assert losses.at == [f"POST /api/v1/namespaces/kube-system/secrets {JOURNAL}", f"after {MINT}"]
    assert kills.calls > 20


@pytest.mark.long
def test_a_rotation(killer: Killer) -> None:
    cluster, accounts, losses = killer.cluster, wanted_accounts(killer.cluster), Losses(killer.cluster.sandbox)
    killer.runs.run(GIVES)
    cluster.sandbox.advance(10 * 86_400)
    kills = killer.each_call(GIVES)
    for where in kills:
        check_moment(cluster, NAMESPACES)
        killer.runs.run(GIVES)
        current = check_healed(cluster, OPERATOR, NAMESPACES, accounts)
        assert journal(cluster) == [("current", current)]
        losses.note(where, current)
        cluster.sandbox.advance(10 * 86_400)
    assert losses.at == [f"PUT /api/v1/namespaces/kube-system/secrets/{JOURNAL}", f"after {MINT}"]
    assert kills.calls > 25


@pytest.mark.long
def test_an_end(killer: Killer) -> None:
    cluster, before = killer.cluster, killer.cluster.accounts()
    absent = {**ENDS, "state": "absent"}
    killer.runs.run(GIVES)
    kills = killer.each_call(absent)
    for _where in kills:
        killer.runs.run(absent)
        assert (cluster.secrets(OPERATOR), cluster.secrets(JOURNAL), cluster.accounts()) == ({}, {}, before)
        assert good_tokens(cluster.sandbox) == set()
        killer.runs.run(GIVES)
    assert kills.calls > 15
