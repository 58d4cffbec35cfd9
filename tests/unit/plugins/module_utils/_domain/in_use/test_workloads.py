# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that pods, workloads, revisions, custom resources and apps use."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.resources import ApiResource
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.apps import (
    parse_app,
    parse_deployment,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.paths import parse_path
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.reference import (
    Reference,
    RegistryAddress,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.workloads import (
    WORKLOADS,
    CustomResource,
    UseCollector,
    describe_object,
    has_values,
    resource_references,
    workload_references,
)

OURS = RegistryAddress("kiwi")
AT = "registry.digitalocean.com/kiwi"
SHA = f"sha256:{'3c' * 32}"
KINDS = {one.kind: one for one in WORKLOADS}
POD_SPEC: dict[str, Any] = {
    "initContainers": [{"name": "i", "image": f"{AT}/init:v1"}],
    "containers": [{"name": "c", "image": f"{AT}/app:v2"}, {"name": "other", "image": "nginx"}],
    "ephemeralContainers": [{"name": "e", "image": f"{AT}/debug"}],
    "volumes": [{"name": "v", "image": {"reference": f"{AT}/model:v3"}}, {"name": "w", "emptyDir": {}}],
}
OF_SPEC = [Reference("init", "v1"), Reference("app", "v2"), Reference("debug", "latest"), Reference("model", "v3")]


def references(kind: str, raw: dict[str, Any]) -> list[Reference]:
    return list(workload_references(raw, KINDS[kind], OURS))


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("Pod", {"spec": POD_SPEC}),
        *((one, {"spec": {"template": {"spec": POD_SPEC}}})
          for one in ("ReplicaSet", "Job", "ReplicationController", "DaemonSet", "StatefulSet", "Deployment")),
        ("CronJob", {"spec": {"suspend": True, "jobTemplate": {"spec": {"template": {"spec": POD_SPEC}}}}}),
    ],
)  # fmt: skip
def test_all_containers_and_image_volumes_of_a_workload_count(kind: str, raw: dict[str, Any]) -> None:
    assert references(kind, raw) == OF_SPEC


@pytest.mark.parametrize("raw", [{}, {"spec": None}, {"spec": {"template": None}}, {"spec": {"containers": None}}])
def test_a_workload_without_containers_uses_nothing(raw: dict[str, Any]) -> None:
    assert [references(kind, raw) for kind in KINDS] == [[]] * len(KINDS)


def test_what_runs_counts_beside_what_is_declared() -> None:
    statuses = {
        "initContainerStatuses": [{"name": "i", "image": f"{AT}/init:v1", "imageID": f"docker-pullable://{AT}/init@{SHA}"}],
        "containerStatuses": [
            {"name": "c", "image": SHA, "imageID": f"ghcr.io/x@sha256:{'4d' * 32}"},
            {"name": "other", "image": "docker.io/nginx:latest", "imageID": f"docker.io/nginx@sha256:{'5e' * 32}"},
            {"name": "waits", "image": "", "imageID": ""},
        ],
        "ephemeralContainerStatuses": None,
    }  # fmt: skip
    found = references("Pod", {"spec": POD_SPEC, "status": statuses})
    assert found[4:] == [
        Reference("init", None, SHA),
        Reference("init", "v1", is_expected=False),
        Reference(None, None, f"sha256:{'4d' * 32}", is_expected=False),
        Reference(None, None, SHA, is_expected=False),
        Reference(None, None, f"sha256:{'5e' * 32}", is_expected=False),
    ]


def test_a_configurations_digest_of_our_container_is_expected() -> None:
    status = {"containerStatuses": [{"name": "c", "image": f"{AT}/app:v2", "imageID": f"docker://{SHA}"}]}
    assert Reference(None, None, SHA) in references("Pod", {"spec": POD_SPEC, "status": status})


def test_a_revision_may_keep_its_pod_template_anywhere() -> None:
    template = {"spec": {**POD_SPEC, "$patch": "replace"}}
    found = references("ControllerRevision", {"data": {"spec": {"template": template}}})
    assert sorted(found, key=str) == sorted(OF_SPEC, key=str)
    assert references(
        "ControllerRevision", {"data": {"image": f"{AT}/x:1", "deep": [{"image": {"reference": 7}}]}}
    ) == [Reference("x", "1")]
    assert references("ControllerRevision", {"data": None}) == []


def test_a_revision_that_nests_without_end_is_no_object() -> None:
    data: dict[str, Any] = {}
    for _level in range(60):
        data = {"spec": data}
    with pytest.raises(ValueError, match="too deeply"):
        references("ControllerRevision", {"data": data})


FLUX = CustomResource(
    ApiResource("source.toolkit.fluxcd.io", "v1", "ocirepositories"),
    address=parse_path("spec.url"),
    tag=parse_path("spec.ref.tag"),
    digest=parse_path("spec.ref.digest"),
    semver=parse_path("spec.ref.semver"),
)


def test_a_resource_names_images_whole_or_in_parts() -> None:
    flux = {"spec": {"url": f"oci://{AT}/deploy", "ref": {"semver": ">=1.0.0"}}}
    assert list(resource_references(flux, FLUX, OURS)) == [Reference("deploy", semver=">=1.0.0")]
    rollout = CustomResource(ApiResource("a", "v1", "b"), images=(parse_path("spec.template.spec.containers.image"),))
    pods = {"spec": {"template": {"spec": POD_SPEC}}}
    assert list(resource_references(pods, rollout, OURS)) == [Reference("app", "v2")]
    assert [has_values(raw, one) for raw, one in ((flux, FLUX), (pods, rollout), (pods, FLUX), (flux, rollout))] == [
        True, True, False, False,
    ]  # fmt: skip


def test_one_image_of_many_objects_is_one_use_that_tells_their_number() -> None:
    found = UseCollector(" in the cluster plum")
    for number in range(4):
        raw = {"metadata": {"namespace": "shop", "name": f"web-{number}"}}
        found.add(describe_object(raw, "Pod"), iter([Reference("app", "v1"), Reference("app", "v1")]))
    found.add(
        describe_object({"kind": "Widget", "metadata": {"name": "big"}}, "widgets"), iter([Reference("tool", "v1")])
    )
    assert [(one.where, one.repository) for one in found.uses()] == [
        ("the Pod shop/web-0 and 3 other objects in the cluster plum", "app"),
        ("the Widget big in the cluster plum", "tool"),
    ]


IMAGE = {"registry_type": "DOCR", "repository": "shop/cart"}


def spec_of(**image: Any) -> dict[str, Any]:
    return {"name": "kiosk", "workers": [{"name": "w", "image": {**IMAGE, **image}}]}


def certain(*found: Reference) -> tuple[Reference, ...]:
    return tuple(one._replace(is_expected=False) for one in found)


def test_an_app_uses_what_its_specification_and_its_deployments_name() -> None:
    others = [{"name": "x", "image": {"registry_type": one, "registry": "acme", "repository": "x"}}
              for one in ("DOCKER_HUB", "GHCR")]  # fmt: skip
    raw = {
        "id": "7f",
        "spec": {**spec_of(tag="v1"), "services": others, "jobs": [{"name": "j", "git": {}}], "static_sites": None},
        "active_deployment": {"spec": spec_of()},
        "pinned_deployment": {"spec": spec_of(digest=SHA)},
        "in_progress_deployment": {"spec": spec_of(tag="v4")},
        "pending_deployment": None,
    }
    assert parse_app(raw).references == certain(
        Reference("shop/cart", "v1"), Reference("shop/cart", "latest"), Reference("shop/cart", None, SHA),
        Reference("shop/cart", "v4"),
    )  # fmt: skip
    assert parse_deployment({"id": "8a", "spec": spec_of(registry_type="")}).references == certain(
        Reference("shop/cart", "latest")
    )


@pytest.mark.parametrize(
    "raw", [{}, {"id": "7f"}, {"id": "7f", "spec": {}}, {"id": "7f", "spec": spec_of(repository="")}]
)
def test_an_app_that_lacks_what_the_api_describes_is_no_app(raw: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        parse_app(raw)
