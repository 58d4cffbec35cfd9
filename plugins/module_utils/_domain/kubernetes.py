# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""Objects of Kubernetes, as far as pulling images goes; nothing is kept of them that nobody asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PULL_SECRET_TYPE = "kubernetes.io/dockerconfigjson"
PULL_SECRET_KEY = ".dockerconfigjson"

# What an API server adds to the metadata of an object that is on its way out.
_DELETED = "deletionTimestamp"


@dataclass(frozen=True)
class Namespace:
    """A namespace; nothing can be made in one that is terminating."""

    name: str
    is_terminating: bool = False


@dataclass(frozen=True)
class SecretContent:
    """What a secret is to hold: `data` has its values in base64, as the API does."""

    type: str
    data: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Secret:
    """A secret as it was read."""

    namespace: str
    name: str
    content: SecretContent
    uid: str = ""
    resource_version: str = ""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.content.labels

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return self.content.annotations


@dataclass(frozen=True)
class ServiceAccount:
    """A service account: the names in its `imagePullSecrets`, in their order, and who manages that list.

    `managers` are the field managers of `managedFields` that own any of it.
    """

    namespace: str
    name: str
    pull_secrets: tuple[str, ...] = ()
    resource_version: str = ""
    managers: tuple[str, ...] = ()


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
    )


def parse_service_account(raw: Mapping[str, Any]) -> ServiceAccount:
    """A service account."""
    metadata = raw["metadata"]
    managed = metadata.get("managedFields") or ()
    return ServiceAccount(
        namespace=str(metadata["namespace"]),
        name=str(metadata["name"]),
        pull_secrets=tuple(str(one.get("name", "")) for one in raw.get("imagePullSecrets") or ()),
        resource_version=str(metadata.get("resourceVersion", "")),
        managers=tuple(
            dict.fromkeys(
                str(one.get("manager", "")) for one in managed if "f:imagePullSecrets" in (one.get("fieldsV1") or {})
            )
        ),
    )
