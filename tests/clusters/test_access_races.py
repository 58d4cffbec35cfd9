# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration while other tools, other runs and users write to the same objects."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.doks.proxy import Proxy
from support.access_crashes import ENDED, Runs, check_healed, check_moment, good_tokens, journal
from support.access_module import DIRECT, JOURNAL, OPERATOR, minted
from support.api_server_client import Visitor
from support.control_plane import Cluster, eventually

WRITERS = 50
NAMESPACES = {"pear", "plum"}
ENDS: dict[str, Any] = {
    "clusters": ["marsh"],
    "registries": ["kiwi"],
    "method": "direct",
    "namespaces": ["p*"],
    "wait_timeout": 9,
    "wait_sleep": 1,
}
GIVES: dict[str, Any] = {**ENDS, "rotate_every": "8d", "revoke_after": "0m"}


@pytest.fixture
def proxy(marsh: Cluster) -> Proxy:
    marsh.sandbox.switch("rate_limit", False)
    assert marsh.proxy is not None
    return marsh.proxy


@pytest.fixture
def runs(marsh: Cluster) -> Iterator[Runs]:
    with Runs(marsh.sandbox) as runs:
        yield runs


# Other tools


class Writer:
    """Appends its own entry to the default account of ``pear``, as a careful tool would; `wrote` is the whole list."""

    def __init__(self, kubeconfig: str, name: str) -> None:
        self._visitor = Visitor(kubeconfig)
        self._name = name

    def wrote(self, gate: threading.Event) -> list[str]:
        gate.wait()
        path = "namespaces/pear/serviceaccounts/default"
        while True:
            self._visitor.ask("GET", path)
            account = json.loads(self._visitor.said)
            account["imagePullSecrets"] = [*account["imagePullSecrets"], {"name": self._name}]
            status = self._visitor.ask("PUT", path, account).status
            if status == 200:
                return [one["name"] for one in account["imagePullSecrets"]]
            assert status == 409


def test_module_and_fifty_writers_of_one_account_keep_all_entries(
    marsh: Cluster, proxy: Proxy, runs: Runs, tmp_path: Path
) -> None:
    marsh.add_namespaces(*NAMESPACES)
    marsh.give("pear", ["theirs", "others"])
    config = replace(marsh, proxy=None).kubeconfig(tmp_path)
    writers = [Writer(config, f"writer-{number}") for number in range(WRITERS)]
    # What it read is old when this one is let through.
    proxy.fault(method="PATCH", path="*/pear/*", delay=0.3)
    gate = threading.Event()
    with ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(one.wrote, gate) for one in writers]
        runs.start(GIVES)
        try:
            eventually(proxy.calls, lambda calls: any("/pear/serviceaccounts" in one for one in calls))
        finally:
            gate.set()
        lists = [one.result() for one in running]
    result = runs.result()
    assert not result.get("failed"), result["msg"]
    names = marsh.pull_secrets("pear")
    assert sorted(names) == sorted(["theirs", "others", DIRECT, *(f"writer-{number}" for number in range(WRITERS))])
    # Each only ever appended to what the others had written.
    assert all(names[: len(one)] == one for one in lists)
    patches = [one.status for one in proxy.log() if one.method == "PATCH" and "/pear/" in one.path]
    assert patches[0] == 409
    assert patches[-1] == 200


def test_account_with_constant_conflicts_is_an_error_and_stays_unchanged(
    marsh: Cluster, proxy: Proxy, runs: Runs
) -> None:
    marsh.add_namespaces(*NAMESPACES)
    proxy.fault(method="PATCH", path="*/pear/*", status=409, times=500)
    runs.start(GIVES)
    result = runs.result()
    assert result["failed"]
    assert "Could not patch the service account pear/default in the cluster marsh: 409" in result["msg"]
    assert marsh.pull_secrets("pear") == []
    proxy.clear()
    runs.run(GIVES)
    check_healed(marsh, DIRECT, NAMESPACES, wanted(marsh))


# A user deletes a namespace


@pytest.mark.parametrize("is_gone", [False, True])
@pytest.mark.parametrize(
    ("options", "call"),
    [
        (GIVES, "POST /api/v1/namespaces/pear/secrets"),
        (GIVES, "PATCH /api/v1/namespaces/pear/serviceaccounts/default"),
        ({**GIVES, "force_rotation": True}, f"PUT /api/v1/namespaces/pear/secrets/{DIRECT}"),
        ({**ENDS, "state": "absent"}, "PATCH /api/v1/namespaces/pear/serviceaccounts/default"),
        ({**ENDS, "state": "absent"}, f"DELETE /api/v1/namespaces/pear/secrets/{DIRECT}"),
    ],
)
def test_namespace_deleted_between_read_and_write_is_skipped(
    marsh: Cluster, proxy: Proxy, runs: Runs, options: dict[str, Any], call: str, is_gone: bool
) -> None:
    marsh.add_namespaces(*NAMESPACES)
    if options != GIVES:
        runs.run(GIVES)
        proxy.clear()
    method, path = call.split(" ")
    proxy.fault(method=method, path=path, delay=0.5)
    runs.start(options)
    eventually(proxy.calls, lambda calls: call in calls)
    if is_gone:
        marsh.remove_namespace("pear")
    else:
        marsh.call("DELETE", "namespaces/pear")
    result = runs.result()
    assert not result.get("failed"), result["msg"]
    has_ended = options.get("state") == "absent"
    assert set(marsh.secrets(DIRECT)) - {"pear"} == (set() if has_ended else {"plum"})
    assert marsh.pull_secrets("plum") == ([] if has_ended else [DIRECT])
    assert len(good_tokens(marsh.sandbox)) == (0 if has_ended else 1)
    runs.run(options)


# Itself


def wanted(cluster: Cluster) -> dict[tuple[str, str], list[str]]:
    """The accounts as they are to be, without entries of other tools."""
    return {
        (namespace, account): [DIRECT] if namespace in NAMESPACES else [] for namespace, account in cluster.accounts()
    }


@contextmanager
def stopped(proxy: Proxy, runs: Runs, options: dict[str, Any], number: int) -> Iterator[str]:
    """A run that stands still while one of its calls is carried out, and goes on afterwards."""
    proxy.clear()
    proxy.fault(skip=number, delay=0.15)
    runs.start(options)
    eventually(lambda: len(proxy.log()) > number or runs.has_ended(), bool)
    calls = proxy.calls()
    stands = len(calls) > number
    if stands:
        runs.signal(signal.SIGSTOP)
        eventually(lambda: all(one.status for one in proxy.log()), bool)
    try:
        yield calls[number] if stands else ENDED
    finally:
        if stands:
            runs.signal(signal.SIGCONT)


def meet(marsh: Cluster, proxy: Proxy, options: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """One run stands still at each of its calls in turn, while another one does all of its work; what both came to."""
    with Runs(marsh.sandbox) as slow, Runs(marsh.sandbox) as fast:
        for number in count():
            with stopped(proxy, slow, options, number) as where:
                if where != ENDED:
                    fast.start(options)
                    second = fast.result()
            first = slow.result()
            yield where, [one for one in (first, second) if one.get("failed")]
            if where == ENDED:
                return


def check_failures(where: str, failed: list[Any]) -> None:
    """At most one of two has failed, since the other one was there too, and says so."""
    told = [where, *(one["msg"] for one in failed)]
    assert len(failed) <= 1, told
    for one in failed:
        assert "run the task again" in one["msg"], told
        assert f"{JOURNAL} in the cluster marsh: 409" in one["msg"] or "another run" in one["msg"], told


def test_two_first_runs_at_once_share_one_journal_and_credential(marsh: Cluster, proxy: Proxy, runs: Runs) -> None:
    marsh.add_namespaces(*NAMESPACES)
    accounts, losers = wanted(marsh), 0
    for number, (where, failed) in enumerate(meet(marsh, proxy, GIVES)):
        check_failures(where, failed)
        losers += len(failed)
        check_moment(marsh, NAMESPACES if where == ENDED or not failed else ())
        assert len(good_tokens(marsh.sandbox)) == 1
        runs.run(GIVES)
        current = check_healed(marsh, DIRECT, NAMESPACES, accounts)
        assert journal(marsh) == [("current", current)]
        assert good_tokens(marsh.sandbox) == {current}
        assert len(minted(marsh.sandbox)) <= 2 * (number + 1)
        runs.run({**ENDS, "state": "absent"})
    assert number > 10
    assert losers > 5


@pytest.mark.parametrize("options", [{"force_rotation": True}, {}])
def test_two_rotations_at_once_leave_one_credential_and_pods_can_pull_at_every_moment(
    marsh: Cluster, proxy: Proxy, runs: Runs, options: dict[str, Any]
) -> None:
    marsh.add_namespaces(*NAMESPACES)
    accounts = wanted(marsh)
    runs.run(GIVES)
    marsh.sandbox.advance(9 * 86_400)
    calls = 0
    for where, failed in meet(marsh, proxy, {**GIVES, **options}):
        calls += where != ENDED
        check_failures(where, failed)
        check_moment(marsh, NAMESPACES)
        runs.run(GIVES)
        current = check_healed(marsh, DIRECT, NAMESPACES, accounts)
        assert journal(marsh) == [("current", current)]
        assert good_tokens(marsh.sandbox) == {current}
        marsh.sandbox.advance(9 * 86_400)
    assert calls > 10
    assert marsh.secrets(OPERATOR) == {}
