# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves from one method of access to another: no leftovers, and a working secret at every moment."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.access_module import DIRECT, EVERYWHERE, JOURNAL, OPERATOR, give, valid
from support.control_plane import Cluster
from support.pod_pulls import can_pull

SECRETS = {"direct": DIRECT, "operator": OPERATOR, "one_click": "kiwi"}


@contextmanager
def watched(cluster: Cluster, namespace: str) -> Iterator[list[bool]]:
    """Looks again and again, as long as it lasts, whether a pod could pull; a ``False`` has to be seen twice in a row.

    A single one may be two looks at two moments: at the accounts before a change, at the secrets after it.
    """
    seen: list[bool] = []
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            seen.append(can_pull(cluster, namespace) or can_pull(cluster, namespace))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(SECRETS, 2)))
def test_move_leaves_no_leftovers_and_pods_can_pull_at_every_moment(orchard: Cluster, before: str, after: str) -> None:
    orchard.add_namespaces("pear")
    orchard.give("pear", ["theirs"])
    give(orchard, method=before)
    with watched(orchard, "pear") as seen:
        result = give(orchard, method=after)
    assert not result.get("failed"), result["msg"]
    (entry,) = result["integrations"]
    assert entry["registries"] == (["kiwi"] if after == "one_click" else [])
    assert (entry["added"], entry["removed"]) == tuple(
        ["kiwi"] if method == "one_click" else [] for method in (after, before)
    )
    assert len(seen) > 3
    assert all(seen)
    for method, name in SECRETS.items():
        assert set(orchard.secrets(name)) == (EVERYWHERE | {"pear"} if method == after else set())
    assert orchard.pull_secrets("pear") == ["theirs", SECRETS[after]]
    assert set(orchard.secrets(JOURNAL)) == (set() if after == "one_click" else {"kube-system"})
    assert valid(orchard.sandbox) == 1
    assert give(orchard, method=after)["changed"] is False
