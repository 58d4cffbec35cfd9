# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting and cancelling garbage collections, each sent once, also where an answer is lost or others are faster."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from ..._domain.errors import BadAnswer, Conflict, DocrError, NotFound, Refused
from ..._domain.gc.collection import CANCELLING, GarbageCollection
from ..flow.once import write_once
from ..ports.collections import CollectionApi
from .read import fetch_collection


@dataclass(frozen=True)
class WriteResult:
    """The collection after the write, and whether this task is who did it."""

    collection: GarbageCollection
    is_ours: bool


def start(api: CollectionApi, registry: str, type_: str, known: Set[str]) -> WriteResult:
    """The started collection, or another client's that started first; `known` are the earlier collections."""
    refusals: list[DocrError] = []

    def send() -> GarbageCollection:
        try:
            return api.start_garbage_collection(registry, type_)
        except (Conflict, Refused) as error:
            refusals.append(error)
            raise

    # Which status a second start is answered with, nobody knows (digitalocean-api.md 2).
    collection = write_once(send, lambda: _look_for_new(api, registry, known), also_look_after=(Conflict, Refused))
    return WriteResult(collection, not refusals)


def cancel(api: CollectionApi, registry: str, target: GarbageCollection) -> WriteResult:
    """The collection after the cancel; not ours where the collection had ended, or another client cancelled it."""
    refusals: list[DocrError] = []

    def send() -> GarbageCollection:
        try:
            return api.cancel_garbage_collection(registry, target.uuid) or _read_cancelled(api, registry, target)
        except (NotFound, Conflict) as error:
            refusals.append(error)
            raise

    def look() -> GarbageCollection | None:
        collection = _read_or_keep(api, registry, target)
        return collection if _is_cancelled(collection) else None

    return WriteResult(write_once(send, look, also_look_after=(NotFound, Conflict)), not refusals)


def _look_for_new(api: CollectionApi, registry: str, known: Set[str]) -> GarbageCollection | None:
    active = api.fetch_active_garbage_collection(registry)
    history = (active,) if active is not None else api.list_garbage_collections(registry)
    return next((collection for collection in history if collection.uuid not in known), None)


def _is_cancelled(collection: GarbageCollection) -> bool:
    return not collection.is_active or collection.status == CANCELLING


def _read_cancelled(api: CollectionApi, registry: str, target: GarbageCollection) -> GarbageCollection:
    """The collection after an answer without one, which a proxy can give too: only its status proves the cancel."""
    collection = _read_or_keep(api, registry, target)
    if _is_cancelled(collection):
        return collection
    raise BadAnswer(
        f"cancel the garbage collection {target.uuid} of the registry {registry}",
        f"the answer holds no collection, and the status is still {collection.status!r}",
        "run the task again; check that no proxy answers for the API",
    )


def _read_or_keep(api: CollectionApi, registry: str, collection: GarbageCollection) -> GarbageCollection:
    try:
        return fetch_collection(api, registry, collection)
    except DocrError:
        return collection  # What was written, and what came of that, says more than a read that fails after it.
