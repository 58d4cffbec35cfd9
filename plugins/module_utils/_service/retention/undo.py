# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Undo: what clean-ups deleted is stored again, as long as the blobs live.

The copies are kept until a garbage collection has succeeded after the deletion, since a collection deletes the blobs
that no manifest names. The next run then removes the copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..._domain.errors import DocrError, SomeFailed
from ..._domain.plan import Step
from ..._domain.retention.copies import CopyRecord, latest_copies
from ..._domain.retention.restoring import RepositoryRestore, missing_copies, needed_blobs, plan_restore
from ..._domain.retention.validation import Target
from .access import RetentionAccess
from .looking_again import store_manifests
from .validate import ask_all


@dataclass(frozen=True)
class RestoreReading:
    """What can be restored, and how many records of copies there are.

    `names` are all repositories of the registry, and those that copies are of.
    """

    repositories: tuple[RepositoryRestore, ...]
    records: int
    names: tuple[str, ...]


def read_restore(access: RetentionAccess, is_meant: Callable[[str], bool]) -> RestoreReading:
    """What of the copies is missing, in the repositories that are meant, and whether the blobs live. Writes nothing.

    NotFound for an unknown registry.
    """
    # Of an unknown registry there are no copies, and a restoration of none would look like a success.
    access.budget.take()
    names = {one.name for one in access.api.list_repositories(access.registry)}
    by_repository: dict[str, list[CopyRecord]] = {}
    for record in access.store.read_all(access.registry).values():
        names.add(record.repository)
        if is_meant(record.repository):
            by_repository.setdefault(record.repository, []).append(record)
    found = [_read_repository(access, name, records) for name, records in by_repository.items()]
    return RestoreReading(tuple(found), sum(len(records) for records in by_repository.values()), tuple(sorted(names)))


def _read_repository(access: RetentionAccess, repository: str, records: Iterable[CopyRecord]) -> RepositoryRestore:
    records = tuple(records)
    known = frozenset[str]().union(*(one.known for one in records))
    # The documents of new manifests do not matter here.
    fresh = access.list_only(repository, len(known))
    copies = missing_copies(latest_copies(records), fresh)
    blobs = needed_blobs(repository, copies)
    told = ask_all(access, blobs)
    return plan_restore(repository, copies, fresh, {one: _why(one, error) for one, error in told.items()})


def restore(access: RetentionAccess, plans: Iterable[RepositoryRestore], done: Callable[[Step], None]) -> None:
    """Store the manifests again. Every repository is tried. Raises SomeFailed."""
    errors: dict[str, DocrError] = {}
    for one in plans:
        try:
            store_manifests(access, one.repository, one.manifests, one.fresh, done)
        except DocrError as error:
            errors[one.repository] = error
    if errors:
        raise SomeFailed(f"restore manifests of the registry {access.registry}", errors)


def remove_old_copies(access: RetentionAccess) -> int:
    """Remove the records whose deletions a collection has followed; returns how many were removed."""
    records = access.store.read_all(access.registry)
    if not records:
        return 0
    access.budget.take()
    collections = access.api.list_garbage_collections(access.registry)
    starts = (one.started_at for one in collections if one.has_succeeded)
    collected_at = max((one for one in starts if one is not None), default=None)
    old = [name for name, one in records.items() if collected_at is not None and one.saved_at < collected_at]
    for name in old:
        access.store.remove(name)
    return len(old)


def _why(target: Target, error: str) -> str:
    return error.rstrip(".") or f"the {target.kind} {target.digest} is not stored any more"
