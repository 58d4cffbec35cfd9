# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans as documents and tables, and what of an approved plan is valid after the registry changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import ManifestPlace
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.comparison import (
    compare_plans,
    restrict_plan,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.document import (
    digest_of,
    plan_digest,
    read_plan,
    shape_plan,
    summarize_plan,
    summary_differences,
    write_plan,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.plan import PrunePlan
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.planner import plan_prune
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.request import PlanUses
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.table import plan_lines, size_text
from support.image_graphs import Drawn, companion_tag, image, index, sha
from support.prune_plans import NOW, OPEN, STATED, ago, deleted, draw, plan, policies, rules, untagged

NAMES = ("idx", "arm64", "sig", "img", "two", "old", "new", "stay")
RULES = rules({"name": "old versions", "delete": {"tags": ["v*"], "older_than": "5d"}}, {"delete": {"untagged": True}})


def registry(*, without: str = "") -> Drawn:
    """A signed image and a plain image that go, an image that loses a tag, and an untagged image elsewhere."""
    drawn = draw("app", "far").add("more", image("m"), "w1", repository="far")
    parts: list[tuple[str, dict[str, Any], tuple[str, ...], str]] = [
        ("idx", index("arm64"), ("v1",), "app"),
        ("arm64", image("a"), (), "app"),
        ("sig", image("s"), (companion_tag("idx", ".sig"),), "app"),
        ("img", image("b"), ("v2",), "app"),
        ("two", image("c"), ("v3", "w3"), "app"),
        ("old", image("d"), (), "far"),
    ]
    for name, raw, tags, repository in parts:
        if name != without:
            drawn.add(name, raw, *tags, repository=repository)
    return drawn


def test_a_plan_survives_its_document() -> None:
    found = plan(registry(), RULES, {"stay": "pod shop/web-0 in the cluster plum"})
    again = read_plan(write_plan(found), "acme")
    assert shape_plan(again) == shape_plan(found)
    assert (deleted(again, NAMES), untagged(again)) == ("idx arm64 sig img far/old", "v3")


def test_two_plans_of_the_same_registry_differ_only_in_time_and_the_digest_is_over_what_goes() -> None:
    first = plan(registry(), RULES)
    later = replace(first, made_at=NOW + timedelta(days=1))
    before, after = shape_plan(first), shape_plan(later)
    assert {key for key in before if before[key] != after[key]} == {"made_at", "checksum"}
    more = registry().add("new", image("x"), "w9", at=ago(0)).add("new", image("x"), "w9", repository="new")
    assert plan_digest(plan(more, RULES)) == plan_digest(first)
    assert plan_digest(plan(registry(without="old"), RULES)) != plan_digest(first)
    assert plan_digest(plan(registry(), rules({"delete": {"tags": ["v*"]}}))) != plan_digest(first)


def signed(document: dict[str, Any]) -> str:
    """The document with a checksum that fits."""
    rest = {key: value for key, value in document.items() if key != "checksum"}
    return json.dumps({**rest, "checksum": digest_of(rest)})


def edited(change: Callable[[dict[str, Any]], object]) -> str:
    document = json.loads(write_plan(plan(registry(), RULES)))
    change(document)
    return signed(document)


BROKEN_FILES: dict[str, tuple[str, str]] = {
    "no JSON": ("{", "not JSON"),
    "a list": ("[]", "not a plan"),
    "another document": ('{"format": "x"}', "not a plan"),
    "another version": (edited(lambda one: one.update(version=2)), "the version 2"),
    "another registry": (edited(lambda one: one.update(registry="plum")), "for the registry plum"),
    "edited": (write_plan(plan(registry(), RULES)).replace('"v2"', '"v9"'), "was changed"),
    "a missing part": (edited(lambda one: one.pop("notes")), "lacks"),
    "an unknown reason": (edited(lambda one: one["repositories"][0]["manifests"][0].update(reason="x")), "lacks"),
    "a number as a tag": (edited(lambda one: one["repositories"][0]["manifests"][0].update(tags=[1])), "lacks"),
    "a time that is none": (edited(lambda one: one.update(made_at="soon")), "lacks"),
    "another plan digest": (edited(lambda one: one.update(plan_digest="sha256:0")), "contradicts"),
    "a deletion more": (edited(lambda one: one["repositories"][0]["delete"].append(sha("stay"))), "contradicts"),
}


@pytest.mark.parametrize(("content", "why"), BROKEN_FILES.values(), ids=BROKEN_FILES.keys())
def test_a_broken_foreign_or_edited_file_is_refused(content: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_plan(content, "acme")


def compared(after: Drawn, used: tuple[str, ...] = (), settings: Any = OPEN) -> tuple[list[tuple[str, str]], PrunePlan]:
    """The kinds of the differences with the name of the digest, and what is left of the plan."""
    approved = read_plan(write_plan(plan(registry(), RULES)), "acme")
    graph = after.graph()
    uses = PlanUses({sha(one): ("pod shop/web-0",) for one in used}, STATED)
    fresh = plan_prune(graph, policies(RULES), uses, settings, NOW)
    found = compare_plans(approved, fresh, graph)
    called = {sha(one): one for one in NAMES}
    kinds = [(one.kind, called.get(one.digest, one.repository)) for one in found]
    return kinds, restrict_plan(approved, fresh, graph, found)


def retagged(name: str, *tags: str) -> Drawn:
    drawn = registry()
    drawn.repositories["app"] = [
        replace(one, tags=tags) if one.digest == sha(name) else one for one in drawn.repositories["app"]
    ]
    return drawn


CHANGES: dict[str, tuple[Drawn, tuple[str, ...], list[tuple[str, str]], str, str]] = {
    "nothing": (registry(), (), [], "idx arm64 sig img far/old", "v3"),
    "an unrelated push": (
        registry().add("new", image("x"), "w9", at=ago(0)),
        (),
        [],
        "idx arm64 sig img far/old",
        "v3",
    ),
    "a manifest that only a plan of now deletes": (
        registry().add("new", image("x")),
        (),
        [],
        "idx arm64 sig img far/old",
        "v3",
    ),
    "a manifest that is gone": (registry(without="img"), (), [], "idx arm64 sig far/old", "v3"),
    "a moved tag": (
        retagged("img").add("new", image("x"), "v2", at=ago(0)),
        (),
        [("tags_changed", "img")],
        "idx arm64 sig far/old",
        "v3",
    ),
    "a new tag": (
        retagged("idx", "v1", "w1"),
        (),
        [("tags_changed", "idx"), ("now_kept", "arm64"), ("now_kept", "sig")],
        "img far/old",
        "v3",
    ),
    "a new parent": (
        registry().add("new", index("img"), "w9", at=ago(0)),
        (),
        [("new_parent", "img")],
        "idx arm64 sig far/old",
        "v3",
    ),
    "a new parent of a child": (
        registry().add("new", index("arm64"), "w9", at=ago(0)),
        (),
        [("new_parent", "arm64")],
        "idx sig img far/old",
        "v3",
    ),
    "a new signature": (
        registry().add("new", image("x"), companion_tag("img", ".sig"), at=ago(0)),
        (),
        [("new_companion", "img")],
        "idx arm64 sig far/old",
        "v3",
    ),
    "a use of a platform": (
        registry(),
        ("arm64",),
        [("now_kept", "idx"), ("now_kept", "arm64"), ("now_kept", "sig")],
        "img far/old",
        "v3",
    ),
    "a use of an image that loses a tag": (
        registry(),
        ("two",),
        [("tag_kept", "two")],
        "idx arm64 sig img far/old",
        "",
    ),
    "a tag that moved instead of leaving": (
        retagged("two", "w3").add("new", image("x"), "v3", at=ago(0)),
        (),
        [("tag_kept", "two")],
        "idx arm64 sig img far/old",
        "",
    ),
}


@pytest.mark.parametrize(("after", "used", "kinds", "left", "tags"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_makes_void_what_it_concerns_and_what_belongs_to_it(
    after: Drawn, used: tuple[str, ...], kinds: list[tuple[str, str]], left: str, tags: str
) -> None:
    found, rest = compared(after, used)
    assert found == kinds
    assert (deleted(rest, NAMES), untagged(rest)) == (left, tags)
    places = {ManifestPlace(part.repository, one) for part in rest.repositories for one in part.deletions}
    told = {
        ManifestPlace(part.repository, one.digest)
        for part in rest.repositories
        for one in part.decisions
        if one.is_deleted
    }
    assert places == told


def test_a_brake_that_acts_now_is_a_difference_of_its_repository() -> None:
    kinds, rest = compared(registry(), settings=replace(OPEN, max_delete_percent=49))
    assert kinds == [("refused", "app")]
    assert (deleted(rest, NAMES), untagged(rest)) == ("far/old", "")


def test_a_difference_is_a_sentence_with_the_cause() -> None:
    after = retagged("img", "v2", "w2")
    approved = plan(registry(), RULES)
    graph = after.graph()
    fresh = plan_prune(graph, policies(RULES), PlanUses({sha("idx"): ("pod shop/web-0",)}, STATED), OPEN, NOW)
    texts = {one.digest: one.message for one in compare_plans(approved, fresh, graph)}
    assert texts[sha("img")].endswith("changed: the plan has v2, and the registry has v2, w2.")
    assert texts[sha("idx")].endswith("of the repository app would be kept now: used by pod shop/web-0.")


def test_a_summary_names_the_repositories_that_differ() -> None:
    before = summarize_plan(plan(registry(), RULES))
    assert (before["deleted_manifests"], before["untagged_tags"]) == (5, 1)
    assert before["repositories"]["far"]["deleted_manifests"] == 1
    assert summary_differences(json.loads(json.dumps(before)), plan(registry(), RULES)) == ()
    (told,) = summary_differences(before, plan(registry(without="old"), RULES))
    assert told == (
        "The repository far: 1 deletions and 0 removed tags were approved, "
        "and the plan has 0 deletions and 0 removed tags."
    )
    assert len(summary_differences({}, plan(registry(), RULES))) == 2


def test_the_table_is_grouped_by_repository() -> None:
    lines = plan_lines(plan(registry(), RULES, settings=replace(OPEN, max_delete_count=1)))
    assert lines[0] == "app: keeps 2 tagged"
    assert lines[1].split() == ["action", "manifest", "tags", "rule", "with"]
    assert [line.split()[0] for line in lines[2:7]] == ["delete", "delete", "delete", "delete", "untag"]
    (signature,) = (line for line in lines if ".sig" in line)
    assert re.split(" {2,}", signature)[-2:] == ["old versions", sha("idx")[:19]]
    assert max(map(len, lines[:8])) <= 120
    assert lines[7] == "far: keeps 2 tagged"
    assert lines[-2] == "The registry acme: 5 manifests to delete, 1 tags to remove, 4.0 kB to free."
    assert "max_delete_count" in lines[-1]
    assert "3 more rows" in plan_lines(plan(registry(), RULES), 2)[4]


def test_the_table_of_a_refused_repository_says_why_and_what_would_go() -> None:
    lines = plan_lines(plan(registry(), RULES, settings=replace(OPEN, max_delete_percent=49)))
    assert "max_delete_percent" in lines[1]
    assert [line.split()[0] for line in lines[3:7]] == ["refused"] * 4


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_500_000, "1.5 MB"), (10**16, "10000.0 TB")]
)
def test_sizes(count: int, text: str) -> None:
    assert size_text(count) == text
