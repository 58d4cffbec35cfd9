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

import yaml

from docr_sandbox.doks.control_plane import ControlPlane
from docr_sandbox.doks.proxy import Proxy
from docr_sandbox.testing import Sandbox

T = TypeVar("T")

MERGE = "application/merge-patch+json"
SYSTEM = ("default", "kube-node-lease", "kube-public", "kube-system")
PATIENCE_S = 20.0
RBAC = "/apis/rbac.authorization.k8s.io/v1"
# Where objects of a kind lie; the API server's own roles and their bindings stay when a cluster is cleaned.
PLACES = {
    "ClusterRole": f"{RBAC}/clusterroles",
    "ClusterRoleBinding": f"{RBAC}/clusterrolebindings",
    "Role": f"{RBAC}/namespaces/{{}}/roles",
    "RoleBinding": f"{RBAC}/namespaces/{{}}/rolebindings",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
    "Pod": "/api/v1/namespaces/{}/pods",
}
NOT_ITS_OWN = "labelSelector=!kubernetes.io/bootstrapping"


def eventually(look: Callable[[], T], is_good: Callable[[T], bool], patience_s: float = PATIENCE_S) -> T:
    """What ``look`` sees once it is good; the test fails with what was seen last."""
    deadline = time.monotonic() + patience_s
    while not is_good(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r}"
        time.sleep(0.05)
    return seen


@dataclass(frozen=True)
class Cluster:
    """One cluster: ``name`` in the sandbox, what answers for it, and the proxy that clients must take, if any."""

    sandbox: Sandbox
    plane: ControlPlane
    name: str
    proxy: Proxy | None = None

    @property
    def id(self) -> str:
        """Its id in the sandbox."""
        return next(str(one["id"]) for one in self.sandbox.account()["clusters"] if one["name"] == self.name)

    def call(self, method: str, path: str, body: object = None, **more: str) -> Any:
        """One request as admin, below /api/v1 unless the path is a whole one; a refusal fails the test."""
        whole = path if path.startswith("/") else f"/api/v1/{path}"
        status, answer = self.plane.request(method, whole, body, **more)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def add_namespaces(self, *names: str, labels: Mapping[str, str] | None = None) -> None:
        """Make namespaces and wait for their default service accounts."""
        for name in names:
            self.call("POST", "namespaces", {"metadata": {"name": name, "labels": dict(labels or {})}})
        eventually(lambda: {one for one, account in self.accounts() if account == "default"}, set(names).issubset)

    def remove_namespace(self, name: str) -> None:
        """Let a namespace be gone at once."""
        self._remove({"metadata": {"name": name}})

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

    def kubeconfig(self, folder: Path, token: str | None = None, name: str = "admin") -> str:
        """A kubeconfig file for a token, by default one that may do everything."""
        path = folder / f"{self.name}-{name}.kubeconfig"
        front = self.proxy.front if self.proxy else None
        path.write_text(json.dumps(self.plane.kubeconfig(token, front)), encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    # Who may do what

    def create(self, document: Mapping[str, Any]) -> Any:
        """Make an object of a kind that PLACES knows, from its whole document."""
        place = PLACES[document["kind"]].format(document["metadata"].get("namespace", "default"))
        return self.call("POST", place, document)

    def add_accounts(self, namespace: str, *names: str) -> None:
        """Make service accounts beside ``default``."""
        for name in names:
            self.call("POST", f"namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})

    def identity(self, roles: str, folder: Path, name: str = "worker") -> str:
        """A kubeconfig file of a new service account in ``default`` that may do what roles in YAML allow, and no more.

        Each ClusterRole is granted everywhere and each Role in its namespace; bindings in the text are passed over.
        """
        self.add_accounts("default", name)
        subject = {"kind": "ServiceAccount", "namespace": "default", "name": name}
        for role in yaml.safe_load_all(roles):
            if role["kind"] in ("ClusterRole", "Role"):
                self.create(role)
                metadata = {**role["metadata"], "name": f"{role['metadata']['name']}-{name}"}
                reference = {"apiGroup": RBAC.split("/")[2], "kind": role["kind"], "name": role["metadata"]["name"]}
                binding = {"kind": f"{role['kind']}Binding", "metadata": metadata, "roleRef": reference}
                self.create({**binding, "subjects": [subject]})
        return self.kubeconfig(folder, self.token_of("default", name), name)

    def token_of(self, namespace: str, account: str) -> str:
        """A token of a service account, good for an hour."""
        wanted = {"spec": {"expirationSeconds": 3600}}
        answer = self.call("POST", f"namespaces/{namespace}/serviceaccounts/{account}/token", wanted)
        return str(answer["status"]["token"])

    # Pods; there are no nodes, so they stay pending

    def add_pod(self, namespace: str, name: str, image: str, **spec: Any) -> None:
        """Make a pod that nobody owns, of one container ``app``; ``spec`` is added to its own."""
        document = {"kind": "Pod", "metadata": {"namespace": namespace, "name": name}}
        self.create({**document, "spec": _pod(image, **spec)})

    def add_replica_set(self, namespace: str, name: str, image: str, **spec: Any) -> str:
        """Make a ReplicaSet of one such pod, and return that pod's name once its controller has made it."""
        labels = {"app": name}
        template = {"metadata": {"labels": labels}, "spec": _pod(image, **spec)}
        wanted = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        self.create({"kind": "ReplicaSet", "metadata": {"namespace": namespace, "name": name}, "spec": wanted})
        (pod,) = eventually(lambda: [one for one in self.pods(namespace) if one.startswith(f"{name}-")], bool)
        return pod

    def pods(self, namespace: str) -> dict[str, dict[str, Any]]:
        """The pods of a namespace that nobody has deleted, by name."""
        items = self.call("GET", f"namespaces/{namespace}/pods")["items"]
        return {one["metadata"]["name"]: one for one in items if "deletionTimestamp" not in one["metadata"]}

    def fail_pull(self, namespace: str, pod: str, message: str, *, reason: str = "ImagePullBackOff") -> None:
        """Say of all containers of a pod, as a kubelet would, that their images cannot be pulled."""
        spec = self.pods(namespace)[pod]["spec"]
        waiting = {"waiting": {"reason": reason, "message": message}}
        common = {"imageID": "", "ready": False, "restartCount": 0, "state": waiting}
        statuses = [{"name": one["name"], "image": one["image"], **common} for one in spec["containers"]]
        body = {"status": {"phase": "Pending", "containerStatuses": statuses}}
        self.call("PATCH", f"namespaces/{namespace}/pods/{pod}/status", body, content_type=MERGE)

    # Between tests

    def clean(self) -> None:
        """Bring the control plane back to what it was: all that tests made goes."""
        for one in self.call("GET", "namespaces")["items"]:
            if one["metadata"]["name"] not in SYSTEM:
                self._remove(one)
        for namespace in SYSTEM:
            self._empty(namespace)
            self.call("DELETE", f"namespaces/{namespace}/serviceaccounts?fieldSelector=metadata.name!=default")
            for kind in ("Role", "RoleBinding"):
                self.call("DELETE", f"{PLACES[kind].format(namespace)}?{NOT_ITS_OWN}")
        for kind in ("ClusterRole", "ClusterRoleBinding"):
            self.call("DELETE", f"{PLACES[kind]}?{NOT_ITS_OWN}")
        for (namespace, account), names in self.accounts().items():
            if namespace in SYSTEM and names:
                self.give(namespace, [], account)

    def _empty(self, namespace: str) -> None:
        """Delete what a namespace holds; controllers first, so that they make no new pods."""
        apps = f"/apis/apps/v1/namespaces/{namespace}"
        for path in (f"{apps}/deployments", f"{apps}/replicasets", f"namespaces/{namespace}/pods"):
            self.call("DELETE", path)
        self.call("DELETE", f"namespaces/{namespace}/secrets")

    def _remove(self, namespace: Mapping[str, Any]) -> None:
        """Delete a namespace at once; by itself that takes some seconds, and the next test wants the name."""
        name = namespace["metadata"]["name"]
        if "deletionTimestamp" not in namespace["metadata"]:
            namespace = self.call("DELETE", f"namespaces/{name}")
        self._empty(name)
        for path in (f"namespaces/{name}/configmaps", PLACES["ServiceAccount"].format(name)):
            self.call("DELETE", path)
        for kind in ("Role", "RoleBinding"):
            self.call("DELETE", PLACES[kind].format(name))
        # Gone already where the controller was faster.
        self.plane.request("PUT", f"/api/v1/namespaces/{name}/finalize", {**namespace, "spec": {"finalizers": []}})


def _pod(image: str, **spec: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app", "image": image}], **spec}


def docker_config(secret: Mapping[str, Any]) -> dict[str, Any]:
    """The Docker config that a pull secret holds."""
    found: dict[str, Any] = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    return found


def token_in(secret: Mapping[str, Any]) -> str:
    """The token that a pull secret holds."""
    (entry,) = docker_config(secret)["auths"].values()
    return base64.b64decode(entry["auth"]).decode().partition(":")[2]
