# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that a proxy or a failing backend left incomplete or wrong: what a fault makes of the service's answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.types import Message, Send


def _without(name: str) -> Callable[[list[Any]], Any]:
    return lambda items: [_changed(one, lambda item: item.pop(name, None)) for one in items]


def _with_null(name: str) -> Callable[[list[Any]], Any]:
    return lambda items: [_changed(one, lambda item: item.update({name: None})) for one in items]


def _changed(item: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    if not isinstance(item, dict):
        return item
    copied = dict(item)
    change(copied)
    return copied


# What becomes of a list; `missing_list` removes the key.
_CONTENTS: Mapping[str, Callable[[list[Any]], Any]] = {
    "short_list": lambda items: items[: len(items) // 2],
    "empty_list": lambda _items: [],
    "hidden_list": lambda _items: [],
    "null_list": lambda _items: None,
    "null_none": lambda _items: None,
    "object_list": lambda _items: {},
    "wrong_total": lambda items: items,
    "small_total": lambda items: items,
    "repeated_item": lambda items: items + items[:1],
    "missing_times": _without("updated_at"),
    "null_times": _with_null("updated_at"),
    "missing_tags": _without("tags"),
    "null_tags": _with_null("tags"),
    "missing_blobs": _without("blobs"),
    "null_blobs": _with_null("blobs"),
}
# What becomes of `meta.total`, where the answer has a total.
_TOTALS: Mapping[str, Callable[[int], int]] = {
    "hidden_list": lambda _total: 0,
    "null_none": lambda _total: 0,
    "wrong_total": lambda total: total + 5,
    "small_total": lambda total: total // 2,
}
# What becomes of a body as it is, such as a manifest of the image host.
_BODIES: Mapping[str, Callable[[bytes], bytes]] = {
    "other_bytes": lambda body: body + b"\n",
    "cut_bytes": lambda body: body[: len(body) // 2],
}
SPOILS = (*_CONTENTS, "missing_list", *_BODIES)


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


def spoiled(kind: str | None, media_type: str | None, send: Send) -> Send:
    """A `send` that spoils a successful answer before the answer is sent.

    `kind` is one of SPOILS, or None to leave the body as it is. With a `media_type` the Content-Type becomes this one.
    """
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
        if start["status"] == 200:
            changed = _spoiled_body(kind, body) if kind is not None and body else body
            # The answer to HEAD has the length of the body that GET would give.
            length = {b"content-length": str(len(changed)).encode()} if body else {}
            typed = {b"content-type": media_type.encode()} if media_type is not None else {}
            start, body = {**start, "headers": _with_headers(start["headers"], length | typed)}, changed
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return spoiling


def _spoiled_body(kind: str, body: bytes) -> bytes:
    if kind in _BODIES:
        return _BODIES[kind](body)
    try:
        return json.dumps(spoil(kind, json.loads(body))).encode()
    except ValueError:
        return body  # a blob


def _with_headers(headers: Iterable[tuple[bytes, bytes]], new: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [*(pair for pair in headers if pair[0].lower() not in new), *new.items()]
