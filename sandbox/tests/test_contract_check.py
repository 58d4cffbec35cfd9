# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check against a description finds each kind of violation; these tests have a small description of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("openapi_core")

from docr_sandbox.contract.check import ContractCheck
from docr_sandbox.contract.description import Description
from docr_sandbox.contract.exchange import Exchange, Kind

LIMITS = {"ratelimit-limit": "5000", "ratelimit-remaining": "4711", "ratelimit-reset": "1700000000"}
JSON = {"content-type": "application/json; charset=utf-8", **LIMITS}
SENT = {"authorization": "Bearer t", "content-type": "application/json"}
SHIP = {"name": "ada", "cargo": [{"kind": "tea", "weight": 7}], "note": None}


def _answer(schema: dict[str, Any]) -> dict[str, Any]:
    headers = {name: {"schema": {"type": "integer"}} for name in LIMITS}
    return {"description": "-", "headers": headers, "content": {"application/json": {"schema": schema}}}


def _document() -> dict[str, Any]:
    item = {"allOf": [{"properties": {"kind": {"type": "string"}}}, {"properties": {"weight": {"type": "integer"}}}]}
    ship = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": ["ada", "bea"]},
            "cargo": {"type": "array", "items": {"oneOf": [item]}},
            "note": {"type": "string", "nullable": True},
        },
    }
    error = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 5}}
    page = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ship"}}}, "required": True}
    failed = {"401": _answer(error), "default": _answer(error)}
    found = _answer({"properties": {"ship": {"$ref": "#/components/schemas/ship"}}})
    return {
        "openapi": "3.0.0",
        "info": {"title": "ships", "version": "1"},
        "servers": [{"url": "https://ships.example.net"}],
        "components": {"schemas": {"ship": ship}, "securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}},
        "security": [{"b": []}],
        "paths": {
            "/v2/ships": {"post": {"requestBody": body, "responses": {"201": found, **failed}}},
            "/v2/ships/fixed": {"get": {"responses": {"204": {"description": "-"}, **failed}}},
            "/v2/ships/{name}": {"get": {"parameters": [name, page], "responses": {"200": found, **failed}}},
        },
    }


CHECK = ContractCheck(Description(_document()))


def _found(method: str, path: str, status: int, answer: object = None, **fields: Any) -> set[tuple[Kind, str]]:
    fields.setdefault("request_headers", SENT)
    fields.setdefault("response_headers", JSON)
    body = answer if isinstance(answer, bytes) else b"" if answer is None else json.dumps(answer).encode()
    exchange = Exchange(method, path, status, response_body=body, **fields)
    return {(finding.kind, finding.detail) for finding in CHECK.findings(exchange)}


def _sent(body: object) -> bytes:
    return json.dumps(body).encode()


def test_exchanges_as_described_have_no_finding() -> None:
    assert _found("POST", "/v2/ships", 201, {"ship": SHIP}, request_body=_sent(SHIP)) == set()
    assert _found("GET", "/v2/ships/a%2Fb", 200, {"ship": SHIP}, query=(("page", "3"),)) == set()
    assert _found("GET", "/v2/ships/fixed", 204) == set()
    assert _found("GET", "/v2/ships/bea", 401, {"id": "unauthorized"}, request_headers={}) == set()


@pytest.mark.parametrize(
    ("ship", "expected"),
    [
        ({"name": "ada", "note": ""}, (Kind.MISSING_KEY, "ship.cargo")),
        ({**SHIP, "owner": "eve"}, (Kind.EXTRA_KEY, "ship.owner")),
        ({**SHIP, "cargo": [{"kind": "tea"}]}, (Kind.MISSING_KEY, "ship.cargo.*.weight")),
        ({**SHIP, "cargo": [{"kind": "tea", "weight": 1, "hot": 1}]}, (Kind.EXTRA_KEY, "ship.cargo.*.hot")),
        ({**SHIP, "name": "eve"}, (Kind.RESPONSE, "ship.name: 'eve' is not one of ['ada', 'bea']")),
        ({**SHIP, "name": None}, (Kind.RESPONSE, "ship.name: None for not nullable")),
    ],
)
def test_answer_against_the_description_is_found(ship: dict[str, Any], expected: tuple[Kind, str]) -> None:
    found = _found("GET", "/v2/ships/ada", 200, {"ship": ship})
    assert {kind for kind, _ in found} == {expected[0]}
    assert expected in found


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe\x00", b'{"ship": '])
def test_answer_with_invalid_json_is_found(body: bytes) -> None:
    assert {kind for kind, _ in _found("GET", "/v2/ships/ada", 200, body)} == {Kind.RESPONSE}


def test_an_answer_of_another_media_type_is_found() -> None:
    headers = {**JSON, "content-type": "text/html"}
    assert {kind for kind, _ in _found("GET", "/v2/ships/ada", 200, {"ship": SHIP}, response_headers=headers)} == {
        Kind.RESPONSE
    }


def test_undocumented_client_error_is_found_and_server_error_is_not() -> None:
    assert _found("GET", "/v2/ships/ada", 418, {"id": "teapot"}) == {(Kind.STATUS, "418")}
    assert _found("GET", "/v2/ships/ada", 202, {"id": "accepted"}) == {(Kind.STATUS, "202")}
    assert _found("GET", "/v2/ships/ada", 503, {"id": "server_error"}) == set()


def test_an_error_without_its_required_key_is_found() -> None:
    found = _found("GET", "/v2/ships/ada", 401, {})
    assert found == {(Kind.RESPONSE, ": 'id' is a required property")}


def test_a_body_with_204_is_found() -> None:
    assert _found("GET", "/v2/ships/fixed", 204, b"{}") == {(Kind.EMPTY_BODY, "2 bytes with a 204")}


@pytest.mark.parametrize("value", [None, "", "soon", "-1"])
def test_missing_or_invalid_rate_limit_header_is_found(value: str | None) -> None:
    headers = {name: text for name, text in {**JSON, "ratelimit-reset": value}.items() if text is not None}
    found = _found("GET", "/v2/ships/fixed", 204, response_headers=headers)
    assert found == {(Kind.HEADER, "ratelimit-reset")}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({**SHIP, "captain": "eve"}, (Kind.REQUEST_KEY, "captain")),
        ({**SHIP, "name": "eve"}, (Kind.REQUEST, "name: 'eve' is not one of ['ada', 'bea']")),
    ],
)
def test_accepted_request_against_the_description_is_found(body: dict[str, Any], expected: tuple[Kind, str]) -> None:
    assert expected in _found("POST", "/v2/ships", 201, {"ship": SHIP}, request_body=_sent(body))


def test_an_accepted_request_without_its_body_or_token_is_found() -> None:
    kinds = {kind for kind, _ in _found("POST", "/v2/ships", 201, {"ship": SHIP})}
    assert kinds == {Kind.REQUEST}
    kinds = {kind for kind, _ in _found("GET", "/v2/ships/fixed", 204, request_headers={})}
    assert kinds == {Kind.REQUEST}


def test_undocumented_query_values_and_bodies_are_found() -> None:
    found = _found("GET", "/v2/ships/fixed", 204, query=(("page", "1"), ("page", "2")), request_body=b"{}")
    assert found == {(Kind.QUERY, "page"), (Kind.REQUEST_BODY, "2 bytes")}


def test_a_decoded_path_value_is_checked() -> None:
    assert _found("GET", "/v2/ships/a%2Fb%2Fc", 200, {"ship": SHIP}) == set()
    assert {kind for kind, _ in _found("GET", "/v2/ships/a%2Fb%2Fcd", 200, {"ship": SHIP})} == {Kind.REQUEST}


def test_refused_request_against_the_description_is_no_finding() -> None:
    assert _found("POST", "/v2/ships", 401, {"id": "no"}, request_body=_sent({"name": 5})) == set()


def test_undocumented_operation_may_only_answer_404_or_405() -> None:
    assert _found("GET", "/v2/boats", 404, {"id": "not_found"}) == set()
    assert _found("DELETE", "/v2/ships/fixed", 405) == set()
    assert {kind for kind, _ in _found("GET", "/v2/boats", 200, {})} == {Kind.OPERATION}
