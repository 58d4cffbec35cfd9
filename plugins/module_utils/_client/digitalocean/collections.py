# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Garbage collections."""

from __future__ import annotations

from typing import Any

from ..._domain.errors import NotFound
from ..._domain.gc.collection import GarbageCollection, parse_garbage_collection
from ..operations import (
    CANCEL_GARBAGE_COLLECTION,
    LIST_GARBAGE_COLLECTIONS,
    READ_ACTIVE_GARBAGE_COLLECTION,
    START_GARBAGE_COLLECTION,
)
from ..sdk import HttpRequest
from .connection import PER_PAGE, ApiConnection
from .lists import Listing


class CollectionCalls(ApiConnection):
    """Garbage collections; what the calls promise stands in the ports of the services."""

    def list_garbage_collections(self, registry: str) -> tuple[GarbageCollection, ...]:
        """All runs, newest first by their creation."""
        runs = self._pages(
            LIST_GARBAGE_COLLECTIONS.call(registry=registry),
            lambda page: self._client.registries.list_garbage_collections(registry, page=page, per_page=PER_PAGE),
            Listing("garbage_collections", "uuid", parse_garbage_collection),
        )
        return tuple(sorted(runs, key=lambda run: run.created_at, reverse=True))

    def fetch_active_garbage_collection(self, registry: str) -> GarbageCollection | None:
        """The active run; 404 means none, and so does a run that has ended.

        An empty object and null leave the question open, so that the newest run of the list decides.
        """
        try:
            run = self._read(
                READ_ACTIVE_GARBAGE_COLLECTION.call(registry=registry),
                lambda: self._client.registries.get_garbage_collection(registry),
                _garbage_collection_or_none,
            )
        except NotFound:
            return None
        if run is None:
            run = next(iter(self.list_garbage_collections(registry)), None)
        return run if run is not None and run.is_active else None

    def start_garbage_collection(self, registry: str, type_: str) -> GarbageCollection:
        """Start a run; pydo's own method has no body on this path, so the type could not be said."""
        path = START_GARBAGE_COLLECTION.address(registry=registry)
        return self._read(
            START_GARBAGE_COLLECTION.call(registry=registry),
            lambda: self._client.send_request(HttpRequest("POST", path, json={"type": type_})).json(),
            lambda answer: parse_garbage_collection(answer["garbage_collection"]),
        )

    def cancel_garbage_collection(self, registry: str, uuid: str) -> GarbageCollection | None:
        """Cancel a run."""
        return self._read(
            CANCEL_GARBAGE_COLLECTION.call(registry=registry, uuid=uuid),
            lambda: self._client.registries.update_garbage_collection(registry, uuid, {"cancel": True}),
            _garbage_collection_or_none,
        )


def _garbage_collection_or_none(answer: Any) -> GarbageCollection | None:
    raw = (answer or {}).get("garbage_collection")
    return parse_garbage_collection(raw) if raw else None
