# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each value of each switch, with the difference that a client sees."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from api_client import CLUSTER, DIGEST, KIWI, REPOSITORY, Api
from image_client import IMAGE, INDEX, Images

from docr_sandbox.switches import SWITCHES

Look = Callable[[Api], Any]


def status(request: str, body: Any = None) -> Look:
    return lambda api: api.ask(request, body)[0]


def seeded(look: Look, **more: Any) -> Look:
    def looks(api: Api) -> Any:
        api.seed(**more)
        return look(api)

    return looks


def collecting(look: Look) -> Look:
    def looks(api: Api) -> Any:
        api.seed()
        assert api.ask(f"POST {KIWI}/garbage-collection", {"type": "unreferenced blobs only"})[0] == 201
        return look(api)

    return looks


def collected(look: Look) -> Look:
    def looks(api: Api) -> Any:
        api.later(60)
        return look(api)

    return collecting(looks)


def running(api: Api) -> str:
    return str(api.ask(f"GET {KIWI}/garbage-collections")[1]["garbage_collections"][0]["uuid"])


def create(**body: Any) -> Look:
    return status("POST /v2/registries", {"name": "plum", "region": "nyc3", **body})


def small(look: Look) -> Look:
    return seeded(look, tier="basic")


def tier_after_create(api: Api) -> Any:
    api.fill({"tier": "professional"})
    answer = create(subscription_tier_slug="basic")(api)
    return answer if answer != 201 else api.ask("GET /v2/registries/subscription")[1]["subscription"]["tier"]["slug"]


def after_delete(look: Look) -> Look:
    def looks(api: Api) -> Any:
        assert api.ask(f"DELETE {KIWI}")[0] == 204
        return look(api)

    return seeded(looks)


def cluster(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.ask(f"GET /v2/kubernetes/clusters/{CLUSTER}")[1]["kubernetes_cluster"]
    return found


def listed(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.ask("GET /v2/registries")[1]["registries"][0]
    return found


def opens_other(api: Api) -> int:
    auths = api.ask(f"GET {KIWI}/docker-credentials")[1]["auths"]
    assert auths
    token = next(one.value for one in api.world.tokens.api.values() if one.registry == "kiwi")
    return api.ask("GET /v2/registries/plum", token=token)[0]


def limited(api: Api) -> int:
    return [api.ask("GET /v2/account")[0] for _ in range(251)][-1]


def lag(api: Api) -> int:
    api.world.account.registries["kiwi"].usage.touch(api.world.now())
    api.world.account.registries["kiwi"].blobs.sizes["sha256:new"] = 1_000
    api.later(120)
    return int(listed(api)["storage_usage_bytes"])


def freed_by_default(api: Api) -> int:
    api.ask(f"POST {KIWI}/garbage-collection")
    api.later(60)
    return len(api.ask(f"GET {REPOSITORY}/digests")[1]["manifests"])


def updated_later(api: Api) -> str:
    api.later(6)
    return str(api.ask(f"GET {KIWI}/garbage-collection")[1]["garbage_collection"]["updated_at"])


def cancelled_late(api: Api) -> str:
    api.later(14)
    assert api.ask(f"PUT {KIWI}/garbage-collection/{running(api)}", {"cancel": True})[0] == 200
    api.later(60)
    return str(api.ask(f"GET {KIWI}/garbage-collections")[1]["garbage_collections"][0]["status"])


def index_of_two(api: Api) -> Images:
    images = Images(api)
    children = [images.push("kiwi/web", "old", text.encode()) for text in ("plums", "pears")]
    descriptors = [{"mediaType": IMAGE, "digest": digest, "size": 300} for digest in children]
    images.put("kiwi/web", "v1", {"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors})
    api.ask(f"DELETE {KIWI}/repositories/web/tags/old")
    return images


def with_referrers(api: Api) -> Images:
    """A tagged index with two children, a referrer of the index and of a child, and an index that refers to that."""
    images = index_of_two(api)
    described = images.ask("GET kiwi/web/manifests/v1")
    child = described.json()["manifests"][0]["digest"]
    index = {"mediaType": INDEX, "digest": described.headers["docker-content-digest"], "size": 300}
    signature = images.push("kiwi/web", "note", b"figs", subject=index)
    images.push("kiwi/web", "note", b"dates", subject={"mediaType": IMAGE, "digest": child, "size": 300})
    nested = [{"mediaType": IMAGE, "digest": images.push("kiwi/web", "note", b"limes"), "size": 300}]
    subject = {"mediaType": IMAGE, "digest": signature, "size": 300}
    images.put("kiwi/web", "note", {"schemaVersion": 2, "mediaType": INDEX, "manifests": nested, "subject": subject})
    api.ask(f"DELETE {KIWI}/repositories/web/tags/note")
    return images


def companions_left(api: Api) -> int:
    with_referrers(api)
    api.ask(f"POST {KIWI}/garbage-collection", {"type": "untagged manifests only"})
    api.later(3600)
    return len(api.ask(f"GET {KIWI}/repositories/web/digests")[1]["manifests"]) - 1


def push_cache(api: Api) -> int | list[int]:
    """Push an index of blobs, then collect; what becomes of its blobs, of which one is listed nowhere else."""
    images = Images(api)
    layer = images.push_blob("kiwi/web", b"plums") | {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}
    config = images.push_blob("kiwi/web", b"{}") | {"mediaType": "application/vnd.buildkit.cacheconfig.v0"}
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [layer, config]}
    answer = images.ask("PUT kiwi/web/manifests/cache", json.dumps(document).encode(), content_type=INDEX)
    if answer.status_code != 201:
        return int(answer.status_code)
    assert api.ask(f"POST {KIWI}/garbage-collection", {"type": "unreferenced blobs only"})[0] == 201
    api.later(3600)
    (listed,) = api.ask(f"GET {KIWI}/repositories/web/digests")[1]["manifests"]
    assert [blob["digest"] for blob in listed["blobs"]] == [layer["digest"], config["digest"]]
    return [images.ask(f"HEAD kiwi/web/blobs/{one['digest']}").status_code for one in (layer, config)]


def push_sparse(api: Api) -> int | list[int]:
    images = Images(api)
    there = {"mediaType": IMAGE, "digest": images.push("kiwi/web", "v1"), "size": 300}
    absent = {"mediaType": IMAGE, "digest": "sha256:" + "0" * 64, "size": 300}
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [there, absent]}
    answer = images.ask("PUT kiwi/web/manifests/v2", json.dumps(document).encode(), content_type=INDEX)
    if answer.status_code != 201:
        return int(answer.status_code)
    return [images.ask(f"GET kiwi/web/manifests/{one['digest']}").status_code for one in (there, absent)]


def read_tag_of_a_digest(api: Api) -> list[Any]:
    """Read and write the fallback tag of an image; the tag holds another image where tags are tags."""
    images = Images(api)
    digest = images.push("kiwi/web", "v1")
    tag = digest.replace(":", "-")
    pushed = images.ask(f"PUT kiwi/web/manifests/{tag}", OTHER, content_type=INDEX).status_code
    answer = images.ask(f"GET kiwi/web/manifests/{tag}")
    return [pushed, answer.headers["docker-content-digest"] == digest]


def refused_images(api: Api) -> list[Any]:
    """The last statuses of 249 requests to the API and of 3 to the image host with one token, and a Retry-After."""
    images = Images(api)
    images.push("kiwi/web", "v1")
    api.later(61)
    token = images.token("repository:kiwi/web:pull")
    seen = [api.ask("GET /v2/account")[0] for _ in range(248)][-1]
    hosts = [images.ask("GET kiwi/web/manifests/v1", token=token) for _ in range(2)]
    return [seen, *(one.status_code for one in hosts), hosts[-1].headers.get("retry-after")]


def refused_by_own_limit(api: Api) -> Any:
    images = Images(api)
    images.push("kiwi/web", "v1")
    api.later(61)
    token = images.token("repository:kiwi/web:pull")
    answers = [images.ask("GET kiwi/web/manifests/v1", token=token) for _ in range(251)]
    assert {one.status_code for one in answers[:-2]} == {200}
    return answers[-1].status_code


def delete_child(api: Api) -> list[int]:
    """Delete a child while its index lives, also through the image host, and once the index is gone."""
    images = index_of_two(api)
    api.world.switches.set("image_host_delete", value=True)
    answer = images.ask("GET kiwi/web/manifests/v1")
    index = answer.headers["docker-content-digest"]
    one, two = (child["digest"] for child in answer.json()["manifests"])
    first = api.ask(f"DELETE {KIWI}/repositories/web/digests/{one}")[0]
    other = int(images.ask(f"DELETE kiwi/web/manifests/{two}").status_code)
    assert api.ask(f"DELETE {KIWI}/repositories/web/digests/{index}")[0] == 204
    return [first, other, api.ask(f"DELETE {KIWI}/repositories/web/digests/{one}")[0]]


def delete_tagged(api: Api) -> list[int]:
    address = f"{REPOSITORY}/digests/{DIGEST}"
    first = api.ask(f"DELETE {address}")[0]
    for tag in ("v1", "v2"):
        api.ask(f"DELETE {REPOSITORY}/tags/{tag}")
    return [first, api.ask(f"DELETE {address}")[0]]


def manifests_after_tags(api: Api) -> list[int]:
    left = []
    for tag in ("v1", "v2"):
        assert api.ask(f"DELETE {REPOSITORY}/tags/{tag}")[0] == 204
        left.append(len(api.ask(f"GET {REPOSITORY}/digests")[1]["manifests"]))
    return left


def times_of_tags(api: Api) -> list[str]:
    """The times of two tags of one image, of which the second was pushed a minute later, in both lists."""
    images = Images(api)
    images.push("kiwi/web", "v1")
    api.later(60)
    images.push("kiwi/web", "v2")
    tags = api.ask(f"GET {KIWI}/repositories/web/tags")[1]["tags"]
    listed = api.ask("GET /v2/registry/kiwi/repositories")[1]["repositories"]
    (latest,) = (one["latest_tag"] for one in listed if one["name"] == "web")
    assert latest["updated_at"] in {one["updated_at"] for one in tags}
    return [one["updated_at"][-6:-1] for one in tags]


def read_only_afterwards(api: Api) -> list[int]:
    images = Images(api)
    seen = []
    for wait in (60, 100):
        api.later(wait)
        seen.append(images.ask("POST kiwi/web/blobs/uploads/").status_code)
    return seen


def write_with_an_old_token(api: Api) -> int:
    images = Images(api)
    token = images.token("repository:kiwi/web:pull,push")
    assert api.ask(f"POST {KIWI}/garbage-collection")[0] == 201
    return int(images.ask("POST kiwi/web/blobs/uploads/", token=token).status_code)


def delete_at_the_host(api: Api) -> int:
    images = index_of_two(api)
    return int(images.ask("DELETE kiwi/web/manifests/v1").status_code)


def referrers(api: Api) -> Any:
    images = Images(api)
    subject = images.push("kiwi/web", "v1")
    images.push("kiwi/web", "note", b"pears", subject={"mediaType": IMAGE, "digest": subject, "size": 300})
    answer = images.ask(f"GET kiwi/web/referrers/{subject}")
    return len(answer.json()["manifests"]) if answer.status_code == 200 else answer.status_code


def time_of_a_second_tag(api: Api) -> str:
    images = Images(api)
    images.push("kiwi/web", "v1")
    api.later(60)
    images.push("kiwi/web", "v2")
    return str(api.ask(f"GET {KIWI}/repositories/web/digests")[1]["manifests"][0]["updated_at"])


# An index without children.
OTHER = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
PLUM = {"registries": [{"name": "kiwi"}, {"name": "plum"}]}
BOTH = {"cluster_uuids": [CLUSTER], "registries": ["kiwi"]}
SSO = {"clusters": [{"name": "vault", "id": CLUSTER, "sso_required": True}]}

# For each switch what is looked at, and what its values, in their order, show.
TABLE: dict[str, tuple[Look, tuple[Any, ...]]] = {
    "gc_active_none": (
        seeded(lambda api: api.ask(f"GET {KIWI}/garbage-collection")[1].get("garbage_collection", "none")),
        ("none", "none", None),
    ),
    "gc_active_after_end": (collected(status(f"GET {KIWI}/garbage-collection")), (404, 200)),
    "gc_second_start": (collecting(status(f"POST {KIWI}/garbage-collection", {})), (409, 412, 422)),
    "gc_list_order": (
        collected(
            lambda api: api.ask(f"POST {KIWI}/garbage-collection", {})[0]
            and api.ask(f"GET {KIWI}/garbage-collections")[1]["garbage_collections"][0]["status"]
        ),
        ("requested", "succeeded"),
    ),
    "gc_list_active": (
        collecting(lambda api: len(api.ask(f"GET {KIWI}/garbage-collections")[1]["garbage_collections"])),
        (1, 0),
    ),
    "gc_list_paging": (collecting(lambda api: "meta" in api.ask(f"GET {KIWI}/garbage-collections")[1]), (True, False)),
    "gc_type_shown": (
        collecting(lambda api: "type" in api.ask(f"GET {KIWI}/garbage-collection")[1]["garbage_collection"]),
        (False, True),
    ),
    "gc_cancel_answer": (
        collecting(lambda api: sorted(api.ask(f"PUT {KIWI}/garbage-collection/{running(api)}", {"cancel": True})[1])),
        (["garbage_collection"], []),
    ),
    "gc_default_type": (seeded(freed_by_default), (2, 1)),
    "gc_succeeded_word": (
        collected(lambda api: api.ask(f"GET {KIWI}/garbage-collections")[1]["garbage_collections"][0]["status"]),
        ("succeeded", "success", "completed"),
    ),
    "gc_updated_at": (collecting(updated_later), ("2033-04-05T06:00:06Z", "2033-04-05T06:00:02Z")),
    "gc_late_cancel": (collecting(cancelled_late), ("cancelled", "succeeded")),
    "gc_second_cancel": (
        collecting(
            lambda api: [
                api.ask(f"PUT {KIWI}/garbage-collection/{running(api)}", {"cancel": True})[0] for _ in range(2)
            ][1]
        ),
        (200, 409),
    ),
    "gc_untagged_spares_children": (seeded(companions_left), (0, 2, 6)),
    "image_host_index_blobs": (seeded(push_cache), (404, [200, 200])),
    "image_host_sparse_index": (seeded(push_sparse), (404, [200, 404])),
    "image_host_digest_tags": (seeded(read_tag_of_a_digest), ([201, False], [400, True])),
    "image_host_rate_limit": (
        seeded(refused_images),
        ([200, 200, 200, None], [200, 200, 429, "61"], [200, 200, 200, None]),
    ),
    "delete_child_of_index": (seeded(delete_child), ([204, 202, 404], [409, 403, 204])),
    "delete_tagged_digest": (seeded(delete_tagged), ([204, 404], [409, 204])),
    "delete_last_tag": (seeded(manifests_after_tags), ([2, 2], [2, 1])),
    "tag_updated_at": (seeded(times_of_tags), (["00:00", "00:00"], ["00:00", "01:00"])),
    "read_only_lingers_seconds": (collecting(read_only_afterwards), ([202, 202], [401, 202], [401, 401])),
    "write_tokens_while_read_only": (seeded(write_with_an_old_token), (401, 202)),
    "image_host_delete": (seeded(delete_at_the_host), (405, 202)),
    "image_host_referrers": (seeded(referrers), (404, 1)),
    "retag_updates_manifest": (seeded(time_of_a_second_tag), ("2033-04-05T06:00:00Z", "2033-04-05T06:01:00Z")),
    "gc_cancel_ended": (
        collected(lambda api: api.ask(f"PUT {KIWI}/garbage-collection/{running(api)}", {"cancel": True})[0]),
        (404, 409),
    ),
    "create_other_tier": (
        tier_after_create,
        ("basic", "professional", 412),
    ),
    "create_without_tier": (create(), (422, 412)),
    "create_second_on_small_tier": (small(create()), (412, 422)),
    "create_taken_name": (seeded(status("POST /v2/registries", {"name": "kiwi"})), (409, 422)),
    "create_bad_value": (create(subscription_tier_slug="basic", region="lon1"), (422, 400)),
    "delete_last_subscription": (after_delete(status("GET /v2/registries/subscription")), (200, 404)),
    "deleted_name": (after_delete(status("POST /v2/registries/validate-name", {"name": "kiwi"})), (204, 409)),
    "registries_none": (
        lambda api: api.ask("GET /v2/registries"),
        ((200, {"registries": []}), (200, {"registries": None}), (200, {}),
         (404, {"id": "not_found", "message": "registry not found"})),
    ),
    "subscription_none": (status("GET /v2/registries/subscription"), (404, 412)),
    "registry_subscription": (seeded(lambda api: "subscription" in listed(api)), (False, True)),
    "unknown_keys": (seeded(lambda api: {"read_only", "type"} <= set(listed(api))), (False, True)),
    "reserved_names": (
        status("POST /v2/registries/validate-name", {"name": "options"}),
        (422, 204),
    ),
    "validate_malformed_name": (status("POST /v2/registries/validate-name", {"name": "Kiwi_"}), (422, 400)),
    "credentials_key": (
        seeded(lambda api: list(api.ask(f"GET {KIWI}/docker-credentials")[1]["auths"])),
        (["registry.digitalocean.com"], ["registry.digitalocean.com/kiwi"]),
    ),
    "credentials_open_others": (seeded(opens_other, **PLUM), (404, 200)),
    "credentials_max_expiry": (
        seeded(status(f"GET {KIWI}/docker-credentials?expiry_seconds=1576800001")),
        (422, 400),
    ),
    "per_page_range": (seeded(status(f"GET {REPOSITORY}/tags?per_page=201")), (200, 400)),
    "delete_while_read_only": (collecting(status(f"DELETE {REPOSITORY}/tags/v1")), (409, 412, 204)),
    "delete_registry_during_gc": (collecting(status(f"DELETE {KIWI}")), (204, 409)),
    "delete_integrated_registry": (seeded(status(f"DELETE {KIWI}")), (204, 409)),
    "cluster_keeps_deleted_registry": (after_delete(lambda api: cluster(api)["registries"]), (["kiwi"], [])),
    "plural_remove": (seeded(status("DELETE /v2/kubernetes/registries", BOTH)), (204, 404, 405)),
    "integration_repeated": (seeded(status("POST /v2/kubernetes/registries", BOTH)), (204, 409)),
    "singular_with_several": (
        seeded(status("POST /v2/kubernetes/registry", {"cluster_uuids": [CLUSTER]}), **PLUM),
        (412, 422, 204),
    ),
    "cluster_registries_null": (seeded(lambda api: cluster(api)["registries"]), (["kiwi"], None)),
    "sso_credentials": (seeded(status(f"GET /v2/kubernetes/clusters/{CLUSTER}/credentials"), **SSO), (403, 401)),
    "rate_limit": (limited, (429, 200)),
    "storage_lag_seconds": (seeded(lag), (13_000, 13_000, 12_000)),
}  # fmt: skip


def cases() -> list[tuple[str, Any, Any]]:
    return [
        (name, value, shown)
        for name, (_, shows) in TABLE.items()
        for value, shown in zip(SWITCHES[name].values, shows, strict=True)
    ]


@pytest.mark.parametrize(("name", "value", "shown"), cases(), ids=lambda part: str(part)[:30])
def test_each_value_of_a_switch_changes_an_answer(name: str, value: Any, shown: Any) -> None:
    api = Api()
    api.world.switches.set(name, value)
    assert TABLE[name][0](api) == shown


def test_requests_to_the_image_host_have_a_limit_of_their_own() -> None:
    api = Api()
    api.seed()
    api.world.switches.set("image_host_rate_limit", "own")
    assert refused_by_own_limit(api) == 429
    assert api.ask("GET /v2/account")[0] == 200


def test_deleting_the_last_tag_at_the_image_host_deletes_the_manifest() -> None:
    api = Api()
    api.seed()
    api.world.switches.set("image_host_delete", value=True)
    api.world.switches.set("delete_last_tag", "deleted")
    images = Images(api)
    digest = images.push("kiwi/web", "v1")
    assert images.ask("DELETE kiwi/web/manifests/v1").status_code == 202
    assert images.ask(f"GET kiwi/web/manifests/{digest}").status_code == 404


# These need a Kubernetes: their tests stand in tests/clusters/test_sandbox_clusters.py.
IN_CLUSTERS = {"doks_operator", "operator_copy_name", "operator_restores_copies", "operator_deletes_copies"}


def test_every_value_of_every_switch_has_a_test() -> None:
    assert set(TABLE) | IN_CLUSTERS == set(SWITCHES)


@pytest.mark.parametrize(("name", "value"), [("gc_second_strat", 409), ("gc_second_start", 200)])
def test_unknown_switch_or_value_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        Api().world.switches.set(name, value)


def test_seeded_manifest_has_the_given_digest() -> None:
    api = Api()
    api.seed()
    digests = {one["digest"] for one in api.ask(f"GET {REPOSITORY}/digests")[1]["manifests"]}
    assert DIGEST in digests
