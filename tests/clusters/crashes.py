# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration killed at each of its calls in turn, and what must be true then and after one more run."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

from access import DIRECT, JOURNAL, MODULE, OPERATOR, minted
from clusters.cluster import Cluster, eventually, token_in
from docr_sandbox.testing import Sandbox
from modules import PACKAGE

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
        """One that nobody kills, and that succeeds."""
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
    """Kills runs in a cluster behind a proxy; each method returns at which call, or ENDED where it was over before."""

    cluster: Cluster
    runs: Runs

    def each_call(self, options: Mapping[str, Any]) -> Iterator[str]:
        """Kill one run after the other, at each call that it makes; between two the caller brings back what was.

        Each call is held once without being carried out, and each that changes something once after it has been.
        """
        aims: list[Callable[[Mapping[str, Any], int], str]] = [self.at_cluster, self.at_service]
        aims += [self._after(method) for method in ("POST", "PUT", "PATCH", "DELETE")]
        aims += [self._after_service(call) for call in (MINT, REVOKE)]
        for aim in aims:
            for number in count():
                where = aim(options, number)
                yield where
                if where == ENDED:
                    break

    def at_cluster(
        self, options: Mapping[str, Any], number: int, method: str = "*", *, after_effect: bool = False
    ) -> str:
        """Hold a request to the API server."""
        proxy = self.cluster.proxy
        assert proxy is not None
        proxy.clear()
        hold = proxy.hold(method, skip=number, after_effect=after_effect)
        self.runs.start(options)
        while not hold.reached.wait(0.005) and not self.runs.has_ended():
            pass
        where = ENDED
        if hold.reached.is_set():
            last = proxy.log()[-1]
            name = json.loads(last.body)["metadata"]["name"] if last.method == "POST" else ""
            where = f"{last.call} {name}".strip()
            self.runs.kill()
        else:
            self.runs.result()
        proxy.let_go()
        return f"after {where}" if after_effect and where != ENDED else where

    def at_service(self, options: Mapping[str, Any], number: int) -> str:
        """Hold a request to DigitalOcean."""
        sandbox = self.cluster.sandbox
        sandbox.clear_log()
        sandbox.fault(skip=number, status=503, delay=30)
        where = self._await_call(options, number)
        sandbox.clear_faults()
        return where

    def _await_call(self, options: Mapping[str, Any], number: int, method: str = "*", path: str = "") -> str:
        self.runs.start(options)
        while not self.runs.has_ended():
            calls = [
                one
                for one in self.cluster.sandbox.calls()
                if one.startswith(method.replace("*", "")) and one.endswith(path)
            ]
            if len(calls) > number:
                if path:
                    # The answer comes, and nobody is there to read it.
                    self.runs.signal(signal.SIGSTOP)
                    eventually(lambda: self.cluster.sandbox.log()[-1]["status"], bool)
                self.runs.kill()
                return f"after {calls[number]}" if path else calls[number]
        self.runs.result()
        return ENDED

    def _after(self, method: str) -> Callable[[Mapping[str, Any], int], str]:
        return lambda options, number: self.at_cluster(options, number, method, after_effect=True)

    def _after_service(self, call: str) -> Callable[[Mapping[str, Any], int], str]:
        method, path = call.split(" ")

        def aim(options: Mapping[str, Any], number: int) -> str:
            self.cluster.sandbox.clear_log()
            self.cluster.sandbox.fault(method=method, path=path, skip=number, delay=0.3)
            where = self._await_call(options, number, method, path)
            self.cluster.sandbox.clear_faults()
            return where

        return aim


def good_tokens(sandbox: Sandbox) -> set[str]:
    """The fingerprints of the registry's tokens that open something."""
    return {one["fingerprint"] for one in minted(sandbox) if one["is_valid"]}


def fingerprint(secret: Mapping[str, Any]) -> str:
    """Of the token in a pull secret, as the sandbox has it."""
    return hashlib.sha256(token_in(secret).encode()).hexdigest()[:12]


def check_moment(cluster: Cluster, can_pull: Iterable[str]) -> None:
    """No entry of ours names a secret that is not there or opens nothing, and these namespaces have one."""
    accounts = cluster.accounts()
    good = good_tokens(cluster.sandbox)
    working = {
        (namespace, name)
        for name in (DIRECT, OPERATOR)
        for namespace, secret in cluster.secrets(name).items()
        if fingerprint(secret) in good
    }
    named = {(key[0], name) for key, names in accounts.items() for name in names if name in (DIRECT, OPERATOR)}
    assert named <= working
    assert set(can_pull) <= {namespace for namespace, _name in named}


def journal(cluster: Cluster) -> list[tuple[str, str]]:
    """State and fingerprint of each credential in the journal."""
    ((namespace, secret),) = cluster.secrets(JOURNAL).items()
    assert namespace == "kube-system"
    entries = json.loads(base64.b64decode(secret["data"]["journal.json"]))["credentials"]
    return [(one["state"], one["fingerprint"][:12]) for one in entries]


def check_healed(
    cluster: Cluster, name: str, namespaces: Iterable[str], accounts: Mapping[tuple[str, str], list[str]]
) -> str:
    """One credential in all secrets, nobody else's entries touched, the other way gone; the one in use."""
    found = cluster.secrets(name)
    assert set(found) == set(namespaces)
    (current,) = {fingerprint(secret) for secret in found.values()}
    assert [one for state, one in journal(cluster) if state == "current"] == [current]
    assert [state for state, _one in journal(cluster) if state == "new"] == []
    assert current in good_tokens(cluster.sandbox)
    assert cluster.accounts() == accounts
    assert cluster.secrets(DIRECT if name == OPERATOR else OPERATOR) == {}
    return current
