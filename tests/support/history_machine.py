# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories of a team as a state machine of hypothesis: wishes change, runs meet trouble, and time passes."""

from __future__ import annotations

import base64
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from docr_sandbox.faults import Fault
from support.history_cluster import KEY, NAMESPACES
from support.history_logins import FILES
from support.history_team import CLUSTERS, NO_TROUBLE, REGISTRIES, Run, Team, Trouble, Wish

HOUR_S = 3600
# What DigitalOcean, its image host or a proxy may answer; a time-out is a request that takes effect without an answer.
API_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "401": {"status": 401},
    "403": {"status": 403},
    "404": {"status": 404},
    "404 of a proxy": {"status": 404, "body": "html"},
    "409": {"status": 409},
    "422": {"status": 422},
    "429 of a burst": {"status": 429, "retry_after": 1},
    "429 of the hour": {"status": 429, "retry_after": 3000},
    "500": {"status": 500},
    "500 for long": {"status": 500, "times": 50},
    "502 with HTML": {"status": 502, "body": "html"},
    "time-out": {"drop": True, "after_effect": True},
    "reset": {"drop": True},
    "effect and 500": {"status": 500, "after_effect": True},
    "200 with HTML": {"status": 200, "body": "html"},
    "200 and empty": {"status": 200, "body": "empty"},
    # To a revocation the service itself answers so: here nothing is revoked.
    "200 without keys": {"status": 200, "body": "empty_object"},
    "short list": {"spoil": "short_list"},
    "empty list": {"spoil": "empty_list"},
    "no list": {"spoil": "null_list"},
}
CLUSTER_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "401": {"status": 401},
    "403": {"status": 403},
    "409": {"status": 409},
    "422": {"status": 422},
    "429": {"status": 429},
    "500": {"status": 500},
    "effect and 500": {"status": 500, "after_effect": True},
    "effect and reset": {"drop": True, "after_effect": True},
    "reset": {"drop": True},
    "502 with HTML": {"status": 502, "body": "html"},
    "200 with HTML": {"status": 200, "body": "html", "after_effect": True},
    "refused for long": {"status": 403, "times": 50},
    "unreachable for long": {"drop": True, "times": 50},
}
# The requests that a fault meets, and how many of them it lets pass at most.
API_CALLS: Mapping[str, int] = {
    "*": 12,
    "/v1/oauth/revoke": 2,
    "*/docker-credentials": 2,
    "/v2/": 3,
    "/v2/registries*": 4,
    "/v2/kubernetes/registries": 1,
    "/v2/kubernetes/clusters*": 4,
    "*/garbage-collection*": 4,
}
CLUSTER_CALLS: Mapping[tuple[str, str], int] = {
    ("*", "*"): 24,
    ("PUT", "*"): 8,
    ("POST", "*"): 6,
    ("DELETE", "*"): 6,
    ("PATCH", "*"): 4,
    ("P*", "*/namespaces/fig/*"): 2,
    ("*", "*/docr-journal-*"): 5,
}


@st.composite
def _api_troubles(draw: st.DrawFn) -> Trouble:
    path = draw(st.sampled_from(sorted(API_CALLS)))
    fields = API_FAULTS[draw(st.sampled_from(sorted(API_FAULTS)))]
    return Trouble(Fault(path=path, skip=draw(st.integers(0, API_CALLS[path])), **fields))


@st.composite
def _cluster_troubles(draw: st.DrawFn) -> Trouble:
    method, path = call = draw(st.sampled_from(sorted(CLUSTER_CALLS)))
    fields = CLUSTER_FAULTS[draw(st.sampled_from(sorted(CLUSTER_FAULTS)))]
    fault = Fault(method=method, path=path, skip=draw(st.integers(0, CLUSTER_CALLS[call])), **fields)
    return Trouble(fault, draw(st.sampled_from(["orchard", "orchard", "meadow"])))


@st.composite
def _revocation_troubles(draw: st.DrawFn) -> Trouble:
    """A revocation without the answer that proves the revocation, with and without an effect."""
    fields = API_FAULTS[draw(st.sampled_from(sorted(API_FAULTS)))]
    return Trouble(Fault(path="/v1/oauth/revoke", skip=draw(st.integers(0, 1)), **fields))


@st.composite
def _refusals(draw: st.DrawFn) -> Trouble:
    """A namespace that refuses all writes, all new objects, or all new secrets, as a policy or a quota does."""
    method, end = draw(st.sampled_from([("P*", "*"), ("POST", "*"), ("P*", "secrets*"), ("PATCH", "*")]))
    path = f"*/namespaces/{draw(st.sampled_from(NAMESPACES))}/{end}"
    fault = Fault(method=method, path=path, times=50, status=draw(st.sampled_from([403, 422])))
    return Trouble(fault, draw(st.sampled_from(["orchard", "orchard", "meadow"])))


NO_TROUBLE_OR_KILL = st.one_of(
    st.just(NO_TROUBLE), st.builds(Trouble, kill_at=st.integers(0, 15), kill_after=st.booleans())
)
TROUBLES = st.one_of(
    st.just(NO_TROUBLE),
    _api_troubles(),
    _revocation_troubles(),
    _cluster_troubles(),
    _refusals(),
    st.just(Trouble(is_operator_stopped=True)),
    st.builds(Trouble, kill_at=st.integers(0, 15), kill_after=st.booleans()),
)
WISHES = st.builds(
    Wish,
    registries=st.sampled_from([("kiwi",), ("kiwi",), REGISTRIES, ("plum",)]),
    clusters=st.sampled_from([("orchard",), ("orchard",), CLUSTERS]),
    tier=st.sampled_from(["basic", "professional"]),
    method=st.sampled_from(["direct", "direct", "operator", "one_click"]),
    rotate_every=st.sampled_from(["20d", "20d", "10d", None]),
    revoke_after=st.sampled_from(["0m", "1h"]),
    exclude=st.sampled_from([(), (), ("fig",)]),
    verify=st.sampled_from(["image_host", "image_host", "api"]),
)


def _own_secrets(team: Team) -> list[tuple[str, tuple[str, str, str]]]:
    """The pull secrets that this collection made, or DigitalOcean's operator from such a secret."""
    return [
        (cluster, key)
        for cluster, local in team.clusters.items()
        for key in sorted(local.objects)
        if key[0] == "secrets" and key[2].startswith(("docr-direct-", "docr-operator-"))
    ]


def _delete_secret(team: Team, number: int) -> None:
    found = _own_secrets(team)
    if found:
        cluster, key = found[number % len(found)]
        del team.clusters[cluster].objects[key]


def _edit_secret(team: Team, number: int) -> None:
    found = _own_secrets(team)
    if found:
        cluster, (kind, namespace, name) = found[number % len(found)]
        local = team.clusters[cluster]
        secret = local.objects[kind, namespace, name]
        spoiled = {**secret, "data": {KEY: base64.b64encode(b'{"auths": {}}').decode()}}
        local.answer("PUT", f"namespaces/{namespace}/secrets/{name}", "", spoiled)


def _hold_secret(team: Team, number: int) -> None:
    found = _own_secrets(team)
    if found:
        cluster, key = found[number % len(found)]
        team.clusters[cluster].set_finalizer(key)


def _end_finalizers(team: Team, _number: int) -> None:
    for local in team.clusters.values():
        local.end_finalizers()


def _edit_account(team: Team, number: int) -> None:
    for local in team.clusters.values():
        namespace = NAMESPACES[number % len(NAMESPACES)]
        account = local.objects["serviceaccounts", namespace, "default"]
        path = f"namespaces/{namespace}/serviceaccounts/default"
        local.answer("PATCH", path, "", {**account, "imagePullSecrets": [{"name": "theirs"}]})


def _delete_journal(team: Team, number: int) -> None:
    found = [
        (local, key)
        for local in team.clusters.values()
        for key in local.objects
        if key[0] == "secrets" and key[2].startswith("docr-journal-")
    ]
    if found:
        local, key = found[number % len(found)]
        del local.objects[key]


def _revoke(team: Team, number: int) -> None:
    found = sorted(team.valid_tokens())
    if found:
        team.sandbox.world.tokens.api[found[number % len(found)]].revoked = True


def _delete_registry(team: Team, number: int) -> None:
    team.sandbox.world.account.registries.pop(REGISTRIES[number % 2], None)


def _delete_cluster(team: Team, number: int) -> None:
    team.remove_cluster(CLUSTERS[number % 2])


def _close_cluster(team: Team, number: int) -> None:
    team.set_state(CLUSTERS[number % 2], ("running", "error", "deleting")[number % 3])


def _toggle_integration(team: Team, number: int) -> None:
    listed, name = team.integration(CLUSTERS[number % 2]), REGISTRIES[number % 2]
    if name in listed:
        listed.remove(name)
    else:
        listed.append(name)


def _delete_config(team: Team, number: int) -> None:
    team.logins.path(FILES[number % 2]).unlink(missing_ok=True)


def _delete_note(team: Team, number: int) -> None:
    team.logins.note(FILES[number % 2]).unlink(missing_ok=True)


OUTSIDE: Mapping[str, Callable[[Team, int], None]] = {
    "a secret is deleted": _delete_secret,
    "a secret is edited": _edit_secret,
    "a finalizer is set": _hold_secret,
    "all finalizers end": _end_finalizers,
    "a service account is edited": _edit_account,
    "a journal is deleted": _delete_journal,
    "a token is revoked": _revoke,
    "a registry is deleted": _delete_registry,
    "a cluster is deleted": _delete_cluster,
    "a cluster is in another state": _close_cluster,
    "an integration is changed": _toggle_integration,
    "a config file is deleted": _delete_config,
    "a note is deleted": _delete_note,
}
# What tells a run which credentials there are.
OF_CREDENTIALS = ("a journal is deleted", "a secret is deleted", "a secret is edited", "a token is revoked")
HOURS = st.sampled_from([0.5, 2, 24 * 5, 24 * 21, 24 * 41, 24 * 70])


class Histories(RuleBasedStateMachine):
    """A history. `told` counts what happened in all histories of this process; none begins after `ends_at`."""

    told: ClassVar[Counter[str]] = Counter()
    ends_at: ClassVar[float] = float("inf")

    def __init__(self) -> None:
        super().__init__()
        self._is_over = time.monotonic() > self.ends_at
        self._open = ExitStack()
        if not self._is_over:
            self.told["histories"] += 1
            self._team = Team()
            self._open.enter_context(self._team.alive())

    @initialize(wish=WISHES)
    def begin(self, wish: Wish) -> None:
        """Begin with access that works."""
        if not self._is_over:
            self._team.begin(wish)

    @rule(wish=WISHES)
    def change_manifests(self, wish: Wish) -> None:
        """Change what is wished for."""
        if not self._is_over:
            self._team.wish = wish

    @rule(method=st.sampled_from(["direct", "operator", "one_click"]), trouble=TROUBLES)
    def move(self, method: str, trouble: Trouble) -> None:
        """Move to another method."""
        if not self._is_over:
            self._team.wish = replace(self._team.wish, method=method)
            self._tell(self._team.give(trouble))

    @rule(trouble=TROUBLES)
    def renew(self, trouble: Trouble) -> None:
        """Let a renewal be due, and run docr_doks_integration."""
        if not self._is_over:
            self._pass(21 * 24)
            self._tell(self._team.give(trouble))

    @rule(trouble=_refusals())
    def renew_where_a_namespace_refuses(self, trouble: Trouble) -> None:
        """Let a renewal be due that not every namespace accepts."""
        self.renew(trouble)

    @rule(trouble=TROUBLES)
    def give(self, trouble: Trouble) -> None:
        """Run docr_doks_integration."""
        if not self._is_over:
            self._tell(self._team.give(trouble))

    @rule(trouble=TROUBLES)
    def rotate(self, trouble: Trouble) -> None:
        """Run docr_doks_integration with force_rotation."""
        if not self._is_over:
            self._tell(self._team.give(trouble, force=True))

    @rule(trouble=TROUBLES)
    def end(self, trouble: Trouble) -> None:
        """Run docr_doks_integration with state absent."""
        if not self._is_over:
            self._tell(self._team.end(trouble))

    @rule(trouble=TROUBLES)
    def create(self, trouble: Trouble) -> None:
        """Run docr_registry."""
        if not self._is_over:
            self._tell(self._team.create(trouble))

    @rule(registry=st.sampled_from(REGISTRIES), trouble=TROUBLES)
    def delete(self, registry: str, trouble: Trouble) -> None:
        """Run docr_registry with state absent."""
        if not self._is_over:
            self._tell(self._team.delete(registry, trouble))

    @rule(trouble=TROUBLES, force=st.booleans())
    def collect(self, trouble: Trouble, *, force: bool) -> None:
        """Run docr_gc."""
        if not self._is_over:
            self._tell(self._team.collect(trouble, force=force))

    @rule(
        name=st.sampled_from(FILES),
        registry=st.sampled_from(REGISTRIES),
        read_write=st.booleans(),
        trouble=st.one_of(NO_TROUBLE_OR_KILL, _api_troubles(), _revocation_troubles()),
    )
    def log_in(self, name: str, registry: str, trouble: Trouble, *, read_write: bool) -> None:
        """Run docr_credentials."""
        if not self._is_over:
            self._tell(self._team.log_in(name, registry, trouble, read_write=read_write))

    @rule(name=st.sampled_from(FILES), trouble=st.one_of(NO_TROUBLE_OR_KILL, _api_troubles(), _revocation_troubles()))
    def log_out(self, name: str, trouble: Trouble) -> None:
        """Run docr_credentials with state absent."""
        if not self._is_over:
            registry = self._team.logins.registries.get(name, "kiwi")
            self._tell(self._team.log_out(name, registry, trouble))

    @rule(hours=HOURS)
    def wait(self, hours: float) -> None:
        """Let time pass: a rotation is due, a wait before a revocation is over, or a credential expires."""
        if not self._is_over:
            self._pass(hours)

    @rule(what=st.sampled_from(sorted(OUTSIDE)), number=st.integers(0, 5))
    def change_outside(self, what: str, number: int) -> None:
        """Let others change something; `number` says which object."""
        if not self._is_over:
            OUTSIDE[what](self._team, number)
            # DigitalOcean's operator takes away the copies of a source that others deleted.
            self._team.reconcile()
            self._team.excuse()
            self.told["changes from outside"] += 1

    @rule(what=st.sampled_from(OF_CREDENTIALS), number=st.integers(0, 5))
    def change_credentials(self, what: str, number: int) -> None:
        """Let others change something that tells a run which credentials there are."""
        self.change_outside(what, number)

    def teardown(self) -> None:
        """After the last fault the next run converges."""
        with self._open:
            if not self._is_over:
                self._team.settle()

    def _pass(self, hours: float) -> None:
        self._team.sandbox.world.clock.advance(hours * HOUR_S)
        self._team.reconcile()

    def _tell(self, run: Run) -> None:
        self.told["runs that were killed" if run.is_killed else "runs that failed" if run.error else "other runs"] += 1
        self.told["runs that met a fault"] += run.met_fault
