# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images in use by apps and by the user's own lists, against the sandbox; clusters are in tests/clusters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.modules import run_module, writes

Info = Callable[..., dict[str, Any]]
APPS = "/v2/apps"
AT = "2031-04-05T06:07:08Z"
TAGS = ("v1", "v2", "v3", "v4", "v5", "latest")
KIOSK = {
    "name": "kiosk",
    "deployments": [
        {"images": {"web": "shop/cart:v1"}, "created_at": "2033-01-01T00:00:00Z", "is_pinned": True},
        {"images": {"web": "shop/cart:v2"}, "created_at": "2033-01-02T00:00:00Z"},
        {"images": {"web": "shop/cart"}, "created_at": "2033-01-03T00:00:00Z"},
        {"images": {"web": "shop/cart:v4"}, "created_at": "2033-01-04T00:00:00Z", "phase": "BUILDING"},
    ],
}


@pytest.fixture
def info(sandbox: Sandbox, tmp_path: Path) -> Info:
    """Runs the module for the registry kiwi of a team with an app; each tag is an image of its own."""
    manifests = [{"tags": [tag], "updated_at": AT, "size_bytes": 1000 + len(tag)} for tag in TAGS]
    for number, one in enumerate(manifests):
        one["size_bytes"] = 1000 + number
    names = [{"name": "shop/cart", "manifests": manifests}, {"name": "tool", "manifests": manifests[:1]}]
    registries = [{"name": "kiwi", "repositories": names}, {"name": "plum", "region": "syd1"}]
    sandbox.seed({"tier": "professional", "registries": registries, "apps": [KIOSK]})
    sandbox.clear_log()

    def run(in_use: object, **options: Any) -> dict[str, Any]:
        given = {"registry": "kiwi", "cache_path": str(tmp_path / "cache"), "in_use": in_use, **options}
        return run_module(sandbox, "docr_image_info", **given)

    return run


def used(result: dict[str, Any]) -> dict[str, list[str]]:
    """What uses the images of shop/cart, by tag."""
    (cart,) = [one for one in result["repositories"] if one["name"] == "shop/cart"]
    tags = {one["digest"]: one["tags"][0] for one in cart["images"]}
    return {tags[one["digest"]]: one["used_by"] for one in result["in_use"]["images"] if one["digest"] in tags}


def test_apps_use_the_images_of_all_their_deployments(sandbox: Sandbox, info: Info) -> None:
    result = info({"apps": True})
    assert set(used(result)) == {"v1", "v2", "v4", "latest"}
    assert used(result)["v2"] == ["a former deployment of the app kiosk"]
    assert "a present deployment of the app kiosk" in used(result)["v1"]
    assert (result["in_use"]["unread"], result["warnings"]) == ([], [])
    assert writes(sandbox) == []
    called = [one for one in sandbox.calls() if "/v2/apps" in one]
    assert len(called) == 2
    assert result["reading"]["api_calls"] >= 2


def test_without_the_option_nothing_more_is_called_and_nothing_is_stated(sandbox: Sandbox, info: Info) -> None:
    result = info(None)
    assert result["in_use"] == {"stated": False, "images": [], "unread": [], "excused": []}
    assert info("none")["in_use"]["stated"] is True
    assert [one for one in sandbox.calls() if "/v2/apps" in one or "/kubernetes/" in one] == []


def test_a_token_without_the_scope_is_told_to_get_it_and_may_be_excused(sandbox: Sandbox, info: Info) -> None:
    token = sandbox.mint(scopes=["registry:read", "account:read"])
    result = info({"apps": True, "images": ["shop/cart:v3"]}, token=token)
    (unread,) = result["in_use"]["unread"]
    assert unread["source"] == "apps"
    assert "use a token with the scope app:read" in unread["error"]
    assert used(result) == {"v3": ["the list in_use.images"]}
    assert result["warnings"] == [f"The source 'apps' of in_use was not read as a whole: {unread['error']}"]
    result = info({"apps": True, "images": ["shop/cart:v3"], "may_be_missing": ["apps"]}, token=token)
    excused = result["in_use"]
    assert (excused["unread"], excused["excused"])[:1] == ([],)
    assert [one["source"] for one in excused["excused"]] == ["apps"]
    told = excused["excused"][0]["error"]
    assert result["warnings"] == [f"The source 'apps' of in_use was not read as a whole: {told}"]


@pytest.mark.parametrize(
    "fault",
    [
        {"path": APPS, "status": 500},
        {"path": APPS, "body": "empty_object", "status": 200},
        {"path": APPS, "spoil": "null_list"},
        {"path": APPS, "spoil": "empty_list"},
        {"path": APPS, "status": 404, "body": "html"},
        {"path": "/v2/apps/*/deployments", "status": 502},
        {"path": "/v2/apps/*/deployments", "spoil": "short_list"},
        {"path": "/v2/apps/*/deployments", "spoil": "repeated_item"},
    ],
)
def test_an_answer_that_does_not_tell_leaves_the_apps_unread(
    sandbox: Sandbox, info: Info, fault: dict[str, Any]
) -> None:
    sandbox.fault(method="GET", times=20, **fault)
    result = info({"apps": True, "images": ["shop/cart:v3"]})
    assert [one["source"] for one in result["in_use"]["unread"]] == ["apps"]
    assert used(result) == {"v3": ["the list in_use.images"]}


def test_lists_of_the_user_are_read_and_absent_images_are_told(sandbox: Sandbox, info: Info, tmp_path: Path) -> None:
    path = tmp_path / "images"
    host = sandbox.registry_host
    path.write_text(f"{host}/kiwi/shop/cart:v5\n{host}/plum/shop/cart:v4\nshop/cart:gone\n", encoding="utf-8")
    result = info(json.dumps({"images": ["shop/cart", f"{host}/kiwi/shop/cart:v1"], "image_files": [str(path)]}))
    assert used(result) == {
        "latest": ["the list in_use.images"], "v1": ["the list in_use.images"], "v5": [f"the file {path}"],
    }  # fmt: skip
    assert result["warnings"] == [f"The file {path} uses shop/cart:gone, which the registry kiwi does not have."]


def test_files_that_cannot_be_read_are_named_and_stop_no_other(info: Info, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("shop/cart:v5\nNot A Reference\n", encoding="utf-8")
    files = [str(tmp_path / "bad"), str(tmp_path / "absent")]
    result = info({"image_files": files, "images": ["shop/cart:v1"]})
    unread = {one["source"]: one["error"] for one in result["in_use"]["unread"]}
    assert list(unread) == [f"file {one}" for one in files]
    assert "entry 2, 'Not A Reference', is no reference" in unread[f"file {files[0]}"]
    assert "is not a regular file" in unread[f"file {files[1]}"]
    assert set(used(result)) == {"v1", "v5"}


def test_clusters_that_cannot_be_found_or_entered_are_named(sandbox: Sandbox, info: Info) -> None:
    clusters = [{"name": "young", "state": "provisioning"}, {"name": "gone", "state": "deleted"}]
    sandbox.seed({"clusters": clusters})
    result = info({"clusters": ["absent", "prod-*", "young", "gon?"], "images": ["shop/cart:v1"]}, check=True)
    unread = {one["source"]: one["error"] for one in result["in_use"]["unread"]}
    assert list(unread) == ["cluster absent", "cluster prod-*", "cluster gon?", "cluster young"]
    assert "there is no cluster 'absent'" in unread["cluster absent"]
    assert "no cluster of the team matches 'prod-*'" in unread["cluster prod-*"]
    assert "this is check mode" in unread["cluster young"]
    assert writes(sandbox) == []
    assert info({"clusters": ["*"], "may_be_missing": ["cluster young"]}, check=True)["in_use"]["unread"] == []


def test_a_kubeconfig_that_cannot_be_read_is_an_error_of_its_contexts_alone(info: Info) -> None:
    sources = {"kubeconfig": "/nowhere", "contexts": ["west", "east"], "images": ["shop/cart:v1"]}
    result = info({**sources, "may_be_missing": ["context east"]})
    ((source, error),) = ((one["source"], one["error"]) for one in result["in_use"]["unread"])
    assert (source, "Could not use the kubeconfig /nowhere" in error) == ("context west", True)
    assert [one["source"] for one in result["in_use"]["excused"]] == ["context east"]
    assert [one["source"] for one in info({"kubeconfig": "/nowhere"})["in_use"]["unread"]] == ["kubeconfig /nowhere"]
    assert set(used(result)) == {"v1"}


def test_without_the_list_of_clusters_each_named_cluster_is_unread(sandbox: Sandbox, info: Info) -> None:
    token = sandbox.mint(scopes=["registry:read", "app:read"])
    result = info({"clusters": ["plum", "*"], "apps": True}, token=token)
    unread = {one["source"]: one["error"] for one in result["in_use"]["unread"]}
    assert list(unread) == ["cluster plum", "cluster *"]
    assert all("use a token with the scope kubernetes:read" in one for one in unread.values())
    assert "v1" in used(result)


def test_all_errors_of_the_option_come_before_any_call(sandbox: Sandbox, info: Info) -> None:
    result = info({"cluster": ["plum"], "apps": "maybe"}, rate_limit_share=0)
    assert result["error"]["kind"] == "invalid_input"
    assert [one["where"] for one in result["field_errors"]] == [
        "rate_limit_share", "in_use.cluster", "in_use.apps",
    ]  # fmt: skip
    assert sandbox.calls() == []
