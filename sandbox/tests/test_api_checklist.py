# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients rely on: paths, pagination, rate limits, tokens, statuses of a collection, and separate teams."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from api_client import CLUSTER, DIGEST, KIWI, REPOSITORY, Api

from docr_sandbox.world import World


@pytest.fixture
def api() -> Api:
    made = Api()
    made.seed()
    return made


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET /v2/registries/", 404),
        ("GET /v2/registries/options", 200),
        (f"GET {KIWI}/repositories/team/api/tags", 404),
        (f"GET {REPOSITORY}/tags", 200),
        (f"GET {KIWI}/repositories/team%252Fapi/tags", 404),
        (f"DELETE {REPOSITORY}/digests/sha256%3A{'7' * 64}", 204),
        ("GET /v2/droplets", 404),
        ("PATCH /v2/registries/kiwi", 405),
        ("GET /v2/registries/%00", 404),
        ("GET /v2/registries/%ff", 404),
        (f"GET {KIWI}/repositories", 404),
        ("GET /v2/registry/kiwi/repositories", 200),
        (f"DELETE {REPOSITORY}", 204),
        ("DELETE /v2/registry/kiwi/repositories/team%2Fapi", 404),
    ],
)
def test_paths_are_split_before_they_are_decoded(api: Api, request_: str, status: int) -> None:
    assert api.ask(request_)[0] == status


def test_every_answer_carries_limits_and_a_request_id_and_the_services_date(api: Api) -> None:
    for request, token in (("GET /v2/account", ""), ("GET /v2/account", "unknown"), ("GET /v2/nothing", "")):
        headers = api.send(request, token=token).headers
        assert {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-request-id"} <= set(headers)
        assert headers["date"] == "Tue, 05 Apr 2033 06:00:00 GMT"


def test_read_write_accepts_only_boolean_values(api: Api) -> None:
    statuses = [api.ask(f"GET {KIWI}/docker-credentials?read_write={value}")[0] for value in ("true", "0", "True", "")]
    assert statuses == [200, 200, 400, 400]


def minted(api: Api, query: str = "") -> str:
    auths = api.ask(f"GET {KIWI}/docker-credentials{query}")[1]["auths"]
    user, _, password = base64.b64decode(auths["registry.digitalocean.com"]["auth"]).decode().partition(":")
    assert user == password
    return password


def test_minted_tokens_differ_expire_can_be_revoked_and_have_the_scopes_of_read_write(api: Api) -> None:
    reading, writing, short = minted(api), minted(api, "?read_write=true"), minted(api, "?expiry_seconds=600")
    assert len({reading, writing, short}) == 3
    start = f"POST {KIWI}/garbage-collection"
    assert [api.ask(start, {}, token=token)[0] for token in (reading, writing)] == [403, 201]
    api.later(601)
    assert [api.ask("GET /v2/account", token=token)[0] for token in (reading, short)] == [200, 401]
    form = {"content-type": "application/x-www-form-urlencoded"}
    revoke = "POST /v1/oauth/revoke"
    assert api.ask(revoke, f"token={writing}".encode(), token=reading, **form)[0] == 400
    assert api.ask(revoke, f"token={reading}".encode(), token=reading, **form)[0] == 200
    assert [api.ask("GET /v2/account", token=token)[0] for token in (reading, writing)] == [401, 200]


def test_a_missing_scope_is_403_and_an_unknown_token_401(api: Api) -> None:
    token = api.world.tokens.mint(scopes=["registry:read"]).value
    assert api.ask(f"GET {KIWI}", token=token)[0] == 200
    assert api.ask(f"GET {KIWI}/docker-credentials", token=token)[0] == 403
    assert api.ask(f"DELETE {KIWI}", token=token)[1]["id"] == "forbidden"
    assert api.ask(f"GET {KIWI}", token="nobody")[1] == {"id": "unauthorized", "message": "Unable to authenticate you."}


def test_token_of_another_team_reads_and_changes_only_that_team(api: Api) -> None:
    answer = api.client.post("/_sandbox/tokens", json={"team": "meadow"})
    token = answer.json()["token"]
    assert api.ask("GET /v2/account", token=token)[1]["account"]["team"]["name"] == "meadow"
    assert api.ask("GET /v2/registries", token=token)[1] == {"registries": []}
    assert api.ask(f"DELETE {KIWI}", token=token)[0] == 404
    body = {"name": "kiwi", "subscription_tier_slug": "basic"}
    assert api.ask("POST /v2/registries", body, token=token)[0] == 409
    assert api.ask("POST /v2/registries", body | {"name": "fig"}, token=token)[0] == 201
    assert api.ask("POST /v2/registries/validate-name", {"name": "fig"})[0] == 409
    assert [one["name"] for one in api.ask("GET /v2/registries")[1]["registries"]] == ["kiwi"]


def test_page_links_name_digitaloceans_host_and_page_token_wins_over_page(api: Api) -> None:
    names = [{"name": f"r{number:02}", "manifests": [{"tags": ["v1"]}]} for number in range(7)]
    api.fill({"registries": [{"name": "kiwi", "repositories": names}]})
    page = api.ask(f"GET {KIWI}/repositoriesV2?per_page=3&page=1")[1]
    following = urlsplit(page["links"]["pages"]["next"])
    assert (following.hostname, page["meta"]["total"], sorted(page["links"]["pages"])) == (
        "api.digitalocean.com",
        8,
        ["last", "next"],
    )
    token = parse_qs(following.query)["page_token"][0]
    by_token = api.ask(f"GET {KIWI}/repositoriesV2?per_page=3&page=3&page_token={token}")[1]
    assert [one["name"] for one in by_token["repositories"]] == ["r03", "r04", "r05"]
    assert api.ask(f"GET {KIWI}/repositoriesV2?page_token=wrong")[0] == 400
    assert "links" not in api.ask(f"GET {KIWI}/repositoriesV2")[1]


def test_burst_limit_sends_retry_after_and_hourly_limit_only_its_reset(api: Api) -> None:
    burst = [api.send("GET /v2/account") for _ in range(251)][-1]
    assert (burst.status_code, int(burst.headers["retry-after"])) == (429, 61)
    for _ in range(20):
        api.later(61)
        for _ in range(250):
            api.send("GET /v2/account")
    api.later(61)
    hourly = api.send("GET /v2/account")
    assert (hourly.status_code, hourly.headers.get("retry-after"), hourly.headers["ratelimit-remaining"]) == (
        429,
        None,
        "0",
    )


def test_collection_follows_the_clock_and_deletes_what_its_type_says(api: Api) -> None:
    api.world.account.registries["kiwi"].blobs.sizes["sha256:loose"] = 300
    assert api.ask(f"POST {KIWI}/garbage-collection", {"type": "untagged manifests and unreferenced blobs"})[0] == 201
    seen = []
    for seconds in (0, 3, 5, 4, 4):
        api.later(seconds)
        seen.append(api.ask(f"GET {KIWI}/garbage-collections")[1]["garbage_collections"][0]["status"])
    assert seen == [
        "requested",
        "waiting for write JWTs to expire",
        "scanning manifests",
        "deleting unreferenced blobs",
        "succeeded",
    ]
    run = api.ask(f"GET {KIWI}/garbage-collections")[1]["garbage_collections"][0]
    assert (run["blobs_deleted"], run["freed_bytes"]) == (3, 7300)
    assert [one["digest"] for one in api.ask(f"GET {REPOSITORY}/digests")[1]["manifests"]] == [DIGEST]


def test_a_recent_push_makes_a_collection_wait_for_its_write_token(api: Api) -> None:
    api.client.post("/_sandbox/pushes", json={"registry": "kiwi"})
    api.ask(f"POST {KIWI}/garbage-collection", {})
    api.later(890)
    status = api.ask(f"GET {KIWI}/garbage-collection")[1]["garbage_collection"]["status"]
    assert status == "waiting for write JWTs to expire"


@pytest.mark.parametrize("word", ["waiting for delete requests", "tidying up"])
def test_collection_can_be_held_in_an_undocumented_status(api: Api, word: str) -> None:
    api.ask(f"POST {KIWI}/garbage-collection", {})
    api.client.put("/_sandbox/collections/kiwi", json={"status": word})
    api.later(4 * 3600)
    assert api.ask(f"GET {KIWI}/garbage-collection")[1]["garbage_collection"]["status"] == word
    api.client.put("/_sandbox/collections/kiwi", json={"status": None})
    api.later(60)
    assert api.ask(f"GET {KIWI}/garbage-collection")[0] == 404


def test_deprecated_paths_refuse_several_registries(api: Api) -> None:
    assert api.ask("GET /v2/registry")[0] == 200
    api.fill({"registries": [{"name": "plum"}]})
    assert [api.ask(f"{method} /v2/registry")[0] for method in ("GET", "DELETE")] == [412, 412]


def test_each_kubeconfig_and_credentials_mint_a_token(api: Api) -> None:
    before = len(api.world.tokens.api)
    status, text = api.ask(f"GET /v2/kubernetes/clusters/{CLUSTER}/kubeconfig")
    assert (status, "do-syd1-orchard-admin" in text) == (200, True)
    assert api.ask(f"GET /v2/kubernetes/clusters/{CLUSTER}/credentials")[1]["expires_at"] == "2033-04-12T06:00:00Z"
    assert len(api.world.tokens.api) == before + 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff\xfe", b'{"name": 7}', b'{"name": null}', b"{}"])
def test_body_that_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    assert api.ask("POST /v2/registries", body)[0] in (400, 422)


def test_loaded_world_equals_its_dump(api: Api) -> None:
    api.ask(f"POST {KIWI}/garbage-collection", {})
    dumped = json.loads(json.dumps(api.world.dump()))
    assert World.load(dumped).dump() == dumped


def test_log_has_the_fingerprint_of_a_token_but_not_the_token(api: Api) -> None:
    api.ask("GET /v2/account")
    log = api.client.get("/_sandbox/requests").json()["requests"]
    assert (log[-1]["method"], log[-1]["path"], log[-1]["status"]) == ("GET", "/v2/account", 200)
    assert api.world.tokens.primary not in json.dumps(log)
