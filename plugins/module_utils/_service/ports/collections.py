# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Garbage collections, as services require them of a client."""

from __future__ import annotations

from typing import Protocol

from ..._domain.gc.collection import GarbageCollection
from .service import BaseApi


class CollectionApi(BaseApi, Protocol):
    """The garbage collections of registries."""

    def list_garbage_collections(self, registry: str) -> tuple[GarbageCollection, ...]:
        """All collections of a registry, newest first; an active collection may be missing."""

    def fetch_active_garbage_collection(self, registry: str) -> GarbageCollection | None:
        """The active collection; None without one, or without the registry (the API answers both alike)."""

    def start_garbage_collection(self, registry: str, type_: str) -> GarbageCollection:
        """Start a collection of a type (the API's words). Conflict when a collection is active."""

    def cancel_garbage_collection(self, registry: str, uuid: str) -> GarbageCollection | None:
        """Cancel a collection; None when the answer does not show it. NotFound for a collection that is not active."""
