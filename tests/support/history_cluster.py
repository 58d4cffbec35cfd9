# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server in the process of a test, as far as pull secrets go: namespaces, secrets and service accounts.

The client is the real one, with all that it makes of answers. What histories find here is looked at on real control
planes too (`tests/clusters/test_histories.py`).
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from urllib3.exceptions import ProtocolError

from docr_sandbox.doks.api_server import ApiServerError
from docr_sandbox.faults import Fault, Faults
from support.history_transport import Moments

NAMESPACES = ("fig", "kube-system", "pear")
KEY = ".dockerconfigjson"
_PASSING = (429, 500, 502, 503, 504)
_MOST_TRIES = 13

Object = dict[str, Any]
_tokens: dict[str, str] = {}


@dataclass
class LocalCluster:
    """The objects of a cluster, by kind, namespace and name. `idle` are the writes that changed nothing."""

    objects: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    _versions: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        for namespace in NAMESPACES:
            self.objects["serviceaccounts", namespace, "default"] = self._stamp(namespace, {"name": "default"}, {})

    def of(self, kind: str) -> Iterator[tuple[str, str, Object]]:
        """Namespace, name and object of each object of a kind."""
        return ((space, name, one) for (what, space, name), one in self.objects.items() if what == kind)

    def tokens(self) -> Iterator[tuple[str, str, str]]:
        """Namespace, name and token of each pull secret."""
        for namespace, name, secret in self.of("secrets"):
            if KEY in secret["data"]:
                yield namespace, name, token_of(secret["data"][KEY])

    def answer(self, method: str, path: str, query: str, body: Object) -> tuple[int, Object]:
        """Status and body of the answer to a request below /api/v1."""
        parts = path.split("/")
        if parts[0] != "namespaces" or len(parts) == 1:
            return self._list(parts[0], "", query)
        namespace, kind, name = parts[1], parts[2], parts[3] if len(parts) > 3 else ""
        if method == "GET":
            return self._get(kind, namespace, name) if name else self._list(kind, namespace, query)
        key = (kind, namespace, name or str(body["metadata"]["name"]))
        before = self.objects.get(key)
        if method == "POST":
            return (409, {"reason": "AlreadyExists"}) if before else (201, self._put(key, body, query))
        if before is None:
            return 404, {"reason": "NotFound"}
        asked = body.get("preconditions") or body.get("metadata") or {}
        if any(before["metadata"][one] != asked[one] for one in ("resourceVersion", "uid") if asked.get(one)):
            return 409, {"reason": "Conflict"}
        if method == "DELETE":
            return 200, self._delete(key)
        changed = {**before, "imagePullSecrets": body["imagePullSecrets"]} if method == "PATCH" else body
        return 200, self._put(key, changed, query)

    def _delete(self, key: tuple[str, str, str]) -> Object:
        """Delete an object; an object with finalizers stays until `end_finalizers`."""
        before = self.objects[key]
        if not before["metadata"].get("finalizers"):
            del self.objects[key]
            return {"status": "Success"}
        if "deletionTimestamp" in before["metadata"]:
            self.idle.append("/".join(key))
        deleted = before["metadata"] | {"deletionTimestamp": "2026-01-01T00:00:00Z"}
        self.objects[key] = {**before, "metadata": deleted}
        return self.objects[key]

    def set_finalizer(self, key: tuple[str, str, str]) -> None:
        """Let an object stay after its deletion."""
        one = self.objects[key]
        self.objects[key] = {**one, "metadata": one["metadata"] | {"finalizers": ["example.com/hold"]}}

    def end_finalizers(self) -> None:
        """Let the finalizers of all objects end."""
        for key, one in list(self.objects.items()):
            metadata = {name: value for name, value in one["metadata"].items() if name != "finalizers"}
            if "deletionTimestamp" in metadata:
                del self.objects[key]
            else:
                self.objects[key] = {**one, "metadata": metadata}

    def _put(self, key: tuple[str, str, str], body: Object, query: str) -> Object:
        _kind, namespace, _name = key
        given = body["metadata"]
        after = self._stamp(namespace, given, {name: one for name, one in body.items() if name != "metadata"})
        before = self.objects.get(key)
        if before is not None:
            kept = ("uid", "deletionTimestamp", "finalizers")
            after["metadata"] |= {name: before["metadata"][name] for name in kept if name in before["metadata"]}
            if _content(before) == _content(after):
                self.idle.append("/".join(key))
        if "dryRun" not in query:
            self.objects[key] = after
        return after

    def _stamp(self, namespace: str, metadata: Mapping[str, Any], more: Object) -> Object:
        version = str(next(self._versions))
        return {
            **more,
            "metadata": {"uid": f"uid-{version}", **metadata, "namespace": namespace} | {"resourceVersion": version},
        }

    def _get(self, kind: str, namespace: str, name: str) -> tuple[int, Object]:
        found = self.objects.get((kind, namespace, name))
        return (200, found) if found is not None else (404, {"reason": "NotFound"})

    def _list(self, kind: str, namespace: str, query: str) -> tuple[int, Object]:
        if kind == "namespaces":
            return 200, {"items": [{"metadata": {"name": one}} for one in NAMESPACES], "metadata": {}}
        asked = parse_qs(query)
        by_name = (asked.get("fieldSelector") or [""])[0].partition("metadata.name=")[2]
        label = (asked.get("labelSelector") or [""])[0]
        items = [
            one
            for space, name, one in self.of(kind)
            if (not namespace or space == namespace)
            and (not by_name or name == by_name)
            and (not label or label in (one["metadata"].get("labels") or {}))
        ]
        return 200, {"items": items, "metadata": {}}


def token_of(config: str) -> str:
    """The token in a Docker config of a pull secret (base64); empty where there is none."""
    if config not in _tokens:
        try:
            (entry,) = json.loads(base64.b64decode(config))["auths"].values()
            _tokens[config] = base64.b64decode(entry["auth"]).decode().partition(":")[2]
        except (ValueError, KeyError, AttributeError):
            _tokens[config] = ""
    return _tokens[config]


def _content(thing: Object) -> Object:
    metadata = {name: one for name, one in thing["metadata"].items() if name not in ("resourceVersion", "uid")}
    return {**thing, "metadata": metadata}


@dataclass
class OperatorClient:
    """The client of DigitalOcean's operator, which no fault meets."""

    cluster: LocalCluster

    def call(self, method: str, path: str, body: Any = None, _content_type: str = "") -> Object:
        """One request; raises ApiServerError."""
        place, _mark, query = path.partition("?")
        status, answer = self.cluster.answer(method, place, query, body or {})
        if status >= 400:
            raise ApiServerError(status, json.dumps(answer))
        return answer

    def list(self, path: str) -> list[Object]:
        """The items of a list."""
        return list(self.call("GET", path)["items"])


@dataclass(frozen=True)
class _KubeAnswer:
    """An answer as urllib3 gives it."""

    status: int
    body: bytes

    def stream(self, _size: int, **_more: bool) -> Iterator[bytes]:
        yield self.body

    def close(self) -> None:
        """Nothing is open."""

    def release_conn(self) -> None:
        """Nothing is open."""


@dataclass
class LocalConnections:
    """What the client of a cluster has in place of connections; `name` is the cluster in the calls of `moments`.

    `effects` are the writes that were carried out, and `idle` those that changed nothing.
    """

    cluster: LocalCluster
    name: str
    moments: Moments
    faults: Faults = field(default_factory=Faults)
    effects: list[tuple[str, str, str]] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, *, body: str | None, **_more: Any) -> _KubeAnswer:
        """One request, which is repeated where the client's policy repeats it."""
        is_read = method == "GET"
        for _try in range(_MOST_TRIES):
            answer = self._exchange(method, url, body)
            if answer is None and not (is_read and _try == 0):
                raise ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))
            if answer is not None and answer.status not in (_PASSING if is_read else (429,)):
                break
        assert answer is not None
        return answer

    def _exchange(self, method: str, url: str, body: str | None) -> _KubeAnswer | None:
        """The answer; None where the connection ended without an answer."""
        path, _mark, query = url.partition("?")
        call = f"{self.name}: {method} {path}"
        self.moments.before(call)
        fault = self.faults.take(method, path)
        status, answer = 0, b""
        if fault is None or fault.after_effect:
            self.cluster.idle.clear()
            status, found = self.cluster.answer(method, path.removeprefix("/api/v1/"), query, json.loads(body or "{}"))
            answer = json.dumps(found).encode()
            if method != "GET" and status < 300:
                self.effects.append((method, path, body or ""))
                self.idle += self.cluster.idle
        if fault is not None:
            status, answer = fault.status or 0, _body(fault)
        self.moments.after(call)
        return None if fault is not None and fault.drop else _KubeAnswer(status, answer)


def _body(fault: Fault) -> bytes:
    if fault.body == "html":
        return b"<html><body><h1>Bad Gateway</h1></body></html>"
    if fault.body == "empty":
        return b""
    return json.dumps({"kind": "Status", "status": "Failure", "message": "A fault that the test armed."}).encode()
