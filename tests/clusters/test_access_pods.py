# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that fail to pull are deleted, so that their controllers create them again with the pull secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import parse_time
from support.access_module import DIRECT, actions, give, pull_access
from support.control_plane import Cluster, eventually

SECRETS = {"direct": DIRECT, "operator": "docr-operator-kiwi", "one_click": "kiwi"}


def fail(cluster: Cluster, namespace: str, name: str, image: str) -> str:
    """A pod of a ReplicaSet whose image does not come."""
    pod = cluster.add_replica_set(namespace, name, image)
    cluster.fail_pull(namespace, pod, "401 Unauthorized")
    return pod


@pytest.mark.parametrize("method", SECRETS)
def test_failing_pods_are_deleted_once_and_their_replacements_have_the_entry(orchard: Cluster, method: str) -> None:
    orchard.add_namespaces("pear")
    image = f"{orchard.sandbox.registry_host}/kiwi/app:v3"
    old = fail(orchard, "pear", "web", image)
    result = give(orchard, method=method, recreate_failed_pods=True)
    assert actions(result)[-1] == "recreate_pods"
    assert pull_access(result)["recreated_pods"] == [f"pear/{old}"]
    found = eventually(lambda: orchard.pods("pear"), lambda pods: bool(pods) and old not in pods)
    (pod,) = found.values()
    assert pod["spec"]["imagePullSecrets"] == [{"name": SECRETS[method]}]
    orchard.fail_pull("pear", pod["metadata"]["name"], "manifest unknown")
    assert give(orchard, method=method, recreate_failed_pods=True)["changed"] is False


def test_later_run_deletes_a_failing_pod_older_than_the_entry(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    old = fail(orchard, "pear", "web", f"{orchard.sandbox.registry_host}/kiwi/app:v3")
    assert "recreate_pods" not in actions(give(orchard))
    result = give(orchard, recreate_failed_pods=True)
    assert (actions(result), pull_access(result)["recreated_pods"]) == (["recreate_pods"], [f"pear/{old}"])


def test_pods_without_a_controller_with_other_images_or_own_secrets_are_kept(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    host = orchard.sandbox.registry_host
    orchard.add_pod("pear", "alone", f"{host}/kiwi/app:v3")
    orchard.fail_pull("pear", "alone", "401 Unauthorized")
    kept = {
        "alone",
        fail(orchard, "pear", "other", f"{host}/plum/app:v3"),
        fail(orchard, "pear", "near", f"{host}/kiwi-two/app:v3"),
        orchard.add_replica_set("pear", "waiting", f"{host}/kiwi/app:v3"),
    }
    result = give(orchard, recreate_failed_pods=True)
    assert "recreate_pods" not in actions(result)
    made = parse_time(orchard.secrets(DIRECT)["pear"]["metadata"]["creationTimestamp"])
    # Kubernetes tells times to the second, and a pod of the same second might be one from before.
    eventually(lambda: datetime.now(UTC), lambda now: now > made + timedelta(seconds=1))
    own = orchard.add_replica_set("pear", "own", f"{host}/kiwi/app:v3", imagePullSecrets=[{"name": "theirs"}])
    orchard.fail_pull("pear", own, "401 Unauthorized")
    assert give(orchard, recreate_failed_pods=True)["changed"] is False
    assert set(orchard.pods("pear")) == kept | {own}
