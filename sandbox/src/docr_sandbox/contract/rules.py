# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks in addition to an OpenAPI validator, for what a validator accepts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docr_sandbox.contract.description import Description, Operation
from docr_sandbox.contract.exchange import Exchange, Finding, Kind

RATE_LIMIT_HEADERS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


def check_request(description: Description, operation: Operation, exchange: Exchange) -> Iterator[Finding]:
    """Undocumented query values, body keys and bodies."""
    known = description.query_names(operation)
    for name in dict.fromkeys(name for name, _ in exchange.query if name not in known):
        yield Finding(Kind.QUERY, str(operation), name)
    if not exchange.request_body:
        return
    schema = description.request_schema(operation)
    if schema is None:
        yield Finding(Kind.REQUEST_BODY, str(operation), f"{len(exchange.request_body)} bytes")
        return
    for at in _unknown_keys(description, schema, _json(exchange.request_body), ""):
        yield Finding(Kind.REQUEST_KEY, str(operation), at)


def check_response(description: Description, operation: Operation, exchange: Exchange) -> Iterator[Finding]:
    """Status, headers, the body of a 204, and missing or undocumented keys."""
    name = str(operation)
    # Client errors of the "default" shape would pass as described; a server's error may come at any time.
    if str(exchange.status) not in operation.fields["responses"] and exchange.status < 500:
        yield Finding(Kind.STATUS, name, str(exchange.status))
    for header in RATE_LIMIT_HEADERS:
        if not exchange.response_headers.get(header, "").isdecimal():
            yield Finding(Kind.HEADER, name, header)
    if exchange.status == 204:
        if exchange.response_body:
            yield Finding(Kind.EMPTY_BODY, name, f"{len(exchange.response_body)} bytes with a 204")
        return
    schema = description.response_schema(operation, exchange.status)
    if schema is None or exchange.media_type != "application/json":
        return
    body = _json(exchange.response_body)
    for at in _unknown_keys(description, schema, body, ""):
        yield Finding(Kind.EXTRA_KEY, name, at)
    if exchange.succeeded:
        for at in _missing_keys(description, schema, body, ""):
            yield Finding(Kind.MISSING_KEY, name, at)


def _unknown_keys(description: Description, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
    """The places of keys that the schema does not have, list positions as ``*``: ``registries.*.owner``."""
    for part_schema, part, place in _inside(description, schema, value, at):
        if part_schema is None:
            yield place
        else:
            yield from _unknown_keys(description, part_schema, part, place)


def _missing_keys(description: Description, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
    """The places of keys that the schema has and the value has not; the description hardly ever says ``required``."""
    if isinstance(value, dict):
        shape = description.shape(schema)
        for name, part in shape.properties.items():
            write_only = description.resolve(part).get("writeOnly", False)
            if name not in value and name not in shape.optional and not write_only:
                yield _join(at, name)
    for part_schema, part, place in _inside(description, schema, value, at):
        if part_schema is not None:
            yield from _missing_keys(description, part_schema, part, place)


def _inside(
    description: Description, schema: Mapping[str, Any], value: Any, at: str
) -> Iterator[tuple[Mapping[str, Any] | None, Any, str]]:
    """What a value holds: the schema of each part (``None`` where the schema has no such key), the part, its place."""
    if isinstance(value, dict):
        shape = description.shape(schema)
        for name, part in value.items():
            if name in shape.properties:
                yield shape.properties[name], part, _join(at, name)
            elif shape.properties and not shape.is_open:
                yield None, part, _join(at, name)
    elif isinstance(value, list):
        items = description.items(schema)
        for part in value if items is not None else ():
            yield items, part, _join(at, "*")


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _json(body: bytes) -> Any:
    """The parsed body; ``None`` where it is not JSON, which the validator reports."""
    try:
        return json.loads(body)
    except ValueError:
        return None
