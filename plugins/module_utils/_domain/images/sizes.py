# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images as people count them, and their sizes: an image with its platforms, attestations and companions.

A blob that several images of the registry name is stored once. It is the own blob of an image only where no other
image names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .graph import ImageGraph
from .inventory import ManifestPlace


@dataclass(frozen=True)
class ImageTree:
    """An image: the manifest at its root, and all that belongs to it, the root included."""

    root: ManifestPlace
    places: tuple[ManifestPlace, ...]


@dataclass(frozen=True)
class ImageSize:
    """Bytes that only this image names, and bytes that other images of the registry name too."""

    own_bytes: int
    shared_bytes: int

    @property
    def size_bytes(self) -> int:
        """All bytes that a pull of all platforms would move."""
        return self.own_bytes + self.shared_bytes


def find_images(graph: ImageGraph) -> tuple[ImageTree, ...]:
    """The images of a registry, in the order of the lists; each manifest belongs to at least one image.

    The root of an image has a tag of a user, or no parent in its repository and no subject in the registry.
    """
    alone = {digest: tuple(_alone(graph, digest)) for digest in graph.subjects}
    trees: list[ImageTree] = []
    covered = set[ManifestPlace]()
    for is_rest in (False, True):
        for place in graph.listed:
            # What is left belongs to a circle of tags, since no document can name a document that names it.
            if place not in covered if is_rest else _is_root(graph, place):
                tree = ImageTree(place, _collect(graph, place, alone))
                covered.update(tree.places)
                trees.append(tree)
    return tuple(trees)


def measure_images(graph: ImageGraph, images: Iterable[ImageTree]) -> Mapping[ManifestPlace, ImageSize]:
    """The size of each image by its root."""
    trees = tuple(images)
    sizes = blob_sizes(graph)
    blobs = {tree.root: {blob for place in tree.places for blob in _blobs(graph, place)} for tree in trees}
    namers: dict[str, int] = {}
    for named in blobs.values():
        for blob in named:
            namers[blob] = namers.get(blob, 0) + 1
    found = dict[ManifestPlace, ImageSize]()
    for root, named in blobs.items():
        own = sum(sizes[one] for one in named if namers[one] == 1)
        found[root] = ImageSize(own, sum(sizes[one] for one in named) - own)
    return found


def blob_sizes(graph: ImageGraph) -> dict[str, int]:
    """The blobs that the manifests of a registry name, with their sizes; each blob is stored once."""
    sizes: dict[str, int] = {}
    for place in graph.listed:
        for digest, size in _sized(graph, place):
            sizes[digest] = max(size, sizes.get(digest, 0))
    return sizes


def _is_root(graph: ImageGraph, place: ManifestPlace) -> bool:
    if graph.user_tags(place):
        return True
    return not graph.has_parent(place) and not graph.subjects.get(place.digest)


def _collect(
    graph: ImageGraph, root: ManifestPlace, alone: Mapping[str, tuple[ManifestPlace, ...]]
) -> tuple[ManifestPlace, ...]:
    """The root, its children in the same repository, and the companions of all of them.

    A companion is beside its subject, or in a repository that has no subject of the companion; `alone` has the latter.
    """
    found = {root: None}
    pending = [root]
    while pending:
        place = pending.pop()
        attached = graph.companions.get(place.digest, ())
        below = [ManifestPlace(place.repository, one) for one in graph.below(place.digest)]
        below += [one for digest in attached for one in alone[digest]]
        for one in below:
            if one in graph.listed and one not in found:
                found[one] = None
                pending.append(one)
    return tuple(found)


def _alone(graph: ImageGraph, companion: str) -> Iterator[ManifestPlace]:
    """Where a companion is without any of its subjects."""
    for name in graph.repositories_of[companion]:
        if not any(ManifestPlace(name, one) in graph.listed for one in graph.subjects[companion]):
            yield ManifestPlace(name, companion)


def _blobs(graph: ImageGraph, place: ManifestPlace) -> Iterable[str]:
    return (digest for digest, _size in _sized(graph, place))


def _sized(graph: ImageGraph, place: ManifestPlace) -> tuple[tuple[str, int], ...]:
    """The blobs of a manifest by its document, or by the API's list where the document was not read."""
    document = graph.document(place.digest)
    listed = graph.listed[place].blobs
    return (*document.blobs, *listed) if document is not None else listed
