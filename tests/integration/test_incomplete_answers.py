# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists that are incomplete, and successes that a proxy makes up: no decision rests on either."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.client import (
    DigitalOceanApi,
    open_api,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import BadAnswer
from docr_sandbox.testing import Sandbox
from support.modules import run_module, writes

REPOSITORIES = "*/repositoriesV2"
CLUSTERS = "/v2/kubernetes/clusters"
REGISTRIES = "/v2/registries"
KIWI = "/v2/registries/kiwi"
SUBSCRIPTION = "/v2/registries/subscription"
# What leaves a list untold or short; `hidden_list` and `null_none` are complete answers, which only a witness doubts.
SPOILED = ("short_list", "empty_list", "null_list", "object_list", "missing_list", "wrong_total")


def client(sandbox: Sandbox) -> DigitalOceanApi:
    return open_api(Settings(sandbox.token, endpoint=sandbox.url, ca_path=sandbox.ca_file))


@pytest.fixture
def full(sandbox: Sandbox) -> Sandbox:
    """An account with the registries kiwi, which holds images and which a cluster lists, and plum."""
    repositories = [{"name": "team/api", "manifests": [{"tags": ["v1"], "size_bytes": 70_000}, {"tags": ["v2"]}]}]
    runs = [{"started_at": f"2026-01-0{day}T03:04:05Z", "ended_at": "2026-01-09T03:04:05Z"} for day in (2, 3)]
    registries = [{"name": "kiwi", "repositories": repositories, "garbage_collections": runs}, {"name": "plum"}]
    clusters = [{"name": "orchard", "registries": ["kiwi"]}, {"name": "meadow", "registries": ["kiwi"]}]
    sandbox.seed({"tier": "professional", "registries": registries, "clusters": clusters})
    sandbox.clear_log()
    return sandbox


def is_there(sandbox: Sandbox, name: str) -> bool:
    return sandbox.request("GET", f"/v2/registries/{name}")[0] == 200


LISTS: dict[str, tuple[str, Callable[[DigitalOceanApi], Any]]] = {
    "repositories": (REPOSITORIES, lambda api: api.list_repositories("kiwi")),
    "manifests": ("*/digests", lambda api: api.list_manifests("kiwi", "team/api")),
    "collections": ("*/garbage-collections", lambda api: api.list_garbage_collections("kiwi")),
    "clusters": (CLUSTERS, lambda api: api.list_clusters()),
}


@pytest.mark.parametrize("spoil", SPOILED)
@pytest.mark.parametrize("name", LISTS)
def test_an_incomplete_list_is_read_again_once_and_then_is_an_error(full: Sandbox, name: str, spoil: str) -> None:
    path, read = LISTS[name]
    whole = read(client(full))
    full.fault(method="GET", path=path, spoil=spoil, times=1)
    assert read(client(full)) == whole
    full.fault(method="GET", path=path, spoil=spoil, times=9)
    with pytest.raises(BadAnswer, match="an incomplete answer"):
        read(client(full))


@pytest.mark.parametrize("spoil", ["null_list", "object_list", "missing_list"])
def test_an_untold_list_of_registries_is_read_again_once_and_then_is_an_error(full: Sandbox, spoil: str) -> None:
    full.fault(method="GET", path=REGISTRIES, spoil=spoil, times=1)
    assert len(client(full).list_registries()) == 2
    full.fault(method="GET", path=REGISTRIES, spoil=spoil, times=2)
    with pytest.raises(BadAnswer, match="an incomplete answer"):
        client(full).list_registries()


@pytest.mark.parametrize("body", ["empty_object", "null", "empty", "html"])
@pytest.mark.parametrize("name", LISTS)
def test_an_answer_without_a_list_is_an_error(full: Sandbox, name: str, body: str) -> None:
    path, read = LISTS[name]
    full.fault(method="GET", path=path, status=200, body=body, times=2)
    with pytest.raises(BadAnswer):
        read(client(full))


@pytest.mark.parametrize("name", LISTS)
def test_null_with_the_total_0_is_an_empty_list(full: Sandbox, name: str) -> None:
    path, read = LISTS[name]
    full.fault(method="GET", path=path, spoil="null_none", times=1)
    assert read(client(full)) == ()


def test_an_empty_second_page_is_an_incomplete_list(sandbox: Sandbox) -> None:
    repositories = [{"name": f"r{number}", "manifests": [{"tags": ["v1"]}]} for number in range(201)]
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "repositories": repositories}]})
    sandbox.fault(method="GET", path=REPOSITORIES, spoil="empty_list", skip=1, times=1)
    assert len(client(sandbox).list_repositories("kiwi")) == 201
    sandbox.fault(method="GET", path=REPOSITORIES, spoil="empty_list", skip=1, times=1)
    sandbox.fault(method="GET", path=REPOSITORIES, spoil="empty_list", skip=2, times=1)
    with pytest.raises(BadAnswer, match=r"200 entries under repositories where meta\.total says 201"):
        client(sandbox).list_repositories("kiwi")


@pytest.mark.parametrize("spoil", SPOILED)
@pytest.mark.parametrize("path", [REPOSITORIES, CLUSTERS])
def test_a_registry_in_use_is_not_deleted_for_an_incomplete_list(full: Sandbox, path: str, spoil: str) -> None:
    full.fault(method="GET", path=path, spoil=spoil, times=9)
    consent = "allow_delete_images" if path == CLUSTERS else "allow_delete_integrated"
    consents: dict[str, Any] = {consent: True}
    result = run_module(full, "docr_registry", name="kiwi", state="absent", **consents)
    assert result["error"]["kind"] == "bad_answer"
    assert writes(full) == []


@pytest.mark.parametrize("spoil", ["empty_list", "null_list", "object_list", "missing_list"])
def test_a_registry_does_not_count_as_absent_for_an_untold_list(full: Sandbox, spoil: str) -> None:
    full.fault(method="GET", path=REGISTRIES, spoil=spoil, times=9)
    for check in (True, False):
        result = run_module(full, "docr_registry", check=check, name="kiwi", state="absent")
        assert result["error"]["kind"] == "bad_answer", result
    assert writes(full) == []


def test_a_list_that_lacks_the_registry_once_is_read_again(full: Sandbox) -> None:
    full.fault(method="GET", path=REGISTRIES, spoil="empty_list", times=1)
    result = run_module(full, "docr_registry", name="plum", state="absent")
    assert (result["changed"], is_there(full, "plum"), is_there(full, "kiwi")) == (True, False, True)


@pytest.mark.parametrize("answer", ["empty", "null", "missing", "404"])
def test_the_second_deletion_converges_however_the_service_says_that_there_are_none(
    sandbox: Sandbox, answer: str
) -> None:
    sandbox.switch("registries_none", answer)
    result = run_module(sandbox, "docr_registry", name="kiwi", state="absent")
    assert "failed" not in result, result["msg"]
    assert [one["name"] for one in result["missing"]] == ["kiwi"]


def test_storage_without_repositories_is_read_again_and_refuses_the_deletion_of_images(full: Sandbox) -> None:
    settle(full)
    full.fault(method="GET", path=REPOSITORIES, spoil="hidden_list", times=1)
    result = run_module(full, "docr_registry", name="kiwi", state="absent", allow_delete_integrated=True)
    assert "the registry still holds 1 repositories" in result["msg"]
    assert writes(full) == []


def test_storage_that_stays_without_repositories_is_reported_with_the_deletion(full: Sandbox) -> None:
    settle(full)
    full.fault(method="GET", path=REPOSITORIES, spoil="hidden_list", times=2)
    result = run_module(full, "docr_registry", name="kiwi", state="absent", allow_delete_integrated=True)
    assert result["changed"] is True
    (told,) = result["awaiting_collection"]
    assert (told["name"], told["storage_usage_bytes"] > 0) == ("kiwi", True)
    assert "The registry kiwi lists no repository, and its storage was last counted" in result["warnings"][0]


def test_an_integrated_cluster_of_several_registries_that_names_none_refuses_the_deletion(full: Sandbox) -> None:
    full.switch("cluster_registries_null", True)
    result = run_module(full, "docr_registry", name="kiwi", state="absent", allow_delete_images=True)
    assert "DigitalOcean does not say with which registries" in result["msg"]
    assert writes(full) == []


@pytest.mark.parametrize("body", ["json", "html", "empty"])
def test_registries_without_a_subscription_are_an_error(full: Sandbox, body: str) -> None:
    full.fault(method="GET", path=SUBSCRIPTION, status=404, body=body, times=9)
    for result in (run_module(full, "docr_registry", name="kiwi"), run_module(full, "docr_registry_info")):
        assert result["error"]["kind"] == "bad_answer"
        assert "Could not read the registry subscription" in result["msg"]


@pytest.mark.parametrize(("status", "body"), [(204, "empty"), (200, "html"), (404, "html"), (404, "json")])
def test_a_deletion_that_did_not_happen_is_an_error(full: Sandbox, status: int, body: str) -> None:
    full.fault(method="DELETE", path="/v2/registries/plum", status=status, body=body, times=1)
    result = run_module(full, "docr_registry", name="plum", state="absent")
    assert result["failed"], result
    assert result["msg"].startswith("Could not delete the registry plum")
    assert is_there(full, "plum")
    assert run_module(full, "docr_registry", name="plum", state="absent")["changed"] is True


def test_a_tier_of_the_answer_that_is_not_the_desired_tier_is_read_again(full: Sandbox) -> None:
    full.fault(method="POST", path=SUBSCRIPTION, status=200, body="html", times=1)
    result = run_module(full, "docr_registry", name="kiwi", subscription_tier="basic", allow_downgrade=True)
    assert result["failed"]


def settle(sandbox: Sandbox) -> None:
    """Let the storage be counted."""
    sandbox.advance(3600)
    sandbox.clear_log()
