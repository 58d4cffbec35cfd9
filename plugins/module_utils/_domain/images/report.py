# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images, damage and reasons in the shape in which users see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .damage import (
    CHILDREN_MISSING,
    CHILDREN_PARTLY_MISSING,
    FALLBACK_DANGLING,
    MANIFEST_MISSING,
    Damage,
)
from .documents import ManifestDocument
from .graph import ImageGraph
from .inventory import ManifestPlace
from .keeping import (
    BESIDE_UNREADABLE,
    CHILD_OF,
    NO_TIME,
    SUBJECT_UNKNOWN,
    TAGGED,
    UNKNOWN_TYPE,
    UNREADABLE,
    Keeping,
    KeepReason,
    explain_keeping,
    is_kept,
)
from .sizes import ImageSize, ImageTree

# Configurations of images that run; every other configuration says what an artifact is.
_PLAIN = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json", ""})
_WHY_PROTECTED: Mapping[str, str] = {
    BESIDE_UNREADABLE: "another manifest of the repository could not be read and may name this manifest",
    NO_TIME: "the API gives no time for the manifest",
    SUBJECT_UNKNOWN: "the manifest refers to a subject that is not listed, and not all of the registry could be read",
    UNKNOWN_TYPE: "the media type of the manifest is not known",
}


def shape_image(graph: ImageGraph, keeping: Keeping, tree: ImageTree, size: ImageSize) -> dict[str, Any]:
    """An image with all that belongs to it."""
    place = tree.root
    document = graph.document(place.digest)
    platforms, attestations = _parts(graph, tree)
    return {
        "digest": place.digest,
        "tags": list(graph.listed[place].tags),
        "media_type": (document.media_type or None) if document is not None else None,
        "artifact_type": _artifact_type(document),
        "updated_at": graph.listed[place].updated_at or None,
        "kept": is_kept(graph, keeping, place),
        "platforms": platforms,
        "attestations": attestations,
        "companions": [_shape_companion(graph, one) for one in tree.places if _is_attached(graph, tree, one)],
        "manifests": len(tree.places),
        "size_bytes": size.size_bytes,
        "own_bytes": size.own_bytes,
        "shared_bytes": size.shared_bytes,
    }


def is_companion(graph: ImageGraph, place: ManifestPlace) -> bool:
    """Whether a manifest is attached to another one and has no tag of a user, so that it is no image to people."""
    document = graph.document(place.digest)
    is_attached = bool(graph.companion_tags(place)) or (document is not None and document.subject is not None)
    return is_attached and not graph.user_tags(place)


def shape_damage(damage: Damage) -> dict[str, Any]:
    """A damaged manifest, also as a sentence."""
    return {
        "kind": damage.kind,
        "repository": damage.place.repository,
        "digest": damage.place.digest,
        "tags": list(damage.tags),
        "missing": list(damage.missing),
        "companion": damage.what or None,
        "message": _sentence(damage),
    }


def shape_protected(graph: ImageGraph, keeping: Keeping, place: ManifestPlace) -> Iterator[dict[str, Any]]:
    """What is not known of a manifest, so that nothing may be decided on the manifest's age or place in the graph."""
    for reason in keeping.reasons.get(place, ()):
        if reason != TAGGED:
            told = graph.inventory.unread[place] if reason == UNREADABLE else _WHY_PROTECTED[reason]
            yield {"repository": place.repository, "digest": place.digest, "reason": reason, "message": told}


def shape_why(graph: ImageGraph, keeping: Keeping, digest: str) -> dict[str, Any]:
    """All that keeps a manifest, and the shortest chain as a sentence."""
    keepers = explain_keeping(graph, keeping, digest)
    return {
        "digest": digest,
        "repositories": list(graph.repositories_of.get(digest, ())),
        "kept": bool(keepers),
        "keepers": [_shape_keeper(one) for one in keepers],
        "message": _chain(graph, digest, keepers),
    }


def _parts(graph: ImageGraph, tree: ImageTree) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The platforms and the attestations of an image, also those of indexes in its index."""
    platforms: dict[str, dict[str, Any]] = {}
    attestations: dict[str, dict[str, Any]] = {}
    pending = [tree.root]
    for place in pending:
        document = graph.document(place.digest)
        for child in document.children if document is not None else ():
            there = ManifestPlace(place.repository, child.digest)
            below = graph.document(child.digest)
            is_missing = not graph.is_here(*there)
            if child.attests is not None:
                shape = {"digest": child.digest, "of": child.attests or None, "missing": is_missing}
                attestations.setdefault(child.digest, shape)
            elif below is not None and below.is_index:
                pending += [there] if there not in pending else []
            else:
                shape = {"digest": child.digest, "platform": child.platform or None, "missing": is_missing}
                platforms.setdefault(child.digest, shape)
    return list(platforms.values()), list(attestations.values())


def _is_attached(graph: ImageGraph, tree: ImageTree, place: ManifestPlace) -> bool:
    return place != tree.root and place.digest in graph.kinds


def _shape_companion(graph: ImageGraph, place: ManifestPlace) -> dict[str, Any]:
    return {
        "kind": graph.kinds[place.digest],
        "digest": place.digest,
        "repository": place.repository,
        "tags": list(graph.listed[place].tags),
        "subjects": list(graph.subjects[place.digest]),
        "artifact_type": _artifact_type(graph.document(place.digest)),
    }


def _artifact_type(document: ManifestDocument | None) -> str | None:
    told = document.artifact_type if document is not None else ""
    return None if told in _PLAIN else told


def _sentence(damage: Damage) -> str:
    tags = f" with the tags {', '.join(damage.tags)}" if damage.tags else ""
    where = f"{damage.place.digest} of the repository {damage.place.repository}{tags}"
    missing = ", ".join(damage.missing)
    if damage.kind == MANIFEST_MISSING:
        return f"The API lists the manifest {where}, and the image host does not have the manifest."
    if damage.kind == CHILDREN_MISSING:
        return f"The index {where} lacks all of its children: {missing}."
    if damage.kind == CHILDREN_PARTLY_MISSING:
        return f"The index {where} lacks some of its children: {missing}."
    if damage.kind == FALLBACK_DANGLING:
        return f"The index of referrers {where} belongs to {missing}, which is not in the registry."
    return f"The {damage.what} {where} belongs to {missing}, which is not in the registry."


def _shape_keeper(keeper: KeepReason) -> dict[str, Any]:
    return {
        "digest": keeper.digest,
        "reason": keeper.reason,
        "repository": keeper.repository,
        "tags": list(keeper.tags),
        "by": keeper.by,
    }


def _chain(graph: ImageGraph, digest: str, keepers: tuple[KeepReason, ...]) -> str:
    if not graph.exists(digest):
        return f"No repository of the registry has the manifest {digest}."
    last = next((one for one in keepers if one.by is None), None)
    if last is None:
        return f"No tag, parent or subject keeps the manifest {digest}."
    links = {one.by: one for one in reversed(keepers) if one.by is not None}
    words = _end(last)
    at = last.digest
    while at != digest:
        link = links[at]
        at = link.digest
        what = "is a child of" if link.reason == CHILD_OF else "is a companion of"
        words = f"{what} {link.by}, which {words}"
    return f"{digest} {words}."


def _end(keeper: KeepReason) -> str:
    if keeper.reason == TAGGED:
        return f"has the tags {', '.join(keeper.tags)} in the repository {keeper.repository}"
    if keeper.reason == UNREADABLE:
        return f"could not be read in the repository {keeper.repository}"
    return f"is protected in the repository {keeper.repository}: {_WHY_PROTECTED[keeper.reason]}"
