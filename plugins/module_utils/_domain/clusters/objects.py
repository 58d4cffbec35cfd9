# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes objects, reduced to what decides whether a pod can pull an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..times import parse_time

PULL_SECRET_TYPE = "kubernetes.io/dockerconfigjson"
PULL_SECRET_KEY = ".dockerconfigjson"

# The ownerReferences of an object, as in the API.
Owners = Sequence[Mapping[str, Any]]

# More connections to one API server are not faster (measured), and other users share its priority and fairness.
CONNECTIONS = 4

# The API server adds this to the metadata of an object that is terminating.
_DELETED = "deletionTimestamp"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace; no object can be created in a namespace that is terminating."""

    name: str
    is_terminating: bool = False


@dataclass(frozen=True)
class SecretContent:
    """The content of a secret; the values of `data` are base64, as in the API."""

    type: str
    data: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as it was read; secrets with equal content may share one content object.

    `finalizers` and `owners` (its ownerReferences) are what other writers set. A secret that `is_terminating` was
    deleted and stays until its finalizers end.
    """

    namespace: str
    name: str
    content: SecretContent
    uid: str = ""
    resource_version: str = ""
    created_at: datetime | None = None
    finalizers: tuple[str, ...] = ()
    owners: Owners = ()
    is_terminating: bool = False

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.content.labels

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return self.content.annotations


@dataclass(frozen=True, slots=True)
class FieldManager:
    """The field manager that wrote a field last, by `Update` or by `Apply` (server-side apply), and when."""

    name: str
    operation: str
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account: the names in its `imagePullSecrets` in order, and the field managers of the list."""

    namespace: str
    name: str
    pull_secrets: tuple[str, ...] = ()
    resource_version: str = ""
    managers: tuple[FieldManager, ...] = ()

    @property
    def named_secrets(self) -> tuple[str, ...]:
        """The names without the empty names, which Kubernetes allows and a kubelet passes over."""
        return tuple(filter(None, self.pull_secrets))


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod; `waiting` is the kubelet's reason why it does not run (`ImagePullBackOff`)."""

    name: str
    image: str
    waiting: str | None = None
    message: str = ""

    @property
    def waits_with_error_text(self) -> bool:
        """Whether the reason is the text of an error and no word.

        A kubelet of 1.34 or newer gives the error of a pull secret that cannot be read as the reason, such as "illegal
        base64 data at input byte 4" or "unexpected end of JSON input" (pkg/kubelet/images/image_manager.go,
        EnsureImageExists). All other reasons are words.
        """
        return self.waiting is not None and " " in self.waiting


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod: the pull secrets that it was created with, its containers, and the controller that would replace it.

    `controller` is kind and name, such as `ReplicaSet/web-7d4b9`; None where no controller would replace the pod.
    """

    namespace: str
    name: str
    service_account: str
    pull_secrets: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()
    controller: str | None = None
    is_terminating: bool = False
    created_at: datetime | None = None
    uid: str = ""

    @property
    def named_secrets(self) -> tuple[str, ...]:
        """The names of pull secrets without the empty names, which Kubernetes allows and a kubelet passes over."""
        return tuple(filter(None, self.pull_secrets))

    @property
    def controller_kind(self) -> str:
        """The kind of the controller, such as `ReplicaSet`; empty where no controller would replace the pod."""
        return (self.controller or "").partition("/")[0]


def parse_namespace(raw: Mapping[str, Any]) -> Namespace:
    """A namespace, or only its metadata."""
    return Namespace(str(raw["metadata"]["name"]), _DELETED in raw["metadata"])


def parse_secret(raw: Mapping[str, Any]) -> Secret:
    """A secret."""
    metadata = raw["metadata"]
    content = SecretContent(
        type=str(raw.get("type", "Opaque")),
        data=dict(raw.get("data") or {}),
        labels=dict(metadata.get("labels") or {}),
        annotations=dict(metadata.get("annotations") or {}),
    )
    return Secret(
        namespace=str(metadata["namespace"]),
        name=str(metadata["name"]),
        content=content,
        uid=str(metadata.get("uid", "")),
        resource_version=str(metadata.get("resourceVersion", "")),
        created_at=_time(metadata.get("creationTimestamp")),
        finalizers=tuple(str(one) for one in metadata.get("finalizers") or ()),
        owners=tuple(dict(one) for one in metadata.get("ownerReferences") or ()),
        is_terminating=_DELETED in metadata,
    )


def parse_service_account(raw: Mapping[str, Any]) -> ServiceAccount:
    """A service account."""
    metadata = raw["metadata"]
    managed = metadata.get("managedFields") or ()
    return ServiceAccount(
        namespace=str(metadata["namespace"]),
        name=str(metadata["name"]),
        pull_secrets=_names(raw.get("imagePullSecrets")),
        resource_version=str(metadata.get("resourceVersion", "")),
        managers=tuple(
            FieldManager(str(one.get("manager", "")), str(one.get("operation", "")), _time(one.get("time")))
            for one in managed
            if "f:imagePullSecrets" in (one.get("fieldsV1") or {})
        ),
    )


def parse_pod(raw: Mapping[str, Any]) -> Pod:
    """A pod."""
    metadata, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    states = {
        one.get("name"): one
        for key in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        for one in status.get(key) or ()
    }
    owner = next((one for one in metadata.get("ownerReferences") or () if one.get("controller")), None)
    return Pod(
        namespace=str(metadata["namespace"]),
        name=str(metadata["name"]),
        service_account=str(spec.get("serviceAccountName") or "default"),
        pull_secrets=_names(spec.get("imagePullSecrets")),
        containers=tuple(
            _parse_container(one, states.get(one.get("name")) or {})
            for key in ("initContainers", "containers", "ephemeralContainers")
            for one in spec.get(key) or ()
        ),
        controller=f"{owner.get('kind')}/{owner.get('name')}" if owner else None,
        is_terminating=_DELETED in metadata,
        created_at=_time(metadata.get("creationTimestamp")),
        uid=str(metadata.get("uid", "")),
    )


def _parse_container(raw: Mapping[str, Any], state: Mapping[str, Any]) -> Container:
    waiting = (state.get("state") or {}).get("waiting") or {}
    reason = waiting.get("reason")
    return Container(
        name=str(raw.get("name", "")),
        image=str(raw.get("image", "")),
        waiting=None if reason is None else str(reason),
        message=str(waiting.get("message") or ""),
    )


def _names(entries: Any) -> tuple[str, ...]:
    return tuple(str(one.get("name", "")) for one in entries or ())


def _time(text: Any) -> datetime | None:
    return None if not text else parse_time(text)
