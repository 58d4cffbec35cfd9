# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image host's ASGI app: which operation a request is for, whether its token allows it, and what goes wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from docr_sandbox.distribution.access import authenticate, authorize
from docr_sandbox.distribution.blobs import BLOBS, SESSIONS, UPLOADS
from docr_sandbox.distribution.discovery import REFERRERS, TAGS
from docr_sandbox.distribution.manifests import MANIFESTS
from docr_sandbox.distribution.protocol import REPOSITORY, DistributionError, Operation, Visit
from docr_sandbox.request_log import pass_on
from docr_sandbox.world import World

# Names may have slashes, so what follows them decides.
PLACES: tuple[tuple[re.Pattern[str], Mapping[str, Operation]], ...] = (
    (re.compile(r"/v2/(?P<name>.+)/blobs/uploads/?"), UPLOADS),
    (re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<reference>[^/]+)"), SESSIONS),
    (re.compile(r"/v2/(?P<name>.+)/blobs/(?P<reference>[^/]+)"), BLOBS),
    (re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)"), MANIFESTS),
    (re.compile(r"/v2/(?P<name>.+)/referrers/(?P<reference>[^/]+)"), REFERRERS),
    (re.compile(r"/v2/(?P<name>.+)/tags/list"), TAGS),
)
DELETABLE = (BLOBS, MANIFESTS)


def create_image_host(world: World) -> ASGIApp:
    """The image host of a sandbox, as an app."""
    return _Front(world, _Host(world))


@dataclass(frozen=True)
class _Front:
    """Logs and spoils requests, as the API's does; rate limits do not count them."""

    world: World
    host: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.world.catch_up()
        scope.setdefault("state", {})["headers"] = [
            (b"date", formatdate(self.world.now(), usegmt=True).encode()),
            (b"docker-distribution-api-version", b"registry/2.0"),
        ]
        await pass_on(self.world, self.host, {"host": self.world.addresses.image_host}, scope, receive, send)


@dataclass(frozen=True)
class _Host:
    """The OCI distribution API."""

    world: World

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer(Request(scope, receive))
        except DistributionError as error:
            response = _error_response(error)
        response.raw_headers += scope["state"]["headers"]
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        header = request.headers.get("authorization", "")
        path = unquote(request.scope["raw_path"].decode("latin-1"))
        if path in ("/v2/", "/v2"):
            authenticate(self.world, header)
            return Response("{}", media_type="application/json")
        operations, name, reference = _find(path)
        operation = operations.get(request.method)
        if operation is None:
            raise _unsupported()
        bearer = authorize(self.world, header, name, operation.action)
        if request.method == "DELETE" and operations in DELETABLE and not self.world.switches["image_host_delete"]:
            raise _unsupported()
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        world = self.world.seen_by(bearer.team)
        return await operation.handler(Visit(world, bearer, request, name, reference, query))


def _find(path: str) -> tuple[Mapping[str, Operation], str, str]:
    for place, operations in PLACES:
        found = place.fullmatch(path)
        if found is not None:
            parts = found.groupdict()
            _, _, repository = parts["name"].partition("/")
            if not REPOSITORY.fullmatch(repository):
                raise DistributionError("NAME_INVALID", "invalid repository name")
            return operations, parts["name"], parts.get("reference", "")
    raise DistributionError("NAME_UNKNOWN", "there is no such place")


def _unsupported() -> DistributionError:
    return DistributionError("UNSUPPORTED", "The operation is unsupported.")


def _error_response(error: DistributionError) -> Response:
    body = json.dumps({"errors": [{"code": error.code, "message": error.message}]})
    return Response(body, error.status, headers={**error.headers, "content-type": "application/json; charset=utf-8"})
