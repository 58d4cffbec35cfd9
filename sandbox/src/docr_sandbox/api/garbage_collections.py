# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garbage collections."""

from __future__ import annotations

from typing import Any

from docr_sandbox.api.http import Answer, ApiError, Call, Route, page_of
from docr_sandbox.api.registries import find
from docr_sandbox.clock import rfc3339
from docr_sandbox.model.collection import DELETING, SUCCEEDED, TYPES, Collection
from docr_sandbox.model.registry import Registry


def _shown(call: Call, registry: Registry, one: Collection) -> dict[str, Any]:
    now, switches = call.world.now(), call.world.switches
    shown = one.to_json(registry.name, now)
    if not switches["gc_type_shown"]:
        del shown["type"]
    if shown["status"] == SUCCEEDED:
        shown["status"] = switches["gc_succeeded_word"]
    if switches["gc_updated_at"] == "status_change":
        shown["updated_at"] = rfc3339(one.phase(now)[1])
    return shown


def start(call: Call) -> Answer:
    """POST .../garbage-collection."""
    registry = find(call)
    default = call.world.switches["gc_default_type"]
    type_ = call.body().get("type", default) if call.raw_body else default
    if type_ not in TYPES:
        raise ApiError(422, "type is not a garbage collection type")
    if registry.active is not None:
        raise ApiError(call.world.switches["gc_second_start"], "a garbage collection is already active")
    one = Collection.start(type_, call.world.now(), registry.last_push)
    registry.collections.append(one)
    return Answer(201, {"garbage_collection": _shown(call, registry, one)})


def get_active(call: Call) -> Answer:
    """GET .../garbage-collection."""
    registry = find(call)
    one = registry.active
    if one is None and call.world.switches["gc_active_after_end"] == "finished" and registry.collections:
        one = registry.collections[-1]
    if one is not None:
        return Answer(200, {"garbage_collection": _shown(call, registry, one)})
    none = call.world.switches["gc_active_none"]
    if none == "404":
        raise ApiError(404, "garbage collection not found")
    return Answer(200, {"garbage_collection": None} if none == "null" else {})


def list_all(call: Call) -> Answer:
    """GET .../garbage-collections."""
    registry = find(call)
    switches = call.world.switches
    shown = [one for one in registry.collections if switches["gc_list_active"] or not one.is_active]
    if switches["gc_list_order"] == "newest_first":
        shown.reverse()
    page = page_of(call, "garbage_collections", [_shown(call, registry, one) for one in shown])
    return Answer(200, page if switches["gc_list_paging"] else {"garbage_collections": page["garbage_collections"]})


def cancel(call: Call) -> Answer:
    """PUT .../garbage-collection/{garbage_collection_uuid}."""
    registry = find(call)
    if call.body().get("cancel") is not True:
        raise ApiError(422, "cancel must be true")
    one = registry.active
    if one is None or one.uuid != call.parameters["garbage_collection_uuid"]:
        known = [past for past in registry.collections if past.uuid == call.parameters["garbage_collection_uuid"]]
        raise ApiError(call.world.switches["gc_cancel_ended"] if known else 404, "garbage collection is not active")
    now, switches = call.world.now(), call.world.switches
    if one.cancelled_at is not None and switches["gc_second_cancel"] != 200:
        raise ApiError(switches["gc_second_cancel"], "garbage collection is being cancelled")
    if one.cancelled_at is None and not (one.status(now) == DELETING and switches["gc_late_cancel"] == "ignored"):
        one.cancelled_at = now
    is_empty = call.world.switches["gc_cancel_answer"] == "empty"
    return Answer(200, {} if is_empty else {"garbage_collection": _shown(call, registry, one)})


def _routes(base: str) -> tuple[Route, ...]:
    one = base + "/{registry_name}/garbage-collection"
    return (
        Route("POST", one, ("registry:update",), start),
        Route("GET", one, ("registry:read",), get_active),
        Route("GET", one + "s", ("registry:read",), list_all),
        Route("PUT", one + "/{garbage_collection_uuid}", ("registry:update",), cancel),
    )


ROUTES = (*_routes("/v2/registries"), *_routes("/v2/registry"))
