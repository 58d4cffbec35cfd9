# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools of the cluster tests: identities with few rights, pods, and a proxy that injects errors."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest

from support.api_server_client import Visitor
from support.control_plane import RBAC, Cluster, eventually

LISTER = """
kind: ClusterRole
metadata: {name: lister}
rules: [{apiGroups: [""], resources: [secrets], verbs: [list], resourceNames: [quince]}]
---
kind: Role
metadata: {name: writer, namespace: kube-system}
rules: [{apiGroups: [""], resources: [secrets], verbs: [create]}]
"""


def test_an_identity_has_exactly_the_rights_of_its_roles(orchard: Cluster, tmp_path: Path) -> None:
    visitor = Visitor(orchard.identity(LISTER, tmp_path, "ant"))
    secret = {"metadata": {"name": "quince"}}
    asked = {
        "secrets?fieldSelector=metadata.name=quince": 200,
        "secrets?fieldSelector=metadata.name=medlar": 403,
        "secrets?labelSelector=a=b": 403,
        "namespaces": 403,
    }
    assert {path: visitor.ask("GET", path).status for path in asked} == asked
    assert visitor.ask("POST", "namespaces/kube-system/secrets", secret).status == 201
    assert visitor.ask("POST", "namespaces/default/secrets", secret).status == 403
    assert b'secrets is forbidden: User \\"system:serviceaccount:default:ant\\"' in visitor.said


def test_cleaning_leaves_nothing_of_a_test_and_all_that_is_kubernetess_own(orchard: Cluster, tmp_path: Path) -> None:
    def names(path: str) -> set[str]:
        return {one["metadata"]["name"] for one in orchard.call("GET", path)["items"]}

    watched = ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
    before = {kind: names(f"{RBAC}/{kind}") for kind in watched}
    assert {len(found) > 5 for found in before.values()} == {True}
    orchard.identity(LISTER, tmp_path)
    orchard.add_namespaces("pear")
    orchard.add_replica_set("pear", "web", "example.org/web:v3")
    orchard.add_pod("default", "task", "example.org/task:v2")
    orchard.clean()
    assert {kind: names(f"{RBAC}/{kind}") for kind in watched} == before
    assert {account for namespace, account in orchard.accounts()} == {"default"}
    assert (names("pods"), names("/apis/apps/v1/replicasets")) == (set(), set())
    orchard.add_namespaces("pear")
    assert orchard.pods("pear") == {}


def test_pods_stay_pending_with_the_cause_that_a_kubelet_would_name_and_controllers_replace_theirs(
    orchard: Cluster,
) -> None:
    orchard.add_namespaces("pear")
    orchard.add_accounts("pear", "robot")
    orchard.give("pear", ["quince"], "robot")
    name = orchard.add_replica_set("pear", "web", "example.org/web:v3", serviceAccountName="robot")
    orchard.add_pod("pear", "task", "example.org/task:v2")
    orchard.fail_pull("pear", name, "401 Unauthorized")
    pods = orchard.pods("pear")
    (status,) = pods[name]["status"]["containerStatuses"]
    assert status["state"] == {"waiting": {"reason": "ImagePullBackOff", "message": "401 Unauthorized"}}
    assert pods[name]["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
    # As the service account was when the pod was made.
    assert (pods[name]["spec"]["imagePullSecrets"], pods["task"]["spec"].get("imagePullSecrets")) == (
        [{"name": "quince"}],
        None,
    )
    orchard.call("DELETE", f"namespaces/pear/pods/{name}")
    eventually(lambda: set(orchard.pods("pear")), lambda seen: len(seen) == 2 and name not in seen)


def test_clients_are_sent_to_the_proxy_which_logs_them_and_not_the_operator(marsh: Cluster, tmp_path: Path) -> None:
    assert marsh.proxy is not None
    status, _headers, answer = marsh.sandbox.request("GET", f"/v2/kubernetes/clusters/{marsh.id}/credentials")
    given = json.loads(answer)
    assert (status, given["server"]) == (200, marsh.proxy.front.server)
    assert b64decode(given["certificate_authority_data"]).decode() == marsh.proxy.front.ca
    visitor = Visitor(marsh.kubeconfig(tmp_path, given["token"]))
    assert visitor.ask("GET", "namespaces?limit=1").status == 200
    body = {"metadata": {"name": "quince"}, "type": "Opaque"}
    assert visitor.ask("POST", "namespaces/default/secrets", body).status == 201
    calls = [(one.call, one.query, one.status) for one in marsh.proxy.log()]
    assert calls == [
        ("GET /api/v1/namespaces", "limit=1", 200),
        ("POST /api/v1/namespaces/default/secrets", "", 201),
    ]
    assert json.loads(marsh.proxy.log()[1].body) == body


def test_injected_errors_appear_in_responses(marsh: Cluster, tmp_path: Path) -> None:
    assert marsh.proxy is not None
    visitor = Visitor(marsh.kubeconfig(tmp_path))
    marsh.proxy.fault(method="GET", path="*/secrets", status=429, retry_after=7, skip=1)
    assert visitor.ask("GET", "secrets").status == 200
    answer = visitor.ask("GET", "secrets")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert json.loads(visitor.said)["reason"] == "TooManyRequests"
    marsh.proxy.fault(status=500, after_effect=True)
    assert visitor.ask("POST", "namespaces/default/secrets", {"metadata": {"name": "quince"}}).status == 500
    assert list(marsh.secrets("quince")) == ["default"]
    marsh.proxy.fault(drop=True, method="DELETE")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        visitor.ask("DELETE", "namespaces/default/secrets/quince")
    assert list(marsh.secrets("quince")) == ["default"]
    assert [one.status for one in marsh.proxy.log()] == [200, 429, 500, None]


CLIENT = """
import sys
sys.path[:0] = {path!r}
from support.api_server_client import Visitor
visitor = Visitor({kubeconfig!r})
for number in range(3):
    visitor.ask("POST", "namespaces/default/secrets", {{"metadata": {{"name": f"quince-{{number}}"}}}})
"""


@pytest.mark.parametrize(("after_effect", "made"), [(False, ["quince-0"]), (True, ["quince-0", "quince-1"])])
def test_a_request_is_held_before_or_after_it_took_effect_so_that_its_client_can_be_killed(
    marsh: Cluster, tmp_path: Path, after_effect: bool, made: list[str]
) -> None:
    assert marsh.proxy is not None
    command = [sys.executable, "-c", CLIENT.format(path=sys.path, kubeconfig=marsh.kubeconfig(tmp_path))]
    hold = marsh.proxy.hold(skip=1, after_effect=after_effect)
    with subprocess.Popen(command) as process:
        assert hold.reached.wait(20)
        process.kill()
    marsh.proxy.let_go()
    items = marsh.call("GET", "namespaces/default/secrets")["items"]
    assert [one["metadata"]["name"] for one in items] == made
    not_reached = marsh.proxy.hold(skip=7)
    assert subprocess.run(command, check=False).returncode == 0
    assert not not_reached.reached.is_set()
    assert [one.status for one in marsh.proxy.log()][:2] == [201, None]
