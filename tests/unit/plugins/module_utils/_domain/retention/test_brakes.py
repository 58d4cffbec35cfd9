# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts, brakes, consent and sources of uses: what of a plan is held back, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.model import ImageUses, UnreadSource
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.brakes import LAST_IMAGE
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.planner import (
    consent_fault,
    plan_prune,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.request import (
    PlanUses,
    PruneSettings,
    TagPlace,
)
from support.image_graphs import Drawn, companion_tag, image, index, sha
from support.prune_plans import (
    NOW,
    OPEN,
    ago,
    decisions,
    deleted,
    draw,
    plan,
    policies,
    reason,
    rules,
    untagged,
    when,
)

NAMES = ("stay", "sig", "idx", "arm64", "ref", "lost", *(f"b{number}" for number in range(12)))
ALL = {"delete": {"tags": ["v*"]}}
UNTAGGED = {"delete": {"untagged": True}}


def builds(drawn: Drawn, *days: float, repository: str = "app", prefix: str = "v") -> Drawn:
    """Images b0, b1, ... with the tags v0, v1, ..., each so many days old."""
    for number, one in enumerate(days):
        tags = (f"{prefix}{number}",) if prefix else ()
        drawn.add(f"b{number}", image(f"b{number}"), *tags, repository=repository, at=ago(one))
    return drawn


@pytest.mark.parametrize(
    ("keep", "gone"),
    [
        ({"newest": 2, "tags": ["v*"]}, "b1 b3"),
        ({"newest": 9, "tags": ["v*"]}, ""),
        ({"newest": 1, "tags": ["v0", "v[13]"]}, "b2 b3"),
        ({"newest": 1, "tag_regex": "v[13]"}, "b0 b2 b3"),
        ({"newest": 2}, "b1 b3"),
    ],
)
def test_the_newest_are_kept_by_the_time_of_the_api(keep: dict[str, Any], gone: str) -> None:
    drawn = builds(draw(), 30, 40, 20, 50)
    stay = replace(drawn.repositories["app"][0], updated_at=ago(90))
    drawn.repositories["app"][0] = stay
    assert deleted(plan(drawn, rules({"keep": keep}, ALL)), NAMES) == gone


def test_a_tie_at_the_edge_keeps_all_of_the_tie() -> None:
    drawn = builds(draw(), 30, 20, 30, 30, 40)
    assert deleted(plan(drawn, rules({"keep": {"newest": 2, "tags": ["v*"]}}, ALL)), NAMES) == "b4"


def test_tags_of_an_image_and_companions_and_children_take_no_place_of_a_count() -> None:
    drawn = (
        builds(draw(), 30, 40)
        .add("idx", index("arm64"), "v8", "v9", at=ago(20))
        .add("arm64", image("x"), at=ago(10))
        .add("sig", image("s"), companion_tag("idx", ".sig"), at=ago(9))
        .add("ref", image("n", subject="idx"), "v7", at=ago(8))
        .add("lost", image("l", subject="idx"), companion_tag("b0", ".att"), at=ago(8))
    )
    found = plan(drawn, rules({"keep": {"newest": 2, "tags": ["v*"]}}, ALL))
    assert deleted(found, NAMES) == "b1"
    assert untagged(found) == ""


def test_untagged_images_have_a_count_of_their_own() -> None:
    drawn = builds(draw(), 30, 10, 20, prefix="")
    drawn.add("idx", index("arm64"), at=ago(40)).add("arm64", image("x"), at=ago(5))
    assert deleted(plan(drawn, rules({"keep": {"newest": 1}}, UNTAGGED)), NAMES) == "b0 b1 b2 idx arm64"
    assert deleted(plan(drawn, rules({"keep": {"newest": 2, "untagged": True}}, UNTAGGED)), NAMES) == "b0 idx arm64"


def test_a_promotion_counts_where_only_the_time_of_the_tag_moved() -> None:
    drawn = builds(draw(), 60, 50)
    old = {"delete": {"tags": ["v*"], "older_than": "30d"}}
    times = {TagPlace("app", "v0"): when(3), TagPlace("app", "v1"): when(70), TagPlace("far", "v1"): when(1)}
    assert deleted(plan(drawn, rules(old), tag_times=times), NAMES) == "b1"
    kept = rules(ALL, {"keep": {"tags": ["v*"], "newest": 1}})
    assert (deleted(plan(drawn, kept), NAMES), deleted(plan(drawn, kept, tag_times=times), NAMES)) == ("b0", "b1")
    fresh = plan(drawn, rules(ALL), tag_times={TagPlace("app", "v0"): when(0.5)})
    assert (deleted(fresh, NAMES), reason(fresh, "b0")) == ("b1", "too_young")


@pytest.mark.parametrize(("percent", "gone"), [(30, "far/b0"), (59, "far/b0"), (60, "b0 b1 b2 far/b0")])
def test_too_large_a_part_of_a_repository_refuses_the_repository_as_a_whole(percent: int, gone: str) -> None:
    drawn = builds(builds(draw(), 9, 9, 9), 9, repository="far")
    for number in range(3):
        drawn.add(f"b{number + 5}", image(), f"w{number}", repository="far")
    drawn.add("arm64", image("x")).add("sig", image("s"), companion_tag("stay", ".sig"))
    found = plan(drawn, rules(ALL), settings=replace(OPEN, max_delete_percent=percent))
    assert deleted(found, NAMES) == gone
    # The untagged image without a parent is an image too, the signature is not.
    told = f"delete 3 of the 5 images of the repository app, and max_delete_percent allows {percent}"
    assert (told in (found.repositories[0].refusal or "")) == (percent < 60)
    assert found.repositories[1].refusal is None


def test_a_refused_repository_shows_what_would_go_and_keeps_what_belongs_to_it_elsewhere() -> None:
    drawn = builds(draw(), 9).add("sig", image("s"), companion_tag("b0", ".sig"), repository="sigs")
    found = plan(drawn, rules(ALL), settings=replace(OPEN, max_delete_percent=49))
    assert (deleted(found, NAMES), found.freed_bytes, found.has_changes) == ("", 0, False)
    assert [one.digest for one in found.repositories[0].decisions if one.is_deleted] == [sha("b0")]
    assert reason(found, "sig", "sigs") == "subject_of"


@pytest.mark.parametrize(
    ("days", "kept"), [((9, 3, 5), "b1"), ((3, 3), "b0")], ids=["the newest", "the first of the same age"]
)
def test_the_last_image_of_a_repository_stays(days: tuple[float, ...], kept: str) -> None:
    found = plan(builds(Drawn(), *days), rules(ALL))
    assert {one.digest for one in decisions(found).values() if not one.is_deleted} == {sha(kept)}
    (last,) = (one for one in decisions(found).values() if not one.is_deleted)
    assert (last.reason, last.rule) == ("kept_by_rule", LAST_IMAGE)


def test_an_image_with_a_tag_is_the_last_before_an_image_without() -> None:
    drawn = builds(Drawn(), 9).add("lost", image("l"), at=ago(3))
    assert deleted(plan(drawn, rules(ALL, UNTAGGED)), NAMES) == "lost"


def test_the_count_is_over_the_registry_and_refuses_the_plan() -> None:
    drawn = builds(builds(draw("app", "far"), 9, 9), 9, repository="far")
    assert plan(drawn, rules(ALL), settings=replace(OPEN, max_delete_count=3)).refusal is None
    found = plan(drawn, rules(ALL), settings=replace(OPEN, max_delete_count=2))
    assert "3 images of the registry acme, and max_delete_count allows 2" in (found.refusal or "")
    assert deleted(found, NAMES) == "b0 b1 far/b0"
    assert not found.has_changes


def test_the_consent_is_named_before_anything_is_read_and_the_plan_is_shown() -> None:
    closed = PruneSettings("acme")
    harmless = policies(rules({"delete": {"untagged": True, "older_than": "9d"}}, {"delete": {"orphaned": True}}))
    assert consent_fault(harmless, closed) is None
    tagged = policies(rules({"name": "drop", **ALL}, {"name": "half", "delete": {"children_missing": "partly"}}))
    fault = consent_fault(tagged, closed)
    assert fault is not None
    assert (fault.where, "drop, half" in fault.what, fault.kind) == ("allow_delete_images", True, "forbidden")
    assert consent_fault(tagged, replace(closed, allow_delete_images=True)) is None
    found = plan(builds(draw(), 9), rules(ALL), settings=replace(OPEN, allow_delete_images=False))
    assert "allow_delete_images" in (found.refusal or "")
    assert deleted(found, NAMES) == "b0"


def uses_plan(uses: PlanUses) -> Any:
    return plan_prune(builds(draw(), 9, prefix="").graph(), policies(None), uses, OPEN, NOW)


def test_an_unread_source_of_uses_refuses_the_plan_unless_it_may_be_missing() -> None:
    plum, apps = UnreadSource("cluster plum", "timed out."), UnreadSource("apps", "403")
    found = uses_plan(PlanUses({}, ImageUses((), (plum,), is_stated=True, excused=(apps,))))
    assert "cluster plum: timed out)" in found.refusal
    assert "apps" not in found.refusal
    assert uses_plan(PlanUses({}, ImageUses((), is_stated=True, excused=(apps, plum)))).refusal is None


def test_without_a_stated_source_of_uses_the_plan_is_shown_and_refused() -> None:
    found = uses_plan(PlanUses())
    assert "in_use: none" in found.refusal
    assert (deleted(found, NAMES), found.has_changes) == ("b0", False)


def test_a_repository_whose_list_was_not_read_is_named() -> None:
    drawn = builds(draw(), 9)
    drawn.errors["far"] = "The list changed while read."
    found = plan(drawn, rules(ALL))
    assert {one.repository: one.refusal for one in found.repositories} == {
        "app": None,
        "far": "The list changed while read.",
    }
    assert deleted(found, NAMES) == "b0"


def test_bytes_are_freed_once_and_only_where_nothing_that_stays_names_them() -> None:
    drawn = draw("app", "far")
    drawn.add("b0", image("base", "own"), "v0").add("b1", image("base", "own", "twice"), "v1")
    drawn.add("b2", image("base"), "w2", repository="far").add(
        "b1", image("base", "own", "twice"), "v1", repository="far"
    )
    # Both configurations, "own" once, "twice" once; "base" belongs to an image that stays.
    assert plan(drawn, rules(ALL)).freed_bytes == 7 + 7 + 3000 + 5000


def test_a_pattern_that_no_tag_matches_is_a_warning_and_an_age_is_a_note() -> None:
    drawn = builds(draw(), 9, 8)
    old = {"name": "old", "delete": {"tags": ["v*"], "older_than": "60d"}}
    typo = {"name": "typo", "delete": {"tags": ["b*"]}}
    found = plan(drawn, [*rules(old, repositories=["none"]), *rules(old | {"name": "older"}, typo)])
    assert [one.split(":")[0] for one in found.warnings] == [
        "The policy policies[0] is for no repository of the registry",
        "The rule typo matches nothing",
    ]
    # The image that stays is old enough, and its tag is another.
    assert "The rule older chooses none of the 3 manifests" in found.notes[0]
    assert found.notes[0].endswith(": tags 2, older_than 1.")
    assert "typo" in found.notes[1]
    assert plan(drawn).notes == plan(drawn).warnings == ()
