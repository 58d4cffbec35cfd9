# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What failed in one cluster, and stopped nothing else there: writes into namespaces, and the work on registries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ..._domain.access.cluster_access import RegistryAccess
from ..._domain.access.steps import ClusterStep
from ..._domain.clusters.objects import CONNECTIONS
from ..._domain.errors import (
    DocrError,
    Interrupted,
    Overtaken,
    RateLimited,
    ReadOnlyClient,
    Refused,
    Unanswered,
    Unreachable,
)
from ..._domain.names import join_names
from ..flow.parallel import parallel_map

T = TypeVar("T")

# The errors of a cluster: every other write there would fail too, after the time-out of each.
_OF_CLUSTER = (Unreachable, Interrupted, RateLimited, ReadOnlyClient)
_STATUSES_OF_CLUSTER = frozenset({401, 502, 503, 504})
# The webhook of one namespace may use up the time of a request: no answer comes, or 504 of the API server. Where a
# third namespace does not answer, the cluster does not.
_MOST_UNANSWERED = 2
_NO_ANSWER_IN_TIME = 504


def is_of_cluster(error: DocrError) -> bool:
    """Whether an error concerns the cluster, and not the one object that was written."""
    return isinstance(error, _OF_CLUSTER) or error.answer.status in _STATUSES_OF_CLUSTER


@dataclass
class Refusals:
    """The errors of one cluster.

    `namespaces` are the errors by registry and namespace. `registries` are the errors that ended the work on a
    registry. `others` are errors that concern no registry. Several threads may add errors of different namespaces.
    """

    namespaces: dict[str, dict[str, DocrError]] = field(default_factory=dict)
    registries: dict[str, DocrError] = field(default_factory=dict)
    others: list[DocrError] = field(default_factory=list)
    _unanswered: set[str] = field(default_factory=set, repr=False)

    def of(self, registry: str) -> Mapping[str, DocrError]:
        """The errors of a registry by namespace."""
        return self.namespaces.get(registry, {})

    def add(self, registries: Iterable[str], namespace: str, error: DocrError) -> None:
        """Record that a namespace refuses a write for the registries; the first error of a namespace stays."""
        for registry in registries:
            self.namespaces.setdefault(registry, {}).setdefault(namespace, error)

    def try_each(
        self, items: Iterable[T], write: Callable[[T], None], place_of: Callable[[T], tuple[Iterable[str], str]]
    ) -> tuple[T, ...]:
        """Write each item, and return those that were written; `place_of` gives the registries and the namespace.

        Raises an error of the cluster, and Overtaken, after which no other item is begun. A write that is not answered
        in time is an error of the namespace, in at most two namespaces.
        """
        every = tuple(items)

        def attempt(item: T) -> DocrError | None:
            try:
                write(item)
            except DocrError as error:
                if isinstance(error, Overtaken) or self._ends_the_cluster(error, place_of(item)[1]):
                    raise
                return error
            return None

        outcomes = parallel_map(every, attempt, CONNECTIONS)
        for item, error in zip(every, outcomes, strict=True):
            if error is not None:
                self.add(*place_of(item), error)
        return tuple(item for item, error in zip(every, outcomes, strict=True) if error is None)

    def _ends_the_cluster(self, error: DocrError, namespace: str) -> bool:
        if not is_of_cluster(error):
            return False
        if not isinstance(error, Unanswered) and error.answer.status != _NO_ANSWER_IN_TIME:
            return True
        self._unanswered.add(namespace)
        return len(self._unanswered) > _MOST_UNANSWERED

    def shape_errors(self, accesses: Iterable[RegistryAccess], revoked: Iterable[str]) -> list[DocrError]:
        """An error for each registry that failed or that namespaces refuse, and the other errors."""
        gone = frozenset(revoked)
        errors = []
        for access in accesses:
            if access.registry in self.registries:
                errors.append(self.registries[access.registry])
            if self.of(access.registry):
                errors.append(self._refusal(access, gone))
        return [*errors, *self.others]

    def _refusal(self, access: RegistryAccess, revoked: frozenset[str]) -> DocrError:
        refused = self.of(access.registry)
        cut_off = access.without_credential(refused, revoked)
        count = f"{len(refused)} {'namespace' if len(refused) == 1 else 'namespaces'}"
        lost = f"; pods in {join_names(cut_off)} have no valid credential for the registry" if cut_off else ""
        return Refused(
            f"write the access to the registry {access.registry} into {count} of the cluster {access.cluster.name}"
            f" ({join_names(sorted(refused))})",
            f"the first error is: {next(iter(refused.values()))}",
            f"correct what refuses the writes, or list the namespaces in exclude_namespaces, and run the task again"
            f"{lost}",
        )


@dataclass
class Progress:
    """What a run did in one cluster so far.

    `steps_done` are the steps as they were carried out. `written` are the secrets, by namespace and name. The access to
    the `incomplete` registries could not be given everywhere, so a former method stays.
    """

    refusals: Refusals = field(default_factory=Refusals)
    steps_done: list[ClusterStep] = field(default_factory=list)
    written: set[tuple[str, str]] = field(default_factory=set)
    incomplete: set[str] = field(default_factory=set)
