# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_image_prune against the sandbox: what goes, what stays, approvals, undo and validation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.image_host import client
from support.modules import run_module, writes

Prune = Callable[..., dict[str, Any]]
OLD = "2031-04-05T06:07:08Z"
NOW = "2031-05-18T02:30:00Z"
DELETE_BUILDS = [{"rules": [{"name": "builds", "delete": {"tags": ["b*"], "older_than": "3d"}}]}]
BUILT = {"platforms": ["linux/arm64", "linux/s390x"], "attestations": True, "size_bytes": 4000}


@pytest.fixture
def prune(sandbox: Sandbox, tmp_path: Path) -> Prune:
    """Runs the module for the registry kiwi, where no image is in use."""
    sandbox.set_clock(NOW)

    def run(**options: Any) -> dict[str, Any]:
        paths = {"cache_path": str(tmp_path / "cache"), "undo_path": str(tmp_path / "undo")}
        return run_module(sandbox, "docr_image_prune", **{"registry": "kiwi", "in_use": "none", **paths, **options})

    return run


def seed(sandbox: Sandbox, **repositories: list[dict[str, Any]]) -> None:
    listed = [{"name": name, "manifests": [{"updated_at": OLD, **one} for one in all_]}
              for name, all_ in repositories.items()]  # fmt: skip
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "repositories": listed}]})
    sandbox.clear_log()


def listed(sandbox: Sandbox, repository: str = "app") -> dict[str, tuple[str, ...]]:
    return {one.digest: one.tags for one in client(sandbox).list_manifests("kiwi", repository)}


def tags(sandbox: Sandbox, repository: str = "app") -> set[str]:
    return {tag for all_ in listed(sandbox, repository).values() for tag in all_}


def test_untagged_garbage_goes_and_platforms_of_live_images_stay(sandbox: Sandbox, prune: Prune) -> None:
    seed(sandbox, app=[{"tags": ["v1"], **BUILT}, {"size_bytes": 300}, {"size_bytes": 301}])
    before = listed(sandbox)
    checked = prune(_ansible_check_mode=True, max_delete_percent=100)
    assert listed(sandbox) == before
    assert writes(sandbox) == []
    done = prune(max_delete_percent=100)
    assert (checked["changed"], done["changed"]) == (True, True)
    assert [one["message"] for one in done["actions"]] == [one["message"] for one in checked["actions"]]
    assert len(done["actions"]) == 2
    assert len(listed(sandbox)) == 5
    assert done["validation"]["manifests"] == 5
    assert done["plan_digest"] == checked["plan_digest"]
    again = prune(max_delete_percent=100)
    assert (again["changed"], again["actions"], again["kept"]) == (False, [], [])
    assert prune(state="validated", validate="layers")["validation"]["missing"] == []


def test_an_image_goes_with_its_platforms_and_attestations(sandbox: Sandbox, prune: Prune) -> None:
    seed(sandbox, app=[{"tags": ["b1"], **BUILT}, *({"tags": [f"v{n}"], "size_bytes": n} for n in range(1, 4))])
    done = prune(policies=DELETE_BUILDS, allow_delete_images=True)
    assert "failed" not in done, done["msg"]
    assert tags(sandbox) == {"v1", "v2", "v3"}
    assert len(listed(sandbox)) == 3
    assert done["diff"]["before"]["app"]


def test_rules_for_tagged_images_require_consent_and_nothing_is_deleted_without_sources(
    sandbox: Sandbox, prune: Prune
) -> None:
    seed(sandbox, app=[{"tags": ["b1"]}, *({"tags": [f"v{n}"], "size_bytes": n} for n in range(1, 4))])
    refused = prune(policies=DELETE_BUILDS)
    assert [one["where"] for one in refused["field_errors"]] == ["allow_delete_images"]
    unstated = prune(policies=DELETE_BUILDS, allow_delete_images=True, in_use=None)
    assert (unstated["changed"], unstated["actions"]) == (False, [])
    assert "in_use: none" in str(unstated["warnings"])
    assert writes(sandbox) == []


def test_an_image_in_use_stays_and_an_unread_source_stops_all(sandbox: Sandbox, prune: Prune, tmp_path: Path) -> None:
    seed(sandbox, app=[{"tags": ["b1"], **BUILT}, *({"tags": [f"v{n}"], "size_bytes": n} for n in range(1, 4))])
    options: dict[str, Any] = {"policies": DELETE_BUILDS, "allow_delete_images": True}
    used = prune(**options, in_use={"images": ["app:b1"]})
    assert (used["changed"], len(listed(sandbox))) == (False, 8)
    assert used["summary"]["kept"]["in_use"] >= 1
    unread = prune(**options, in_use={"image_files": [str(tmp_path / "none")]})
    assert (unread["failed"], unread["error"]["kind"]) == (True, "needs_attention")
    assert unread["last"]["plan"]["refusal"]
    assert writes(sandbox) == []
    source = f"file {tmp_path / 'none'}"
    excused = prune(**options, in_use={"image_files": [str(tmp_path / "none")], "may_be_missing": [source]})
    assert (excused["changed"], len(listed(sandbox))) == (True, 3)
    assert f"The source '{source}' of in_use was not read as a whole" in str(excused["warnings"])


def test_a_repository_above_the_share_is_refused_and_the_others_are_pruned(sandbox: Sandbox, prune: Prune) -> None:
    seed(sandbox, app=[{"tags": ["b1"]}, {"tags": ["v1"], "size_bytes": 5}], tool=[
        {"tags": ["b7"]}, *({"tags": [f"v{n}"], "size_bytes": n} for n in range(1, 4))])  # fmt: skip
    done = prune(policies=DELETE_BUILDS, allow_delete_images=True)
    assert (done["failed"], done["changed"], done["error"]["kind"]) == (True, True, "some_failed")
    assert "app: " in done["msg"]
    assert "max_delete_percent" in done["msg"]
    assert (tags(sandbox), tags(sandbox, "tool")) == ({"b1", "v1"}, {"v1", "v2", "v3"})


APPROVED: dict[str, Any] = {"policies": DELETE_BUILDS, "allow_delete_images": True, "max_delete_percent": 100}


def test_an_approved_plan_is_applied_and_a_changed_one_is_refused(
    sandbox: Sandbox, prune: Prune, tmp_path: Path
) -> None:
    seed(
        sandbox, app=[{"tags": [f"b{n}"], "size_bytes": n} for n in range(1, 4)] + [{"tags": ["v1"], "size_bytes": 50}]
    )
    path = str(tmp_path / "plan.json")
    missing = prune(**APPROVED, plan_file=path)
    assert "the file does not exist" in missing["msg"]
    planned = prune(**APPROVED, state="planned", plan_file=path)
    assert [one["action"] for one in planned["actions"]] == ["write_plan_file"]
    assert prune(**APPROVED, state="planned", plan_file=path)["changed"] is False
    (moved,) = [digest for digest, names in listed(sandbox).items() if names == ("b2",)]
    sandbox.seed({"registries": [{"name": "kiwi", "repositories": [
        {"name": "app", "manifests": [{"digest": moved, "tags": ["prod"]}]}]}]})  # fmt: skip
    refused = prune(**APPROVED, plan_file=path)
    assert moved in refused["msg"]
    assert "make and approve a new plan" in refused["msg"]
    digest = prune(**APPROVED, plan_digest=planned["plan_digest"], plan_summary=planned["summary"])
    assert "The repository app" in digest["msg"]
    assert tags(sandbox) == {"b1", "b2", "b3", "v1", "prod"}
    done = prune(**APPROVED, plan_file=path, on_change="skip")
    assert tags(sandbox) == {"b2", "v1", "prod"}
    assert done["changed"] is True


def test_a_plan_with_the_approved_digest_is_applied(sandbox: Sandbox, prune: Prune) -> None:
    seed(sandbox, app=[{"tags": ["b1"]}, {"tags": ["v1"], "size_bytes": 50}])
    planned = prune(**APPROVED, state="planned")
    assert planned["changed"] is False
    assert prune(**APPROVED, plan_digest=planned["plan_digest"])["changed"] is True
    assert tags(sandbox) == {"v1"}


def test_a_plan_file_with_another_digest_than_the_approved_digest_is_refused(
    sandbox: Sandbox, prune: Prune, tmp_path: Path
) -> None:
    seed(sandbox, app=[{"tags": ["b1"]}, {"tags": ["v1"], "size_bytes": 50}])
    path = str(tmp_path / "plan.json")
    planned = prune(**APPROVED, state="planned", plan_file=path)
    other = f"sha256:{'7' * 64}"
    for on_change in ("refuse", "skip"):
        refused = prune(**APPROVED, plan_file=path, plan_digest=other, on_change=on_change)
        assert f"has the digest {planned['plan_digest']}, and plan_digest is {other}" in refused["msg"]
    assert writes(sandbox) == []
    assert prune(**APPROVED, plan_file=path, plan_digest=planned["plan_digest"])["changed"] is True


@pytest.mark.parametrize("blank", ["", "  "], ids=["empty", "white space"])
def test_a_blank_approval_is_refused(sandbox: Sandbox, prune: Prune, blank: str) -> None:
    seed(sandbox, app=[{"tags": ["b1"]}, {"tags": ["v1"], "size_bytes": 50}])
    refused = prune(**APPROVED, plan_digest=blank, plan_file=blank)
    assert {one["where"] for one in refused["field_errors"]} == {"plan_digest", "plan_file"}
    assert sandbox.calls() == []


@pytest.mark.parametrize("named", [{"app": "many"}, {"app": [7], "tool": None}], ids=["text", "list and null"])
def test_a_damaged_summary_still_gives_a_refusal_with_the_repository(
    sandbox: Sandbox, prune: Prune, named: dict[str, Any]
) -> None:
    seed(sandbox, app=[{"tags": ["b1"]}, {"tags": ["v1"], "size_bytes": 50}])
    refused = prune(**APPROVED, plan_digest=f"sha256:{'7' * 64}", plan_summary={"repositories": named})
    assert "The repository app: 0 deletions" in refused["msg"]
    assert writes(sandbox) == []


def test_a_broken_plan_file_is_refused(sandbox: Sandbox, prune: Prune, tmp_path: Path) -> None:
    seed(sandbox, app=[{"tags": ["b1"]}, {"tags": ["v1"], "size_bytes": 50}])
    path = tmp_path / "plan.json"
    prune(**APPROVED, state="planned", plan_file=str(path))
    path.write_text(path.read_text(encoding="utf-8").replace('"keep"', '"delete"'), encoding="utf-8")
    assert "the plan was changed after it was made" in prune(**APPROVED, plan_file=str(path))["msg"]
    assert writes(sandbox) == []


def test_what_was_deleted_is_restored_with_its_tags_until_a_collection(sandbox: Sandbox, prune: Prune) -> None:
    seed(sandbox, app=[{"tags": ["b1", "b9"], **BUILT}, {"tags": ["v1"], "size_bytes": 50}])
    before = listed(sandbox)
    prune(**APPROVED)
    assert len(listed(sandbox)) == 1
    checked = prune(state="restored", _ansible_check_mode=True)
    assert len(listed(sandbox)) == 1
    restored = prune(state="restored")
    assert [one["message"] for one in checked["actions"]] == [one["message"] for one in restored["actions"]]
    assert {digest: set(names) for digest, names in listed(sandbox).items()} == {
        digest: set(names) for digest, names in before.items()
    }
    assert prune(state="restored")["changed"] is False
    assert prune(state="validated", validate="layers")["validation"]["missing"] == []


def test_after_a_collection_a_restoration_names_what_is_lost_and_the_copies_go(
    sandbox: Sandbox, prune: Prune, tmp_path: Path
) -> None:
    seed(sandbox, app=[{"tags": ["b1"], **BUILT}, {"tags": ["v1"], "size_bytes": 50}])
    prune(**APPROVED)
    sandbox.advance(3600)
    client(sandbox).start_garbage_collection("kiwi", "unreferenced blobs only")
    sandbox.advance(3600)
    lost = prune(state="restored")
    assert (lost["failed"], lost["error"]["kind"]) == (True, "needs_attention")
    assert "is not stored any more" in lost["msg"]
    assert len(lost["last"]["not_restorable"]) == 5
    assert list((tmp_path / "undo" / "undo" / "kiwi").iterdir()) != []
    prune(**APPROVED)
    assert list((tmp_path / "undo" / "undo" / "kiwi").iterdir()) == []


def test_a_validation_finds_a_lost_platform_and_a_lost_layer(sandbox: Sandbox, prune: Prune) -> None:
    seed(sandbox, app=[{"tags": ["v7"], **BUILT}, {"tags": ["v1"], "size_bytes": 50}])
    children = [digest for digest, names in listed(sandbox).items() if not names]
    sandbox.request("DELETE", f"/v2/registries/kiwi/repositories/app/digests/{children[0]}")
    found = prune(state="validated")
    assert (found["failed"], found["error"]["kind"]) == (True, "needs_attention")
    (missing,) = found["last"]["validation"]["missing"]
    assert (missing["digest"], missing["tags"]) == (children[0], ["v7"])
    sandbox.fault(method="HEAD", path="/v2/kiwi/app/blobs/*", status=404)
    layers = prune(state="validated", validate="layers")
    assert {one["kind"] for one in layers["last"]["validation"]["missing"]} == {"manifest", "blob"}
    pruned = prune()
    assert "failed" not in pruned, pruned["msg"]


@pytest.mark.parametrize("given", [[], "", ["app", " "]], ids=["no entry", "blank text", "blank entry"])
def test_a_validation_of_no_repository_is_refused(sandbox: Sandbox, prune: Prune, given: object) -> None:
    seed(sandbox, app=[{"tags": ["v1"]}])
    refused = prune(state="validated", repositories=given)
    assert [one["where"] for one in refused["field_errors"]] == ["repositories"]


@pytest.mark.parametrize("spoil", ["null_tags", "missing_tags"])
def test_a_list_that_lost_its_tags_deletes_no_image(sandbox: Sandbox, prune: Prune, spoil: str) -> None:
    seed(sandbox, app=[{"tags": [f"v{n}"], "size_bytes": n} for n in range(1, 4)])
    sandbox.fault(method="GET", path="*/digests", spoil=spoil, times=9)
    done = prune(max_delete_percent=100)
    assert done["failed"] is True
    assert "the list has no tag, and the list of repositories counts 3" in done["msg"]
    assert writes(sandbox) == []


@pytest.mark.parametrize("state", ["pruned", "planned", "restored", "validated"])
def test_an_unknown_registry_is_an_error_in_each_state(sandbox: Sandbox, prune: Prune, state: str) -> None:
    seed(sandbox, app=[{"tags": ["v1"]}])
    assert "registry not found" in prune(state=state, registry="plum")["msg"]


@pytest.mark.parametrize("state", ["validated", "restored"])
def test_a_pattern_that_matches_no_repository_is_an_error(sandbox: Sandbox, prune: Prune, state: str) -> None:
    seed(sandbox, app=[{"tags": ["v1"]}], tool=[{"tags": ["v2"]}])
    assert "no repository matches toll" in prune(state=state, repositories=["app", "toll"])["msg"]
    assert prune(state="validated", repositories="app, tool")["validation"]["manifests"] == 2


def test_a_refused_deletion_fails_the_task_and_names_the_repository(sandbox: Sandbox, prune: Prune) -> None:
    images: list[dict[str, Any]] = [{"tags": ["v1"]}, {"size_bytes": 9}]
    seed(sandbox, app=images, tool=images)
    sandbox.fault(method="DELETE", path="/v2/registries/kiwi/repositories/app/*", status=409)
    done = prune(max_delete_percent=100)
    assert (done["failed"], done["changed"], done["error"]["kind"]) == (True, True, "some_failed")
    assert "app: Could not delete the manifest" in done["msg"]
    assert (len(listed(sandbox)), len(listed(sandbox, "tool"))) == (2, 1)
    assert prune(max_delete_percent=100)["changed"] is True


def test_a_token_without_the_scope_is_named_and_nothing_is_deleted(sandbox: Sandbox, prune: Prune) -> None:
    seed(sandbox, app=[{"tags": ["v1"]}, {"size_bytes": 9}])
    done = prune(token=sandbox.mint(scopes=["registry:read"]), max_delete_percent=100)
    assert (done["failed"], done["changed"]) == (True, False)
    assert "registry:delete" in done["msg"]
    assert len(listed(sandbox)) == 2


def test_a_promoted_tag_counts_by_its_own_time(sandbox: Sandbox, prune: Prune) -> None:
    sandbox.switch("tag_updated_at", "tag")
    seed(sandbox, app=[{"tags": ["b1"]}, {"tags": ["v1"], "size_bytes": 50}])
    (promoted,) = [digest for digest, names in listed(sandbox).items() if names == ("b1",)]
    sandbox.seed({"registries": [{"name": "kiwi", "repositories": [
        {"name": "app", "manifests": [{"digest": promoted, "tags": ["bprod"]}]}]}]})  # fmt: skip
    done = prune(**APPROVED)
    assert "failed" not in done, done["msg"]
    assert "bprod" in tags(sandbox)


def test_wrong_options_are_refused_all_at_once_before_any_call(sandbox: Sandbox, prune: Prune) -> None:
    seed(sandbox)
    result = prune(
        registry="No", rate_limit_share=0, undo_path="here", grace_period="soon", max_delete_percent=101,
        policies=[{"rules": [{"delete": {"newest": 3}}]}], in_use={"app": True}, plan_digest="7", repositories=["a"],
    )  # fmt: skip
    assert {one["where"] for one in result["field_errors"]} >= {
        "registry", "rate_limit_share", "undo_path", "grace_period", "max_delete_percent",
        "policies[0].rules[0].delete.newest", "in_use.app", "plan_digest", "repositories",
    }  # fmt: skip
    assert sandbox.calls() == []


def test_a_job_of_awx_is_warned_of_paths_that_end_with_the_job(
    sandbox: Sandbox, prune: Prune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(sandbox, app=[{"tags": ["v1"]}])
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", str(tmp_path))
    told = prune(_ansible_check_mode=True)["warnings"]
    assert [one.split(" ends with")[0].rpartition(" of ")[2] for one in told] == ["undo_path", "cache_path"]
