# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_image_info against the sandbox: images, damage, reasons, faults of the services, and the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from playing import write_play
from support.image_host import push_index
from support.modules import run_module, writes
from support.plays import play

Info = Callable[..., dict[str, Any]]
DIGESTS = "/v2/registries/kiwi/repositories/*/digests"
AT = "2031-04-05T06:07:08Z"


@pytest.fixture
def info(sandbox: Sandbox, tmp_path: Path) -> Info:
    """Runs the module for the registry kiwi with a cache of its own."""

    def run(**options: Any) -> dict[str, Any]:
        given = {"registry": "kiwi", "cache_path": str(tmp_path / "cache"), **options}
        result = run_module(sandbox, "docr_image_info", **given)
        assert result.get("changed") is False
        return result

    return run


def seed(sandbox: Sandbox, **repositories: list[dict[str, Any]]) -> None:
    listed = [{"name": name, "manifests": [{"updated_at": AT, **one} for one in all_]}
              for name, all_ in repositories.items()]  # fmt: skip
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "repositories": listed}]})
    sandbox.clear_log()


def of(result: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in result["repositories"] if one["name"] == name]
    repository: dict[str, Any] = found
    return repository


BUILT = {"tags": ["v7"], "platforms": ["linux/arm64", "linux/s390x"], "attestations": True, "size_bytes": 8000}


def test_an_index_is_one_image_with_its_platforms_and_attestations(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox, app=[BUILT], tool=[{"tags": ["a", "b"], "size_bytes": 500}])
    result = info()
    (image,) = of(result, "app")["images"]
    assert [one["platform"] for one in image["platforms"]] == ["linux/arm64", "linux/s390x"]
    assert {one["of"] for one in image["attestations"]} == {one["digest"] for one in image["platforms"]}
    assert (image["tags"], image["kept"], image["manifests"], image["updated_at"]) == (["v7"], True, 5, AT)
    assert image["own_bytes"] == image["size_bytes"] >= 8000
    (tool,) = of(result, "tool")["images"]
    assert (tool["tags"], tool["size_bytes"], tool["shared_bytes"]) == (["a", "b"], 500, 0)
    assert result["damage"] == result["protected"] == result["warnings"] == []
    assert result["summary"] | {"size_bytes": 0} == {
        "repositories": 2, "images": 2, "manifests": 6, "untagged_manifests": 4, "damaged": 0, "size_bytes": 0,
    }  # fmt: skip


def test_the_module_asks_for_tokens_that_only_pull_and_sends_nothing_that_writes(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox, app=[BUILT], tool=[{"tags": ["a"]}])
    info()
    tokens = [one for one in sandbox.log() if one["path"] == "/v2/registry/auth"]
    assert len(tokens) == 1
    assert "push" not in str(tokens)
    assert writes(sandbox) == []


def test_a_child_is_explained_by_its_index_and_an_unknown_digest_by_its_absence(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox, app=[BUILT])
    (image,) = of(info(), "app")["images"]
    child = image["platforms"][0]["digest"]
    kept, unknown = info(why=[child, "sha256:00"])["why"]
    assert kept["message"] == f"{child} is a child of {image['digest']}, which has the tags v7 in the repository app."
    assert [(one["digest"], one["reason"]) for one in kept["keepers"]] == [
        (child, "child_of"),
        (image["digest"], "tagged"),
    ]
    assert (unknown["kept"], unknown["message"]) == (False, "No repository of the registry has the manifest sha256:00.")


def test_patterns_choose_what_is_shown_and_sizes_are_over_the_registry(sandbox: Sandbox, info: Info) -> None:
    blobs = {"sha256:" + "a" * 64: 900}
    shared = {"tags": ["v1"], "blobs": blobs}
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "repositories": [
        {"name": "team/app", "manifests": [shared]}, {"name": "far/app", "manifests": [shared]},
    ]}]})  # fmt: skip
    result = info(repositories=["team/*", "none/*"])
    assert [one["name"] for one in result["repositories"]] == ["team/app"]
    (image,) = of(result, "team/app")["images"]
    assert (image["own_bytes"], image["shared_bytes"]) == (0, 900)
    assert result["summary"]["repositories"] == 2
    assert result["warnings"] == ["The pattern none/* of repositories matches no repository of the registry."]


def test_a_second_run_reads_no_manifest_again_and_a_spoiled_entry_is_read_anew(
    sandbox: Sandbox, info: Info, tmp_path: Path
) -> None:
    seed(sandbox, app=[BUILT])
    first = info()
    folder = tmp_path / "cache" / "manifests"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (first["reading"]["image_host_requests"], first["reading"]["manifests_from_cache"]) == (5, 0)
    second = info()
    reading = second["reading"]
    assert (reading["api_calls"], reading["image_host_requests"], reading["manifests_from_cache"]) == (2, 0, 5)
    assert reading["least_wait_seconds"] == 0
    assert second["repositories"] == first["repositories"]
    entry = next(path for path in folder.rglob("*") if path.is_file())
    entry.write_bytes(entry.read_bytes().replace(b"schemaVersion", b"schemaVersiom"))
    third = info()
    assert (third["reading"]["image_host_requests"], third["repositories"]) == (1, first["repositories"])


def test_a_cache_that_cannot_be_used_is_a_warning(sandbox: Sandbox, info: Info, tmp_path: Path) -> None:
    seed(sandbox, app=[{"tags": ["v1"]}])
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = info(cache_path=str(tmp_path / "file"))
    assert len(of(result, "app")["images"]) == 1
    (warning,) = result["warnings"]
    assert warning.startswith("Manifests are not kept for the next run: the folder ")


def test_a_manifest_that_the_image_host_does_not_have_is_damage_with_its_index(sandbox: Sandbox, info: Info) -> None:
    lost = "sha256:" + hashlib.sha256(b"lost").hexdigest()
    seed(sandbox, app=[{"tags": ["v1"], "digest": lost}])
    (damage,) = info()["damage"]
    assert (damage["kind"], damage["digest"], damage["tags"]) == ("manifest_missing", lost, ["v1"])


def test_an_index_that_lost_its_children_is_damage(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox)
    one, other, index = push_index(sandbox, "kiwi/app", "v7")
    sandbox.request("DELETE", f"/v2/registries/kiwi/repositories/app/digests/{one}")
    (damage,) = info()["damage"]
    assert (damage["kind"], damage["digest"], damage["missing"]) == ("children_partly_missing", index, [one])
    sandbox.request("DELETE", f"/v2/registries/kiwi/repositories/app/digests/{other}")
    (damage,) = info()["damage"]
    assert (damage["kind"], damage["missing"]) == ("children_missing", [one, other])


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"status": 500}, "500"),
        ({"status": 403}, "403"),
        ({"status": 429}, "429"),
        ({"drop": True}, "ended without an answer"),
        ({"status": 200, "body": "html"}, "not DigitalOcean's"),
        ({"status": 200, "body": "json"}, "other bytes than the digest names"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_protected_with_all_untagged_ones_beside_it(
    sandbox: Sandbox, info: Info, fault: dict[str, Any], told: str
) -> None:
    seed(sandbox, app=[BUILT], tool=[{}])
    sandbox.fault(path="/v2/kiwi/tool/manifests/*", times=3, **fault)
    result = info(rate_limit_wait=0)
    (protected,) = result["protected"]
    assert (protected["repository"], protected["reason"]) == ("tool", "unreadable")
    assert told in protected["message"]
    assert "could not be read and are protected: 1." in result["warnings"][0]
    sandbox.clear_faults()
    assert info()["protected"] == []


def test_a_passing_error_of_the_image_host_is_met_by_another_try(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox, tool=[{}])
    sandbox.fault(path="/v2/kiwi/tool/manifests/*", status=503)
    assert info()["protected"] == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [({"spoil": "wrong_total"}, "meta.total"), ({"status": 404}, "404"), ({"status": 500}, "500")],
)
def test_a_list_that_is_not_whole_is_an_error_of_its_repository_and_hides_no_other(
    sandbox: Sandbox, info: Info, fault: dict[str, Any], told: str
) -> None:
    seed(sandbox, app=[{"tags": ["v1"]}], tool=[{"tags": ["v2"]}])
    sandbox.fault(path=DIGESTS.replace("*", "app"), times=12, **fault)
    result = info()
    assert told in of(result, "app")["error"]
    assert of(result, "app")["images"] == []
    assert [one["tags"] for one in of(result, "tool")["images"]] == [["v2"]]
    assert "Repositories whose list could not be read: 1." in result["warnings"][0]


def test_an_unknown_registry_and_a_wrong_token_are_errors(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox, app=[{}])
    unknown = info(registry="kivi")
    assert (unknown["failed"], unknown["error"]["kind"]) == (True, "not_found")
    denied = info(token=sandbox.mint(scopes=["account:read"]))
    assert (denied["failed"], denied["error"]["kind"]) == (True, "denied")
    assert "registry:read" in denied["msg"]


def test_an_image_host_out_of_reach_ends_the_task(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox, app=[{}])
    down = info(registry_host="127.0.0.1:9")
    assert (down["failed"], down["error"]["kind"]) == (True, "unreachable")


def test_an_image_host_that_refuses_one_manifest_after_the_other_ends_the_task(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox, app=[{} for _one in range(40)])
    sandbox.fault(path="/v2/kiwi/app/manifests/*", times=1000, status=403)
    refused = info()
    assert (refused["failed"], refused["error"]["kind"]) == (True, "denied")
    assert sum("/manifests/" in one for one in sandbox.calls()) < 40


def test_wrong_options_are_refused_before_any_call(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox)
    result = info(rate_limit_share=0, cache_path="here", registry="No")
    assert {one["where"] for one in result["field_errors"]} == {"registry", "rate_limit_share", "cache_path"}
    assert sandbox.calls() == []


def test_a_play_shows_how_long_the_calls_take_before_they_are_made(sandbox: Sandbox, tmp_path: Path) -> None:
    seed(sandbox, app=[BUILT], tool=[{"tags": ["a"]}])
    task = {"planton.digitalocean.docr_image_info": {"registry": "kiwi", "cache_path": str(tmp_path / "cache")}}
    played = play(write_play(tmp_path / "images.yml", [task]), sandbox)
    line = "docr_image_info: kiwi: reads 6 manifests of 2 repositories with 2 calls of the API, which take 0 s or more"
    assert line in played.notes
    assert played.changed == []


def test_an_empty_registry_has_no_images(sandbox: Sandbox, info: Info) -> None:
    seed(sandbox)
    result = info()
    assert (result["repositories"], result["summary"]["manifests"], result["reading"]["api_calls"]) == ([], 0, 1)
