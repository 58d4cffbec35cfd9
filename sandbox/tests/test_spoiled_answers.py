# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that leave an answer incomplete, and answers that do not come from DigitalOcean."""

from __future__ import annotations

from typing import Any

import pytest
from api_client import KIWI, REPOSITORY, Api
from image_client import Images

from docr_sandbox.spoiling import SPOILS

MANIFESTS = f"GET {REPOSITORY}/digests"


@pytest.fixture
def api() -> Api:
    return Api()


def test_a_fault_spoils_the_list_and_leaves_the_rest(api: Api) -> None:
    api.seed()
    whole = api.ask(MANIFESTS)[1]
    items = whole["manifests"]
    assert len(items) == 2
    assert whole["meta"] == {"total": 2}
    expected: dict[str, Any] = {
        "short_list": {"manifests": items[:1], "meta": {"total": 2}},
        "empty_list": {"manifests": [], "meta": {"total": 2}},
        "hidden_list": {"manifests": [], "meta": {"total": 0}},
        "null_list": {"manifests": None, "meta": {"total": 2}},
        "null_none": {"manifests": None, "meta": {"total": 0}},
        "object_list": {"manifests": {}, "meta": {"total": 2}},
        "missing_list": {"meta": {"total": 2}},
        "wrong_total": {"manifests": items, "meta": {"total": 7}},
    }
    assert set(expected) == set(SPOILS)
    for spoil, answer in expected.items():
        arm(api, spoil=spoil)
        assert api.ask(MANIFESTS) == (200, answer), spoil
    assert api.ask(MANIFESTS) == (200, whole)


def test_a_list_without_a_total_gets_none(api: Api) -> None:
    api.seed()
    arm(api, spoil="hidden_list")
    answer = api.ask("GET /v2/registries")[1]
    assert answer["registries"] == []
    assert "meta" not in answer


def test_an_answer_without_a_list_and_an_error_are_not_spoiled(api: Api) -> None:
    api.seed()
    for request in (f"GET {KIWI}", f"DELETE {KIWI}", "GET /v2/registries/gone"):
        arm(api, path="*", spoil="null_list")
        status, answer = api.ask(request)
        assert status in (200, 204, 404)
        assert answer != {}


@pytest.mark.parametrize(("body", "content"), [("empty_object", {}), ("null", None)])
def test_a_fault_answers_with_empty_json(api: Api, body: str, content: Any) -> None:
    arm(api, status=200, body=body)
    assert api.ask(MANIFESTS) == (200, content)


def test_a_proxy_answers_without_the_headers_of_the_service(api: Api) -> None:
    arm(api, path="*", status=200, body="html", times=2)
    for answer in (api.send("GET /v2/registries"), Images(api).client.get("/v2/")):
        assert answer.headers["content-type"] == "text/html"
        assert not {"x-request-id", "docker-distribution-api-version"} & set(answer.headers)


def test_an_unknown_spoil_is_refused(api: Api) -> None:
    answer = api.client.post("/_sandbox/faults", json={"spoil": "eaten"})
    assert answer.status_code == 422
    assert "short_list" in answer.json()["message"]


def arm(api: Api, path: str = "*/registries*", **fault: Any) -> None:
    """Arm a fault for the next request."""
    assert api.client.post("/_sandbox/faults", json={"path": path, **fault}).status_code == 200
