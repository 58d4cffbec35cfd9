# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lives and what goes, once it is known which manifests are kept by themselves and which a rule deletes.

A manifest lives as long as a parent or a subject of it lives, in whichever repository. What belongs to a deleted
manifest goes with it: its children in the same repository, and its companions in every repository that has a policy.
Every other manifest that no rule chooses lives, and what belongs to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from ..images.graph import ImageGraph, Links
from ..images.inventory import ManifestPlace


class Deletion(NamedTuple):
    """Why a manifest goes: the rule, and the parent or subject with which the manifest goes."""

    rule: str
    by: str | None = None


class Solution(NamedTuple):
    """The deleted manifests, and the digests that live anywhere in the registry."""

    deleted: Mapping[ManifestPlace, Deletion]
    alive: Collection[str]


class Solver:
    """Solves a graph for several sets of kept manifests. `governed` are the repositories that have a policy."""

    def __init__(self, graph: ImageGraph, governed: Collection[str]) -> None:
        self._graph = graph
        self._governed = governed
        self._superseded = _superseded_indexes(graph)

    def solve(self, kept: Collection[ManifestPlace], chosen: Mapping[ManifestPlace, str]) -> Solution:
        """What goes. `kept` are manifests that are kept by themselves; `chosen` has the rule that deletes a manifest.

        Takes a time that is linear in the number of links, times the depth of the graph.
        """
        alive = set[str]()
        self._graph.spread((place.digest for place in kept), alive)
        open_ = [place for place in self._graph.listed if place not in kept and not self._is_held(place, alive)]
        while True:
            candidates = set(open_)
            deleted = self._go_along([place for place in open_ if place in chosen], chosen, candidates)
            lasting = [place for place in open_ if place not in deleted]
            if not lasting:
                return Solution(deleted, alive)
            self._graph.spread((place.digest for place in lasting), alive)
            open_ = [place for place in deleted if not self._is_held(place, alive)]

    def _is_held(self, place: ManifestPlace, alive: Collection[str]) -> bool:
        return any(one in alive for one in self._graph.above(place.digest))

    def _go_along(
        self, roots: list[ManifestPlace], chosen: Mapping[ManifestPlace, str], candidates: Collection[ManifestPlace]
    ) -> dict[ManifestPlace, Deletion]:
        found = {place: Deletion(chosen[place]) for place in roots}
        pending = list(roots)
        for place in pending:
            for below in self._below(place):
                if below in candidates and below not in found:
                    found[below] = Deletion(found[place].rule, place.digest)
                    pending.append(below)
        return found

    def _below(self, place: ManifestPlace) -> Iterator[ManifestPlace]:
        for child in self._graph.children.get(place.digest, ()):
            if place.repository in self._governed:
                yield ManifestPlace(place.repository, child)
        attached = (*self._graph.companions.get(place.digest, ()), *self._superseded.get(place.digest, ()))
        for companion in attached:
            for repository in self._graph.repositories_of[companion]:
                if repository in self._governed:
                    yield ManifestPlace(repository, companion)


def _superseded_indexes(graph: ImageGraph) -> Links:
    """By subject the indexes of referrers that lost their fallback tag to a newer index.

    Such an index is garbage, and no companion: it goes with the subject, and does not stay with it.
    """
    found: dict[str, list[str]] = {}
    for digest, children in graph.children.items():
        document = graph.document(digest)
        is_plain = digest not in graph.parents and digest not in graph.subjects
        if document is None or not document.is_index or document.subject is not None or not is_plain:
            continue
        if any(graph.listed[ManifestPlace(one, digest)].tags for one in graph.repositories_of[digest]):
            continue
        subjects = [(graph.document(one), one) for one in children]
        named = [one.subject for one, _digest in subjects if one is not None and one.subject is not None]
        if len(named) == len(children):
            for subject in dict.fromkeys(named):
                found.setdefault(subject, []).append(digest)
    return {subject: tuple(digests) for subject, digests in found.items()}
