# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills docr_doks_integration at each of its calls, and checks the cluster then and after another run."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from docr_sandbox.doks.proxy import Proxy
from docr_sandbox.testing import Sandbox
from support.access_module import DIRECT, JOURNAL, MODULE, OPERATOR, minted
from support.control_plane import Cluster, eventually, token_in
from support.modules import PACKAGE

# Has imported a module, which is most of what a run costs, and forks a process for each run.
SERVER = """
import importlib, json, os, sys
main = importlib.import_module(sys.argv.pop()).main
for line in sys.stdin:
    options, output = json.loads(line)
    reading, writing = os.pipe()
    os.write(writing, options.encode())
    os.close(writing)
    child = os.fork()
    if child == 0:
        os.dup2(reading, 0)
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
        sys.stdin = open(0, closefd=False)
        main()
    os.close(reading)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
MINT = "GET /v2/registries/kiwi/docker-credentials"
REVOKE = "POST /v1/oauth/revoke"
ENDED = "ended"


class Runs:
    """Runs of the module, each a process of its own, one at a time."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._output = folder / "result.json"
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVER, f"{PACKAGE}.{MODULE}"],
            env=sandbox.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._child = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        self._server.communicate()

    def start(self, options: Mapping[str, Any]) -> None:
        """Begin one."""
        given = json.dumps({"ANSIBLE_MODULE_ARGS": {"_ansible_remote_tmp": "/tmp", **options}})
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps([given, str(self._output)]) + "\n")
        self._child = int(self._read())

    def has_ended(self) -> bool:
        """Whether it is over by itself."""
        assert self._server.stdout is not None
        return bool(select.select([self._server.stdout], [], [], 0)[0])

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self._child, number)

    def result(self) -> dict[str, Any]:
        """What it came to, once it has ended."""
        self._read()
        printed = self._output.read_text(encoding="utf-8")
        assert "dop_v1_" not in printed
        found: dict[str, Any] = json.loads(printed)
        return found

    def run(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """A run that is not killed, and that succeeds."""
        self.start(options)
        result = self.result()
        assert not result.get("failed"), result["msg"]
        return result

    def kill(self) -> str:
        """Kill it; what it printed counts for nothing."""
        self.signal(signal.SIGKILL)
        return self._read()

    def _read(self) -> str:
        assert self._server.stdout is not None
        return self._server.stdout.readline()


@dataclass(frozen=True)
class Killer:
    """Kills runs in a cluster behind a proxy; what kills says at which call, or ENDED where the run was over before."""

    cluster: Cluster
    runs: Runs
    proxy: Proxy

    def each_call(self, options: Mapping[str, Any]) -> Iterator[str]:
        """Kill one run after the other, at each call that it makes; between two the caller brings back what was.

        Each call is held once without being carried out, and each that changes something once after it has been.
        """
        calls: list[str] = []
        for kill, log in ((self.at_cluster, self.proxy.calls), (self.at_service, self.cluster.sandbox.calls)):
            where, number = "", 0
            while where != ENDED:
                where = kill(options, number)
                calls += log() if where == ENDED else []
                number += 1
                yield where
        for method in ("POST /api", "PUT /api", "PATCH /api", "DELETE /api"):
            for number in range(sum(one.startswith(method) for one in calls)):
                yield self.at_cluster(options, number, method.split()[0])
        for call in (MINT, REVOKE):
            for number in range(calls.count(call)):
                yield self.after_service(options, number, call)

    def at_cluster(self, options: Mapping[str, Any], number: int, after: str | None = None) -> str:
        """Hold a request to the API server; one of the method `after` when it has been carried out."""
        self.proxy.clear()
        hold = self.proxy.hold(after or "*", skip=number, after_effect=after is not None)
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

    def at_service(self, options: Mapping[str, Any], number: int) -> str:
        """Hold a request to DigitalOcean."""
        sandbox = self.cluster.sandbox
        sandbox.clear_log()
        sandbox.fault(skip=number, status=503, delay=30)
        self.runs.start(options)
        while len(sandbox.log()) <= number and not self.runs.has_ended():
            pass
        calls = sandbox.calls()
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
        eventually(lambda: sandbox.log()[-1]["status"], bool)
        self._end(call)
        sandbox.clear_faults()
        return f"after {call}"

    def _end(self, where: str) -> None:
        if where == ENDED:
            result = self.runs.result()
            assert not result.get("failed"), result["msg"]
        else:
            self.runs.kill()


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


def journal(cluster: Cluster) -> list[tuple[str, str]]:
    """State and fingerprint of each credential in the journal."""
    ((namespace, secret),) = cluster.secrets(JOURNAL).items()
    assert namespace == "kube-system"
    entries = json.loads(base64.b64decode(secret["data"]["journal.json"]))["credentials"]
    return [(one["state"], one["fingerprint"][:12]) for one in entries]


def check_healed(
    cluster: Cluster, name: str, namespaces: Iterable[str], accounts: Mapping[tuple[str, str], list[str]]
) -> str:
    """Check for one credential in all secrets, unchanged foreign entries and no former method; returns it."""
    found = cluster.secrets(name)
    assert set(found) == set(namespaces)
    (current,) = {fingerprint(secret) for secret in found.values()}
    assert [one for state, one in journal(cluster) if state == "current"] == [current]
    assert [state for state, _one in journal(cluster) if state == "new"] == []
    assert current in good_tokens(cluster.sandbox)
    assert cluster.accounts() == accounts
    assert cluster.secrets(DIRECT if name == OPERATOR else OPERATOR) == {}
    return current
