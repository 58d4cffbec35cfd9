# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the garbage collections of registries, and what else a decision about them depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..._domain.errors import InvalidInput, NotFound
from ..._domain.gc.collection import GarbageCollection
from ..._domain.gc.decision import GcHistory, decide, unknown_registries
from ..._domain.gc.rules import IDLE, RuleBook, Rules
from ..._domain.gc.steps import StartCollection
from ..._domain.names import NameRef
from ..flow.parallel import parallel_map
from ..ports.api import Api
from ..ports.collections import CollectionApi
from .images import look_at_images

# Registries at a time; an account has ten at most.
_MOST_REGISTRIES = 5


@dataclass(frozen=True)
class Collections:
    """What was read of each registry, in the order of the input, and the service's time then."""

    histories: tuple[GcHistory, ...]
    now: datetime


def fetch_collections(api: Api, names: Sequence[NameRef], expected: Sequence[str], book: RuleBook) -> Collections:
    """One list for each registry, and what else is needed where one would be started.

    For the state idle one look for each registry, and the list of registries where nothing is active, because the
    API answers the same for a registry that does not exist. Raises InvalidInput with all registries that do not exist.
    """
    if book.state == IDLE:
        histories = _fetch_active(api, names)
    else:
        histories = tuple(
            parallel_map(names, lambda one: fetch_registry_history(api, one.name, book.of(one.name)), _MOST_REGISTRIES)
        )
    faults = unknown_registries(histories, names, expected)
    if faults:
        raise InvalidInput(faults)
    return Collections(histories, api.now())


def fetch_registry_history(api: Api, registry: str, rules: Rules) -> GcHistory:
    """The collections of one registry; an active one by itself, and its images, only where one would start."""
    history = _list_history(api, registry)
    listed = history.listed_active
    is_doubtful = listed is not None and not listed.is_known_status
    if not is_doubtful and not _would_start(history, rules, api.now()):
        return history
    active = api.fetch_active_garbage_collection(registry)
    history = replace(history, active=active, is_none_active=active is None)
    needs_push = rules.quiet_period is not None
    if rules.force or not (needs_push or not history.collections) or not _would_start(history, rules, api.now()):
        return history
    images = look_at_images(api, registry, needs_push=needs_push)
    return replace(history, last_push=images.last_push, is_empty=images.is_empty and not history.collections)


def fetch_history(api: CollectionApi, names: Sequence[NameRef]) -> tuple[GcHistory, ...]:
    """All collections of each registry, and the active one even where the list leaves it out."""
    histories = tuple(parallel_map(names, lambda one: _list_history(api, one.name), _MOST_REGISTRIES))
    faults = unknown_registries(histories, names)
    if faults:
        raise InvalidInput(faults)

    def with_active(one: GcHistory) -> GcHistory:
        return one if one.listed_active else replace(one, active=api.fetch_active_garbage_collection(one.registry))

    return tuple(parallel_map(histories, with_active, _MOST_REGISTRIES))


def fetch_collection(api: CollectionApi, registry: str, collection: GarbageCollection) -> GarbageCollection:
    """The collection as it is now; as it was where neither the active one nor the list is it."""
    active = api.fetch_active_garbage_collection(registry)
    if active is not None and active.uuid == collection.uuid:
        return active
    history = api.list_garbage_collections(registry)
    return next((one for one in history if one.uuid == collection.uuid), collection)


def _would_start(history: GcHistory, rules: Rules, now: datetime) -> bool:
    decision = decide(history, rules, now)
    return isinstance(decision.step, StartCollection) and decision.not_before is None


def _list_history(api: CollectionApi, registry: str) -> GcHistory:
    try:
        return GcHistory(registry, api.list_garbage_collections(registry))
    except NotFound:
        return GcHistory(registry, exists=False)


def _fetch_active(api: Api, names: Sequence[NameRef]) -> tuple[GcHistory, ...]:
    histories = parallel_map(
        names, lambda one: GcHistory(one.name, active=api.fetch_active_garbage_collection(one.name)), _MOST_REGISTRIES
    )
    if all(one.active for one in histories):
        return tuple(histories)
    existing = {registry.name for registry in api.list_registries()}
    return tuple(replace(one, exists=one.registry in existing) for one in histories)
