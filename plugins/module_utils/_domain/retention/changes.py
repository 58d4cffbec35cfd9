# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changed in a repository since its clean-up was planned, and which planned deletions are void therefore.

A deletion is void if its manifest got a tag, a parent or a referrer, or was pushed again. What is below a void manifest
stays too: `living_above` finds that before each deletion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..images.documents import ManifestDocument
from ..images.graph import ImageGraph
from ..images.inventory import ManifestPlace
from ..images.tags import parse_companion_tag
from ..registry.images import ImageManifest
from .copies import SavedManifest
from .plan import RepositoryPlan


@dataclass(frozen=True)
class FreshList:
    """A repository as it was read again. `documents` are those of manifests that the plan does not know.

    `unread` says as a sentence why which of these manifests could not be read.
    """

    manifests: Mapping[str, ImageManifest]
    documents: Mapping[str, ManifestDocument]
    unread: Mapping[str, str]

    def tags(self) -> Mapping[str, str]:
        """The digest of each tag."""
        return {tag: one.digest for one in self.manifests.values() for tag in one.tags}


@dataclass(frozen=True)
class RepositoryChanges:
    """`void` says as a sentence part why a digest is not deleted any more; `gone` are digests that need no deletion.

    `whole` says as a sentence part why nothing of the repository is deleted.
    """

    void: Mapping[str, str]
    gone: frozenset[str]
    whole: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the plan holds as it is; what is gone already is no contradiction."""
        return not self.void and self.whole is None


def find_changes(graph: ImageGraph, plan: RepositoryPlan, fresh: FreshList) -> RepositoryChanges:
    """What of a plan is void. `graph` is the graph that the plan was made of."""
    whole = next(_whole_reasons(plan, fresh), None)
    doomed = set(plan.deletions)
    void = dict[str, str]()
    for digest in plan.deletions:
        now = fresh.manifests.get(digest)
        reason = _own_change(graph.listed[ManifestPlace(plan.repository, digest)], now) if now is not None else None
        if reason is not None:
            void[digest] = reason
    for manifest in fresh.manifests.values():
        for named, reason in _new_links(graph, plan.repository, manifest, fresh.documents.get(manifest.digest)):
            if named in doomed:
                void.setdefault(named, reason)
    gone = frozenset(one for one in plan.deletions if one not in fresh.manifests)
    return RepositoryChanges(void, gone, whole)


def find_needed(
    copies: Mapping[str, SavedManifest], known: frozenset[str], deleted: frozenset[str], fresh: FreshList
) -> tuple[str, ...]:
    """The deleted digests that a newer manifest needs, each child before its parents.

    A manifest is newer if the plan did not know it, or if it was deleted and is there again. What it names is needed,
    and what belongs to what it names. Of a subject that is there again the companions are needed too.
    """
    links = _CopyLinks(copies)
    pending: list[str] = []
    for digest, manifest in fresh.manifests.items():
        if digest not in known or digest in deleted:
            document = fresh.documents.get(digest) or links.documents.get(digest)
            pending += [*_named_by(document), *_subjects_by_tag(manifest)]
            pending += links.companions.get(digest, ()) if digest in deleted else ()
    needed = dict[str, None]()
    while pending:
        digest = pending.pop()
        if digest in links.documents and digest not in fresh.manifests and digest not in needed:
            needed[digest] = None
            pending += [*_named_by(links.documents[digest]), *links.companions.get(digest, ())]
    return children_first({one: copies[one] for one in needed})


class _CopyLinks:
    """What the copies of a repository say; a copy without bytes says nothing."""

    def __init__(self, copies: Mapping[str, SavedManifest]) -> None:
        self.documents = {digest: one.document() for digest, one in copies.items() if one.manifest is not None}
        self.companions: dict[str, list[str]] = {}
        for digest, document in self.documents.items():
            subject = document.subject if document is not None else None
            for one in {*_subjects_by_tag(copies[digest]), *([subject] if subject is not None else [])} - {digest}:
                self.companions.setdefault(one, []).append(digest)


def children_first(copies: Mapping[str, SavedManifest]) -> tuple[str, ...]:
    """The digests of copies in the order in which an image host accepts the manifests."""
    left = {digest: frozenset(_children_of(one.document())) for digest, one in copies.items()}
    ordered: list[str] = []
    while left:
        ready = [one for one, below in left.items() if not below & left.keys()]
        # Documents name digests of what was there before, so that no cycle can be; a cycle ends here all the same.
        for one in ready or list(left):
            ordered.append(one)
            del left[one]
    return tuple(ordered)


def living_above(graph: ImageGraph, digest: str, removed: Collection[ManifestPlace]) -> str | None:
    """A parent or subject of a manifest that is still in a repository of the registry; None without any."""
    for above in graph.above(digest):
        places = (ManifestPlace(one, above) for one in graph.repositories_of.get(above, ()))
        if above != digest and any(place not in removed for place in places):
            return above
    return None


def _whole_reasons(plan: RepositoryPlan, fresh: FreshList) -> Iterator[str]:
    for digest, error in fresh.unread.items():
        yield f"the manifest {digest} was pushed since the plan and cannot be read ({error.rstrip('.')})"
    for one in plan.decisions:
        # A count may have kept this image in place of others.
        if not one.is_deleted and one.tags and one.digest not in fresh.manifests:
            yield f"the manifest {one.digest}, which the plan keeps, was deleted since the plan"


def _own_change(before: ImageManifest, now: ImageManifest) -> str | None:
    new = sorted(set(now.tags) - set(before.tags))
    if new:
        return f"the manifest got the tag {new[0]} since the plan"
    if now.updated_at != before.updated_at:
        return "the manifest was pushed again since the plan"
    return None


def _new_links(
    graph: ImageGraph, repository: str, manifest: ImageManifest, document: ManifestDocument | None
) -> Iterator[tuple[str, str]]:
    """The digests that a manifest names since the plan, each with the reason as a sentence part."""
    before = graph.listed.get(ManifestPlace(repository, manifest.digest))
    if before is None:
        for named in _named_by(document):
            yield named, f"the manifest {manifest.digest} was pushed since the plan and names the manifest"
    for tag in manifest.tags:
        told = parse_companion_tag(tag)
        if told is not None and (before is None or tag not in before.tags):
            yield told.subject, f"the manifest {manifest.digest} was attached to the manifest since the plan"


def _named_by(document: ManifestDocument | None) -> Iterator[str]:
    if document is None:
        return
    yield from (one.digest for one in document.children)
    yield from sorted(document.mentioned)
    if document.subject is not None:
        yield document.subject


def _subjects_by_tag(manifest: ImageManifest | SavedManifest) -> Sequence[str]:
    told = (parse_companion_tag(tag) for tag in manifest.tags)
    return [one.subject for one in told if one is not None]


def _children_of(document: ManifestDocument | None) -> Iterator[str]:
    if document is not None:
        yield from (one.digest for one in document.children)
        yield from document.mentioned
