# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Damage that is in a registry already: indexes without their children, and companions without their subject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .documents import ManifestDocument
from .graph import REFERRER, ImageGraph
from .inventory import ManifestPlace
from .tags import REFERRERS

CHILDREN_MISSING, CHILDREN_PARTLY_MISSING = "children_missing", "children_partly_missing"
MANIFEST_MISSING, SUBJECT_MISSING, FALLBACK_DANGLING = "manifest_missing", "subject_missing", "fallback_tag_dangling"


@dataclass(frozen=True)
class Damage:
    """One damaged manifest. `missing` are digests; `what` is the kind of a companion, and empty for an image."""

    kind: str
    place: ManifestPlace
    tags: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    what: str = ""


def find_damage(graph: ImageGraph) -> tuple[Damage, ...]:
    """All damage, in the order of the lists.

    A child or subject that is not in the lists is damage only where all lists were read. A child must be in the
    repository of its index; a subject may be in any repository of the registry.
    """
    unlisted = {one.name for one in graph.inventory.repositories if one.error is not None}
    return tuple(damage for place in graph.listed for damage in _damage_of(graph, place, bool(unlisted)))


def missing_children(graph: ImageGraph, place: ManifestPlace) -> tuple[str, ...]:
    """The children of an index that its repository does not have."""
    document = graph.document(place.digest)
    if document is None or not document.children:
        return ()
    named = dict.fromkeys(one.digest for one in document.children)
    return tuple(one for one in named if not graph.is_here(place.repository, one))


def _damage_of(graph: ImageGraph, place: ManifestPlace, is_list_unread: bool) -> Iterator[Damage]:
    tags = graph.listed[place].tags
    if place in graph.inventory.gone:
        yield Damage(MANIFEST_MISSING, place, tags)
    document = graph.document(place.digest)
    missing = missing_children(graph, place)
    if document is not None and missing:
        is_whole = len(missing) == len({one.digest for one in document.children})
        yield Damage(CHILDREN_MISSING if is_whole else CHILDREN_PARTLY_MISSING, place, tags, missing)
    is_attached = bool(tags) or (document is not None and document.subject is not None)
    if is_attached and not is_list_unread:
        yield from _orphans(graph, place, document)


def _orphans(graph: ImageGraph, place: ManifestPlace, document: ManifestDocument | None) -> Iterator[Damage]:
    told = {one.subject: one.kind for _tag, one in graph.companion_tags(place)}
    if document is not None and document.subject is not None:
        told.setdefault(document.subject, REFERRER)
    for subject, kind in told.items():
        if not graph.exists(subject):
            damage = FALLBACK_DANGLING if kind == REFERRERS else SUBJECT_MISSING
            yield Damage(damage, place, graph.listed[place].tags, (subject,), kind)
