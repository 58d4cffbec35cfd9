# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images that objects of a cluster use: pods, what creates pods, and resources that the user names.

The kinds stand in the order in which they must be read. An image comes into use from above: a Deployment names the
image, then a ReplicaSet, then a pod; and above the image is gone first. Read from below, no image is missed that is in
use all the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..clusters.resources import ApiResource
from .model import ImageUse
from .paths import Path, find_texts
from .reference import Reference, RegistryAddress, read_image_id, read_parts, read_reference

# Where a pod keeps containers, and where the kubelet reports what runs of them.
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
# A revision nests its pod template some levels deep.
_MOST_LEVELS = 40


class WorkloadKind(NamedTuple):
    """A kind of workload, and the path to the specification of its pods; None where the path depends on the owner."""

    kind: str
    source: ApiResource
    pod_spec: Path | None


_TEMPLATE: Path = ("spec", "template", "spec")
WORKLOADS = (
    WorkloadKind("Pod", ApiResource("", "v1", "pods"), ("spec",)),
    WorkloadKind("ReplicaSet", ApiResource("apps", "v1", "replicasets"), _TEMPLATE),
    WorkloadKind("ControllerRevision", ApiResource("apps", "v1", "controllerrevisions"), None),
    WorkloadKind("Job", ApiResource("batch", "v1", "jobs"), _TEMPLATE),
    WorkloadKind("ReplicationController", ApiResource("", "v1", "replicationcontrollers"), _TEMPLATE),
    WorkloadKind("DaemonSet", ApiResource("apps", "v1", "daemonsets"), _TEMPLATE),
    WorkloadKind("StatefulSet", ApiResource("apps", "v1", "statefulsets"), _TEMPLATE),
    WorkloadKind("Deployment", ApiResource("apps", "v1", "deployments"), _TEMPLATE),
    WorkloadKind("CronJob", ApiResource("batch", "v1", "cronjobs"), ("spec", "jobTemplate", *_TEMPLATE)),
)


@dataclass(frozen=True)
class CustomResource:
    """A resource that the user names, with the paths to images: whole references, or address, tag and digest apart."""

    source: ApiResource
    images: tuple[Path, ...] = ()
    address: Path | None = None
    tag: Path | None = None
    digest: Path | None = None
    semver: Path | None = None


def workload_references(raw: Mapping[str, Any], kind: WorkloadKind, address: RegistryAddress) -> Iterator[Reference]:
    """The images of the registry that a workload uses. Raises TypeError, KeyError or AttributeError for no object."""
    if kind.pod_spec is None:
        yield from _nested_references(raw.get("data"), address)
        return
    spec: Any = raw
    for step in kind.pod_spec:
        spec = (spec or {}).get(step)
    declared = dict(_declared(spec or {}))
    found = {name: read_reference(image, address) for name, image in declared.items()}
    yield from (one for one in found.values() if one is not None)
    yield from _volume_references(spec or {}, address)
    status = raw.get("status") or {}
    for key in _STATUSES if kind.kind == "Pod" else ():
        for one in status.get(key) or ():
            is_ours = any(found.get((which, one.get("name"))) is not None for which in _CONTAINERS)
            yield from _running(one, address, is_ours=is_ours)


def _declared(spec: Mapping[str, Any]) -> Iterator[tuple[tuple[str, Any], str]]:
    """The images of containers, by the list and the name of the container."""
    for key in _CONTAINERS:
        for one in spec.get(key) or ():
            if isinstance(one.get("image"), str):
                yield (key, one.get("name")), one["image"]


def _volume_references(spec: Mapping[str, Any], address: RegistryAddress) -> Iterator[Reference]:
    """The images that are mounted as volumes (Kubernetes 1.31 or newer)."""
    for one in spec.get("volumes") or ():
        image = one.get("image")
        found = read_reference(str(image.get("reference") or ""), address) if isinstance(image, Mapping) else None
        if found is not None:
            yield found


def _running(status: Mapping[str, Any], address: RegistryAddress, *, is_ours: bool) -> Iterator[Reference]:
    for key in ("imageID", "image"):
        text = status.get(key)
        found = read_image_id(text, address, is_ours=is_ours) if isinstance(text, str) and text else None
        # What the kubelet calls the image has no new tag, and may be a name that the image had on the node before.
        if found is not None:
            yield found if key == "imageID" else found._replace(is_expected=False)


def _nested_references(value: Any, address: RegistryAddress, level: int = 0) -> Iterator[Reference]:
    """The images under every key `image`, since each controller has a layout of its own for revisions."""
    if level > _MOST_LEVELS:
        raise ValueError("the revision nests too deeply")
    if isinstance(value, Mapping):
        for key, one in value.items():
            text = one.get("reference") if key == "image" and isinstance(one, Mapping) else one
            found = read_reference(text, address) if key == "image" and isinstance(text, str) else None
            if found is not None:
                yield found
            yield from _nested_references(one, address, level + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _nested_references(one, address, level + 1)


def has_values(raw: Mapping[str, Any], resource: CustomResource) -> bool:
    """Whether an object has a text at one of the paths to images or addresses."""
    paths = (*resource.images, *((resource.address,) if resource.address else ()))
    return any(True for path in paths for _text in find_texts(raw, path))


def resource_references(
    raw: Mapping[str, Any], resource: CustomResource, address: RegistryAddress
) -> Iterator[Reference]:
    """The images of the registry that an object of a resource uses."""
    for path in resource.images:
        found = (read_reference(text, address) for text in find_texts(raw, path))
        yield from (one for one in found if one is not None)
    if resource.address is not None:
        tags, digests, ranges = (
            tuple(find_texts(raw, path)) if path else () for path in (resource.tag, resource.digest, resource.semver)
        )
        for text in find_texts(raw, resource.address):
            yield from read_parts(text, address, tags, digests, ranges)


def describe_object(raw: Mapping[str, Any], kind: str) -> str:
    """An object for people: its kind and its name, such as `the Deployment shop/web`."""
    metadata = raw["metadata"]
    namespace = metadata.get("namespace")
    return f"the {raw.get('kind') or kind} {f'{namespace}/' if namespace else ''}{metadata['name']}"


class UseCollector:
    """The uses of one place, such as a cluster: each image once, with the first object and the number of the others."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._found: dict[Reference, list[Any]] = {}

    def add(self, where: str, references: Iterator[Reference]) -> None:
        """Note what an object uses."""
        for one in dict.fromkeys(references):
            known = self._found.setdefault(one, [where, 0])
            known[1] += 1

    def uses(self) -> tuple[ImageUse, ...]:
        """What was noted, in the order in which the images came."""
        return tuple(
            one.used_at(f"{where}{_and_others(count - 1)}{self._place}") for one, (where, count) in self._found.items()
        )


def _and_others(count: int) -> str:
    if count == 0:
        return ""
    return " and another object" if count == 1 else f" and {count} other objects"
