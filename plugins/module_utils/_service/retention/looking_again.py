# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After deletions a repository is looked at again: what a newer manifest needs is stored again from its copy.

A push can reuse a manifest that nothing needed until then, since clients upload no manifest that is there. A run that
was killed leaves its records open, and the next run looks again in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ..._domain.errors import BadAnswer, DocrError, join_errors
from ..._domain.images.inventory import ManifestPlace
from ..._domain.images.tags import parse_companion_tag
from ..._domain.plan import Step
from ..._domain.retention.changes import FreshList, find_needed
from ..._domain.retention.copies import CopyRecord, SavedManifest, latest_copies
from ..._domain.retention.steps import StoreManifest
from .access import RetentionAccess


def look_again(
    access: RetentionAccess, repository: str, records: Mapping[str, CopyRecord], done: Callable[[Step], None]
) -> tuple[str, ...]:
    """Store again what newer manifests need, close the records, and return the digests that were stored.

    `records` are those of one repository. Raises a DocrError where the repository could not be looked at as a whole, or
    a manifest could not be stored; the records then stay open.
    """
    copies = latest_copies(records.values())
    known = frozenset[str]().union(*(one.known for one in records.values()))
    fresh = access.look(repository, known)
    needed = find_needed(copies, known, frozenset(copies), fresh)
    stored = store_manifests(access, repository, [_companion_tags_only(copies[one]) for one in needed], fresh, done)
    for digest, error in fresh.unread.items():
        words = f"see what the manifest {digest} of the repository {access.registry}/{repository} names"
        raise BadAnswer(words, error, "run the task again, and restore what the manifest names")
    for name, record in records.items():
        access.store.close_record(name, record)
    return stored


def look_again_after_kills(access: RetentionAccess, done: Callable[[Step], None]) -> tuple[ManifestPlace, ...]:
    """Look again in the place of runs that ended too early; returns what was stored."""
    left: dict[str, dict[str, CopyRecord]] = {}
    for name, record in access.store.read_all(access.registry).items():
        if record.is_open:
            left.setdefault(record.repository, {})[name] = record
    return tuple(
        ManifestPlace(repository, digest)
        for repository, records in left.items()
        for digest in look_again(access, repository, records, done)
    )


def store_manifests(
    access: RetentionAccess,
    repository: str,
    copies: Iterable[SavedManifest],
    fresh: FreshList,
    done: Callable[[Step], None],
) -> tuple[str, ...]:
    """Store manifests in the order given, each under its tags that no other manifest has, or else under its digest.

    Every manifest is tried. Raises the errors together.
    """
    taken = fresh.tags()
    stored: list[str] = []
    errors: list[DocrError] = []
    for copy in copies:
        tags = tuple(one for one in copy.tags if one not in taken)
        try:
            _store(access, repository, copy, tags)
        except DocrError as error:
            errors.append(error)
            continue
        stored.append(copy.digest)
        done(StoreManifest(f"{access.registry}/{repository}", copy.digest, tags))
    if errors:
        raise join_errors(errors)
    return tuple(stored)


def _store(access: RetentionAccess, repository: str, copy: SavedManifest, tags: tuple[str, ...]) -> None:
    if copy.manifest is None:
        return
    for reference in tags or (copy.digest,):
        access.host.put_manifest(access.registry, repository, reference, copy.manifest)


def _companion_tags_only(copy: SavedManifest) -> SavedManifest:
    """The copy without the tags of users, which a rule wanted to go."""
    return replace(copy, tags=tuple(one for one in copy.tags if parse_companion_tag(one) is not None))
