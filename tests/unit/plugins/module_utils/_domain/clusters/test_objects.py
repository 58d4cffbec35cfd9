# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of Kubernetes as they are read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    Container,
    FieldManager,
    Namespace,
    Pod,
    Secret,
    SecretContent,
    ServiceAccount,
    parse_namespace,
    parse_pod,
    parse_secret,
    parse_service_account,
)

MADE, MADE_AT = "2026-05-03T04:05:06Z", datetime(2026, 5, 3, 4, 5, 6, tzinfo=UTC)


def metadata(**more: Any) -> dict[str, Any]:
    return {"namespace": "pear", "name": "web", "uid": "u-7", "resourceVersion": "70", "creationTimestamp": MADE} | more


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"metadata": {"name": "pear"}}, Namespace("pear")),
        ({"metadata": {"name": "bog", "deletionTimestamp": MADE}}, Namespace("bog", is_terminating=True)),
    ],
)
def test_a_namespace_is_there_or_terminating(raw: dict[str, Any], expected: Namespace) -> None:
    assert parse_namespace(raw) == expected


def test_a_secret_is_read_with_what_identifies_it() -> None:
    raw = {
        "metadata": metadata(labels={"a": "b"}, annotations={"c": "d"}),
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": "e30="},
    }
    content = SecretContent("kubernetes.io/dockerconfigjson", {".dockerconfigjson": "e30="}, {"a": "b"}, {"c": "d"})
    found = parse_secret(raw)
    assert found == Secret("pear", "web", content, "u-7", "70", MADE_AT)
    assert (found.labels, found.annotations) == ({"a": "b"}, {"c": "d"})
    assert "e30=" not in repr(found)


@pytest.mark.parametrize("empty", [{}, {"data": None}])
def test_a_secret_without_anything_is_empty(empty: dict[str, Any]) -> None:
    raw = {"metadata": {"namespace": "pear", "name": "web", "labels": None, "annotations": None}, **empty}
    assert parse_secret(raw) == Secret("pear", "web", SecretContent("Opaque", {}))


def test_account_is_read_with_the_field_managers_of_its_list() -> None:
    managed = [
        {"manager": "farmer", "operation": "Apply", "time": MADE, "fieldsV1": {"f:imagePullSecrets": {}}},
        {"manager": "labeller", "operation": "Update", "fieldsV1": {"f:metadata": {}}},
        {"manager": "bare", "operation": "Update"},
        {"fieldsV1": {"f:imagePullSecrets": {}}},
    ]
    raw = {"metadata": metadata(managedFields=managed), "imagePullSecrets": [{"name": "b"}, {"name": "a"}, {}]}
    managers = (FieldManager("farmer", "Apply", MADE_AT), FieldManager("", ""))
    assert parse_service_account(raw) == ServiceAccount("pear", "web", ("b", "a", ""), "70", managers)


@pytest.mark.parametrize("empty", [{}, {"imagePullSecrets": None}, {"imagePullSecrets": []}])
def test_an_account_without_a_list_has_none(empty: dict[str, Any]) -> None:
    raw = {"metadata": {"namespace": "pear", "name": "web", "managedFields": None}, **empty}
    assert parse_service_account(raw) == ServiceAccount("pear", "web")


def test_a_pod_is_read_with_all_its_containers_and_why_they_wait() -> None:
    def waits(name: str, **waiting: str) -> dict[str, Any]:
        return {"name": name, "state": {"waiting": waiting}}

    raw = {
        "metadata": metadata(
            ownerReferences=[
                {"kind": "Owner", "name": "no-controller"},
                {"kind": "ReplicaSet", "name": "web-7d4b9", "controller": True},
            ]
        ),
        "spec": {
            "serviceAccountName": "build",
            "imagePullSecrets": [{"name": "mine"}],
            "initContainers": [{"name": "init", "image": "i"}],
            "containers": [{"name": "app", "image": "a"}, {"name": "runs", "image": "r"}],
            "ephemeralContainers": [{"name": "debug", "image": "d"}, {}],
        },
        "status": {
            "initContainerStatuses": [waits("init", reason="ErrImagePull", message="denied")],
            "containerStatuses": [waits("app", reason="ImagePullBackOff"), {"name": "runs", "state": {"running": {}}}],
            "ephemeralContainerStatuses": [{"name": "debug", "state": None}],
        },
    }
    containers = (
        Container("init", "i", "ErrImagePull", "denied"),
        Container("app", "a", "ImagePullBackOff"),
        Container("runs", "r"),
        Container("debug", "d"),
        Container("", ""),
    )
    assert parse_pod(raw) == Pod(
        "pear", "web", "build", ("mine",), containers, "ReplicaSet/web-7d4b9", created_at=MADE_AT, uid="u-7"
    )


@pytest.mark.parametrize("parts", [{}, {"spec": None, "status": None}, {"spec": {"serviceAccountName": ""}}])
def test_pod_without_optional_fields_has_the_default_account(parts: dict[str, Any]) -> None:
    raw = {
        "metadata": {"namespace": "pear", "name": "web", "deletionTimestamp": MADE, "ownerReferences": None},
        **parts,
    }
    assert parse_pod(raw) == Pod("pear", "web", "default", is_terminating=True)
