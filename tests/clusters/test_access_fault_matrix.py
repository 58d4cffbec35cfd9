# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull secrets on a real control plane with a fault at each call to DigitalOcean and to the image host.

Namespaces that can pull before a run can pull after the run with the fault too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.access_crashes import check_moment, fingerprint, good_tokens, journal, journal_entries
from support.access_module import DIRECT, JOURNAL, OPERATOR, give
from support.control_plane import Cluster, eventually
from support.fault_matrix import READ_TIMEOUT_S, Scenario, Share, check_matrix

DAY_S = 86_400
PATIENT = {"read_timeout": READ_TIMEOUT_S, "rate_limit_wait": 2, "wait_timeout": 20}
GIVES: Mapping[str, Mapping[str, Any]] = {
    "direct": {"namespaces": ["pear"], "rotate_every": "20d", "revoke_after": "0m", **PATIENT},
    "operator": {"method": "operator", "rotate_every": "20d", "revoke_after": "0m", **PATIENT},
    "one_click": {"method": "one_click", **PATIENT},
}
ABSENT = {"state": "absent", **PATIENT}
NAMES = {"direct": DIRECT, "operator": OPERATOR, "one_click": "kiwi"}
# What is there before the run, what the run gives or ends, and whether the credential is due.
KINDS: Mapping[str, tuple[str | None, str | None, bool]] = {
    "give directly": (None, "direct", False),
    "renew directly": ("direct", "direct", True),
    "end directly": ("direct", None, False),
    "give by the operator": (None, "operator", False),
    "renew by the operator": ("operator", "operator", True),
    "end by the operator": ("operator", None, False),
    "move from one click": ("one_click", "direct", False),
    "move to the operator": ("direct", "operator", False),
}


class Access:
    """The cluster before, in and after the runs of a kind."""

    def __init__(self, cluster: Cluster, kind: str) -> None:
        self.cluster = cluster
        self.before, self.after, self._is_due = KINDS[kind]

    def prepare(self, sandbox: Sandbox) -> None:
        """Bring the cluster back, and give it the access that is there before."""
        cluster = self.cluster
        sandbox.reset()
        sandbox.switch("rate_limit", False)
        self._undo()
        registry = {"tier": "professional", "registries": [{"name": "kiwi", "region": "blr1"}]}
        member = {"name": cluster.name, "region": "blr1", "control_plane": cluster.plane.name}
        sandbox.seed({**registry, "clusters": [member]})
        if self.before is not None:
            given = give(cluster, **GIVES[self.before])
            assert not given.get("failed"), given["msg"]
        if self._is_due:
            sandbox.advance(21 * DAY_S)

    def run(self, _sandbox: Sandbox) -> dict[str, Any]:
        """Give the access, or end what is there, without a moment in which nothing works."""
        ends = {"method": self.before, **ABSENT} if self.before is not None else ABSENT
        result = give(self.cluster, **(ends if self.after is None else GIVES[self.after]))
        stays = self.after is not None and self.before in ("direct", "operator")
        check_moment(self.cluster, ["pear"] if stays else [])
        return result

    def look(self, sandbox: Sandbox) -> object:
        """The names of the secrets in a namespace, whether their credentials are good, and the journal's states."""
        good = good_tokens(sandbox)
        found = {name: self.cluster.secrets(name) for name in (DIRECT, OPERATOR)}
        working = {name: fingerprint(one["pear"]) in good for name, one in found.items() if "pear" in one}
        states = [state for state, _one in journal(self.cluster)] if self.cluster.secrets(JOURNAL) else []
        return working, [one for one in self.cluster.pull_secrets("pear") if one in NAMES.values()], states

    def expected(self) -> object:
        """What a look sees after a run that succeeded."""
        if self.after is None:
            return {}, [], []
        return {NAMES[self.after]: True}, [NAMES[self.after]], ["current"]

    def strays(self, sandbox: Sandbox) -> int:
        """Good credentials that no secret and no journal holds."""
        noted = journal_entries(self.cluster) if self.cluster.secrets(JOURNAL) else []
        return len(good_tokens(sandbox) - {one["fingerprint"][:12] for one in noted})

    def _undo(self) -> None:
        for name in (*NAMES.values(), JOURNAL):
            for namespace in self.cluster.secrets(name):
                self.cluster.plane.request("DELETE", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        for (namespace, account), names in self.cluster.accounts().items():
            if names:
                self.cluster.give(namespace, [], account)
        eventually(lambda: [self.cluster.secrets(name) for name in NAMES.values()], lambda found: not any(found))


@pytest.fixture
def pear(orchard: Cluster) -> Cluster:
    orchard.add_namespaces("pear")
    return orchard


@pytest.mark.parametrize("kind", KINDS)
def test_fault_is_one_error_and_the_next_run_heals(
    pear: Cluster, kind: str, is_long: bool, record_property: Callable[[str, object], None]
) -> None:
    access = Access(pear, kind)
    scenario = Scenario(access.prepare, access.run, access.look, access.expected(), access.strays)
    share = Share(list(KINDS).index(kind), len(KINDS))
    check_matrix(pear.sandbox, scenario, record_property, is_long=is_long, share=share)
