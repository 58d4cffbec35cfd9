# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan is applied: the order, what changed since the plan, refusals, copies, and pushes that reuse manifests."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import DocrError
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.documents import ManifestBytes
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.comparison import REFUSE
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.plan import PrunePlan, TagRemoval
from ansible_collections.planton.digitalocean.plugins.module_utils._service.retention.looking_again import (
    look_again_after_kills,
)
from docr_sandbox.testing import Sandbox
from support.image_host import INDEX, MANIFEST, push_index
from support.pruning import AT, Orchard, plan_of, repository_plan

DIGESTS = "/v2/registries/kiwi/repositories/app/digests"


@pytest.fixture
def orchard(sandbox: Sandbox, tmp_path: Path) -> Orchard:
    """A registry without images."""
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi"}]})
    return Orchard(sandbox, tmp_path / "undo")


def pushed(orchard: Orchard, tag: str = "v7", repository: str = "app") -> list[str]:
    """An index with the tag, and its two children: the digests, the index first."""
    one, other, index = push_index(orchard.sandbox, f"kiwi/{repository}", tag)
    return [index, one, other]


def deletions(orchard: Orchard) -> list[str]:
    return [one.rpartition("/")[2] for one in orchard.sandbox.calls() if one.startswith("DELETE")]


def test_parents_are_deleted_before_their_children_and_copies_lie_in_a_private_folder(orchard: Orchard) -> None:
    gone, kept = pushed(orchard), pushed(orchard, "v8")
    graph = orchard.read()
    outcome = orchard.prune(plan_of(graph, app=gone), graph)
    assert [one.replace("%3A", ":") for one in deletions(orchard)] == gone
    assert set(orchard.listed()) == set(kept)
    assert (outcome.errors, outcome.kept, len(orchard.steps)) == ({}, {}, 3)
    with orchard.access() as access:
        (record,) = access.store.read_all("kiwi").values()
    assert {one.digest: one.tags for one in record.manifests} == {gone[0]: ("v7",), gone[1]: (), gone[2]: ()}
    assert (record.is_open, record.known) == (False, frozenset([*gone, *kept]))
    assert (orchard.folder / "undo" / "kiwi").stat().st_mode & 0o777 == 0o700


def test_a_deletion_out_of_order_waits_for_its_parent(orchard: Orchard) -> None:
    index, one, other = pushed(orchard)
    pushed(orchard, "v8")
    graph = orchard.read()
    outcome = orchard.prune(plan_of(graph, app=[one, index, other]), graph)
    assert outcome.kept == {}
    assert len(orchard.listed()) == 3


@pytest.mark.parametrize("status", [409, 403, 404, 500])
def test_a_refused_deletion_keeps_everything_below_and_the_rest_continues(orchard: Orchard, status: int) -> None:
    refused, gone = pushed(orchard), pushed(orchard, "v8")
    pushed(orchard, "v9")
    graph = orchard.read()
    orchard.sandbox.fault(method="DELETE", path=f"{DIGESTS}/{refused[0].replace(':', '*')}", status=status, times=9)
    outcome = orchard.prune(plan_of(graph, app=[*refused, *gone]), graph)
    assert {one.digest for one in outcome.kept} == set(refused)
    assert str(status) in str(outcome.errors["app"][0])
    assert set(refused) <= set(orchard.listed())
    assert set(gone).isdisjoint(orchard.listed())


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}], ids=str)
def test_a_deletion_that_took_effect_despite_its_answer_is_seen_by_a_second_look(
    orchard: Orchard, fault: dict[str, object]
) -> None:
    gone = pushed(orchard)
    pushed(orchard, "v9")
    graph = orchard.read()
    orchard.sandbox.fault(method="DELETE", path=f"{DIGESTS}/*", after_effect=True, **fault)
    outcome = orchard.prune(plan_of(graph, app=gone), graph)
    assert (outcome.errors, len(orchard.listed()), len(orchard.steps)) == ({}, 3, 3)


def test_what_others_deleted_is_gone_and_no_step(orchard: Orchard) -> None:
    gone = pushed(orchard)
    pushed(orchard, "v9")
    graph = orchard.read()
    orchard.sandbox.hold(
        "DELETE", f"{DIGESTS}/*", skip=1, actions=[{"method": "DELETE", "path": f"{DIGESTS}/{gone[1]}"}]
    )
    outcome = orchard.prune(plan_of(graph, app=gone), graph)
    assert (outcome.errors, len(orchard.listed()), len(orchard.steps)) == ({}, 3, 2)


def test_ten_refusals_in_a_row_end_the_run(orchard: Orchard) -> None:
    all_ = [digest for number in range(6) for digest in pushed(orchard, f"v{number}")[:1]]
    more = [digest for number in range(6) for digest in pushed(orchard, f"w{number}")[:1]]
    pushed(orchard, "v9")
    graph = orchard.read()
    orchard.sandbox.fault(method="DELETE", path=f"{DIGESTS}/*", status=403, times=99)
    with pytest.raises(DocrError, match="registry:delete"):
        orchard.prune(plan_of(graph, app=[*all_, *more]), graph)
    assert len(deletions(orchard)) == 10


def test_a_rate_limit_in_the_middle_waits_and_reads_the_repository_again(orchard: Orchard) -> None:
    gone = pushed(orchard)
    pushed(orchard, "v9")
    graph = orchard.read()
    orchard.sandbox.clear_log()
    orchard.sandbox.fault(method="DELETE", path=f"{DIGESTS}/*", status=429, retry_after=1, skip=1)
    outcome = orchard.prune(plan_of(graph, app=gone), graph)
    assert (outcome.errors, len(orchard.listed()), len(orchard.steps)) == ({}, 3, 3)
    reads = [one for one in orchard.sandbox.calls() if one == f"GET {DIGESTS}"]
    assert len(reads) >= 3


def test_a_tag_that_came_since_the_plan_keeps_the_manifest_and_its_children(orchard: Orchard) -> None:
    tagged, gone = pushed(orchard), pushed(orchard, "v8")
    pushed(orchard, "v9")
    graph = orchard.read()
    seed_tag(orchard, tagged[0], "prod")
    outcome = orchard.prune(plan_of(graph, app=[*tagged, *gone]), graph)
    assert set(tagged) <= set(orchard.listed())
    assert set(gone).isdisjoint(orchard.listed())
    assert {one.digest for one in outcome.kept} == set(tagged)
    assert "got the tag prod since the plan" in str(outcome.kept)


def test_a_repository_that_changed_is_refused_as_a_whole_where_the_plan_must_hold(orchard: Orchard) -> None:
    tagged, gone = pushed(orchard), pushed(orchard, "v8")
    pushed(orchard, "v9")
    graph = orchard.read()
    seed_tag(orchard, tagged[0], "prod")
    outcome = orchard.prune(plan_of(graph, app=[*tagged, *gone]), graph, REFUSE)
    assert len(orchard.listed()) == 9
    assert "got the tag prod since the plan; make a new plan" in str(outcome.errors["app"][0])


def test_a_kept_image_that_others_deleted_keeps_the_repository(orchard: Orchard) -> None:
    gone, kept = pushed(orchard), pushed(orchard, "v8")
    graph = orchard.read()
    orchard.sandbox.request("DELETE", f"{DIGESTS}/{kept[0]}")
    outcome = orchard.prune(plan_of(graph, app=gone), graph)
    assert set(gone) <= set(orchard.listed())
    assert "was deleted since the plan" in str(outcome.kept)


def seed_tag(orchard: Orchard, digest: str, tag: str, repository: str = "app") -> None:
    """Give a manifest one more tag."""
    manifests = [{"digest": digest, "tags": [tag]}]
    orchard.sandbox.seed({"registries": [{"name": "kiwi", "repositories": [
        {"name": repository, "manifests": manifests}]}]})  # fmt: skip


def test_a_tag_leaves_only_where_it_did_not_move_and_another_tag_stays(orchard: Orchard) -> None:
    first, second = pushed(orchard), pushed(orchard, "v8")
    for tag in ("old", "older"):
        seed_tag(orchard, first[0], tag)
    graph = orchard.read()
    removals = [TagRemoval("old", first[0]), TagRemoval("older", first[0]), TagRemoval("v8", second[0])]
    plan = PrunePlan("kiwi", AT, (repository_plan(graph, "app", (), removals),))
    address = "/v2/kiwi/app/manifests/older"
    moved = {"registries": [{"name": "kiwi", "repositories": [
        {"name": "app", "manifests": [{"digest": second[0], "tags": ["older"]}]}]}]}  # fmt: skip
    orchard.sandbox.hold("HEAD", address, actions=[{"method": "POST", "path": "/_sandbox/seed", "body": moved}])
    outcome = orchard.prune(plan, graph)
    assert outcome.errors == {}
    assert orchard.listed()[first[0]] == ("v7",)
    assert set(orchard.listed()[second[0]]) == {"v8", "older"}
    assert orchard.told() == [f"remove the tag old from the manifest {first[0]} of the repository kiwi/app"]


def push_naming(orchard: Orchard, child: str, tag: str, *, is_referrer: bool = False) -> str:
    """Push an index of a child that is there already, or a referrer of it."""
    descriptor = {"mediaType": MANIFEST, "digest": child, "size": 300}
    index: dict[str, Any] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor]}
    if is_referrer:
        index |= {"manifests": [], "subject": descriptor}
    content = json.dumps(index | {"annotations": {"of": tag}}).encode()
    with orchard.access() as access:
        access.host.put_manifest("kiwi", "app", tag, ManifestBytes(content, INDEX))
        return access.host.fetch_digest("kiwi", "app", tag)


@pytest.mark.parametrize("is_referrer", [False, True])
def test_a_push_that_reuses_a_child_half_way_gets_the_child_back(orchard: Orchard, is_referrer: bool) -> None:
    gone = pushed(orchard)
    pushed(orchard, "v9")
    graph = orchard.read()
    hold = orchard.sandbox.hold("DELETE", f"{DIGESTS}/*")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(orchard.prune, plan_of(graph, app=gone), graph)
        hold.wait()
        new = push_naming(orchard, gone[1], "v10", is_referrer=is_referrer)
        hold.let_go()
        outcome = running.result()
    assert [one.digest for one in outcome.put_back] == [gone[1]]
    listed = orchard.listed()
    assert {gone[1], new} <= set(listed)
    assert {gone[0], gone[2]}.isdisjoint(listed)
    assert orchard.told()[-1] == f"restore the manifest {gone[1]} of the repository kiwi/app"


@pytest.mark.parametrize("is_referrer", [False, True])
def test_a_push_before_the_repository_is_read_again_makes_the_deletion_void(
    orchard: Orchard, is_referrer: bool
) -> None:
    gone = pushed(orchard)
    pushed(orchard, "v9")
    graph = orchard.read()
    push_naming(orchard, gone[1], "v10", is_referrer=is_referrer)
    outcome = orchard.prune(plan_of(graph, app=gone), graph)
    assert {one.digest for one in outcome.kept} == {gone[1]}
    assert "was pushed since the plan and names the manifest" in str(outcome.kept)
    assert {gone[0], gone[2]}.isdisjoint(orchard.listed())


@pytest.mark.parametrize("skip", range(3))
def test_a_run_after_a_killed_run_stores_what_a_push_needs(orchard: Orchard, skip: int) -> None:
    gone = pushed(orchard)
    pushed(orchard, "v9")
    graph = orchard.read()
    hold = orchard.sandbox.hold("DELETE", f"{DIGESTS}/*", skip=skip)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(orchard.prune, plan_of(graph, app=gone), graph)
        hold.wait()
        # The manifest that the push names may be gone already.
        orchard.sandbox.switch("image_host_sparse_index", True)
        push_naming(orchard, gone[1], "v10")
        orchard.sandbox.fault(path="*", status=401, times=99)
        hold.drop()
        with pytest.raises(DocrError):
            running.result()
    orchard.sandbox.clear_faults()
    is_deleted = gone[1] not in orchard.listed()
    with orchard.access() as access:
        stored = look_again_after_kills(access, orchard.steps.append)
        assert [one.is_open for one in access.store.read_all("kiwi").values()] == [False]
        assert look_again_after_kills(access, orchard.steps.append) == ()
    assert [one.digest for one in stored] == ([gone[1]] if is_deleted else [])
    assert gone[1] in orchard.listed()


def test_a_new_manifest_that_cannot_be_read_keeps_the_repository(orchard: Orchard) -> None:
    gone = pushed(orchard)
    graph = orchard.read()
    new = pushed(orchard, "v8")
    orchard.sandbox.fault(path=f"/v2/kiwi/app/manifests/{new[0].replace(':', '*')}", status=500, times=20)
    outcome = orchard.prune(plan_of(graph, app=gone), graph)
    assert set(gone) <= set(orchard.listed())
    assert "was pushed since the plan and cannot be read" in str(outcome.kept)


def test_without_room_for_copies_nothing_is_deleted(orchard: Orchard) -> None:
    gone = pushed(orchard)
    pushed(orchard, "v9")
    graph = orchard.read()
    orchard.folder.mkdir(exist_ok=True)
    (orchard.folder / "undo").write_text("", encoding="utf-8")
    outcome = orchard.prune(plan_of(graph, app=gone), graph)
    assert deletions(orchard) == []
    assert "Could not save copies of manifests" in str(outcome.errors["app"][0])
