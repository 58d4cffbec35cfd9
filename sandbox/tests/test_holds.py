# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds on the API and the image host: a request stops, something happens, and the request goes on or is dropped."""

from __future__ import annotations

import http.client
import json
import ssl
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from api_client import DIGEST, KIWI, REPOSITORY, Api
from image_client import Images

from docr_sandbox.testing import Sandbox

WEB = f"{KIWI}/repositories/web"
SEED = {"registries": [{"name": "kiwi", "repositories": [{"name": "web", "manifests": [{"tags": ["v1"]}]}]}]}


def manifest(*tags: str, **more: Any) -> dict[str, Any]:
    """The action that pushes a manifest."""
    repository = {"name": "web", "manifests": [{"tags": list(tags), **more}]}
    seed = {"registries": [{"name": "kiwi", "repositories": [repository]}]}
    return {"method": "POST", "path": "/_sandbox/seed", "body": seed}


def arm(api: Api, **fields: Any) -> int:
    answer = api.client.post("/_sandbox/holds", json=fields)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["number"])


def shown(api: Api, number: int) -> dict[str, Any]:
    found: dict[str, Any] = api.client.get(f"/_sandbox/holds/{number}").json()
    return found


def later(pool: ThreadPoolExecutor, sandbox: Sandbox, method: str, path: str) -> Future[tuple[int, Any]]:
    def ask() -> tuple[int, Any]:
        status, headers, body = sandbox.request(method, path)
        return status, json.loads(body) if "json" in headers.get("content-type", "") else None

    return pool.submit(ask)


# Actions: no second thread is required


def test_an_image_pushed_between_two_pages_changes_the_second_page_only() -> None:
    api = Api()
    entries = [{"tags": [f"v{number}"], "updated_at": f"2033-01-0{number}T00:00:00Z"} for number in range(1, 5)]
    api.fill({"registries": [{"name": "kiwi", "repositories": [{"name": "web", "manifests": entries}]}]})
    number = arm(api, method="GET", path="*/digests", skip=1, actions=[manifest("v9")])
    pages = [api.ask(f"GET {WEB}/digests?per_page=2&page={page}")[1] for page in (1, 2, 3)]
    tags = [one["tags"] for page in pages for one in page["manifests"]]
    # The push shifts the list, so one digest stands on both pages, and the total differs.
    assert tags == [["v4"], ["v3"], ["v3"], ["v2"], ["v1"]]
    assert [page["meta"]["total"] for page in pages] == [4, 5, 5]
    assert shown(api, number)["state"] == "continued"
    assert shown(api, number)["results"] == [200]


def test_an_action_before_the_request_decides_its_answer_and_an_action_after_its_effect_does_not() -> None:
    for after_effect, statuses in ((False, (404, 204)), (True, (204, 404))):
        api = Api()
        api.seed()
        remove = {"method": "DELETE", "path": f"{REPOSITORY}/tags/v1"}
        number = arm(api, method="DELETE", path="*/tags/v1", after_effect=after_effect, actions=[remove])
        answer = api.ask(f"DELETE {REPOSITORY}/tags/v1")[0]
        assert (answer, shown(api, number)["results"][0]) == statuses


def test_actions_are_not_logged_not_counted_and_meet_no_fault() -> None:
    api = Api()
    api.seed()
    api.client.post("/_sandbox/faults", json={"path": "*", "status": 503, "skip": 1})
    actions = [{"method": "GET", "path": f"{KIWI}"}, {"method": "GET", "path": "/v2/nothing"}]
    number = arm(api, path="/v2/account", actions=[*actions, {"method": "PUT", "path": "/_sandbox/nothing"}])
    answer = api.send("GET /v2/account")
    assert (answer.status_code, answer.headers["ratelimit-remaining"]) == (200, "4999")
    assert shown(api, number)["results"] == [200, 404, 404]
    log = api.client.get("/_sandbox/requests").json()["requests"]
    assert [(one["path"], one["held"]) for one in log] == [("/v2/account", True)]
    assert api.ask("GET /v2/account")[0] == 503


def test_a_tag_moves_before_the_image_host_answers() -> None:
    api = Api()
    api.fill({"registries": [{"name": "kiwi"}]})
    images = Images(api)
    first = images.push("kiwi/web", "v1")
    arm(api, method="HEAD", path="/v2/kiwi/web/manifests/*", skip=1, actions=[manifest("v1")])
    digests = [images.ask("HEAD kiwi/web/manifests/v1").headers["docker-content-digest"] for _ in range(3)]
    assert digests[0] == first
    assert digests[1] == digests[2] != first


def test_a_seed_gives_tags_to_a_digest_that_the_repository_has() -> None:
    api = Api()
    api.fill({"registries": [{"name": "kiwi"}]})
    images = Images(api)
    old, new = images.push("kiwi/web", "v1"), images.push("kiwi/web", "v2", b"pears")
    api.fill(manifest("v2", "v3", digest=old)["body"])
    found = api.world.account.registries["kiwi"].repositories["web"].manifests
    assert (found[old].tags, found[new].tags) == (["v1", "v2", "v3"], [])
    assert images.ask("GET kiwi/web/manifests/v3").status_code == 200


@pytest.mark.parametrize("body", [{"times": 2}, {"actions": [{"path": "/v2/account"}]}, {"skip": "x"}])
def test_an_unknown_field_and_an_incomplete_action_are_refused(body: dict[str, Any]) -> None:
    answer = Api().client.post("/_sandbox/holds", json=body)
    assert answer.status_code == 422
    assert answer.json()["message"]


def test_an_unknown_hold_is_404() -> None:
    api = Api()
    assert api.client.get("/_sandbox/holds/1").status_code == 404
    assert api.client.post("/_sandbox/holds/1/continue").status_code == 404


# Holds of a running sandbox


def test_a_held_request_waits_until_it_is_let_go_while_others_are_answered(sandbox: Sandbox) -> None:
    sandbox.seed(SEED)
    hold = sandbox.hold("DELETE", "*/tags/*", skip=1)
    with ThreadPoolExecutor() as pool:
        assert later(pool, sandbox, "DELETE", f"{WEB}/tags/v7").result(10)[0] == 404
        assert hold.show()["state"] == "armed"
        held = later(pool, sandbox, "DELETE", f"{WEB}/tags/v1")
        hold.wait()
        assert later(pool, sandbox, "GET", f"{WEB}/tags").result(10)[1]["meta"]["total"] == 1
        assert not held.done()
        hold.let_go()
        assert held.result(10)[0] == 204
    assert hold.show()["state"] == "continued"
    assert [(one["method"], one["status"], one["held"]) for one in sandbox.log()] == [
        ("DELETE", 404, False),
        ("DELETE", 204, True),
        ("GET", 200, False),
    ]


def test_with_after_effect_the_answer_is_held_and_stays_as_it_was(sandbox: Sandbox) -> None:
    sandbox.seed(SEED)
    hold = sandbox.hold("GET", "*/tags", after_effect=True)
    with ThreadPoolExecutor() as pool:
        held = later(pool, sandbox, "GET", f"{WEB}/tags")
        hold.wait()
        assert sandbox.request("DELETE", f"{WEB}/tags/v1")[0] == 204
        hold.let_go()
        assert [one["tag"] for one in held.result(10)[1]["tags"]] == ["v1"]


@pytest.mark.parametrize("end", ["drop", "clear", "reset"])
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_dropped_request_loses_its_connection_and_took_effect_only_with_after_effect(
    sandbox: Sandbox, end: str, after_effect: bool
) -> None:
    sandbox.seed(SEED)
    hold = sandbox.hold("DELETE", "*/tags/*", after_effect=after_effect)
    with ThreadPoolExecutor() as pool:
        held = later(pool, sandbox, "DELETE", f"{WEB}/tags/v1")
        hold.wait()
        {"drop": hold.drop, "clear": sandbox.clear_holds, "reset": sandbox.reset}[end]()
        with pytest.raises((http.client.HTTPException, ConnectionError, ssl.SSLError)):
            held.result(10)
    if end != "reset":
        assert sandbox.request("DELETE", f"{WEB}/tags/v1")[0] == (404 if after_effect else 204)
    assert sandbox.request("GET", "/v2/account")[0] == 200


def test_a_fault_meets_a_held_request_when_it_goes_on(sandbox: Sandbox) -> None:
    hold = sandbox.hold("GET", "/v2/account")
    with ThreadPoolExecutor() as pool:
        held = later(pool, sandbox, "GET", "/v2/account")
        hold.wait()
        sandbox.fault(path="/v2/account", status=503)
        hold.let_go()
        assert held.result(10)[0] == 503


def test_a_request_to_the_image_host_is_held_and_a_collection_ends_before_it_goes_on(sandbox: Sandbox) -> None:
    sandbox.seed(SEED)
    path = f"/v2/kiwi/web/manifests/{DIGEST}"
    hold = sandbox.hold("GET", path)
    with ThreadPoolExecutor() as pool:
        held = pool.submit(get_from_image_host, sandbox, path)
        hold.wait()
        assert sandbox.request("POST", f"{KIWI}/garbage-collection")[0] == 201
        sandbox.advance(60)
        hold.let_go()
        status, date = held.result(10)
    assert status == 401
    assert date == sandbox.request("GET", "/v2/account")[1]["date"][: len(date)]


def get_from_image_host(sandbox: Sandbox, path: str) -> tuple[int, str]:
    address = urlsplit(f"//{sandbox.registry_host}")
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    connection = http.client.HTTPSConnection(str(address.hostname), address.port, timeout=30, context=context)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, str(answer.getheader("date"))[:22]


def test_a_sandbox_with_a_held_request_ends_in_time() -> None:
    with Sandbox.start() as sandbox, ThreadPoolExecutor() as pool:
        hold = sandbox.hold()
        held = later(pool, sandbox, "GET", "/v2/account")
        hold.wait()
        # A server that waits for the request is killed after 5 s, and its status is not 0.
        assert sandbox.stop() == 0
        assert held.exception(10) is not None or held.result()[0] == 500


def test_wait_ends_with_an_error_when_no_request_meets_the_hold(sandbox: Sandbox) -> None:
    with pytest.raises(TimeoutError, match="no request met the hold"):
        sandbox.hold("PUT").wait(0.05)


# The log


@pytest.mark.parametrize("status", [None, 503])
def test_the_log_shows_which_type_of_collection_was_asked_for(status: int | None) -> None:
    api = Api()
    api.seed()
    if status is not None:
        api.client.post("/_sandbox/faults", json={"path": "*/garbage-collection", "status": status, "times": 9})
    bodies: list[Any] = [{"type": "untagged manifests only"}, None, {}, b"[]", b"{", {"type": 7}]
    for body in bodies:
        api.ask(f"POST {KIWI}/garbage-collection", body)
    api.ask(f"GET {KIWI}/garbage-collection")
    *starts, read = api.client.get("/_sandbox/requests").json()["requests"]
    assert [one["collection_type"] for one in starts] == ["untagged manifests only", None, None, None, None, 7]
    assert "collection_type" not in read
    if status is None:
        assert [one["status"] for one in starts] == [201, 409, 409, 400, 400, 422]
