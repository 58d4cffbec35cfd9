# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ASGI app of the API: authentication, rate limits, routes and faults; and the control side."""

from __future__ import annotations

import base64
import contextlib
import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from docr_sandbox.api import account, apps, garbage_collections, images, kubernetes, registries, registry_auth
from docr_sandbox.api.http import WORDS, Answer, ApiError, Call, Route
from docr_sandbox.control import CONTROLS, Control, SeedRefused
from docr_sandbox.control_guard import ControlGuard
from docr_sandbox.distribution.tokens import TOKEN_PATH
from docr_sandbox.holds import HoldAction
from docr_sandbox.model.tokens import Rate, RateWindow, Token
from docr_sandbox.request_log import log_and_answer
from docr_sandbox.world import World

ROUTES: tuple[Route, ...] = (
    *account.ROUTES,
    *registries.ROUTES,
    *images.ROUTES,
    *garbage_collections.ROUTES,
    *registry_auth.ROUTES,
    *kubernetes.ROUTES,
    *apps.ROUTES,
)
CONTROL_PREFIX = "/_sandbox/"
MOST_BODY = 1 << 20


def create_app(
    world: World, *, wrap: Callable[[ASGIApp], ASGIApp] | None = None, guard: ControlGuard | None = None
) -> ASGIApp:
    """The API and the control side as an app; `wrap` is put around the API, so that faults are outside of `wrap`."""
    api: ASGIApp = _Api(world)
    world.traffic.holds.perform = lambda action: _perform(world, action)
    return _Router(world, wrap(api) if wrap else api, _Control(world, guard or ControlGuard()))


@dataclass(frozen=True)
class _Router:
    """Routes requests to the API or the control side; authenticates and logs those to the API, and applies faults."""

    world: World
    api: ASGIApp
    control: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        if path.startswith(CONTROL_PREFIX):
            await self.control(scope, receive, send)
            return
        self.world.catch_up()
        caller = _admit(self.world, scope)
        scope.setdefault("state", {})["caller"] = caller
        scope["state"]["headers"] = caller.headers(self.world.now())
        # For an answer that a fault delays: its date is the time of its body.
        scope["state"]["headers_now"] = lambda: caller.headers(self.world.now())
        shown = {"request_id": caller.request_id, "token": caller.token.fingerprint if caller.token else None}
        await log_and_answer(self.world, self.api, shown, scope, receive, send)


@dataclass(frozen=True)
class _Caller:
    """The token of a request, if its Authorization header has a valid token, and the state of its rate limits."""

    token: Token | None
    rate: Rate
    request_id: str

    def headers(self, now: float) -> list[tuple[bytes, bytes]]:
        """The headers of every answer."""
        values = {
            "date": formatdate(now, usegmt=True),
            "x-request-id": self.request_id,
            "ratelimit-limit": self.rate.limit,
            "ratelimit-remaining": max(0, self.rate.remaining),
            "ratelimit-reset": self.rate.reset_at,
        }
        return [(name.encode(), str(value).encode()) for name, value in values.items()]


def _admit(world: World, scope: Scope) -> _Caller:
    found = world.tokens.api.get(_token_value(scope))
    token = found if found is not None and found.is_valid(world.now()) else None
    window = world.traffic.rates.setdefault(token.fingerprint if token else "", RateWindow())
    return _Caller(token, window.count(world.now(), applies=bool(world.switches["rate_limit"])), str(uuid.uuid4()))


def _token_value(scope: Scope) -> str:
    """The API token of a request: a bearer token, or a password at the token endpoint of the image host."""
    scheme, _, value = Request(scope).headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic" and scope["path"] == TOKEN_PATH:
        with contextlib.suppress(ValueError):
            return base64.b64decode(value).decode().partition(":")[2]
    return ""


@dataclass(frozen=True)
class _Api:
    """DigitalOcean's API."""

    world: World

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: _Caller = scope["state"]["caller"]
        try:
            answer = await self._answer(caller, scope, receive)
            response = _response(answer)
        except ApiError as error:
            response = _error_response(error, caller.request_id)
        response.raw_headers += scope["state"]["headers"]
        await response(scope, receive, send)

    async def _answer(self, caller: _Caller, scope: Scope, receive: Receive) -> Answer:
        if caller.token is None:
            raise ApiError(401, "Unable to authenticate you.")
        if caller.rate.is_exceeded:
            after = {} if caller.rate.retry_after is None else {"Retry-After": str(caller.rate.retry_after)}
            raise ApiError(429, "API Rate limit exceeded.", after)
        path = scope["raw_path"].decode("latin-1")
        route, parameters = _find(scope["method"], path)
        if caller.token.lacks(route.scopes):
            raise ApiError(403, "You are not authorized to perform this operation.")
        world = self.world.seen_by(caller.token.team)
        call = Call(world, caller.token, path, parameters, scope["query_string"], await _body(scope, receive))
        return route.handler(call)


@dataclass(frozen=True)
class _Control:
    """The control side."""

    world: World
    guard: ControlGuard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1").removeprefix(CONTROL_PREFIX)
        self.world.catch_up()
        try:
            control, parameters = _find_control(scope["method"], path)
            body = await _body(scope, receive)
            self.guard.require_allowed(scope, body)
            answer = Answer(200, control(Call(self.world, None, path, parameters, scope["query_string"], body)))
            response = _response(answer)
        except ApiError as error:
            errors = {"errors": error.errors} if isinstance(error, SeedRefused) else {}
            response = _json_response(error.status, {"message": error.message} | errors)
        await response(scope, receive, send)


def _perform(world: World, action: HoldAction) -> int:
    """The status of an action, which is neither logged nor counted, and meets no fault."""
    path, _, query = action.path.partition("?")
    body = b"" if action.body is None else json.dumps(action.body).encode()
    token = world.tokens.api[world.tokens.primary]
    try:
        if path.startswith(CONTROL_PREFIX):
            control, parameters = _find_control(action.method, path.removeprefix(CONTROL_PREFIX))
            control(Call(world, None, path, parameters, query.encode(), body))
            return 200
        route, parameters = _find(action.method, path)
        return route.handler(Call(world, token, path, parameters, query.encode(), body)).status
    except ApiError as error:
        return error.status


def _find_control(method: str, path: str) -> tuple[Control, dict[str, str]]:
    found = ((control, _match(template, path)) for known, template, control in CONTROLS if known == method)
    for control, names in found:
        if names is not None:
            return control, names
    raise ApiError(404, f"{method} {CONTROL_PREFIX}{path} is not a request of the control side")


def _find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a request; fixed words win over names. 404 for an unknown path, 405 for an unknown method."""
    matches = [
        (route, names)
        for route in _BY_LENGTH.get(path.count("/"), ())
        if (names := _match(route.path, path)) is not None
    ]
    if not matches:
        raise ApiError(404, "The resource you were accessing could not be found.")
    fewest = min(len(names) for _, names in matches)
    closest = [(route, names) for route, names in matches if len(names) == fewest]
    for route, names in closest:
        if route.method == method:
            return route, names
    allowed = ", ".join(sorted(route.method for route, _ in closest))
    raise ApiError(405, "This method is not allowed here.", {"Allow": allowed})


def _match(template: str, path: str) -> dict[str, str] | None:
    """The decoded names in a path; None when the path does not fit. A path is split first, so %2F stays in a name."""
    expected, given = template.split("/"), path.split("/")
    if len(expected) != len(given):
        return None
    names: dict[str, str] = {}
    for want, have in zip(expected, given, strict=True):
        if not want.startswith("{"):
            if want != have:
                return None
            continue
        if not have:
            return None
        names[want.strip("{}")] = unquote_to_bytes(have).decode("utf-8", "replace")
    return names


def _by_length(routes: Iterable[Route]) -> dict[int, Sequence[Route]]:
    found: dict[int, list[Route]] = {}
    for route in routes:
        found.setdefault(route.path.count("/"), []).append(route)
    return dict(found)


_BY_LENGTH = _by_length(ROUTES)


async def _body(scope: Scope, receive: Receive) -> bytes:
    body = b""
    async for chunk in Request(scope, receive).stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise ApiError(413, "The request body is too large.")
    return body


def _response(answer: Answer) -> Response:
    if answer.status == 204:
        return Response(status_code=204)
    if answer.media_type.startswith("application/json"):
        return _json_response(answer.status, answer.body)
    return Response(answer.body, answer.status, media_type=answer.media_type)


def _json_response(status: int, body: Any) -> Response:
    return Response(json.dumps(body, default=list), status, headers={"content-type": "application/json; charset=utf-8"})


def _error_response(error: ApiError, request_id: str) -> Response:
    body = {"id": WORDS.get(error.status, "server_error"), "message": error.message}
    # Some DigitalOcean services put the request ID into the body, others only into the header.
    if error.status not in (401, 404):
        body["request_id"] = request_id
    response = _json_response(error.status, body)
    response.headers.update(error.headers)
    return response
