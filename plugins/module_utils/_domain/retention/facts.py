# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rules ask of a manifest in its repository: its tags and times, whether it is an image, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from ..images.damage import missing_children
from ..images.documents import ManifestDocument
from ..images.graph import ImageGraph
from ..images.inventory import ManifestPlace
from ..times import parse_time
from .request import TagPlace, TagTimes
from .rules import PARTLY, WHOLLY


class ManifestFacts(NamedTuple):
    """A manifest of a repository.

    `tags` are those of the user, and `tag_times` their times in the same order: the later of the tag's and the
    manifest's time. `time` is the latest of all. Both are empty where the API gives no time. `lost_tags` are tags
    that attach the manifest to nothing, which no rule on tags chooses.

    `is_companion` says whether the manifest is attached to another one, `has_subject` whether that one is in the
    registry, `is_orphaned` whether no subject is. `is_image` is True for what people count as an image: neither a
    child, nor a companion, nor a manifest that cannot be read.

    `is_unreadable` says whether something of the manifest is not known, `is_hiding` whether its document is not
    known, which may name any other manifest of the repository. `missing` is WHOLLY or PARTLY for an index that lacks
    children.
    """

    place: ManifestPlace
    tags: tuple[str, ...]
    lost_tags: tuple[str, ...]
    time: datetime | None
    tag_times: tuple[datetime, ...]
    is_untagged: bool
    is_companion: bool
    has_subject: bool
    is_orphaned: bool
    is_image: bool
    is_unreadable: bool
    is_hiding: bool
    missing: str | None


Facts = dict[ManifestPlace, ManifestFacts]


def gather_facts(graph: ImageGraph, tag_times: TagTimes) -> Facts:
    """The facts of every manifest, in the order of the lists."""
    are_lists_read = all(one.error is None for one in graph.inventory.repositories)
    return {place: _facts_of(graph, place, tag_times, are_lists_read) for place in graph.listed}


def _facts_of(graph: ImageGraph, place: ManifestPlace, tag_times: TagTimes, are_lists_read: bool) -> ManifestFacts:
    listed = graph.listed[place]
    document = graph.document(place.digest)
    tags = graph.user_tags(place)
    attached = graph.companion_tags(place) if len(tags) < len(listed.tags) else ()
    subject = document.subject if document is not None else None
    has_subject = place.digest in graph.subjects
    is_attached = any(one.subject != place.digest for _tag, one in attached) or (subject is not None and not tags)
    is_gone = place in graph.inventory.gone
    time, times = _times(place, listed.updated_at, tags, tag_times)
    is_lost = subject is not None and not graph.exists(subject) and not are_lists_read
    is_hiding = place in graph.inventory.unread or (document is None and not is_gone)
    is_unreadable = is_hiding or time is None or is_lost or not (is_gone or _is_known(document))
    return ManifestFacts(
        place=place,
        tags=tags,
        lost_tags=tuple(tag for tag, one in attached if one.subject == place.digest or not graph.exists(one.subject)),
        time=time,
        tag_times=times,
        is_untagged=not listed.tags,
        is_companion=has_subject or is_attached,
        has_subject=has_subject,
        is_orphaned=is_attached and not has_subject and not tags and are_lists_read,
        is_image=not (has_subject or is_attached or is_gone or is_unreadable)
        and bool(tags or not graph.has_parent(place)),
        is_unreadable=is_unreadable,
        is_hiding=is_hiding,
        missing=_missing(graph, place, document),
    )


def _is_known(document: ManifestDocument | None) -> bool:
    return document is not None and document.is_known


def _times(
    place: ManifestPlace, text: str, tags: Iterable[str], tag_times: TagTimes
) -> tuple[datetime | None, tuple[datetime, ...]]:
    try:
        own = parse_time(text)
    except ValueError:
        return None, ()
    if not tag_times:
        return own, tuple(own for _tag in tags)
    times = tuple(max(own, tag_times.get(TagPlace(place.repository, tag), own)) for tag in tags)
    return max((own, *times)), times


def _missing(graph: ImageGraph, place: ManifestPlace, document: ManifestDocument | None) -> str | None:
    if document is None or not document.children:
        return None
    missing = missing_children(graph, place)
    if not missing:
        return None
    return WHOLLY if len(missing) == len({one.digest for one in document.children}) else PARTLY
