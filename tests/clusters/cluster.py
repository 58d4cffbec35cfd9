# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of the sandbox with a real control plane, looked at and changed without any module."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from docr_sandbox.doks.control_plane import ControlPlane
from docr_sandbox.testing import Sandbox

T = TypeVar("T")

MERGE = "application/merge-patch+json"
SYSTEM = ("default", "kube-node-lease", "kube-public", "kube-system")
PATIENCE_S = 20.0


def eventually(look: Callable[[], T], is_good: Callable[[T], bool], patience_s: float = PATIENCE_S) -> T:
    """What ``look`` sees once it is good; the test fails with what was seen last."""
    deadline = time.monotonic() + patience_s
    while not is_good(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r}"
        time.sleep(0.05)
    return seen


@dataclass(frozen=True)
class Cluster:
    """One cluster: ``name`` in the sandbox, and what answers for it."""

    sandbox: Sandbox
    plane: ControlPlane
    name: str

    @property
    def id(self) -> str:
        """Its id in the sandbox."""
        return next(str(one["id"]) for one in self.sandbox.account()["clusters"] if one["name"] == self.name)

    def call(self, method: str, path: str, body: object = None, **more: str) -> Any:
        """One request as admin below /api/v1; a refusal fails the test."""
        status, answer = self.plane.request(method, f"/api/v1/{path}", body, **more)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def add_namespaces(self, *names: str, labels: Mapping[str, str] | None = None) -> None:
        """Make namespaces and wait for their default service accounts."""
        for name in names:
            self.call("POST", "namespaces", {"metadata": {"name": name, "labels": dict(labels or {})}})
        eventually(lambda: {one for one, account in self.accounts() if account == "default"}, set(names).issubset)

    def add_secret(
        self, namespace: str, name: str, data: Mapping[str, str], *, kind: str = "Opaque", **metadata: Any
    ) -> None:
        """Make a secret as somebody else would; ``data`` in plain text."""
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
        self.call(
            "POST",
            f"namespaces/{namespace}/secrets",
            {"metadata": {"name": name, **metadata}, "type": kind, "data": encoded},
        )

    def secrets(self, name: str) -> dict[str, dict[str, Any]]:
        """The secrets of a name, by namespace."""
        items = self.call("GET", f"secrets?fieldSelector=metadata.name={name}")["items"]
        return {one["metadata"]["namespace"]: one for one in items}

    def accounts(self) -> dict[tuple[str, str], list[str]]:
        """The pull secrets of every service account, by namespace and name."""
        return {
            (one["metadata"]["namespace"], one["metadata"]["name"]): [
                entry["name"] for entry in one.get("imagePullSecrets") or ()
            ]
            for one in self.call("GET", "serviceaccounts")["items"]
        }

    def pull_secrets(self, namespace: str, account: str = "default") -> list[str]:
        """The pull secrets of one service account."""
        return self.accounts()[namespace, account]

    def give(self, namespace: str, names: Sequence[str], account: str = "default") -> None:
        """Set the pull secrets of a service account."""
        body = {"imagePullSecrets": [{"name": name} for name in names] or None}
        self.call("PATCH", f"namespaces/{namespace}/serviceaccounts/{account}", body, content_type=MERGE)

    def kubeconfig(self, folder: Path, token: str | None = None) -> str:
        """A kubeconfig file for a token, by default one that may do everything."""
        path = folder / f"{self.name}.kubeconfig"
        path.write_text(json.dumps(self.plane.kubeconfig(token)), encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    def clean(self) -> None:
        """Bring the control plane back to what it was: namespaces, secrets and service accounts of tests go."""
        for one in self.call("GET", "namespaces")["items"]:
            if one["metadata"]["name"] not in SYSTEM:
                self._remove(one)
        for namespace in SYSTEM:
            self.call("DELETE", f"namespaces/{namespace}/secrets")
            for (place, account), names in self.accounts().items():
                if place == namespace and names:
                    self.give(namespace, [], account)

    def _remove(self, namespace: Mapping[str, Any]) -> None:
        """Delete a namespace at once; by itself that takes some seconds, and the next test wants the name."""
        name = namespace["metadata"]["name"]
        if "deletionTimestamp" not in namespace["metadata"]:
            namespace = self.call("DELETE", f"namespaces/{name}")
        for kind in ("pods", "secrets", "configmaps", "serviceaccounts"):
            self.call("DELETE", f"namespaces/{name}/{kind}")
        # Gone already where the controller was faster.
        self.plane.request("PUT", f"/api/v1/namespaces/{name}/finalize", {**namespace, "spec": {"finalizers": []}})


def docker_config(secret: Mapping[str, Any]) -> dict[str, Any]:
    """The Docker config that a pull secret holds."""
    found: dict[str, Any] = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    return found


def token_in(secret: Mapping[str, Any]) -> str:
    """The token that a pull secret holds."""
    (entry,) = docker_config(secret)["auths"].values()
    return base64.b64decode(entry["auth"]).decode().partition(":")[2]
