# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images in use in real clusters: pods, what creates pods, revisions kept for rollback, and custom resources."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conventions.source import ROOT
from support.control_plane import MERGE, Cluster, eventually
from support.image_host import nobody
from support.modules import run_module, writes

APPS, BATCH, CRDS = "/apis/apps/v1", "/apis/batch/v1", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
# Kinds that no other test makes, so that these tests remove what they made.
OWN = [f"{APPS}/{{}}/statefulsets", f"{APPS}/{{}}/daemonsets", f"{APPS}/{{}}/controllerrevisions",
       f"{BATCH}/{{}}/cronjobs", f"{BATCH}/{{}}/jobs", "/api/v1/{}/replicationcontrollers"]  # fmt: skip
PEAR = "namespaces/pear"
TAGS = [f"v{number}" for number in range(1, 20)]
GROUP = "source.toolkit.fluxcd.io"
FLUX = {
    "group": GROUP, "version": "v1", "resource": "ocirepositories", "address": "spec.url", "tag": "spec.ref.tag",
    "digest": "spec.ref.digest", "semver": "spec.ref.semver",
}  # fmt: skip
LISTS = Counter(
    f"GET {path}"
    for path in (
        "/api/v1/pods", "/api/v1/replicationcontrollers", f"{APPS}/replicasets", f"{APPS}/controllerrevisions",
        f"{APPS}/daemonsets", f"{APPS}/statefulsets", f"{APPS}/deployments", f"{BATCH}/jobs", f"{BATCH}/cronjobs",
    )
)  # fmt: skip
GUIDE = (ROOT / "docs" / "images.md").read_text(encoding="utf-8")
(ROLE,) = (
    text for text in re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL) if "ClusterRole" in text
)
Info = Callable[..., dict[str, Any]]


@pytest.fixture
def info(orchard: Cluster, tmp_path: Path) -> Iterator[Info]:
    """Reads the registry kiwi, whose repository app has an image for each tag, with the uses in the cluster."""
    manifests = [{"tags": [tag], "size_bytes": 1000 + number} for number, tag in enumerate(TAGS)]
    orchard.sandbox.seed({"registries": [{"name": "kiwi", "repositories": [{"name": "app", "manifests": manifests}]}]})
    orchard.sandbox.clear_log()
    orchard.add_namespaces("pear")

    def run(in_use: object = None, **options: Any) -> dict[str, Any]:
        given = {"registry": "kiwi", "cache_path": str(tmp_path / "cache"), **options}
        result = run_module(orchard.sandbox, "docr_image_info", in_use=in_use or {"clusters": ["orchard"]}, **given)
        assert not result.get("failed"), result["msg"]
        return result

    yield run
    for path in OWN:
        orchard.call("DELETE", path.format(PEAR))
    orchard.plane.request("DELETE", f"{CRDS}/ocirepositories.{GROUP}")


def image(cluster: Cluster, tag: str) -> str:
    return f"{cluster.sandbox.registry_host}/kiwi/app:{tag}"


def spec(cluster: Cluster, tag: str, **more: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app", "image": image(cluster, tag)}], "restartPolicy": "Always", **more}


def add(cluster: Cluster, root: str, resource: str, name: str, **fields: Any) -> None:
    cluster.call("POST", f"{root}/{PEAR}/{resource}", {"metadata": {"name": name}, **fields})


def controller(cluster: Cluster, name: str, tag: str, **more: Any) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec(cluster, tag)}
    return {"selector": {"matchLabels": labels}, "template": template, **more}


def used(result: dict[str, Any]) -> dict[str, list[str]]:
    """What uses each image, by tag."""
    (app,) = result["repositories"]
    tags = {one["digest"]: one["tags"][0] for one in app["images"]}
    return {tags[one["digest"]]: one["used_by"] for one in result["in_use"]["images"]}


def digest_of(result: dict[str, Any], tag: str) -> str:
    return next(str(one["digest"]) for one in result["repositories"][0]["images"] if one["tags"] == [tag])


def add_workloads(cluster: Cluster) -> None:
    """One of each kind, each with an image of its own."""
    first, last = ({"name": name, "image": image(cluster, tag)} for name, tag in (("i", "v3"), ("e", "v2")))
    cluster.add_pod("pear", "alone", image(cluster, "v1"), initContainers=[first])
    debug = {"spec": {"ephemeralContainers": [last]}}
    cluster.call("PATCH", f"{PEAR}/pods/alone/ephemeralcontainers", debug, content_type=MERGE)
    add(cluster, APPS, "statefulsets", "db", spec=controller(cluster, "db", "v4", serviceName="db"))
    add(cluster, APPS, "daemonsets", "agent", spec=controller(cluster, "agent", "v5"))
    revision = {"spec": {"template": {"$patch": "replace", "spec": spec(cluster, "v6")}}}
    add(cluster, APPS, "controllerrevisions", "db-1", data=revision, revision=1)
    nightly, once = ({"template": {"spec": spec(cluster, tag, restartPolicy="Never")}} for tag in ("v7", "v8"))
    schedule = {"schedule": "1 2 3 4 5", "suspend": True, "jobTemplate": {"spec": nightly}}
    add(cluster, BATCH, "cronjobs", "nightly", spec=schedule)
    add(cluster, BATCH, "jobs", "once", spec={**once, "suspend": True})
    template = {"metadata": {"labels": {"app": "old"}}, "spec": spec(cluster, "v9")}
    replicas = {"replicas": 0, "selector": {"app": "old"}, "template": template}
    add(cluster, "/api/v1", "replicationcontrollers", "old", spec=replicas)


def test_every_kind_of_workload_keeps_its_images(orchard: Cluster, info: Info) -> None:
    add_workloads(orchard)
    result = info()
    assert used(result) == {
        "v1": ["the Pod pear/alone in the cluster orchard"],
        "v2": ["the Pod pear/alone in the cluster orchard"],
        "v3": ["the Pod pear/alone in the cluster orchard"],
        "v4": ["the StatefulSet pear/db in the cluster orchard"],
        "v5": ["the DaemonSet pear/agent in the cluster orchard"],
        "v6": ["the ControllerRevision pear/db-1 in the cluster orchard"],
        "v7": ["the CronJob pear/nightly in the cluster orchard"],
        "v8": ["the Job pear/once in the cluster orchard"],
        "v9": ["the ReplicationController pear/old in the cluster orchard"],
    }
    assert (result["in_use"]["unread"], result["warnings"]) == ([], [])


def test_replica_sets_kept_for_rollback_keep_their_images(orchard: Cluster, info: Info) -> None:
    add(orchard, APPS, "deployments", "web", spec=controller(orchard, "web", "v11", replicas=0))
    sets = f"{APPS}/{PEAR}/replicasets"
    eventually(lambda: len(orchard.call("GET", sets)["items"]), lambda count: count == 1)
    change = {"spec": controller(orchard, "web", "v12")}
    orchard.call("PATCH", f"{APPS}/{PEAR}/deployments/web", change, content_type=MERGE)
    eventually(lambda: len(orchard.call("GET", sets)["items"]), lambda count: count == 2)
    found = used(info())
    assert set(found) == {"v11", "v12"}
    (kept,), (current,) = found["v11"], found["v12"]
    assert kept.startswith("the ReplicaSet pear/web-")
    assert current.endswith(" and another object in the cluster orchard")


def test_what_runs_is_in_use_though_its_tag_moved_on(orchard: Cluster, info: Info) -> None:
    digest = digest_of(info("none"), "v14")
    orchard.add_pod("pear", "runs", image(orchard, "v13"))
    host = orchard.sandbox.registry_host
    for image_id in (f"{host}/kiwi/app@{digest}", f"docker-pullable://{host}/kiwi/app@{digest}", f"docker://{digest}"):
        status = {"name": "app", "image": image(orchard, "v13"), "imageID": image_id, "ready": True, "restartCount": 0}
        body = {"status": {"phase": "Running", "containerStatuses": [status]}}
        orchard.call("PATCH", f"{PEAR}/pods/runs/status", body, content_type=MERGE)
        assert set(used(info())) == {"v13", "v14"}


def add_flux(cluster: Cluster) -> None:
    """The resource of Flux, as far as the test goes."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    names = {"plural": "ocirepositories", "kind": "OCIRepository"}
    definition = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
    document = {"metadata": {"name": f"ocirepositories.{GROUP}"}, "spec": definition}
    cluster.call("POST", CRDS, document)
    eventually(
        lambda: cluster.plane.request("GET", f"/apis/{GROUP}/v1/ocirepositories")[0], lambda status: status == 200
    )


def test_custom_resources_that_the_user_names_keep_their_images(orchard: Cluster, info: Info) -> None:
    add_flux(orchard)
    refs = {"tagged": {"tag": "v15"}, "pinned": {"digest": digest_of(info("none"), "v16")}}
    for name, ref in refs.items():
        url = f"oci://{orchard.sandbox.registry_host}/kiwi/app"
        kind = {"apiVersion": f"{GROUP}/v1", "kind": "OCIRepository"}
        add(orchard, f"/apis/{GROUP}/v1", "ocirepositories", name, **kind, spec={"url": url, "ref": ref})
    result = info({"clusters": ["orchard"], "resources": [FLUX]})
    assert used(result) == {
        "v15": ["the OCIRepository pear/tagged in the cluster orchard"],
        "v16": ["the OCIRepository pear/pinned in the cluster orchard"],
    }
    wrong = info({"clusters": ["orchard"], "resources": [{**FLUX, "address": "spec.address"}]})["in_use"]
    (unread,) = wrong["unread"]
    assert unread["source"] == f"resource ocirepositories.{GROUP}"
    assert unread["error"].startswith("None of the 2 objects of the resource")
    older = info({"clusters": ["orchard"], "resources": [{**FLUX, "version": "v1beta2"}]})["in_use"]
    assert [one["source"] for one in older["unread"]] == ["cluster orchard"]


def test_a_resource_that_no_cluster_serves_is_unread_and_may_be_excused(orchard: Cluster, info: Info) -> None:
    sources = {"clusters": ["orchard"], "resources": [FLUX]}
    (unread,) = info(sources)["in_use"]["unread"]
    assert unread["source"] == f"resource ocirepositories.{GROUP}"
    assert unread["error"].startswith("No cluster serves the resource")
    excused = info({**sources, "may_be_missing": [unread["source"]]})["in_use"]
    assert (excused["unread"], excused["excused"]) == ([], [unread])


def test_an_unreachable_cluster_is_named_and_the_other_is_read(orchard: Cluster, info: Info, tmp_path: Path) -> None:
    orchard.add_pod("pear", "web", image(orchard, "v17"))
    config = orchard.plane.kubeconfig()
    (cluster,), (context,) = config["clusters"], config["contexts"]
    config["clusters"].append({"name": "far", "cluster": {**cluster["cluster"], "server": f"https://{nobody()}"}})
    config["contexts"].append({"name": "far", "context": {**context["context"], "cluster": "far"}})
    path = tmp_path / "two.kubeconfig"
    path.write_text(json.dumps(config), encoding="utf-8")
    contexts = ["far", context["name"], "absent"]
    result = info({"kubeconfig": str(path), "contexts": contexts}, check=True)
    unread = {one["source"]: one["error"] for one in result["in_use"]["unread"]}
    assert list(unread) == ["context far", "context absent"]
    assert "Could not list pods in the cluster far: it cannot be reached" in unread["context far"]
    assert "more lists could not be read" not in unread["context far"]
    assert set(used(result)) == {"v17"}
    assert writes(orchard.sandbox) == []


def test_a_cluster_is_read_by_nine_lists_and_nothing_else(marsh: Cluster, tmp_path: Path) -> None:
    assert marsh.proxy is not None
    marsh.proxy.clear()
    sources = {"clusters": ["marsh"]}
    run_module(marsh.sandbox, "docr_image_info", registry="kiwi", cache_path=str(tmp_path), in_use=sources)
    assert Counter(one.call for one in marsh.proxy.log()) == LISTS
    assert {one.query for one in marsh.proxy.log()} == {"limit=1000"}
    (entry,) = (one for one in marsh.sandbox.log() if one["path"].endswith("/credentials"))
    assert entry["query"] == "expiry_seconds=900"


@pytest.mark.parametrize(
    "fault", [{"status": 500, "times": 99}, {"status": 404}, {"status": 200, "body": "html"}, {"status": 403}]
)
def test_a_list_that_fails_leaves_the_cluster_unread_and_the_other_lists_count(
    marsh: Cluster, tmp_path: Path, fault: dict[str, Any]
) -> None:
    assert marsh.proxy is not None
    repository = {"name": "app", "manifests": [{"tags": ["v1"]}]}
    marsh.sandbox.seed({"registries": [{"name": "kiwi", "repositories": [repository]}]})
    marsh.add_namespaces("pear")
    marsh.add_pod("pear", "web", image(marsh, "v1"))
    marsh.proxy.fault(method="GET", path=f"{APPS}/statefulsets", **fault)
    sources = {"clusters": ["marsh"]}
    result = run_module(marsh.sandbox, "docr_image_info", registry="kiwi", cache_path=str(tmp_path), in_use=sources)
    (unread,) = result["in_use"]["unread"]
    assert unread["source"] == "cluster marsh"
    assert unread["error"].startswith("Could not list statefulsets.apps in the cluster marsh: ")
    assert set(used(result)) == {"v1"}


def test_the_documented_role_is_sufficient_and_each_of_its_rights_is_required(
    orchard: Cluster, info: Info, tmp_path: Path
) -> None:
    orchard.add_pod("pear", "web", image(orchard, "v18"))
    result = info({"kubeconfig": orchard.identity(ROLE, tmp_path)})
    assert (set(used(result)), result["in_use"]["unread"]) == ({"v18"}, [])
    role = yaml.safe_load(ROLE)
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list"}
    pairs = [(rule["apiGroups"][0], resource) for rule in role["rules"] for resource in rule["resources"]]
    assert len(pairs) == len(LISTS)
    for pair in pairs:
        others = [one for one in pairs if one != pair]
        rules = [{"apiGroups": [group], "resources": [one], "verbs": ["list"]} for group, one in others]
        name = f"less-{pair[1]}"
        lacking = {**role, "metadata": {"name": f"docr-{name}"}, "rules": rules}
        config = orchard.identity(yaml.safe_dump(lacking), tmp_path, name)
        (unread,) = info({"kubeconfig": config})["in_use"]["unread"]
        assert f'cannot list resource "{pair[1]}"' in unread["error"]
        assert "grant what is missing" in unread["error"]
