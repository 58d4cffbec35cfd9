# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills docr_doks_integration at each of its calls, and checks the cluster then and after another run."""

from __future__ import annotations

import base64
import hashlib
import json
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from docr_sandbox.doks.proxy import Proxy
from docr_sandbox.testing import Sandbox
from support import fork_server, module_server
from support.access_module import DIRECT, JOURNAL, MODULE, OPERATOR, minted
from support.control_plane import Cluster, eventually, token_in
from support.modules import PACKAGE, is_write

MINT = "GET /v2/registries/kiwi/docker-credentials"
REVOKE = "POST /v1/oauth/revoke"
INTEGRATE, SEPARATE = (f"{method} /v2/kubernetes/registries" for method in ("POST", "DELETE"))
ENDED = "ended"
CLUSTER_WRITES = ("POST /api", "PUT /api", "PATCH /api", "DELETE /api")


class Runs:
    """Runs of the module, each a process of its own, one at a time."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._environment = sandbox.environment
        self._run: fork_server.Run | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A failed test leaves a run behind, which may stand still.
        if self._run is not None and not self._run.has_ended():
            self._run.kill()

    def start(self, options: Mapping[str, Any]) -> None:
        """Begin a run."""
        given = {"_ansible_remote_tmp": "/tmp", **options}
        self._run = module_server.start(f"{PACKAGE}.{MODULE}", given, self._environment)

    def has_ended(self) -> bool:
        """Whether the run is over by itself."""
        return self._current().has_ended()

    def signal(self, number: signal.Signals) -> None:
        """Send the run a signal."""
        self._current().signal(number)

    def result(self) -> dict[str, Any]:
        """The result of the run, once the run has ended."""
        printed, errors = self._current().wait()
        assert "dop_v1_" not in printed + errors
        found: dict[str, Any] = json.loads(printed)
        return found

    def run(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """A run that is not killed, and that succeeds."""
        self.start(options)
        result = self.result()
        assert not result.get("failed"), result["msg"]
        return result

    def kill(self) -> None:
        """Kill the run; what the run printed counts for nothing."""
        self._current().kill()

    def _current(self) -> fork_server.Run:
        assert self._run is not None
        return self._run


@dataclass
class Kills:
    """Kills in the order in which they are made; each item says at which call, or ENDED where the run was over before.

    `calls` counts the places at which the long form kills. The short form kills at some of these places.
    """

    places: Iterator[str]
    calls: int = 0

    def __iter__(self) -> Iterator[str]:
        return self.places


@dataclass(frozen=True)
class Killer:
    """Kills runs in a cluster behind a proxy.

    The long form kills at each call. The short form kills where a cluster or DigitalOcean is in a state of its own:
    before each write, and after each call that changes something at DigitalOcean. A kill at a read leaves the state
    that the write before the read left.
    """

    cluster: Cluster
    runs: Runs
    proxy: Proxy
    is_long: bool

    def each_call(self, options: Mapping[str, Any]) -> Kills:
        """Kill runs one after the other at their calls; between two kills the caller brings back what was.

        The first run is not killed. The run tells which calls there are.
        """
        kills = Kills(iter(()))
        kills.places = self._kill(options, kills)
        return kills

    def _kill(self, options: Mapping[str, Any], kills: Kills) -> Iterator[str]:
        self.proxy.clear()
        self.cluster.sandbox.clear_log()
        self.runs.run(options)
        here, there = self.proxy.calls(), self.cluster.sandbox.calls()
        written = [one for one in here if one.startswith(CLUSTER_WRITES)]
        served = [one for one in there if one in (MINT, REVOKE, INTEGRATE, SEPARATE)]
        kills.calls = len(here) + len(there) + len(written) + len(served)
        yield ENDED
        yield from self._before_each_call(options) if self.is_long else self._before_each_write(options, written, there)
        if self.is_long:
            for method, number in numbered(one.split()[0] for one in written):
                yield self.at_cluster(options, number, method, after=True)
        for call, number in numbered(served):
            yield self.after_service(options, number, call)

    def _before_each_call(self, options: Mapping[str, Any]) -> Iterator[str]:
        for kill in (self.at_cluster, self.at_service):
            where, number = "", 0
            while where != ENDED:
                where = kill(options, number)
                number += 1
                yield where

    def _before_each_write(
        self, options: Mapping[str, Any], written: Sequence[str], there: Sequence[str]
    ) -> Iterator[str]:
        for method, number in numbered(one.split()[0] for one in written):
            where = self.at_cluster(options, number, method)
            assert where != ENDED, (method, number)
            yield where
        for call, number in numbered(one for one in there if is_write(one)):
            where = self.at_service(options, number, call)
            assert where == call, (where, call)
            yield where

    def at_cluster(self, options: Mapping[str, Any], number: int, method: str = "*", *, after: bool = False) -> str:
        """Hold a request to the API server, before or after the API server has carried the request out."""
        self.proxy.clear()
        hold = self.proxy.hold(method, skip=number, after_effect=after)
        self.runs.start(options)
        while not hold.reached.wait(0.005) and not self.runs.has_ended():
            pass
        where = ENDED
        if hold.reached.is_set():
            last = self.proxy.log()[-1]
            name = json.loads(last.body)["metadata"]["name"] if last.method == "POST" else ""
            where = f"{'after ' if after else ''}{last.call} {name}".strip()
        self._end(where)
        self.proxy.let_go()
        return where

    def at_service(self, options: Mapping[str, Any], number: int, call: str = "* *") -> str:
        """Hold a request to DigitalOcean; the requests that fit `call` are counted."""
        sandbox = self.cluster.sandbox
        sandbox.clear_log()
        method, path = call.split(" ")
        sandbox.fault(method=method, path=path, skip=number, status=503, delay=30)
        self.runs.start(options)

        def fitting() -> list[str]:
            return [one for one in sandbox.calls() if call in (one, "* *")]

        while len(fitting()) <= number and not self.runs.has_ended():
            time.sleep(0.005)
        calls = fitting()
        where = calls[number] if len(calls) > number else ENDED
        self._end(where)
        sandbox.clear_faults()
        return where

    def after_service(self, options: Mapping[str, Any], number: int, call: str) -> str:
        """Kill the run after DigitalOcean carried out such a request, and before the run reads the answer."""
        sandbox = self.cluster.sandbox
        sandbox.clear_log()
        method, path = call.split(" ")
        sandbox.fault(method=method, path=path, skip=number, delay=0.3)
        self.runs.start(options)
        eventually(lambda: sandbox.calls().count(call), lambda seen: seen > number)
        self.runs.signal(signal.SIGSTOP)
        # The run may have begun another request, which stays without an answer.
        eventually(lambda: self._statuses(call)[number], bool)
        self._end(call)
        sandbox.clear_faults()
        return f"after {call}"

    def _statuses(self, call: str) -> list[int | None]:
        """The statuses of the requests that fit a call; None where a request has no answer yet."""
        sandbox = self.cluster.sandbox
        return [entry["status"] for entry, one in zip(sandbox.log(), sandbox.calls(), strict=False) if one == call]

    def _end(self, where: str) -> None:
        if where == ENDED:
            result = self.runs.result()
            assert not result.get("failed"), result["msg"]
        else:
            self.runs.kill()


def numbered(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each name with the number of the same names before."""
    seen: Counter[str] = Counter()
    for name in names:
        yield name, seen[name]
        seen[name] += 1


def good_tokens(sandbox: Sandbox) -> set[str]:
    """The fingerprints of the registry's tokens that open something."""
    return {one["fingerprint"] for one in minted(sandbox) if one["is_valid"]}


def fingerprint(secret: Mapping[str, Any]) -> str:
    """Of the token in a pull secret, as the sandbox has it."""
    return hashlib.sha256(token_in(secret).encode()).hexdigest()[:12]


def check_moment(cluster: Cluster, can_pull: Iterable[str]) -> None:
    """These namespaces have an entry that works, and none that we wrote names what is not there or opens nothing.

    What DigitalOcean's operator takes away is for a moment named still.
    """
    accounts = cluster.accounts()
    good = good_tokens(cluster.sandbox)
    working = {
        (namespace, name)
        for name in (DIRECT, OPERATOR)
        for namespace, secret in cluster.secrets(name).items()
        if fingerprint(secret) in good
    }
    named = {(namespace, name) for (namespace, _account), names in accounts.items() for name in names}
    assert {one for one in named if one[1] == DIRECT} <= working
    assert set(can_pull) <= {namespace for namespace, _name in named & working}


@dataclass
class Losses:
    """Tokens that no run knows of any more, and at which calls they were lost."""

    sandbox: Sandbox
    known: set[str] = field(default_factory=set)
    at: list[str] = field(default_factory=list)

    def note(self, where: str, current: str | None = None) -> None:
        """See which tokens are good beside the one in use."""
        lost = good_tokens(self.sandbox) - self.known - {current}
        assert len(lost) <= 1
        self.at += [where] if lost else []
        self.known |= lost


def journal_entries(cluster: Cluster, name: str = JOURNAL) -> list[dict[str, Any]]:
    """The entries of a journal."""
    ((namespace, secret),) = cluster.secrets(name).items()
    assert namespace == "kube-system"
    entries: list[dict[str, Any]] = json.loads(base64.b64decode(secret["data"]["journal.json"]))["credentials"]
    return entries


def journal(cluster: Cluster) -> list[tuple[str, str]]:
    """State and fingerprint of each credential in the journal."""
    return [(one["state"], one["fingerprint"][:12]) for one in journal_entries(cluster)]


def check_healed(
    cluster: Cluster, name: str, namespaces: Iterable[str], accounts: Mapping[tuple[str, str], list[str]]
) -> str:
    """Check for one credential in all secrets, unchanged foreign entries and no former method; returns it."""
    found = cluster.secrets(name)
    assert set(found) == set(namespaces)
    (current,) = {fingerprint(secret) for secret in found.values()}
    assert [one for state, one in journal(cluster) if state == "current"] == [current]
    assert [state for state, _one in journal(cluster) if state in ("new", "verified")] == []
    assert current in good_tokens(cluster.sandbox)
    assert cluster.accounts() == accounts
    assert cluster.secrets(DIRECT if name == OPERATOR else OPERATOR) == {}
    return current
