# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After collections have ended: whether pushes work again, and why a collection has freed nothing."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ..._domain.errors import DocrError
from ..._domain.gc.progress import CollectionProgress
from ..._domain.gc.result import explain_nothing_freed, freed_nothing
from ..._domain.gc.rules import UNREFERENCED_BLOBS, RuleBook
from ..._domain.registry.model import Registry
from ..flow.wait import PollSettings
from ..ports.api import Api
from ..ports.registries import RegistryApi
from .failures import Failures, unhealed
from .images import MOST_LISTED, count_untagged
from .push_check import check_pushes

# As many as a team can have (digitalocean-api.md 1.3): none waits for the proof of another.
_SIDE_BY_SIDE = 10


def conclude(
    api: Api, book: RuleBook, progress_list: Mapping[str, CollectionProgress], failures: Failures, proof: PollSettings
) -> dict[str, CollectionProgress]:
    """The progress_list with proof and explanation; one list of registries where one of them needs it."""
    is_needed = any(
        one.needs_proof or (one.collection is not None and not one.is_pending) for one in progress_list.values()
    )
    registries = _registries(api) if is_needed else {}
    # However many freed nothing, counting their images takes no more calls than those of one.
    most_listed = MOST_LISTED // max(1, sum(freed_nothing(one) for one in progress_list.values()))
    end = _End(api, book, failures, proof, most_listed)
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        ended = pool.map(lambda one: end.conclude(one, registries.get(one.registry)), progress_list.values())
        return dict(zip(progress_list, ended, strict=True))


@dataclass(frozen=True)
class _End:
    """What is needed to conclude any of several registries; `most_listed` as count_untagged has it."""

    api: Api
    book: RuleBook
    failures: Failures
    proof: PollSettings
    most_listed: int

    def conclude(self, progress: CollectionProgress, registry: Registry | None) -> CollectionProgress:
        """The progress with its proof and explanation."""
        if not self.failures.is_open(progress.registry) or progress.is_pending:
            return progress
        is_read_only = registry.is_read_only if registry is not None else None
        has_ended = progress.collection is not None
        if progress.needs_proof or (has_ended and is_read_only):
            with self.failures.noting(progress.registry, is_write=True):
                proof = check_pushes(self.api, progress.registry, is_read_only, self.proof)
                progress = replace(progress, is_writable=proof.is_writable, proof=proof.how, unrevoked=proof.unrevoked)
                if proof.is_writable is False:
                    raise unhealed(progress, self.api.now(), "pushes do not work although no collection is active")
        elif has_ended and is_read_only is False:
            progress = replace(progress, is_writable=True)
        if freed_nothing(progress):
            return replace(progress, explanation=self._explain(progress, registry))
        return progress

    def _explain(self, progress: CollectionProgress, registry: Registry | None) -> str:
        if progress.collection is None:
            return ""
        type_ = self.book.of(progress.registry).type
        try:
            untagged = count_untagged(
                # What the manifests are matters only for the type that leaves them.
                self.api,
                progress.registry,
                self.most_listed,
                needs_kinds=type_ == UNREFERENCED_BLOBS,
            )
        except DocrError:
            return ""
        counted_at = registry.storage_usage_bytes_updated_at if registry is not None else ""
        return explain_nothing_freed(
            progress.collection,
            type_,
            untagged.manifests,
            untagged.is_exact,
            counted_at or "",
            str(untagged.kinds or ""),
        )


def _registries(api: RegistryApi) -> dict[str, Registry]:
    try:
        return {one.name: one for one in api.list_registries()}
    except DocrError:
        return {}  # What it would tell is welcome, and not worth a failure after all is done.
