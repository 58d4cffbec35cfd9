# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The middleware that checks each exchange while it happens, with openapi-core and the rules of this package."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from docr_sandbox.contract.description import Description, Operation
from docr_sandbox.contract.exchange import Exchange, Finding, Kind
from docr_sandbox.contract.exemptions import exemption_for
from docr_sandbox.contract.report import ContractSummary, report_file, write_report
from docr_sandbox.contract.rules import check_request, check_response
from docr_sandbox.failures import CommandError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REPORT_PATH = "/_sandbox/contract"
# Tests that send invalid requests on purpose set this header: then only the answer is checked.
ON_PURPOSE_HEADER = "x-docr-sandbox-wrong-on-purpose"


class ContractCheck:
    """Checks exchanges, counts them, and keeps a report."""

    def __init__(self, description: Description, report: Path | None = None) -> None:
        # openapi-core would look for the server's own host; the paths alone count here.
        document = {**description.document, "servers": [{"url": "/"}]}
        self._description = description
        self._openapi = OpenAPI.from_dict(document)
        self._report = report
        self._written = -1
        self.summary = ContractSummary()

    @classmethod
    def load(cls, description: Path, report: Path | None = None) -> ContractCheck:
        """Read the description. Raises :class:`CommandError` when it cannot be used."""
        found = Description.read(description)
        try:
            return cls(found, report_file(report) if report else None)
        except OpenAPIError as error:
            raise CommandError(f"Cannot use {description} as an OpenAPI description: {error}.") from error

    # The check

    def findings(self, exchange: Exchange) -> Iterator[Finding]:
        """All differences from the description, exempted or not.

        An invalid request is a finding only when the server accepted the request.
        """
        operation = self._description.find(exchange.method, exchange.raw_path)
        if operation is None:
            if exchange.status not in (404, 405):
                detail = f"{exchange.status} to an undocumented operation"
                yield Finding(Kind.OPERATION, f"{exchange.method} {exchange.raw_path}", detail)
            return
        request = _Request(exchange, operation)
        if exchange.succeeded and ON_PURPOSE_HEADER not in exchange.request_headers:
            yield from self._validate(Kind.REQUEST, operation, self._request_errors(request))
            yield from check_request(self._description, operation, exchange)
        yield from self._validate(Kind.RESPONSE, operation, self._response_errors(request, exchange))
        yield from check_response(self._description, operation, exchange)

    def record(self, exchange: Exchange) -> None:
        """Check one exchange and count what was found."""
        violations, exempted = [], []
        # The items of a list repeat the same findings.
        for finding in dict.fromkeys(self.findings(exchange)):
            exemption = exemption_for(finding)
            if exemption is None:
                violations.append(f"{finding} (answered {exchange.status})")
            else:
                exempted.append(f"{exemption.kind}: {exemption.reason}")
        self.summary.add(violations, set(exempted))

    def _request_errors(self, request: _Request) -> Iterable[Exception]:
        return self._openapi.request_validator.iter_errors(request)

    def _response_errors(self, request: _Request, exchange: Exchange) -> Iterable[Exception]:
        if exchange.status == 204:
            return ()
        return self._openapi.response_validator.iter_errors(request, _Response(exchange))

    @staticmethod
    def _validate(kind: Kind, operation: Operation, errors: Iterable[Exception]) -> Iterator[Finding]:
        with warnings.catch_warnings():
            # Deprecated operations and values are checked like all others.
            warnings.simplefilter("ignore", DeprecationWarning)
            for error in errors:
                for detail in _details(error):
                    yield Finding(kind, str(operation), detail)

    # The middleware

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """``app``, with every exchange below ``/v2/`` checked after it has been answered."""

        async def checked(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not scope["path"].startswith("/v2/"):
                await app(scope, receive, send)
                return
            recorder = _Recorder(receive, send)
            await app(scope, recorder.receive, recorder.send)
            if recorder.status:
                self.record(recorder.exchange(scope))

        return checked

    def with_report_route(self, app: ASGIApp) -> ASGIApp:
        """``app``, with the report at ``GET /_sandbox/contract``."""

        async def routed(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] != REPORT_PATH:
                await app(scope, receive, send)
                return
            body = json.dumps(self.summary.to_dict()).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return routed

    def save(self) -> None:
        """Write the report when it has changed."""
        if self._report and self.summary.exchanges != self._written:
            self._written = self.summary.exchanges
            write_report(self._report, self.summary)


class _Recorder:
    """Records the request and the answer of an exchange."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._request_body = bytearray()
        self._response_body = bytearray()
        self._headers: dict[str, str] = {}
        self.status = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._request_body += message.get("body", b"")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._headers = _headers(message.get("headers", ()))
        else:
            self._response_body += message.get("body", b"")
        await self._send(message)

    def exchange(self, scope: Scope) -> Exchange:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        return Exchange(
            method=scope["method"],
            raw_path=raw_path.decode("latin-1"),
            status=self.status,
            query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            request_headers=_headers(scope["headers"]),
            request_body=bytes(self._request_body),
            response_headers=self._headers,
            response_body=bytes(self._response_body),
        )


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


class _Request:
    """An exchange's request in the form that openapi-core requires."""

    host_url = ""

    def __init__(self, exchange: Exchange, operation: Operation) -> None:
        self.path = exchange.raw_path
        self.method = exchange.method.lower()
        self.body = exchange.request_body or None
        self.content_type = exchange.request_headers.get("content-type", "application/json").lower()
        # Decoded here, since openapi-core would take the values from the path without decoding.
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(exchange.query),
            header=Headers(dict(exchange.request_headers)),
            path=dict(operation.path_values),
        )


@dataclass(frozen=True)
class _Response:
    """An exchange's answer in the form that openapi-core requires."""

    exchange: Exchange

    @property
    def status_code(self) -> int:
        return self.exchange.status

    @property
    def content_type(self) -> str:
        return self.exchange.response_headers.get("content-type", "")

    @property
    def headers(self) -> Mapping[str, Any]:
        return self.exchange.response_headers

    @property
    def data(self) -> bytes:
        return self.exchange.response_body


def _details(error: Exception) -> Iterator[str]:
    """An error as texts: each schema error with its place, else the message of the error."""
    cause: BaseException | None = error
    while cause is not None:
        schema_errors = getattr(cause, "schema_errors", None)
        if schema_errors:
            for found in schema_errors:
                place = ".".join("*" if isinstance(part, int) else str(part) for part in found.absolute_path)
                yield f"{place}: {found.message}"
            return
        cause = cause.__cause__
    try:
        yield str(error)
    except UnicodeDecodeError:
        # openapi-core puts the body into its text, and a body need not be UTF-8.
        yield type(error).__name__
