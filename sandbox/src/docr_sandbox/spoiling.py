# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that a proxy or a failing backend left incomplete: what a fault makes of the API's own answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import Message, Send

# What becomes of a list; `missing_list` removes the key.
_CONTENTS: Mapping[str, Callable[[list[Any]], Any]] = {
    "short_list": lambda items: items[: len(items) // 2],
    "empty_list": lambda _items: [],
    "hidden_list": lambda _items: [],
    "null_list": lambda _items: None,
    "null_none": lambda _items: None,
    "object_list": lambda _items: {},
    "wrong_total": lambda items: items,
}
# What becomes of `meta.total`, where the answer has a total.
_TOTALS: Mapping[str, Callable[[int], int]] = {
    "hidden_list": lambda _total: 0,
    "null_none": lambda _total: 0,
    "wrong_total": lambda total: total + 5,
}
SPOILS = (*_CONTENTS, "missing_list")


def spoil(kind: str, answer: Any) -> Any:
    """An answer with every list at the top level spoiled; any other answer is unchanged."""
    if not isinstance(answer, dict):
        return answer
    found = dict(answer)
    for key, value in [(key, value) for key, value in answer.items() if isinstance(value, list)]:
        if kind == "missing_list":
            del found[key]
            continue
        found[key] = _CONTENTS[kind](value)
    if kind in _TOTALS and isinstance(answer.get("meta"), dict):
        found["meta"] = {**answer["meta"], "total": _TOTALS[kind](answer["meta"].get("total", 0))}
    return found


def spoiled(kind: str, send: Send) -> Send:
    """A `send` that spoils the JSON of a successful answer before the answer is sent."""
    held: list[Message] = []
    parts: list[bytes] = []

    async def spoiling(message: Message) -> None:
        if message["type"] == "http.response.start":
            held.append(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body, start = b"".join(parts), held[0]
        if start["status"] == 200 and body:
            body = json.dumps(spoil(kind, json.loads(body))).encode()
        headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        length = [] if start["status"] == 204 else [(b"content-length", str(len(body)).encode())]
        await send({**start, "headers": headers + length})
        await send({"type": "http.response.body", "body": body})

    return spoiling
