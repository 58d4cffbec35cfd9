# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image host's errors, tokens, uploads and seeds; tests/clients has the tests with real clients."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from api_client import KIWI, Api
from image_client import IMAGE, INDEX, Images, digest_of

FIVE = digest_of(b"plums")


@pytest.fixture
def images() -> Images:
    """The image host of an account with the registries kiwi and plum, on a stopped clock."""
    api = Api()
    api.fill({"tier": "professional", "registries": [{"name": "kiwi"}, {"name": "plum"}]})
    return Images(api)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


# Tokens


def test_request_without_a_token_gets_the_token_endpoint_and_the_scope(images: Images) -> None:
    answer = images.ask("GET kiwi/web/manifests/v1", token="")
    assert code(answer) == (401, "UNAUTHORIZED")
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="https://api.digitalocean.com/v2/registry/auth",service="registry.digitalocean.com",'
        'scope="repository:kiwi/web:pull"'
    )
    assert "scope" not in images.client.get("/v2/").headers["www-authenticate"]


def test_token_endpoint_takes_an_api_token_as_password_or_bearer_only(images: Images) -> None:
    api = images.api
    assert api.ask("GET /v2/registry/auth?scope=repository:kiwi/web:pull")[0] == 200
    assert api.ask("GET /v2/registry/auth", token="dop_v1_of_nobody")[0] == 401
    assert api.client.get("/v2/registry/auth", auth=("dop_v1_of_nobody", "dop_v1_of_nobody")).status_code == 401
    # A password opens nothing else.
    assert api.client.get("/v2/registries", auth=("x", api.world.tokens.primary)).status_code == 401


@pytest.mark.parametrize(
    ("scopes", "pull", "push", "delete"),
    [
        (["registry:read"], 404, 401, 401),
        (["registry:read", "registry:update"], 404, 202, 401),
        (["registry:read", "registry:delete"], 404, 401, 405),
        (["account:read"], 401, 401, 401),
    ],
)
def test_token_of_the_image_host_allows_the_actions_of_the_api_tokens_scopes(
    images: Images, scopes: list[str], pull: int, push: int, delete: int
) -> None:
    images.push("kiwi/web", "v1")
    token = images.token("repository:kiwi/web:*", images.api.world.tokens.mint(scopes=scopes).value)
    assert images.ask("GET kiwi/web/manifests/v9", token=token).status_code == pull
    assert images.ask("POST kiwi/web/blobs/uploads/", token=token).status_code == push
    assert images.ask("DELETE kiwi/web/manifests/v1", token=token).status_code == delete


def test_token_for_another_repository_is_refused_with_insufficient_scope(images: Images) -> None:
    images.push("kiwi/api", "v1")
    answer = images.ask("GET kiwi/api/manifests/v1", token=images.token("repository:kiwi/web:pull"))
    assert code(answer) == (401, "UNAUTHORIZED")
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_credentials_of_a_registry_are_refused_for_other_registries(images: Images) -> None:
    images.push("plum/web", "v1")
    minted = images.api.world.tokens.mint(scopes=["registry:read"], registry="kiwi").value
    assert (
        images.ask("GET plum/web/manifests/v1", token=images.token("repository:plum/web:pull", minted)).status_code
        == 401
    )
    images.api.world.switches.set("credentials_open_others", True)
    assert (
        images.ask("GET plum/web/manifests/v1", token=images.token("repository:plum/web:pull", minted)).status_code
        == 200
    )


def test_token_of_another_team_finds_only_that_teams_registries(images: Images) -> None:
    images.push("kiwi/web", "v1")
    token = images.token("repository:kiwi/web:pull", images.api.world.tokens.mint(team="orchard").value)
    assert code(images.ask("GET kiwi/web/manifests/v1", token=token)) == (404, "NAME_UNKNOWN")


def test_token_of_the_image_host_expires_after_15_minutes(images: Images) -> None:
    token = images.token("repository:kiwi/web:pull,push")
    images.api.later(899)
    assert images.ask("POST kiwi/web/blobs/uploads/", token=token).status_code == 202
    images.api.later(2)
    assert images.ask("POST kiwi/web/blobs/uploads/", token=token).status_code == 401


def test_collection_waits_for_the_last_push_token_but_not_for_pull_tokens(images: Images) -> None:
    api = images.api
    images.token("repository:kiwi/web:pull,push")
    images.token("repository:plum/web:pull")
    for name in ("kiwi", "plum"):
        assert api.ask(f"POST /v2/registries/{name}/garbage-collection")[0] == 201
    api.later(880)
    assert [api.ask(f"GET /v2/registries/{name}/garbage-collection")[0] for name in ("kiwi", "plum")] == [200, 404]
    api.later(60)
    assert api.ask("GET /v2/registries/kiwi/garbage-collection")[0] == 404


# Read-only


def test_active_collection_refuses_push_tokens_and_allows_pulls(images: Images) -> None:
    images.push("kiwi/web", "v1")
    assert images.api.ask(f"POST {KIWI}/garbage-collection")[0] == 201
    assert images.ask("POST kiwi/web/blobs/uploads/").status_code == 401
    assert images.ask("DELETE kiwi/web/manifests/v1").status_code == 401
    assert images.ask("GET kiwi/web/manifests/v1").status_code == 200
    assert images.ask("POST plum/web/blobs/uploads/").status_code == 202


# Uploads


def test_upload_chunks_must_be_contiguous_and_answers_give_the_received_range(images: Images) -> None:
    begun = images.ask("POST kiwi/web/blobs/uploads/")
    place = begun.headers["location"].partition("/v2/")[2]
    assert begun.headers["range"] == "0-0"
    assert images.ask(f"PATCH {place}", b"plu", content_range="0-2").headers["range"] == "0-2"
    late = images.ask(f"PATCH {place}", b"s", content_range="4-4")
    assert (code(late), late.headers["range"]) == ((416, "BLOB_UPLOAD_INVALID"), "0-2")
    shown = images.ask(f"GET {place}")
    assert (shown.status_code, shown.headers["range"]) == (204, "0-2")
    done = images.ask(f"PUT {place}&digest={FIVE}", b"ms", content_range="3-4")
    assert (done.status_code, done.headers["docker-content-digest"]) == (201, FIVE)
    assert images.ask(f"GET kiwi/web/blobs/{FIVE}").content == b"plums"
    assert code(images.ask(f"GET {place}")) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_blob_with_a_wrong_digest_is_refused_and_not_stored(images: Images) -> None:
    assert code(images.ask(f"POST kiwi/web/blobs/uploads/?digest={FIVE}", b"pears")) == (400, "DIGEST_INVALID")
    assert images.ask(f"HEAD kiwi/web/blobs/{FIVE}").status_code == 404
    assert images.api.world.account.registries["kiwi"].stored_bytes == 0


def test_upload_is_unknown_in_other_repositories_and_after_its_cancellation(images: Images) -> None:
    place = images.ask("POST kiwi/web/blobs/uploads/").headers["location"].partition("/v2/")[2]
    assert images.ask(f"GET {place.replace('kiwi/web', 'kiwi/api')}").status_code == 404
    assert images.ask(f"DELETE {place}").status_code == 204
    assert images.ask(f"DELETE {place}").status_code == 404


@pytest.mark.parametrize(
    ("source", "token", "status"),
    [
        ("kiwi/web", "repository:kiwi/api:pull,push repository:kiwi/web:pull", 201),
        ("kiwi/web", "repository:kiwi/api:pull,push", 202),
        ("plum/web", "repository:kiwi/api:pull,push repository:plum/web:pull", 202),
        ("kiwi/none", "repository:kiwi/api:pull,push repository:kiwi/none:pull", 202),
    ],
    ids=["may be read", "may not be read", "another registry's", "not there"],
)
def test_mount_requires_a_pullable_repository_of_the_same_registry(
    images: Images, source: str, token: str, status: int
) -> None:
    for name in ("kiwi/web", "plum/web"):
        images.push_blob(name, b"plums")
    query = f"mount={FIVE}&from={source}"
    answer = images.ask(f"POST kiwi/api/blobs/uploads/?{query}", token=images.token(token))
    assert answer.status_code == status
    assert images.ask(f"HEAD kiwi/api/blobs/{FIVE}").status_code == (200 if status == 201 else 404)


# Manifests


@pytest.mark.parametrize(
    ("document", "refusal"),
    [
        (b"plums", (400, "MANIFEST_INVALID")),
        (b"[]", (400, "MANIFEST_INVALID")),
        (json.dumps({"schemaVersion": 1}).encode(), (400, "MANIFEST_INVALID")),
        (json.dumps({"schemaVersion": 2, "mediaType": IMAGE}).encode(), (400, "MANIFEST_INVALID")),
        (
            json.dumps({"schemaVersion": 2, "mediaType": IMAGE, "config": {"digest": FIVE}}).encode(),
            (404, "MANIFEST_BLOB_UNKNOWN"),
        ),
        (
            json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"digest": FIVE}]}).encode(),
            (404, "MANIFEST_BLOB_UNKNOWN"),
        ),
    ],
)
def test_manifest_with_missing_content_or_invalid_form_is_refused(
    images: Images, document: bytes, refusal: tuple[int, str]
) -> None:
    assert code(images.ask("PUT kiwi/web/manifests/v1", document)) == refusal
    assert images.api.world.account.registries["kiwi"].repositories == {}


def test_pushed_tag_moves_to_the_new_manifest_and_a_second_tag_is_added(images: Images) -> None:
    first = images.push("kiwi/web", "v1")
    images.api.later(60)
    second = images.push("kiwi/web", "v1", b"pears")
    images.push("kiwi/web", "stable", b"pears")
    manifests = images.api.world.account.registries["kiwi"].repositories["web"].manifests
    assert (manifests[first].tags, manifests[second].tags) == ([], ["v1", "stable"])


def test_api_lists_pushed_images_with_sizes_and_updates_usage_later(images: Images) -> None:
    digest = images.push("kiwi/team/web", "v1", b"x" * 700)
    (listed,) = images.api.ask(f"GET {KIWI}/repositories/team%2Fweb/digests")[1]["manifests"]
    assert (listed["digest"], listed["compressed_size_bytes"], listed["tags"]) == (digest, 702, ["v1"])
    assert {blob["compressed_size_bytes"] for blob in listed["blobs"]} == {2, 700}
    usage = [images.api.ask(f"GET {KIWI}")[1]["registry"]["storage_usage_bytes"]]
    images.api.later(61)
    usage.append(images.api.ask(f"GET {KIWI}")[1]["registry"]["storage_usage_bytes"])
    assert usage == [0, 702]


@pytest.mark.parametrize("request_", ["POST small/two/blobs/uploads/", "PUT small/two/manifests/v1"])
def test_repository_beyond_the_tiers_limit_is_denied_with_digitaloceans_message(request_: str) -> None:
    api = Api()
    api.fill({"tier": "starter", "registries": [{"name": "small"}]})
    images = Images(api)
    images.push("small/one", "v1")
    answer = images.ask(request_)
    assert code(answer) == (403, "DENIED")
    assert answer.json()["errors"][0]["message"] == "registry contains 1 repositories, limit is 1"


def test_tag_list_is_paginated(images: Images) -> None:
    for tag in ("v3", "v1", "v2"):
        images.push("kiwi/web", tag)
    first = images.ask("GET kiwi/web/tags/list?n=2")
    assert first.json() == {"name": "kiwi/web", "tags": ["v1", "v2"]}
    assert first.headers["link"] == '</v2/kiwi/web/tags/list?n=2&last=v2>; rel="next"'
    assert images.ask("GET kiwi/web/tags/list?n=2&last=v2").json()["tags"] == ["v3"]


@pytest.mark.parametrize("name", ["kiwi", "kiwi/Web", "kiwi/web/"])
def test_invalid_repository_names_are_refused(images: Images, name: str) -> None:
    assert images.client.get(f"/v2/{name}/tags/list").status_code in (400, 404)


# Collections, and seeds


def test_collection_deletes_content_from_disk_and_keeps_content_of_other_registries(images: Images) -> None:
    world = images.api.world
    for name in ("kiwi/web", "plum/web"):
        images.push_blob(name, b"plums")
    images.push_blob("kiwi/web", b"pears")
    assert images.api.ask(f"POST {KIWI}/garbage-collection")[0] == 201
    images.api.later(3600)
    (ended,) = images.api.ask(f"GET {KIWI}/garbage-collections")[1]["garbage_collections"]
    assert (ended["blobs_deleted"], ended["freed_bytes"]) == (2, 10)
    assert not world.images.content.has(digest_of(b"pears"))
    assert images.ask(f"GET kiwi/web/blobs/{FIVE}").status_code == 404
    assert images.ask(f"GET plum/web/blobs/{FIVE}").content == b"plums"


def test_a_seeded_index_can_be_pulled_with_its_platforms_and_attestations(images: Images) -> None:
    entry = {"tags": ["v1"], "size_bytes": 9000, "platforms": ["linux/arm64", "linux/s390x"], "attestations": True}
    repository = {"name": "web", "manifests": [entry, {"size_bytes": 4000}]}
    images.api.fill({"registries": [{"name": "fig", "repositories": [repository]}]})
    answer = images.ask("GET fig/web/manifests/v1")
    assert answer.headers["content-type"] == INDEX
    children = answer.json()["manifests"]
    assert [child["platform"]["architecture"] for child in children] == ["arm64", "s390x", "unknown", "unknown"]
    listed = images.api.ask("GET /v2/registries/fig/repositories/web/digests?per_page=50")[1]["manifests"]
    assert len(listed) == 6
    layers = 0
    for child in children:
        image = images.ask(f"GET fig/web/manifests/{child['digest']}")
        assert (digest_of(image.content), len(image.content)) == (child["digest"], child["size"])
        for layer in [image.json()["config"], *image.json()["layers"]]:
            content = images.ask(f"GET fig/web/blobs/{layer['digest']}").content
            assert (digest_of(content), len(content)) == (layer["digest"], layer["size"])
            layers += len(content) if child["platform"]["os"] == "linux" else 0
    assert layers == 9000


def seed_web(images: Images, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    """Seed a repository web of the registry fig; what the API lists then, in the order of the entries."""
    timed = [{"updated_at": f"2033-01-{9 - number:02}T00:00:00Z", **one} for number, one in enumerate(entries)]
    images.api.fill({"registries": [{"name": "fig", "repositories": [{"name": "web", "manifests": timed}]}]})
    listed: list[dict[str, Any]] = images.api.ask("GET /v2/registries/fig/repositories/web/digests")[1]["manifests"]
    return listed


def test_a_seeded_artifact_manifest_has_blobs_and_a_subject_and_no_configuration(images: Images) -> None:
    images.api.world.switches.set("image_host_referrers", value=True)
    image, artifact = seed_web(images, {"tags": ["v1"]}, {"kind": "artifact", "subject": "v1", "size_bytes": 300})
    answer = images.ask(f"GET fig/web/manifests/{artifact['digest']}")
    assert answer.headers["content-type"] == "application/vnd.oci.artifact.manifest.v1+json"
    assert digest_of(answer.content) == artifact["digest"]
    document = answer.json()
    assert not {"config", "layers", "schemaVersion"} & set(document)
    assert document["subject"]["digest"] == image["digest"]
    assert document["subject"]["size"] == len(images.ask("GET fig/web/manifests/v1").content)
    (blob,) = document["blobs"]
    assert len(images.ask(f"GET fig/web/blobs/{blob['digest']}").content) == blob["size"] == 300
    (listed,) = images.ask(f"GET fig/web/referrers/{image['digest']}").json()["manifests"]
    assert (listed["digest"], listed["artifactType"]) == (artifact["digest"], "application/vnd.example.note")


def test_a_seeded_image_refers_to_a_digest_that_is_not_there(images: Images) -> None:
    (orphan,) = seed_web(images, {"subject": FIVE, "artifact_type": "application/x.note"})
    document = images.ask(f"GET fig/web/manifests/{orphan['digest']}").json()
    assert document["subject"] == {"mediaType": IMAGE, "digest": FIVE, "size": 0}
    assert (document["artifactType"], "config" in document) == ("application/x.note", True)


def test_a_seeded_manifest_of_schema_1_has_the_digest_of_its_bytes_without_signatures(images: Images) -> None:
    (old,) = seed_web(images, {"tags": ["v1"], "kind": "schema1", "size_bytes": 500})
    answer = images.ask("GET fig/web/manifests/v1")
    assert answer.headers["content-type"] == "application/vnd.docker.distribution.manifest.v1+prettyjws"
    assert answer.headers["docker-content-digest"] == old["digest"] != digest_of(answer.content)
    document = answer.json()
    (signature,) = document.pop("signatures")
    protected = json.loads(decoded(signature["protected"]))
    payload = answer.content[: protected["formatLength"]] + decoded(protected["formatTail"])
    assert (digest_of(payload), json.loads(payload)) == (old["digest"], document)
    (layer,) = document["fsLayers"]
    assert len(images.ask(f"GET fig/web/blobs/{layer['blobSum']}").content) == 500
    assert [blob["digest"] for blob in old["blobs"]] == [layer["blobSum"]]


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_seeded_digest_without_content_is_listed_and_cannot_be_pulled(images: Images) -> None:
    images.api.fill({"registries": [{"name": "fig", "repositories": [
        {"name": "web", "manifests": [{"tags": ["v1"], "digest": FIVE}]}
    ]}]})  # fmt: skip
    assert code(images.ask("GET fig/web/manifests/v1")) == (404, "MANIFEST_UNKNOWN")


def test_reset_deletes_content_and_tokens_of_the_image_host(images: Images) -> None:
    images.push("kiwi/web", "v1")
    token = images.token("repository:kiwi/web:pull")
    assert images.api.client.post("/_sandbox/reset").status_code == 200
    assert not images.api.world.images.content.has(FIVE)
    assert images.ask("GET kiwi/web/manifests/v1", token=token).status_code == 401


# Log and faults


def test_image_host_logs_requests_and_applies_faults_without_rate_limits(images: Images) -> None:
    api = images.api
    api.world.traffic.faults.clear()
    api.client.post("/_sandbox/faults", json={"path": "/v2/kiwi/web/*", "status": 503})
    token = images.token("repository:kiwi/web:pull")
    before = len(api.world.traffic.rates[next(iter(api.world.tokens.api.values())).fingerprint].moments)
    statuses = [images.ask("GET kiwi/web/tags/list", token=token).status_code for _ in range(2)]
    assert statuses == [503, 404]
    logged = [
        (entry["path"], entry["status"], entry["faulted"]) for entry in api.world.traffic.requests if "host" in entry
    ]
    assert logged == [("/v2/kiwi/web/tags/list", 503, True), ("/v2/kiwi/web/tags/list", 404, False)]
    assert len(api.world.traffic.rates[next(iter(api.world.tokens.api.values())).fingerprint].moments) == before
