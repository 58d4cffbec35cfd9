# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a validation asks the image host for, and what it found to be missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..images.graph import ImageGraph
from ..images.inventory import Inventory, ManifestPlace

MANIFEST, BLOB = "manifest", "blob"
MANIFESTS, LAYERS = "manifests", "layers"


class Target(NamedTuple):
    """A manifest or blob of a repository that must answer. `kind` is MANIFEST or BLOB."""

    kind: str
    repository: str
    digest: str


@dataclass(frozen=True)
class MissingPart:
    """What did not answer, or was not known. `needed_by` are manifests of the repository that name the target.

    `tags` are the tags of the target, or else of the manifests that need it. `error` is a sentence where the image host
    did not say whether the target is there.
    """

    target: Target
    needed_by: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    error: str | None = None

    def message(self) -> str:
        """The finding as a sentence."""
        kind, repository, digest = self.target
        if self.error is not None:
            return self.error
        needed = f", which {' and '.join(self.needed_by[:3])} name" if len(self.needed_by) > 1 else ""
        needed = f", which {self.needed_by[0]} names" if len(self.needed_by) == 1 else needed
        tags = f" (tags {', '.join(self.tags[:5])})" if self.tags else ""
        return f"The image host does not have the {kind} {digest} of the repository {repository}{needed}{tags}."

    def shape(self) -> dict[str, Any]:
        """The finding as users see it."""
        return {
            "kind": self.target.kind,
            "repository": self.target.repository,
            "digest": self.target.digest,
            "needed_by": list(self.needed_by),
            "tags": list(self.tags),
            "error": self.error,
            "message": self.message(),
        }


def find_targets(
    graph: ImageGraph, mode: str, is_meant: Callable[[str], bool], removed: Collection[ManifestPlace] = ()
) -> dict[Target, list[str]]:
    """What must answer, with the manifests that need it: each listed manifest, each child, and each blob once.

    Blobs are asked for in the mode `layers` only. `is_meant` says of a repository whether its manifests count, and
    `removed` are manifests that do not count any more. A child that is in no list is a target too; a blob that is
    stored elsewhere is none.
    """
    found: dict[Target, list[str]] = {}
    for place in graph.listed:
        if place in removed or not is_meant(place.repository):
            continue
        found.setdefault(Target(MANIFEST, *place), [])
        document = graph.document(place.digest)
        if document is None:
            continue
        for child in document.children:
            found.setdefault(Target(MANIFEST, place.repository, child.digest), []).append(place.digest)
        for blob, _size in document.blobs if mode == LAYERS else ():
            found.setdefault(Target(BLOB, place.repository, blob), []).append(place.digest)
    return found


def find_unknown(inventory: Inventory) -> Iterator[MissingPart]:
    """The lists and manifests that could not be read, so that what they name is not known."""
    for one in inventory.repositories:
        if one.error is not None:
            yield MissingPart(Target(MANIFEST, one.name, ""), error=one.error)
    for place, error in inventory.unread.items():
        yield MissingPart(Target(MANIFEST, *place), error=error)


def known_missing(graph: ImageGraph) -> frozenset[Target]:
    """The manifests that were missing when the registry was read."""
    unlisted = (
        Target(MANIFEST, place.repository, child.digest)
        for place in graph.listed
        for document in (graph.document(place.digest),)
        if document is not None
        for child in document.children
        if not graph.is_here(place.repository, child.digest)
    )
    return frozenset((*unlisted, *(Target(MANIFEST, *place) for place in graph.inventory.gone)))


def describe_missing(graph: ImageGraph, target: Target, needed_by: list[str], error: str | None) -> MissingPart:
    """The finding for a target, with the tags by which users know it."""
    named = tuple(dict.fromkeys(needed_by))
    tags = tuple(dict.fromkeys(tag for digest in (target.digest, *named) for tag in _tags(graph, target, digest)))
    return MissingPart(target, named, tags, error)


def _tags(graph: ImageGraph, target: Target, digest: str) -> Iterator[str]:
    listed = graph.listed.get(ManifestPlace(target.repository, digest))
    yield from listed.tags if listed is not None else ()
