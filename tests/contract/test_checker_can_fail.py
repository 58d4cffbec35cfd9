# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check fails where it must, with DigitalOcean's own description and the list of its known mistakes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from docr_sandbox.contract.check import ContractCheck
from docr_sandbox.contract.exchange import Exchange

DESCRIPTION = os.environ.get("DIGITALOCEAN_OPENAPI")
if not DESCRIPTION:
    pytest.skip(
        "DigitalOcean's description is not here: name the file in DIGITALOCEAN_OPENAPI, or put it in ../shared/openapi",
        allow_module_level=True,
    )

LIMITS = {"ratelimit-limit": "5000", "ratelimit-remaining": "4990", "ratelimit-reset": "1785570000"}
HEADERS = MappingProxyType({"content-type": "application/json; charset=utf-8", **LIMITS})
REGISTRY = {
    "name": "quayside",
    "region": "blr1",
    "created_at": "2026-02-03T04:05:06Z",
    "storage_usage_bytes": 17,
    "storage_usage_bytes_updated_at": "2026-02-03T04:05:06.789012Z",
}
COLLECTION = {
    "uuid": "eff0feee-49c7-4e8f-ba5c-a320c109c8a8",
    "registry_name": "quayside",
    "status": "requested",
    "created_at": "2026-02-03T04:05:06Z",
    "updated_at": "2026-02-03T04:05:06Z",
    "blobs_deleted": 0,
    "freed_bytes": 0,
}


@pytest.fixture(scope="module")
def description() -> Path:
    return Path(str(DESCRIPTION))


@pytest.fixture
def check(description: Path) -> ContractCheck:
    return ContractCheck.load(description)


def _violations(
    check: ContractCheck,
    operation: str,
    status: int,
    answer: object = None,
    *,
    sent: object = None,
    headers: Mapping[str, str] = HEADERS,
    query: tuple[tuple[str, str], ...] = (),
) -> list[str]:
    method, path = operation.split(" ", 1)
    body = json.dumps(sent).encode() if sent is not None else b""
    back = json.dumps(answer).encode() if answer is not None else b""
    request_headers = {"authorization": "Bearer t", "content-type": "application/json"}
    check.record(Exchange(method, path, status, query, request_headers, body, headers, back))
    return check.summary.kept


def test_a_correct_answer_and_a_known_mistake_of_the_description_are_no_violations(check: ContractCheck) -> None:
    start = "POST /v2/registries/quayside/garbage-collection"
    sent = {"type": "unreferenced blobs only"}
    assert _violations(check, "GET /v2/registries/quayside", 200, {"registry": REGISTRY}) == []
    assert _violations(check, start, 201, {"garbage_collection": COLLECTION}, sent=sent) == []
    waiting = {**COLLECTION, "status": "waiting for delete requests", "type": "unreferenced blobs only"}
    assert _violations(check, start, 201, {"garbage_collection": waiting}, sent=sent) == []
    assert _violations(check, "DELETE /v2/registries/quayside", 204) == []
    assert _violations(check, "GET /v2/registry", 404, {"id": "not_found", "message": "-"}) == []
    assert check.summary.exchanges == 5
    assert sum(check.summary.exempted.values()) == 5


@pytest.mark.parametrize(
    ("operation", "status", "answer", "words"),
    [
        ("GET /v2/registries/quayside", 200, {"registry": {**REGISTRY, "owner": 1}}, "registry.owner"),
        ("GET /v2/registries/quayside", 200, {"registry": {"name": "quayside"}}, "registry.region"),
        ("GET /v2/registries/quayside", 200, {"registry": {**REGISTRY, "created_at": "now"}}, "'now' is not a"),
        ("GET /v2/registries/quayside", 200, {}, "missing in the answer: registry"),
        ("GET /v2/registries/quayside", 202, {"registry": REGISTRY}, "undocumented status: 202"),
        ("GET /v2/registries/quayside", 410, {"id": "gone", "message": "-"}, "undocumented status: 410"),
        ("GET /v2/registries/quayside", 404, {"message": "-"}, "'id' is a required property"),
        ("DELETE /v2/registries/quayside", 204, {}, "body where none may be"),
        ("DELETE /v2/registries/quayside", 200, {}, "undocumented status: 200"),
        ("GET /v2/registries/a/garbage-collection", 200, {"garbage_collection": {**COLLECTION, "status": "x"}}, "'x'"),
        ("GET /v2/registries/a/repositories/b%2Fc/tags", 200, {"tags": []}, "'meta' is a required property"),
        ("POST /v2/registries/quayside/rename", 200, {}, "200 to an undocumented operation"),
    ],
)
def test_a_bad_answer_is_a_violation(
    check: ContractCheck, operation: str, status: int, answer: object, words: str
) -> None:
    assert words in " ".join(_violations(check, operation, status, answer))


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_an_answer_without_a_rate_limit_header_is_a_violation(check: ContractCheck, name: str) -> None:
    headers = {key: value for key, value in HEADERS.items() if key != name}
    assert name in " ".join(_violations(check, "DELETE /v2/registries/quayside", 204, headers=headers))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": "quayside", "tier": "basic"}, "unknown key in the request: tier"),
        ({"name": "Quayside"}, "'Quayside' does not match"),
        ({"region": "blr1"}, "'name' is a required property"),
        ({"name": "quayside", "region": "lon1"}, "'lon1' is not one of"),
        (None, "request: "),
    ],
)
def test_a_bad_request_counts_only_where_it_was_accepted(
    check: ContractCheck, sent: dict[str, Any] | None, words: str
) -> None:
    refused = {"id": "unprocessable_entity", "message": "-"}
    assert _violations(check, "POST /v2/registries", 422, refused, sent=sent) == []
    assert words in " ".join(_violations(check, "POST /v2/registries", 201, {"registry": REGISTRY}, sent=sent))


def test_an_unknown_query_value_is_a_violation(check: ContractCheck) -> None:
    found = _violations(check, "GET /v2/registries", 200, {"registries": []}, query=(("per_page", "200"),))
    assert found == ["GET /v2/registries: unknown query value: per_page (answered 200)"]
