# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which manifests are in use: each reference is looked up in the graph of the registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..images.graph import ImageGraph
from .model import ImageUse
from .versions import fits_range, read_version

# A manifest lists so many of its uses, and counts the others.
_MOST_TOLD = 10


@dataclass(frozen=True)
class ResolvedUses:
    """What uses each manifest, for people and by digest, and the uses of images that the registry does not have."""

    uses_of: Mapping[str, tuple[str, ...]]
    unresolved: tuple[ImageUse, ...]


def resolve_uses(graph: ImageGraph, uses: Iterable[ImageUse]) -> ResolvedUses:
    """The manifests that uses name, without their parents and children.

    A digest counts in whichever repository; where the repository of the use lacks the digest, the use is unresolved
    too. The digest of a configuration stands for each manifest that names the configuration.
    """
    lookup = _Lookup(graph)
    found: dict[str, dict[str, None]] = {}
    unresolved: list[ImageUse] = []
    for one in uses:
        digests = tuple(lookup.find(one))
        for digest in digests:
            found.setdefault(digest, {})[one.where] = None
        is_there = bool(digests) if one.repository is None else any(lookup.has(one.repository, d) for d in digests)
        if not is_there and one.is_expected:
            unresolved.append(one)
    return ResolvedUses({digest: _shorten(where) for digest, where in found.items()}, tuple(unresolved))


def _shorten(where: Mapping[str, None]) -> tuple[str, ...]:
    every = tuple(where)
    rest = len(every) - _MOST_TOLD
    return every if rest <= 0 else (*every[:_MOST_TOLD], f"{rest} more")


def describe_unresolved(uses: Iterable[ImageUse], registry: str) -> Iterator[str]:
    """A sentence for each use of an image that the registry does not have."""
    for one in uses:
        repository = one.repository or ""
        if one.digest is not None:
            image = f"{repository}@{one.digest}" if repository else one.digest
        elif one.semver is not None:
            image = f"{repository} in the range of versions {one.semver}"
        else:
            image = f"{repository}:{one.tag}"
        yield f"{one.where[:1].upper()}{one.where[1:]} uses {image}, which the registry {registry} does not have."


class _Lookup:
    """Finds the digests of uses."""

    def __init__(self, graph: ImageGraph) -> None:
        self._graph = graph
        self._tags: dict[str, dict[str, str]] = {}
        for place, manifest in graph.listed.items():
            self._tags.setdefault(place.repository, {}).update(dict.fromkeys(manifest.tags, place.digest))
        self._of_config: dict[str, list[str]] = {}
        for digest, document in graph.inventory.documents.items():
            if document.config is not None:
                self._of_config.setdefault(document.config, []).append(digest)

    def has(self, repository: str, digest: str) -> bool:
        """Whether the repository lists the manifest."""
        return repository in self._graph.repositories_of.get(digest, ())

    def find(self, use: ImageUse) -> Iterator[str]:
        """The digests of the manifests that a use names."""
        if use.digest is not None:
            if self._graph.exists(use.digest):
                yield use.digest
            yield from (one for one in self._of_config.get(use.digest, ()) if self._graph.exists(one))
            return
        tags = self._tags.get(use.repository or "", {})
        if use.semver is not None:
            yield from dict.fromkeys(tags[tag] for tag in tags if fits_range(read_version(tag), use.semver))
        elif use.tag in tags:
            yield tags[use.tag]
