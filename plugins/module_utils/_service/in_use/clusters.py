# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images that the objects of a cluster use, list by list, so that at most a page is in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..._domain.clusters.resources import ApiResource
from ..._domain.errors import BadAnswer, DocrError, Interrupted, NotFound, Unreachable
from ..._domain.in_use.model import ImageUse
from ..._domain.in_use.reference import RegistryAddress
from ..._domain.in_use.workloads import (
    WORKLOADS,
    CustomResource,
    UseCollector,
    WorkloadKind,
    describe_object,
    has_values,
    resource_references,
    workload_references,
)
from ..ports.kube import Kube

_NOT_FOUND = 404
# After these errors every other list would wait for the same timeout.
_OF_THE_WAY = (Unreachable, Interrupted)


@dataclass
class ResourceCount:
    """How many objects a resource has in a cluster, and how many of them have a text at a path to images."""

    objects: int = 0
    with_values: int = 0


@dataclass(frozen=True)
class ClusterUses:
    """What a cluster uses, and why some lists could not be read.

    `resources` has a count for each resource that the user named, and None where the cluster lacks the whole group.
    """

    uses: tuple[ImageUse, ...]
    error: str | None = None
    resources: Mapping[str, ResourceCount | None] = field(default_factory=dict)


def read_cluster(kube: Kube, words: str, resources: Sequence[CustomResource], address: RegistryAddress) -> ClusterUses:
    """Read all lists of a cluster, each after the other; `words` name the cluster. Lists that fail are named."""
    return _WorkloadReader(kube, words, address).read(resources)


class _WorkloadReader:
    """Reads one cluster."""

    def __init__(self, kube: Kube, words: str, address: RegistryAddress) -> None:
        self._kube = kube
        self._address = address
        self._found = UseCollector(f" in {words}")
        self._errors: list[DocrError] = []
        self._counts: dict[str, ResourceCount | None] = {}

    def read(self, resources: Sequence[CustomResource]) -> ClusterUses:
        """All lists; what creates pods after the pods."""
        lists: list[Callable[[], None]] = [
            *(partial(self._read_workload, one) for one in WORKLOADS),
            *(partial(self._read_resource, one) for one in resources),
        ]
        for read in lists:
            try:
                read()
            except DocrError as error:
                self._errors.append(error)
                if isinstance(error, _OF_THE_WAY):
                    break
        return ClusterUses(self._found.uses(), self._told(), self._counts)

    def _told(self) -> str | None:
        if not self._errors:
            return None
        rest = len(self._errors) - 1
        return str(self._errors[0]) + (f" {rest} more lists could not be read." if rest else "")

    def _read_workload(self, kind: WorkloadKind) -> None:
        def take(raw: Mapping[str, Any]) -> None:
            self._found.add(describe_object(raw, kind.kind), workload_references(raw, kind, self._address))

        self._kube.each_object(kind.source, take)

    def _read_resource(self, resource: CustomResource) -> None:
        count = self._counts.get(resource.source.name) or ResourceCount()

        def take(raw: Mapping[str, Any]) -> None:
            count.objects += 1
            count.with_values += has_values(raw, resource)
            references = resource_references(raw, resource, self._address)
            self._found.add(describe_object(raw, resource.source.resource), references)

        try:
            self._kube.each_object(resource.source, take)
        except (NotFound, BadAnswer) as error:
            if error.answer.status != _NOT_FOUND or self._has_group(resource.source):
                raise
            self._counts.setdefault(resource.source.name, None)
            return
        self._counts[resource.source.name] = count

    def _has_group(self, resource: ApiResource) -> bool:
        """Whether the cluster has the group, so that version or name are wrong. Of a missing group nothing exists."""
        return not resource.group or resource.group in self._kube.list_groups()
