# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why pods wait for their images, with real pods, pushed images, and the messages of a kubelet."""

from __future__ import annotations

import pytest

from support.control_plane import Cluster
from support.doctor_module import findings, give_access, look, mint, pods, put
from support.image_host import push_index

DIRECT = "docr-direct-kiwi"
REFUSED = "failed to authorize: 401 Unauthorized"


@pytest.fixture
def image(orchard: Cluster) -> str:
    """An image that is there, by the name that pods give it; the cluster has the namespace pear."""
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    orchard.add_namespaces("pear")
    return f"{orchard.sandbox.registry_host}/kiwi/team/app:v3"


def waits(cluster: Cluster, name: str, image: str, reason: str = "ImagePullBackOff") -> None:
    """A pod that nobody owns waits for an image."""
    cluster.add_pod("pear", name, image)
    cluster.fail_pull("pear", name, REFUSED, reason=reason)


def test_pods_made_before_their_secret_are_found_whether_they_fail_or_not(orchard: Cluster, image: str) -> None:
    failing = orchard.add_replica_set("pear", "web", image)
    orchard.fail_pull("pear", failing, REFUSED)
    orchard.add_pod("pear", "quiet", image)
    give_access(orchard, namespaces=["pear"])
    later = orchard.add_replica_set("pear", "api", image)
    found = look(orchard, namespaces=["pear"])
    by_pod = {one["pods"][0]: one for one in found["pods"]}
    assert pods(found) == {failing: "made_before_secret", "quiet": "made_before_secret"}
    assert later not in by_pod
    shown = by_pod[failing]
    assert (shown["controller"], shown["is_failing"], shown["reason"]) == ("ReplicaSet/web", True, "ImagePullBackOff")
    assert (shown["kubelet"], shown["service_account"], shown["image"]) == (REFUSED, "default", image)
    assert shown["message"] == f"The pod was created before its service account default got the pull secret {DIRECT}."
    assert (by_pod["quiet"]["controller"], by_pod["quiet"]["is_failing"], by_pod["quiet"]["reason"]) == (
        None,
        False,
        None,
    )
    assert found["summary"] == "orchard: 1 pod is waiting for an image; 1 pod is older than the pull secret."
    assert (found["is_healthy"], findings(found)) == (False, [])


def test_a_recreated_pod_is_healthy(orchard: Cluster, image: str) -> None:
    failing = orchard.add_replica_set("pear", "web", image)
    orchard.fail_pull("pear", failing, REFUSED)
    give_access(orchard, namespaces=["pear"], recreate_failed_pods=True)
    found = look(orchard, namespaces=["pear"])
    assert (found["is_healthy"], found["pods"]) == (True, [])


def test_a_pod_template_with_its_own_pull_secrets_is_not_reported_as_made_before_the_secret(
    orchard: Cluster, image: str
) -> None:
    give_access(orchard, namespaces=["pear"])
    orchard.add_pod("pear", "own", image, imagePullSecrets=[{"name": "theirs"}])
    orchard.fail_pull("pear", "own", REFUSED)
    assert pods(look(orchard, namespaces=["pear"])) == {"own": "own_pull_secrets"}


def test_the_causes_of_pods_that_have_pull_secrets(orchard: Cluster, image: str) -> None:
    host = orchard.sandbox.registry_host
    give_access(orchard, namespaces=["pear"])
    put(orchard, "plum", mint(orchard, "plum"), "pear")
    put(orchard, "short", mint(orchard, expiry_s=700), "pear")
    put(orchard, "opaque", mint(orchard), "pear", kind="Opaque")
    for name in ("plum", "short", "opaque", "gone"):
        orchard.add_accounts("pear", name)
        orchard.give("pear", [name], name)
        orchard.add_pod("pear", name, image, serviceAccountName=name)
        orchard.fail_pull("pear", name, REFUSED)
    waits(orchard, "well", image, "ErrImagePull")
    waits(orchard, "tag", f"{host}/kiwi/team/app:v4")
    waits(orchard, "digest", f"{host}/kiwi/team/app@sha256:{'c' * 64}")
    waits(orchard, "repository", f"{host}/kiwi/nothing:v3")
    waits(orchard, "registry", f"{host}/kiwl/team/app:v3")
    waits(orchard, "hostless", "kiwi/team/app:v3")
    waits(orchard, "bare", f"{host}/kiwi:v3", "InvalidImageName")
    waits(orchard, "elsewhere", "quay.io/team/app:v3")
    orchard.sandbox.advance(701)
    assert pods(look(orchard, namespaces=["pear"])) == {
        "plum": "secret_of_other_registry", "short": "secret_refused", "opaque": "secret_malformed",
        "gone": "secret_missing", "well": "works_from_here", "tag": "image_missing", "digest": "image_missing",
        "repository": "image_missing", "registry": "registry_unknown", "hostless": "host_missing",
        "bare": "image_name_invalid",
    }  # fmt: skip


def test_an_expired_secret_is_reported_as_the_cause(orchard: Cluster, image: str) -> None:
    give_access(orchard, namespaces=["pear"])
    waits(orchard, "web", image)
    orchard.sandbox.advance(61 * 86_400)
    found = look(orchard, namespaces=["pear"])
    assert pods(found) == {"web": "secret_expired"}
    assert findings(found) == [("error", "expired", f"Secret/{DIRECT}", "pear")]


def test_without_any_pull_secret_the_account_is_named_too(orchard: Cluster, image: str) -> None:
    orchard.add_accounts("pear", "robot")
    orchard.add_pod("pear", "web", image, serviceAccountName="robot")
    orchard.fail_pull("pear", "web", REFUSED)
    found = look(orchard, namespaces=["pear"])
    assert pods(found) == {"web": "no_pull_secret"}
    assert "its service account robot" in found["pods"][0]["message"]
    assert findings(found) == [("error", "entry_missing", "ServiceAccount/default", "pear")]


def test_pods_of_one_controller_are_one_entry_and_ended_pods_are_left_out(orchard: Cluster, image: str) -> None:
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}}
    spec = {"replicas": 12, "selector": {"matchLabels": labels}, "template": pod}
    orchard.create({"kind": "ReplicaSet", "metadata": {"namespace": "pear", "name": "web"}, "spec": spec})
    orchard.add_pod("pear", "ended", image)
    done = {"status": {"phase": "Succeeded"}}
    orchard.call("PATCH", "namespaces/pear/pods/ended/status", done, content_type="application/merge-patch+json")
    give_access(orchard, namespaces=["pear"])
    (one,) = look(orchard, namespaces=["pear"])["pods"]
    assert (one["count"], len(one["pods"]), one["controller"]) == (12, 10, "ReplicaSet/web")


def test_without_an_answer_of_the_image_host_the_cause_is_unknown(orchard: Cluster, image: str) -> None:
    give_access(orchard, namespaces=["pear"])
    waits(orchard, "web", image)
    orchard.sandbox.fault(method="GET", path="/v2/registry/auth", status=500, times=50)
    found = look(orchard, namespaces=["pear"])
    assert pods(found) == {"web": "not_known"}
    assert len(found["notes"]) == 2
