# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The graph of a registry's manifests: indexes and children, subjects and companions.

A document names digests, and a digest has one content, so edges run between digests. Which of them exist, and under
which tags, differs from repository to repository.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..registry.images import ImageManifest
from .documents import ManifestDocument
from .inventory import Inventory, ManifestPlace
from .tags import CompanionTag, parse_companion_tag

REFERRER = "referrer"
Links = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class ImageGraph:
    """The manifests of a registry and their links, each way. The links name only digests that the registry lists.

    `kinds` says of a companion what it is: a signature, an attestation, an SBOM, an index of referrers, or a referrer.
    """

    inventory: Inventory
    listed: Mapping[ManifestPlace, ImageManifest]
    repositories_of: Links
    children: Links
    parents: Links
    subjects: Links
    companions: Links
    kinds: Mapping[str, str]

    def document(self, digest: str) -> ManifestDocument | None:
        """The document of a manifest; None where the document was not read."""
        return self.inventory.documents.get(digest)

    def exists(self, digest: str) -> bool:
        """Whether a repository of the registry lists the manifest."""
        return digest in self.repositories_of

    def is_here(self, repository: str, digest: str) -> bool:
        """Whether a repository has the manifest: the API lists it, and the image host did not deny it."""
        place = ManifestPlace(repository, digest)
        return place in self.listed and place not in self.inventory.gone

    def above(self, digest: str) -> tuple[str, ...]:
        """The parents and subjects of a manifest: as long as any of them lives, the manifest lives."""
        return (*self.parents.get(digest, ()), *self.subjects.get(digest, ()))

    def below(self, digest: str) -> tuple[str, ...]:
        """The children and companions of a manifest, which live as long as the manifest lives."""
        return (*self.children.get(digest, ()), *self.companions.get(digest, ()))

    def spread(self, digests: Iterable[str], reached: set[str]) -> None:
        """Add digests to those that are reached, with all below them. What is reached was spread before."""
        pending = [one for one in digests if one not in reached]
        reached.update(pending)
        while pending:
            new = [one for one in self.below(pending.pop()) if one not in reached]
            reached.update(new)
            pending += new

    def has_parent(self, place: ManifestPlace) -> bool:
        """Whether the repository lists a parent of the manifest."""
        return any(ManifestPlace(place.repository, one) in self.listed for one in self.parents.get(place.digest, ()))

    def user_tags(self, place: ManifestPlace) -> tuple[str, ...]:
        """The tags of a manifest that attach it to no other manifest."""
        return tuple(one for one in self.listed[place].tags if parse_companion_tag(one) is None)

    def companion_tags(self, place: ManifestPlace) -> tuple[tuple[str, CompanionTag], ...]:
        """The tags that attach a manifest to another, each with what the tag says."""
        found = ((tag, parse_companion_tag(tag)) for tag in self.listed[place].tags)
        return tuple((tag, one) for tag, one in found if one is not None)


def build_graph(inventory: Inventory) -> ImageGraph:
    """The graph of an inventory; takes a time that is linear in the number of links."""
    listed = {
        ManifestPlace(repository.name, one.digest): one
        for repository in inventory.repositories
        for one in repository.manifests
    }
    repositories_of = _gather((place.digest, place.repository) for place in listed)
    # In the order of the lists, so that a result does not depend on which answer came first.
    documents = {digest: inventory.documents[digest] for digest in repositories_of if digest in inventory.documents}
    down = [(digest, child) for digest, one in documents.items() for child in _named(one) if child in repositories_of]
    attached = [one for one in _attached(listed, documents) if one[1] in repositories_of]
    return ImageGraph(
        inventory=inventory,
        listed=listed,
        repositories_of=repositories_of,
        children=_gather(down),
        parents=_gather((child, parent) for parent, child in down),
        subjects=_gather((digest, subject) for digest, subject, _kind in attached),
        companions=_gather((subject, digest) for digest, subject, _kind in attached),
        kinds={digest: kind for digest, _subject, kind in attached},
    )


def _named(document: ManifestDocument) -> Iterator[str]:
    yield from (one.digest for one in document.children)
    yield from sorted(document.mentioned)


def _attached(
    listed: Mapping[ManifestPlace, ImageManifest], documents: Mapping[str, ManifestDocument]
) -> Iterator[tuple[str, str, str]]:
    """Every companion with its subject and what it is; what a tag says comes last and counts."""
    for digest, one in documents.items():
        if one.subject is not None:
            yield digest, one.subject, REFERRER
    for place, manifest in listed.items():
        for tag in manifest.tags:
            told = parse_companion_tag(tag)
            # A manifest that is tagged as its own signature is a mistake, and no companion.
            if told is not None and told.subject != place.digest:
                yield place.digest, told.subject, told.kind


def _gather(pairs: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """The second parts by their first part, each once, in the order in which they come."""
    found: dict[str, dict[str, None]] = {}
    for one, other in pairs:
        found.setdefault(one, {})[other] = None
    return {one: tuple(others) for one, others in found.items()}
