# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operation gets and gives: a call with its parts checked, an answer, an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from docr_sandbox.model.tokens import Token
from docr_sandbox.world import World

# Links name the real host, whatever address was called: clients must not follow them blindly.
LINK_HOST = "https://api.digitalocean.com"
MOST_PER_PAGE = 200
WORDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "precondition_failed",
    422: "unprocessable_entity",
    429: "too_many_requests",
}


class ApiError(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Answer:
    """A success: no body for 204, YAML where the media type says so."""

    status: int
    body: Any = None
    media_type: str = "application/json; charset=utf-8"


@dataclass
class Call:
    """One request: decoded path parameters, query and body."""

    world: World
    token: Token | None
    path: str
    parameters: dict[str, str]
    raw_query: bytes
    raw_body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; 400 for anything else."""
        try:
            content = json.loads(self.raw_body)
        except (ValueError, RecursionError) as error:
            raise ApiError(400, "The request body is not JSON.") from error
        if not isinstance(content, dict):
            raise ApiError(400, "The request body is not a JSON object.")
        return content

    def query(self, *known: str) -> dict[str, str]:
        """The query's values by name; unknown names are ignored, repeated names are refused."""
        pairs = parse_qsl(self.raw_query.decode("latin-1"), keep_blank_values=True, errors="replace")
        values: dict[str, str] = {}
        for name, value in pairs:
            if name in known:
                if name in values:
                    raise ApiError(400, f"The query parameter {name} is given more than once.")
                values[name] = value
        return values


def text(body: Mapping[str, Any], name: str, *, required: bool = False) -> str | None:
    """A string of a body; 422 for another type, or when a required string is missing."""
    value = body.get(name)
    if value is None and not required and name not in body:
        return None
    if not isinstance(value, str):
        raise ApiError(422, f"{name} must be a string.")
    return value


def texts(body: Mapping[str, Any], name: str) -> list[str]:
    """A list of strings of a body; 422 for anything else."""
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ApiError(422, f"{name} must be a list of strings.")
    return value


def whole_number(values: Mapping[str, str], name: str, default: int) -> int:
    """A query value as a number; 400 for anything else."""
    value = values.get(name, "")
    if name not in values:
        return default
    if not value.removeprefix("-").isascii() or not value.removeprefix("-").isdigit() or len(value) > 18:
        raise ApiError(400, f"{name} must be a whole number.")
    return int(value)


def page_of(call: Call, key: str, items: list[Any], *, strict: bool = False) -> dict[str, Any]:
    """One page of items under `key`, with links where there are several pages, and the total."""
    values = call.query("per_page", "page", "page_token")
    per_page = whole_number(values, "per_page", 20)
    page = whole_number(values, "page", 1)
    if not (1 <= per_page <= MOST_PER_PAGE and page >= 1):
        if strict or call.world.switches["per_page_range"] == "refuse":
            raise ApiError(400, f"per_page must be 1 to {MOST_PER_PAGE}, and page 1 or more.")
        per_page, page = min(max(per_page, 1), MOST_PER_PAGE), max(page, 1)
    if strict and values.get("page_token"):
        page = _page_of_token(values["page_token"])
    shown = {key: items[(page - 1) * per_page : page * per_page]}
    last = max(1, -(-len(items) // per_page))
    links = {"links": {"pages": _links(call, page, last, per_page, strict)}} if last > 1 else {}
    return shown | links | {"meta": {"total": len(items)}}


def _links(call: Call, page: int, last: int, per_page: int, with_token: bool) -> dict[str, str]:
    def link(number: int, token: bool) -> str:
        query: dict[str, Any] = {"page": number, "per_page": per_page}
        if token and with_token:
            query["page_token"] = _token_of_page(number)
        return f"{LINK_HOST}{call.path}?{urlencode(query)}"

    before = {"first": link(1, False), "prev": link(page - 1, True)} if page > 1 else {}
    after = {"next": link(page + 1, True), "last": link(last, False)} if page < last else {}
    return before | after


def _token_of_page(page: int) -> str:
    return f"cGFnZT{page:06d}"


def _page_of_token(token: str) -> int:
    number = token.removeprefix("cGFnZT")
    if number == token or not (number.isascii() and number.isdigit()) or len(number) != 6 or int(number) < 1:
        raise ApiError(400, "The page token is not valid.")
    return int(number)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """A route: a method, a path with `{names}`, the required scopes, and the handler."""

    method: str
    path: str
    scopes: tuple[str, ...]
    handler: Handler
