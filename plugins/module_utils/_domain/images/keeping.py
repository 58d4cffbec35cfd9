# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps a manifest: tags, parents, subjects, and what is not known of it.

A manifest lives as long as one of its parents or subjects lives, in whichever repository of the registry. A companion
keeps its subject never. What could not be read may name any untagged manifest of its repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..times import parse_time
from .graph import ImageGraph
from .inventory import ManifestPlace

TAGGED, CHILD_OF, COMPANION_OF = "tagged", "child_of", "companion_of"
# Why a manifest is kept of which something is not known.
UNREADABLE, UNKNOWN_TYPE, NO_TIME = "unreadable", "unknown_media_type", "no_time"
BESIDE_UNREADABLE, SUBJECT_UNKNOWN = "beside_unreadable", "subject_unknown"


@dataclass(frozen=True)
class Keeping:
    """`reasons` is what keeps a manifest without another one; `kept` are all digests that something keeps."""

    reasons: Mapping[ManifestPlace, tuple[str, ...]]
    kept: frozenset[str]


@dataclass(frozen=True)
class KeepReason:
    """One reason why a manifest is kept; `by` is the parent or subject, and `tags` are those that count."""

    digest: str
    reason: str
    repository: str | None = None
    by: str | None = None
    tags: tuple[str, ...] = ()


def find_keeping(graph: ImageGraph) -> Keeping:
    """What is kept. A time is needed of each manifest, since an age without a time is not known."""
    reasons = dict[ManifestPlace, tuple[str, ...]]()
    unread = {place.repository for place in graph.inventory.unread}
    for place in graph.listed:
        found = tuple(_own_reasons(graph, place, place.repository in unread))
        if found:
            reasons[place] = found
    kept = set[str]()
    graph.spread((place.digest for place in reasons), kept)
    return Keeping(reasons, frozenset(kept))


def is_kept(graph: ImageGraph, keeping: Keeping, place: ManifestPlace) -> bool:
    """Whether something keeps a manifest in its repository."""
    if place in keeping.reasons:
        return True
    return any(one in keeping.kept for one in graph.above(place.digest))


def explain_keeping(graph: ImageGraph, keeping: Keeping, digest: str) -> tuple[KeepReason, ...]:
    """All that keeps a manifest, the nearest first: its own reasons, its parents and subjects, and theirs."""
    found: list[KeepReason] = []
    seen = {digest}
    pending = [digest]
    for one in pending:
        for repository in graph.repositories_of.get(one, ()):
            place = ManifestPlace(repository, one)
            found += [
                KeepReason(one, reason, repository, tags=_keeping_tags(graph, place, reason))
                for reason in keeping.reasons.get(place, ())
            ]
        for reason, links in ((CHILD_OF, graph.parents), (COMPANION_OF, graph.subjects)):
            for other in links.get(one, ()):
                if other in keeping.kept:
                    found.append(KeepReason(one, reason, by=other))
                    pending += [other] if other not in seen else []
                    seen.add(other)
    return tuple(found)


def _own_reasons(graph: ImageGraph, place: ManifestPlace, is_beside_unread: bool) -> Iterator[str]:
    if _keeping_tags(graph, place, TAGGED):
        yield TAGGED
    if place in graph.inventory.unread:
        yield UNREADABLE
    elif is_beside_unread and not graph.listed[place].tags:
        yield BESIDE_UNREADABLE
    document = graph.document(place.digest)
    if document is not None and not document.is_known:
        yield UNKNOWN_TYPE
    if not _has_time(graph.listed[place].updated_at):
        yield NO_TIME
    subject = document.subject if document is not None else None
    if subject is not None and not graph.exists(subject) and not graph.inventory.is_whole:
        yield SUBJECT_UNKNOWN


def _keeping_tags(graph: ImageGraph, place: ManifestPlace, reason: str) -> tuple[str, ...]:
    """The tags that keep a manifest: the user's, and a companion's whose subject is not in the registry."""
    if reason != TAGGED:
        return ()
    orphaned = (tag for tag, one in graph.companion_tags(place) if not _is_subject(graph, place, one.subject))
    return (*graph.user_tags(place), *orphaned)


def _is_subject(graph: ImageGraph, place: ManifestPlace, subject: str) -> bool:
    return subject != place.digest and graph.exists(subject)


def _has_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return True
