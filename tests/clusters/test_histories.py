# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A random history of a cluster with a real control plane, whose runs are processes that are killed at any call.

`make histories` kills 300 runs, or as many as DOCR_KILLS says.
"""

from __future__ import annotations

import base64
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from support.access_crashes import ENDED, MINT, Killer, Runs, fingerprint, good_tokens, journal
from support.access_module import DIRECT, JOURNAL, OPERATOR
from support.control_plane import Cluster, eventually

SHORT, LONG = 3, 300
SEED = 13
NAMESPACES = {"pear", "plum"}
DAY_S = 86_400
OPTIONS: dict[str, Any] = {
    "clusters": ["marsh"],
    "registries": ["kiwi"],
    "rotate_every": "20d",
    "revoke_after": "0m",
    "wait_timeout": 15,
    "wait_sleep": 1,
}
DIRECTLY, BY_OPERATOR = {**OPTIONS, "method": "direct", "namespaces": ["p*"]}, {**OPTIONS, "method": "operator"}
# A later run changes no integration, so the user must ask for a read of the cluster.
BY_ONE_CLICK = {
    **{name: value for name, value in OPTIONS.items() if name not in ("rotate_every", "revoke_after")},
    "method": "one_click",
    "wait_for_secrets": "always",
}
ONE_CLICK = "kiwi"
NAMES = (DIRECT, OPERATOR, ONE_CLICK)


@pytest.fixture
def killer(marsh: Cluster) -> Iterator[Killer]:
    marsh.sandbox.switch("rate_limit", False)
    marsh.add_namespaces(*NAMESPACES)
    assert marsh.proxy is not None
    with Runs(marsh.sandbox) as runs:
        yield Killer(marsh, runs, marsh.proxy, is_long=True)


def places(cluster: Cluster) -> set[str]:
    """The namespaces whose default service accounts name a secret that works."""
    named, good = cluster.accounts(), good_tokens(cluster.sandbox)
    return {
        namespace
        for name in NAMES
        for namespace, secret in cluster.secrets(name).items()
        if name in named.get((namespace, "default"), ()) and holds(secret) in good
    }


def holds(secret: dict[str, Any]) -> str:
    """The fingerprint of the token in a secret; empty where there is none."""
    try:
        return fingerprint(secret)
    except ValueError:
        return ""


def lost(cluster: Cluster) -> set[str]:
    """The valid tokens that neither the journal nor a secret holds."""
    found = look_for_lost(cluster)
    if found:
        # DigitalOcean's operator has a token in hand for a moment.
        time.sleep(0.5)
        found &= look_for_lost(cluster)
    return found


def look_for_lost(cluster: Cluster) -> set[str]:
    known = {holds(one) for name in NAMES for one in cluster.secrets(name).values()}
    noted = {one for _state, one in journal(cluster)} if cluster.secrets(JOURNAL) else set()
    return good_tokens(cluster.sandbox) - known - noted


def change_outside(cluster: Cluster, chance: random.Random) -> None:
    """Delete or edit a secret, delete the journal, or let a rotation be due, and wait for DigitalOcean's operator."""
    what = chance.choice(["time", "time", "delete", "edit", "journal", "nothing"])
    secrets = [(name, namespace) for name in (DIRECT, OPERATOR) for namespace in sorted(cluster.secrets(name))]
    if what == "time":
        cluster.sandbox.advance(21 * DAY_S)
    elif what == "journal" and cluster.secrets(JOURNAL):
        cluster.call("DELETE", f"namespaces/kube-system/secrets/{JOURNAL}")
    elif what in ("delete", "edit") and secrets:
        name, namespace = chance.choice(secrets)
        path = f"namespaces/{namespace}/secrets/{name}"
        if what == "delete":
            cluster.call("DELETE", path)
        else:
            spoiled = {".dockerconfigjson": base64.b64encode(b'{"auths": {}}').decode()}
            cluster.call("PATCH", path, {"data": spoiled}, content_type="application/merge-patch+json")
        if (name, namespace) == (OPERATOR, "kube-system"):
            settle_operator(cluster)


def settle_operator(cluster: Cluster) -> None:
    """Wait until DigitalOcean's operator copied a change of its source: what follows is the work of the next run."""

    def is_settled() -> bool:
        found = {place: secret.get("data") for place, secret in cluster.secrets(OPERATOR).items()}
        source = found.pop("kube-system", None)
        named = {place for (place, _account), names in cluster.accounts().items() if OPERATOR in names}
        return all(found.get(one) == source for one in NAMESPACES) and (source is not None or not named)

    eventually(is_settled, bool)


def kill(killer: Killer, options: dict[str, Any], chance: random.Random) -> str:
    """Kill a run at any call; returns the call, or ENDED."""
    if chance.random() < 0.3:
        return killer.at_service(options, chance.randrange(8))
    if chance.random() < 0.5:
        return killer.at_cluster(options, chance.randrange(6), chance.choice(["POST", "PUT", "PATCH", "DELETE"]))
    return killer.at_cluster(options, chance.randrange(30), after=chance.random() < 0.5)


def is_instant_of_minting(where: str) -> bool:
    """Whether a call is the minting of a token, or the write of the journal after it."""
    return MINT in where or JOURNAL in where


def test_history_of_killed_runs_keeps_access_and_converges(
    killer: Killer, is_long: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster, chance, started = killer.cluster, random.Random(SEED), time.monotonic()
    most = int(os.environ.get("DOCR_KILLS", LONG)) if is_long else SHORT
    told: Counter[str] = Counter()
    excused: set[str] = set()
    killer.runs.run(DIRECTLY)
    method = "direct"
    while told["killed runs"] < most and told["runs"] < 4 * most:
        change_outside(cluster, chance)
        excused |= lost(cluster)
        options = dict(chance.choice([DIRECTLY, DIRECTLY, BY_OPERATOR, BY_OPERATOR, BY_ONE_CLICK]))
        if options["method"] != "one_click":
            options["force_rotation"] = chance.random() < 0.2
        before = places(cluster) & NAMESPACES
        where = kill(killer, options, chance)
        case = (told["runs"], where, options)
        told["runs"] += 1
        told["killed runs"] += where != ENDED
        assert before <= places(cluster), case
        new = lost(cluster) - excused
        assert not new or (len(new) == 1 and is_instant_of_minting(where)), case
        told["tokens that were minted in the instant of a kill"] += len(new)
        excused |= new
        killer.proxy.clear()
        options.pop("force_rotation", None)
        killer.runs.run(options)
        assert places(cluster) >= NAMESPACES, case
        assert lost(cluster) <= excused, case
        assert killer.runs.run(options)["changed"] is False, case
        told[f"moves to {options['method']}" if options["method"] != method else "other runs"] += 1
        method = options["method"]
    told_text = ", ".join(f"{count} {what}" for what, count in told.items())
    with capsys.disabled():
        sys.stdout.write(f"\nhistory of killed runs: {told_text}, in {time.monotonic() - started:.0f} s\n")
    assert told["killed runs"] == most
