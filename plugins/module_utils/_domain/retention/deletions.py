# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which manifests are deleted, and the bytes that their deletion frees."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ..images.graph import ImageGraph
from ..images.inventory import ManifestPlace
from ..images.sizes import blob_sizes


def order_deletions(graph: ImageGraph, digests: Sequence[str]) -> tuple[str, ...]:
    """Digests of a repository, each parent before its children and each subject before its companions.

    Where tags make a circle, the order within the circle is that of the lists.
    """
    all_ = dict.fromkeys(digests)
    done: dict[str, None] = {}
    open_ = set[str]()
    for root in reversed(digests):
        pending = [(root, False)]
        while pending:
            digest, are_below_done = pending.pop()
            if are_below_done:
                done[digest] = None
            elif digest not in open_:
                open_.add(digest)
                pending.append((digest, True))
                pending += [(one, False) for one in graph.below(digest) if one in all_ and one not in open_]
    return tuple(reversed(done))


def freed_bytes(graph: ImageGraph, deleted: Collection[ManifestPlace]) -> int:
    """The bytes of the blobs that only deleted manifests name, each blob once over the registry."""
    if not deleted:
        return 0
    staying = {blob for place in graph.listed if place not in deleted for blob in _named(graph, place)}
    going = {blob for place in deleted for blob in _named(graph, place)} - staying
    sizes = blob_sizes(graph)
    return sum(sizes.get(one, 0) for one in going)


def _named(graph: ImageGraph, place: ManifestPlace) -> Iterator[str]:
    """The blobs of a manifest, and in a document of unknown media type all that may be blobs."""
    yield from (digest for digest, _size in graph.listed[place].blobs)
    document = graph.document(place.digest)
    if document is not None:
        yield from (digest for digest, _size in document.blobs)
        yield from document.mentioned
