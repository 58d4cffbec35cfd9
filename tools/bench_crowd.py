# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real control plane with very many namespaces, and a bare client with the minimum of requests."""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import kubernetes_programs
from docr_sandbox.doks.control_plane import ControlPlane
from docr_sandbox.testing import Sandbox

CONNECTIONS = 4
PATIENCE_S = 300.0
SYSTEM = ("default", "kube-node-lease", "kube-public", "kube-system")
CONFIG = json.dumps({"auths": {"registry.example.org": {"auth": base64.b64encode(b"x" * 143).decode()}}})
WRITES = ("POST", "PUT", "PATCH", "DELETE", "APPLY", "DELETECOLLECTION")
_COUNT = re.compile(r"^apiserver_request_total\{(?P<labels>[^}]*)\} (?P<count>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
# What clients of ours ask for; the control plane's own parts ask for much else.
_RESOURCES = ("namespaces", "secrets", "serviceaccounts", "pods")

T = TypeVar("T")
Send = Callable[[str, str, object], None]


@dataclass
class Crowd:
    """The namespaces of a control plane that were made for a measurement."""

    plane: ControlPlane
    names: list[str] = field(default_factory=list)

    def grow(self, count: int) -> None:
        """Create namespaces up to a number, and wait for their service accounts."""
        fresh = [f"field-{number:05}" for number in range(len(self.names), count)]
        self._share(fresh, lambda send, name: send("POST", "namespaces", {"metadata": {"name": name}}))
        self.names += fresh
        deadline = time.monotonic() + PATIENCE_S
        while len(self._list("serviceaccounts")) < len(self.names) + len(SYSTEM):
            if time.monotonic() > deadline:
                raise AssertionError("service accounts are missing")
            time.sleep(0.5)

    def fill_bare(self) -> float:
        """Seconds for a secret in each namespace and its default service account, by as many connections as we use."""
        secret = {
            "metadata": {"name": "bare"},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": base64.b64encode(CONFIG.encode()).decode()},
        }

        def fill(send: Send, name: str) -> None:
            send("POST", f"namespaces/{name}/secrets", secret)
            send("PATCH", f"namespaces/{name}/serviceaccounts/default", {"imagePullSecrets": [{"name": "bare"}]})

        started = time.monotonic()
        self._share(self.names, fill)
        return time.monotonic() - started

    def wipe(self) -> None:
        """Delete all secrets and all entries of service accounts."""
        secrets = self._list("secrets")
        # One by one: to delete those of a namespace in one go takes the API server 90 ms.
        self._share(secrets, lambda send, one: send("DELETE", "namespaces/{}/secrets/{}".format(*one), None))
        accounts = [one for one in self._list("serviceaccounts") if one[1] == "default"]
        nothing = {"imagePullSecrets": None}
        self._share(accounts, lambda send, one: send("PATCH", "namespaces/{}/serviceaccounts/{}".format(*one), nothing))

    def send_all(self, requests: Sequence[tuple[str, str, object]]) -> None:
        """Send requests in any order; a path of another group than Kubernetes' core begins with a slash."""
        self._share(requests, lambda send, one: send(*one))

    def requests(self, resources: Sequence[str] = _RESOURCES) -> Counter[str]:
        """How many requests of each verb the API server has answered so far, for what clients of ours ask for."""
        _status, text = self.plane.request("GET", "/metrics")
        found: Counter[str] = Counter()
        for line in _COUNT.finditer(text):
            labels = dict(_LABEL.findall(line["labels"]))
            if labels.get("resource") in resources:
                found[labels["verb"]] += int(float(line["count"]))
        return found

    def _list(self, kind: str) -> list[tuple[str, str]]:
        items = self.plane.request("GET", f"/api/v1/{kind}")[1]["items"]
        return [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in items]

    def _share(self, things: Sequence[T], work: Callable[[Send, T], None]) -> None:
        """Do a piece of work for each item, over a number of connections."""
        failures: list[Exception] = []

        def run(share: Iterable[T]) -> None:
            connection = _connect(self.plane)
            try:
                for thing in share:
                    work(lambda *request: _send(connection, self.plane.token, request), thing)
            except Exception as error:  # noqa: BLE001 - raised where the threads were started
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(things[number::CONNECTIONS],)) for number in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]


def _connect(plane: ControlPlane) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cadata=plane.ca)
    return http.client.HTTPSConnection(plane.server.removeprefix("https://"), context=context)


@contextmanager
def crowded(sandbox: Sandbox, folder: Path, cluster: str) -> Iterator[Crowd]:
    """A cluster of the sandbox with a real control plane, beside one registry. Raises Unavailable without programs."""
    programs = kubernetes_programs.provide()
    sandbox.reset()
    # The rounds of DigitalOcean's operator would take part of the machine.
    sandbox.switch("doks_operator", "stopped")
    with ControlPlane.start(programs, folder, sandbox=(sandbox.url, sandbox.ca_file)) as plane:
        sandbox.control("PUT", f"control-planes/{plane.name}", plane.to_json())
        listed = {"name": cluster, "control_plane": plane.name}
        sandbox.seed({"tier": "professional", "registries": [{"name": "bench-00"}], "clusters": [listed]})
        yield Crowd(plane)


def _send(connection: http.client.HTTPSConnection, token: str, request: tuple[str, str, Any]) -> None:
    method, path, body = request
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    connection.request(
        method, path if path.startswith("/") else f"/api/v1/{path}", None if body is None else json.dumps(body), headers
    )
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise AssertionError(f"{method} {path}: {answer.status} {text[:300]!r}")
