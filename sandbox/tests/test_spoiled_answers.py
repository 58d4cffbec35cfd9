# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that leave an answer incomplete, and answers that do not come from DigitalOcean."""

from __future__ import annotations

from typing import Any

import pytest
from api_client import KIWI, REPOSITORY, Api
from image_client import Images, digest_of

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
        "small_total": {"manifests": items, "meta": {"total": 1}},
        "repeated_item": {"manifests": [*items, items[0]], "meta": {"total": 2}},
        "missing_times": {"manifests": without(items, "updated_at"), "meta": {"total": 2}},
        "null_times": {"manifests": [one | {"updated_at": None} for one in items], "meta": {"total": 2}},
        "missing_tags": {"manifests": without(items, "tags"), "meta": {"total": 2}},
        "null_tags": {"manifests": [one | {"tags": None} for one in items], "meta": {"total": 2}},
        "missing_blobs": {"manifests": without(items, "blobs"), "meta": {"total": 2}},
        "null_blobs": {"manifests": [one | {"blobs": None} for one in items], "meta": {"total": 2}},
    }
    assert set(expected) | {"other_bytes", "cut_bytes"} == set(SPOILS)
    assert all({"updated_at", "tags", "blobs"} <= set(one) for one in items)
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


@pytest.mark.parametrize("spoil", ["other_bytes", "cut_bytes"])
def test_a_manifest_has_other_bytes_than_its_digest_says(api: Api, spoil: str) -> None:
    api.seed()
    images = Images(api)
    digest = images.push("kiwi/web", "v1")
    whole = images.ask("GET kiwi/web/manifests/v1").content
    arm(api, path="/v2/kiwi/web/manifests/*", spoil=spoil, times=2)
    answer = images.ask(f"GET kiwi/web/manifests/{digest}")
    assert (answer.status_code, answer.headers["docker-content-digest"]) == (200, digest)
    assert digest_of(answer.content) != digest
    assert int(answer.headers["content-length"]) == len(answer.content)
    # HEAD has no bytes that could be spoiled.
    assert int(images.ask(f"HEAD kiwi/web/manifests/{digest}").headers["content-length"]) == len(whole)
    assert images.ask(f"GET kiwi/web/manifests/{digest}").content == whole


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_has_another_content_type_and_the_same_bytes(api: Api, method: str) -> None:
    api.seed()
    images = Images(api)
    images.push("kiwi/web", "v1")
    whole = images.ask(f"{method} kiwi/web/manifests/v1")
    arm(api, path="/v2/kiwi/*", media_type="text/plain")
    answer = images.ask(f"{method} kiwi/web/manifests/v1")
    assert (answer.headers["content-type"], answer.content) == ("text/plain", whole.content)
    assert answer.headers["content-length"] == whole.headers["content-length"]


def test_a_spoiled_list_leaves_a_blob_as_it_is(api: Api) -> None:
    api.seed()
    images = Images(api)
    digest = images.push_blob("kiwi/web", b"plums")["digest"]
    arm(api, path="*/blobs/*", spoil="null_list")
    assert images.ask(f"GET kiwi/web/blobs/{digest}").content == b"plums"


def without(items: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key != name} for one in items]


def arm(api: Api, path: str = "*/registries*", **fault: Any) -> None:
    """Arm a fault for the next request."""
    assert api.client.post("/_sandbox/faults", json={"path": path, **fault}).status_code == 200
