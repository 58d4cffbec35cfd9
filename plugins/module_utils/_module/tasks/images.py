# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_image_info between its options and the services."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from ..._client.digitalocean.in_use import open_use_api
from ..._client.files.manifest_cache import FolderCache
from ..._client.files.own_folders import default_cache_path
from ..._domain.errors import InvalidInput
from ..._domain.field_errors import FieldError
from ..._domain.images.budget import share_of_team
from ..._domain.images.damage import find_damage
from ..._domain.images.graph import ImageGraph, build_graph
from ..._domain.images.keeping import Keeping, find_keeping
from ..._domain.images.report import is_companion, shape_damage, shape_image, shape_protected, shape_why
from ..._domain.images.sizes import ImageTree, blob_sizes, find_images, measure_images
from ..._domain.in_use.options import read_in_use
from ..._domain.in_use.reference import RegistryAddress
from ..._domain.in_use.resolve import resolve_uses
from ..._domain.registry.name import name_fault
from ..._service.flow.budget import CallBudget
from ..._service.flow.wait import SystemClock
from ..._service.images.registry import RegistryReader, RegistryReading
from ..._service.in_use.read import read_uses
from ..._service.ports.in_use import UseSources
from ..run import InfoEntry, Params, Say, drop_line
from ..spec import Spec
from .in_use import IN_USE_OPTION, names_clusters, shape_uses, warn_of_uses

_SPEC = Spec(
    options={
        "registry": {"type": "str", "required": True, "aliases": ["name"]},
        "repositories": {"type": "list", "elements": "str"},
        "why": {"type": "list", "elements": "str", "default": []},
        "rate_limit_share": {"type": "int", "default": 50},
        "cache_path": {"type": "path"},
        **IN_USE_OPTION,
    }
)


def fetch_image_info(api: UseSources, params: Params, say: Say = drop_line) -> dict[str, Any]:
    """The result of docr_image_info; raises InvalidInput with all that is wrong with the options."""
    sources, wrong = read_in_use(params["in_use"])
    faults = (*reading_faults(params), *wrong)
    if faults:
        raise InvalidInput(faults)
    cache = FolderCache(params["cache_path"] or default_cache_path(os.environ, os.path.expanduser("~")))
    clock = SystemClock()
    limits = share_of_team(params["rate_limit_share"])
    budget = CallBudget(limits, clock)
    reading = RegistryReader(api, cache, budget, clock, say).read(params["registry"])
    graph = build_graph(reading.inventory)
    shown = ShownImages(graph, params["repositories"])
    registry = params["registry"]
    uses = read_uses(api, sources, RegistryAddress(registry, params["registry_host"].strip()), budget)
    resolved = resolve_uses(graph, uses.uses)
    return {
        **shown.shape(params["why"]),
        "in_use": shape_uses(graph, uses, resolved),
        "reading": {
            "api_calls": budget.calls,
            "image_host_requests": reading.image_host_requests,
            "manifests_from_cache": reading.manifests_from_cache,
            "least_wait_seconds": round(limits.shortest_s(budget.calls)),
            "waited_seconds": round(budget.waited_s),
        },
        "warnings": [
            *_warnings(reading, params["repositories"], cache.problem),
            *warn_of_uses(uses, resolved, registry),
        ],
    }


class ShownImages:
    """A graph, and what of it is shown: the repositories that a pattern matches, all without a pattern."""

    def __init__(self, graph: ImageGraph, patterns: Sequence[str] | None) -> None:
        self._graph = graph
        self._keeping: Keeping = find_keeping(graph)
        self._images: tuple[ImageTree, ...] = find_images(graph)
        self._sizes = measure_images(graph, self._images)
        names = (one.name for one in graph.inventory.repositories)
        self._names = [one for one in names if _matches(one, patterns)]

    def shape(self, why: Sequence[str]) -> dict[str, Any]:
        """The result keys that the graph gives."""
        names = set(self._names)
        damage = find_damage(self._graph)
        listed = self._graph.listed
        return {
            "repositories": self._shape_repositories(),
            "damage": [shape_damage(one) for one in damage if one.place.repository in names],
            "protected": [
                shape
                for place in listed
                if place.repository in names
                for shape in shape_protected(self._graph, self._keeping, place)
            ],
            "why": [shape_why(self._graph, self._keeping, one.strip()) for one in why],
            "summary": {
                "repositories": len(self._graph.inventory.repositories),
                "images": sum(not is_companion(self._graph, one.root) for one in self._images),
                "manifests": len(listed),
                "untagged_manifests": sum(not one.tags for one in listed.values()),
                "damaged": len(damage),
                "size_bytes": sum(blob_sizes(self._graph).values()),
            },
        }

    def _shape_repositories(self) -> list[dict[str, Any]]:
        of_name: dict[str, list[ImageTree]] = {}
        for tree in self._images:
            of_name.setdefault(tree.root.repository, []).append(tree)
        shown = set(self._names)
        return [
            {
                "name": one.name,
                "error": one.error,
                "tags": sorted(tag for manifest in one.manifests for tag in manifest.tags),
                "images": self._shape_images(of_name.get(one.name, []), is_orphaned=False),
                "orphans": self._shape_images(of_name.get(one.name, []), is_orphaned=True),
            }
            for one in self._graph.inventory.repositories
            if one.name in shown
        ]

    def _shape_images(self, trees: Sequence[ImageTree], *, is_orphaned: bool) -> list[dict[str, Any]]:
        return [
            shape_image(self._graph, self._keeping, one, self._sizes[one.root])
            for one in trees
            if is_companion(self._graph, one.root) is is_orphaned
        ]


def _matches(name: str, patterns: Sequence[str] | None) -> bool:
    return patterns is None or any(fnmatchcase(name, one) for one in patterns)


def reading_faults(params: Params) -> Iterator[FieldError]:
    """What is wrong with the options of every module that reads the images of a registry."""
    wrong_name = name_fault(params["registry"])
    if wrong_name is not None:
        yield FieldError("registry", *wrong_name)
    if not 1 <= params["rate_limit_share"] <= 100:
        yield FieldError("rate_limit_share", f"{params['rate_limit_share']} is not from 1 to 100", "use a percentage")
    if params["cache_path"] and not os.path.isabs(params["cache_path"]):
        yield FieldError("cache_path", f"the path {params['cache_path']} is not absolute", "write an absolute path")


def _warnings(reading: RegistryReading, patterns: Sequence[str] | None, cache_problem: str | None) -> Iterator[str]:
    names = [one.name for one in reading.inventory.repositories]
    for pattern in patterns or ():
        if not any(fnmatchcase(name, pattern) for name in names):
            yield f"The pattern {pattern} of repositories matches no repository of the registry."
    errors = [one.error for one in reading.inventory.repositories if one.error is not None]
    if errors:
        yield f"Repositories whose list could not be read: {len(errors)}. The first error: {errors[0]}"
    yield from reading_warnings(reading, cache_problem)


def reading_warnings(reading: RegistryReading, cache_problem: str | None) -> Iterator[str]:
    """A warning for manifests that could not be read, and for manifests that are not kept for the next run."""
    unread = list(reading.inventory.unread.values())
    if unread:
        yield f"Manifests that could not be read and are protected: {len(unread)}. The first error: {unread[0]}"
    if cache_problem is not None:
        yield f"Manifests are not kept for the next run: {cache_problem}."


def _listen(say: Say) -> Callable[[UseSources, Params], dict[str, Any]]:
    return partial(fetch_image_info, say=say)


IMAGE_INFO = InfoEntry(_SPEC, fetch_image_info, open_use_api, listen=_listen, enters_clusters=names_clusters)
