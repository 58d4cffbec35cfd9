# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the copies can be restored: the manifests that are missing, whose blobs live."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .changes import FreshList, children_first
from .copies import SavedManifest
from .validation import BLOB, MANIFEST, Target

_NO_CONTENT = "the copy has no content, since the image host had lost the manifest before the deletion"


@dataclass(frozen=True)
class LostManifest:
    """A deleted manifest that cannot be restored; `reason` is a sentence part."""

    repository: str
    digest: str
    tags: tuple[str, ...]
    reason: str

    def message(self) -> str:
        """The manifest and the reason as a sentence."""
        return f"The manifest {self.digest} of the repository {self.repository} cannot be restored: {self.reason}."

    def shape(self) -> dict[str, Any]:
        """The manifest as users see it."""
        return {
            "repository": self.repository, "digest": self.digest, "tags": list(self.tags), "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True)
class RepositoryRestore:
    """The manifests of a repository that are restored, each child before its parents, with the tags that are free.

    `taken_tags` are tags that other manifests have now.
    """

    repository: str
    fresh: FreshList
    manifests: tuple[SavedManifest, ...]
    lost: tuple[LostManifest, ...] = ()
    taken_tags: tuple[str, ...] = ()


def missing_copies(copies: Mapping[str, SavedManifest], fresh: FreshList) -> tuple[SavedManifest, ...]:
    """The copies whose manifest is not in the repository, and copies with a tag that the repository lacks."""
    tags = fresh.tags()
    return tuple(
        one for one in copies.values() if one.digest not in fresh.manifests or any(tag not in tags for tag in one.tags)
    )


def needed_blobs(repository: str, copies: Collection[SavedManifest]) -> tuple[Target, ...]:
    """The blobs that the image host must have for these manifests, each once."""
    documents = (one.document() for one in copies)
    blobs = (blob for document in documents if document is not None for blob, _size in document.blobs)
    return tuple(Target(BLOB, repository, blob) for blob in dict.fromkeys(blobs))


def plan_restore(
    repository: str, copies: Collection[SavedManifest], fresh: FreshList, missing: Mapping[Target, str]
) -> RepositoryRestore:
    """What can be restored. `missing` says of blobs, as a sentence part, why they cannot be used."""
    wanted = {one.digest: one for one in copies}
    lost: dict[str, str] = {}
    for digest, copy in wanted.items():
        reason = next(_own_reasons(repository, copy, missing), None)
        if reason is not None:
            lost[digest] = reason
    ordered = children_first(wanted)
    for digest in ordered:
        reason = next(_child_reasons(wanted, wanted[digest], fresh, lost), None)
        if reason is not None:
            lost.setdefault(digest, reason)
    taken = fresh.tags()
    free = {digest: _without(one, taken) for digest, one in wanted.items()}
    others = (tag for digest, one in wanted.items() for tag in one.tags if taken.get(tag, digest) != digest)
    return RepositoryRestore(
        repository,
        fresh,
        tuple(free[one] for one in ordered if one not in lost and (one not in fresh.manifests or free[one].tags)),
        tuple(LostManifest(repository, one, wanted[one].tags, reason) for one, reason in lost.items()),
        tuple(dict.fromkeys(others)),
    )


def _own_reasons(repository: str, copy: SavedManifest, missing: Mapping[Target, str]) -> Iterator[str]:
    document = copy.document()
    if document is None:
        yield _NO_CONTENT if copy.manifest is None else "the copy holds no manifest"
        return
    for blob, _size in document.blobs:
        if (why := missing.get(Target(BLOB, repository, blob))) is not None:
            yield why


def _child_reasons(
    wanted: Mapping[str, SavedManifest], copy: SavedManifest, fresh: FreshList, lost: Mapping[str, str]
) -> Iterator[str]:
    document = copy.document()
    for child in document.children if document is not None else ():
        if child.digest in fresh.manifests:
            continue
        if child.digest not in wanted:
            yield f"the {MANIFEST} {child.digest}, a child, is missing and has no copy"
        elif child.digest in lost:
            yield f"the {MANIFEST} {child.digest}, a child, cannot be restored"


def _without(copy: SavedManifest, taken: Collection[str]) -> SavedManifest:
    return replace(copy, tags=tuple(one for one in copy.tags if one not in taken))
