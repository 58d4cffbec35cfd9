# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan is applied: each repository is read again, copies are saved, and then manifests are deleted.

The order decides whether images survive: parents are deleted before their children, and subjects before their
companions. What is refused keeps everything below. After the deletions each repository is read once more, and what a
newer manifest needs is stored again from its copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ..._domain.errors import (
    BadAnswer,
    Conflict,
    Denied,
    DocrError,
    Interrupted,
    NotFound,
    RateLimited,
    ReadOnlyClient,
    Refused,
    ServerFault,
    Unreachable,
)
from ..._domain.images.graph import ImageGraph
from ..._domain.images.inventory import ManifestPlace
from ..._domain.plan import Step
from ..._domain.retention.changes import FreshList, RepositoryChanges, find_changes, living_above
from ..._domain.retention.comparison import REFUSE
from ..._domain.retention.copies import CopyRecord, SavedManifest
from ..._domain.retention.plan import PrunePlan, RepositoryPlan, TagRemoval
from ..._domain.retention.steps import DeleteManifest, RemoveTag, removable_tags
from ..flow.parallel import parallel_map
from ..flow.rate_limit import RateLimitWaits
from ..images.manifests import SIDE_BY_SIDE
from .access import RetentionAccess
from .looking_again import look_again

# So many deletions rest on one reading of a repository, and their copies are in memory at once.
_PART = 200
# So many refusals in a row mean the token or the service, and not single manifests.
_MOST_REFUSALS = 10
_UNAUTHORIZED = 401
# What is wrong with one repository. Everything else is wrong with the token or the whole service.
_OF_ONE_REPOSITORY = (BadAnswer, ServerFault, NotFound, Interrupted, Conflict, Refused)


@dataclass
class PruneOutcome:
    """What came of a plan.

    `removed` are manifests that are gone, by this run or by another client. `kept` says as a sentence part why a
    planned deletion was left out. `errors` are by repository, and `put_back` are manifests that newer manifests need.
    """

    removed: set[ManifestPlace] = field(default_factory=set)
    kept: dict[ManifestPlace, str] = field(default_factory=dict)
    errors: dict[str, list[DocrError]] = field(default_factory=dict)
    put_back: list[ManifestPlace] = field(default_factory=list)

    def add_error(self, repository: str, error: DocrError) -> None:
        """Note an error of a repository."""
        self.errors.setdefault(repository, []).append(error)


class Pruner:
    """Applies one plan. `done` hears of each write."""

    def __init__(
        self, access: RetentionAccess, graph: ImageGraph, on_change: str, done: Callable[[Step], None]
    ) -> None:
        self._access = access
        self._graph = graph
        self._on_change = on_change
        self._done = done
        self._outcome = PruneOutcome()
        self._records: dict[str, list[tuple[str, CopyRecord]]] = {}
        self._deferred: dict[str, list[str]] = {}
        self._refusals = 0

    def prune(self, plan: PrunePlan) -> PruneOutcome:
        """Carry the plan out; what a repository meets is in the outcome.

        Raises what ends all work, such as Unreachable. The repositories that were changed are looked at again first.
        """
        # A plan that is refused as a whole still shows what would be deleted.
        pending = [one for one in plan.repositories if one.deletions or one.untagged] if plan.has_changes else []
        try:
            while pending:
                removed = len(self._outcome.removed)
                self._deferred = {}
                for one in pending:
                    self._prune_repository(one)
                is_stuck = len(self._outcome.removed) == removed
                pending = [] if is_stuck else list(self._rest_of(pending))
        except DocrError:
            with suppress(DocrError):
                self._look_again()
            raise
        for repository, digests in self._deferred.items():
            self._keep_below(repository, digests)
        self._look_again()
        return self._outcome

    def _rest_of(self, plans: Iterable[RepositoryPlan]) -> Iterator[RepositoryPlan]:
        """What waits for a parent or subject in another repository."""
        for one in plans:
            if one.repository in self._deferred:
                yield replace(one, untagged=(), deletions=tuple(self._deferred[one.repository]))

    def _prune_repository(self, plan: RepositoryPlan) -> None:
        waits = RateLimitWaits(self._access.api.rate_limit_wait_s, self._access.clock)
        parts = list(_parts_of(plan))
        try:
            while parts:
                try:
                    self._prune_part(parts[0])
                    del parts[0]
                except RateLimited as error:
                    # The part begins anew, since its reading has grown old.
                    if not waits.wait(error, len(self._outcome.removed)):
                        raise
        except _OF_ONE_REPOSITORY as error:
            self._outcome.add_error(plan.repository, error)

    def _prune_part(self, plan: RepositoryPlan) -> None:
        fresh = self._access.look(plan.repository, self._known(plan.repository))
        changes = find_changes(self._graph, plan, fresh)
        self._note_changes(plan, changes)
        if changes.whole is not None:
            return
        wanted = [one for one in plan.deletions if one not in changes.void and one not in changes.gone]
        tags_now = fresh.tags()
        removable = removable_tags(plan, {digest: one.tags for digest, one in fresh.manifests.items()})
        removals = [one for one in removable if tags_now.get(one.tag) == one.digest]
        saved = self._save(plan.repository, wanted, removals, fresh)
        for removal in removals:
            if removal.digest in saved:
                self._remove_tag(plan.repository, removal)
        for digest in wanted:
            if digest in saved:
                self._delete_in_order(ManifestPlace(plan.repository, digest), fresh.manifests[digest].tags)

    def _note_changes(self, plan: RepositoryPlan, changes: RepositoryChanges) -> None:
        """Keep what is void. Raises Conflict where the plan must hold as a whole."""
        self._outcome.removed.update(ManifestPlace(plan.repository, one) for one in changes.gone)
        if self._on_change == REFUSE and not changes.is_empty:
            reason = changes.whole or next(f"{digest}: {why}" for digest, why in changes.void.items())
            words = f"prune the repository {self._access.registry}/{plan.repository}"
            raise Conflict(words, reason, "make a new plan, or set on_change to skip")
        void = dict.fromkeys(plan.deletions, changes.whole) if changes.whole is not None else changes.void
        for digest, why in void.items():
            self._outcome.kept[ManifestPlace(plan.repository, digest)] = str(why)

    def _known(self, repository: str) -> frozenset[str]:
        listed = (one for one in self._graph.inventory.repositories if one.name == repository)
        return frozenset(manifest.digest for one in listed for manifest in one.manifests)

    def _save(
        self, repository: str, digests: Sequence[str], removals: Sequence[TagRemoval], fresh: FreshList
    ) -> frozenset[str]:
        """Save copies; returns the digests that have a copy now. Raises Refused where there is no room."""
        tags_of = {one: fresh.manifests[one].tags for one in digests}
        for removal in removals:
            tags_of[removal.digest] = (*tags_of.get(removal.digest, ()), removal.tag)
        copies = parallel_map(tags_of.items(), lambda one: self._copy(repository, *one), SIDE_BY_SIDE)
        found = tuple(one for one in copies if one is not None)
        if found:
            known, now = self._known(repository), self._access.api.now()
            record = CopyRecord(self._access.registry, repository, now, known, found)
            self._records.setdefault(repository, []).append((self._access.store.save(record), record))
        return frozenset(one.digest for one in found)

    def _copy(self, repository: str, digest: str, tags: tuple[str, ...]) -> SavedManifest | None:
        place = ManifestPlace(repository, digest)
        try:
            return SavedManifest(digest, tags, self._access.reader.read_bytes(place))
        except NotFound:
            # The API lists what the image host lost: there is nothing to save and nothing to lose.
            return SavedManifest(digest, tags, None)
        except Unreachable:
            raise
        except DocrError as error:
            self._outcome.kept[place] = "no copy of the manifest could be made"
            self._outcome.add_error(repository, error)
            return None

    def _remove_tag(self, repository: str, removal: TagRemoval) -> None:
        """Remove a tag that still names its digest; the API has no conditional deletion, so the tag is read again."""
        access = self._access
        with suppress(NotFound):
            if access.host.fetch_digest(access.registry, repository, removal.tag) != removal.digest:
                return
            access.budget.take()
            access.api.delete_tag(access.registry, repository, removal.tag)
            self._done(RemoveTag(f"{access.registry}/{repository}", removal.digest, (removal.tag,)))

    def _delete_in_order(self, place: ManifestPlace, tags: tuple[str, ...]) -> None:
        """Delete a manifest, unless something above lives."""
        if living_above(self._graph, place.digest, self._outcome.removed) is not None:
            self._deferred.setdefault(place.repository, []).append(place.digest)
            return
        access = self._access
        access.budget.take()
        try:
            access.api.delete_manifest(access.registry, place.repository, place.digest)
        except NotFound as error:
            # Others deleted the manifest; but a proxy can answer 404 too.
            if self._is_gone(place):
                self._outcome.removed.add(place)
            else:
                self._refuse(place, error)
            return
        except (RateLimited, ReadOnlyClient, Unreachable):
            raise
        except DocrError as error:
            if not self._is_gone(place):
                self._refuse(place, error)
                return
        self._refusals = 0
        self._outcome.removed.add(place)
        self._done(DeleteManifest(f"{access.registry}/{place.repository}", place.digest, tags))

    def _is_gone(self, place: ManifestPlace) -> bool:
        """Whether a second look does not find a manifest; False where the second look fails too."""
        try:
            self._access.host.fetch_digest(self._access.registry, *place)
        except NotFound:
            return True
        except DocrError:
            return False
        return False

    def _refuse(self, place: ManifestPlace, error: DocrError) -> None:
        if isinstance(error, Denied) and error.answer.status == _UNAUTHORIZED:
            raise error
        self._outcome.kept[place] = f"the deletion was refused ({error.answer})"
        self._outcome.add_error(place.repository, error)
        self._refusals += 1
        if self._refusals >= _MOST_REFUSALS:
            raise error

    def _keep_below(self, repository: str, digests: Sequence[str]) -> None:
        for digest in digests:
            above = living_above(self._graph, digest, self._outcome.removed)
            self._outcome.kept.setdefault(ManifestPlace(repository, digest), f"the manifest {above} above it stays")

    def _look_again(self) -> None:
        for repository, records in self._records.items():
            try:
                stored = look_again(self._access, repository, dict(records), self._done)
            except _OF_ONE_REPOSITORY as error:
                self._outcome.add_error(repository, error)
                continue
            places = [ManifestPlace(repository, digest) for digest in stored]
            self._outcome.put_back += places
            self._outcome.removed.difference_update(places)


def _parts_of(plan: RepositoryPlan) -> Iterator[RepositoryPlan]:
    """The plan in parts; the tags go with the first part."""
    for start in range(0, max(1, len(plan.deletions)), _PART):
        untagged = plan.untagged if start == 0 else ()
        yield replace(plan, untagged=untagged, deletions=plan.deletions[start : start + _PART])


def first_errors(errors: Mapping[str, Sequence[DocrError]]) -> Mapping[str, DocrError]:
    """The first error of each repository under its name, with the number of errors."""
    return {f"{name} ({len(all_)} errors)" if len(all_) > 1 else name: all_[0] for name, all_ in errors.items()}
