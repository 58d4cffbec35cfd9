# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ASGI app of the image host: finds the endpoint of a request, checks its token, and applies faults."""

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

from docr_sandbox.distribution.blobs import BLOBS, SESSIONS, UPLOADS
from docr_sandbox.distribution.discovery import REFERRERS, TAGS
from docr_sandbox.distribution.manifests import MANIFESTS
from docr_sandbox.distribution.protocol import REPOSITORY, DistributionError, Endpoint, ImageCall
from docr_sandbox.distribution.tokens import authenticate, authorize, count_request
from docr_sandbox.model.tokens import Rate
from docr_sandbox.request_log import log_and_answer
from docr_sandbox.world import World

# Names may have slashes, so what follows them decides.
PATHS: tuple[tuple[re.Pattern[str], Mapping[str, Endpoint]], ...] = (
    (re.compile(r"/v2/(?P<name>.+)/blobs/uploads/?"), UPLOADS),
    (re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<reference>[^/]+)"), SESSIONS),
    (re.compile(r"/v2/(?P<name>.+)/blobs/(?P<reference>[^/]+)"), BLOBS),
    (re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)"), MANIFESTS),
    (re.compile(r"/v2/(?P<name>.+)/referrers/(?P<reference>[^/]+)"), REFERRERS),
    (re.compile(r"/v2/(?P<name>.+)/tags/list"), TAGS),
)
DELETABLE = (BLOBS, MANIFESTS)
DIGEST_TAG = re.compile(r"^sha256-([0-9a-f]{64})$")


def create_image_host(world: World) -> ASGIApp:
    """The image host of a sandbox, as an app."""
    return _LoggedHost(world, _Host(world))


@dataclass(frozen=True)
class _LoggedHost:
    """Logs requests and applies faults, as the API does; a switch says whether rate limits count these requests."""

    world: World
    host: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.world.catch_up()
        scope.setdefault("state", {})["headers"] = self._headers()
        scope["state"]["headers_now"] = self._headers
        scope["state"]["rate"] = count_request(self.world, Request(scope).headers.get("authorization", ""))
        await log_and_answer(self.world, self.host, {"host": self.world.addresses.image_host}, scope, receive, send)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        date = formatdate(self.world.now(), usegmt=True)
        return [(b"date", date.encode()), (b"docker-distribution-api-version", b"registry/2.0")]


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
        rate: Rate | None = request.scope["state"]["rate"]
        if rate is not None and rate.is_exceeded:
            after = {} if rate.retry_after is None else {"Retry-After": str(rate.retry_after)}
            raise DistributionError("TOOMANYREQUESTS", "too many requests", after)
        path = unquote(request.scope["raw_path"].decode("latin-1"))
        if path in ("/v2/", "/v2"):
            authenticate(self.world, header)
            return Response("{}", media_type="application/json")
        endpoints, name, reference = _find(path)
        endpoint = endpoints.get(request.method)
        if endpoint is None:
            raise _unsupported()
        bearer = authorize(self.world, header, name, endpoint.action)
        if request.method == "DELETE" and endpoints in DELETABLE and not self.world.switches["image_host_delete"]:
            raise _unsupported()
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        world = self.world.seen_by(bearer.team)
        if endpoints is MANIFESTS and self.world.switches["image_host_digest_tags"]:
            reference = DIGEST_TAG.sub(r"sha256:\1", reference)
        return await endpoint.handler(ImageCall(world, bearer, request, name, reference, query))


def _find(path: str) -> tuple[Mapping[str, Endpoint], str, str]:
    for place, endpoints in PATHS:
        found = place.fullmatch(path)
        if found is not None:
            parts = found.groupdict()
            _, _, repository = parts["name"].partition("/")
            if not REPOSITORY.fullmatch(repository):
                raise DistributionError("NAME_INVALID", "invalid repository name")
            return endpoints, parts["name"], parts.get("reference", "")
    raise DistributionError("NAME_UNKNOWN", "path unknown to registry")


def _unsupported() -> DistributionError:
    return DistributionError("UNSUPPORTED", "The operation is unsupported.")


def _error_response(error: DistributionError) -> Response:
    body = json.dumps({"errors": [{"code": error.code, "message": error.message}]})
    return Response(body, error.status, headers={**error.headers, "content-type": "application/json; charset=utf-8"})
