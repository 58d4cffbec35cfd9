# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changed since a plan was approved, and what of the plan is still valid.

A deletion is void where the manifest has other tags, a parent or a companion that the plan does not know, or where a
plan made now would keep the manifest. Void is the deletion of the manifest, and of all that belongs to the manifest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from ..images.graph import ImageGraph
from ..images.inventory import ManifestPlace
from ..names import join_names
from .deletions import freed_bytes
from .plan import (
    CHILD_OF,
    IN_USE,
    KEPT_BY_RULE,
    NO_RULE,
    SUBJECT_OF,
    TAGGED,
    TOO_YOUNG,
    UNREADABLE,
    ManifestDecision,
    PrunePlan,
    RepositoryPlan,
    TagRemoval,
)

SKIP, REFUSE = "skip", "refuse"
ON_CHANGE = (SKIP, REFUSE)
# What changed.
TAGS_CHANGED, NEW_PARENT, NEW_COMPANION, NOW_KEPT, TAG_KEPT, REFUSED = (
    "tags_changed",
    "new_parent",
    "new_companion",
    "now_kept",
    "tag_kept",
    "refused",
)


@dataclass(frozen=True)
class PlanDifference:
    """Why a deletion of an approved plan is void; `digest` is empty where a whole repository is refused."""

    repository: str
    digest: str
    kind: str
    message: str

    def shape(self) -> dict[str, str]:
        """The difference as a user sees it."""
        return {"repository": self.repository, "digest": self.digest, "kind": self.kind, "message": self.message}


def compare_plans(approved: PrunePlan, fresh: PrunePlan, graph: ImageGraph) -> tuple[PlanDifference, ...]:
    """What makes deletions of the approved plan void. `fresh` was made now from `graph`.

    A manifest that does not exist any longer makes no difference, and neither does one that would be deleted only now.
    """
    known = {one.digest for part in approved.repositories for one in part.decisions}
    return tuple(
        one for plan in approved.repositories for one in _differences(plan, known, _by_name(fresh, plan), graph)
    )


def restrict_plan(
    approved: PrunePlan, fresh: PrunePlan, graph: ImageGraph, differences: Sequence[PlanDifference]
) -> PrunePlan:
    """What of the approved plan is valid: nothing that differs, and nothing that belongs to what differs.

    The decisions are those of now, and a manifest that only the fresh plan would delete stays. `freed_bytes` is of
    what is left.
    """
    void = _void_places(graph, differences)
    tags = {(one.repository, one.digest) for one in differences if one.kind == TAG_KEPT}
    before = {one.repository: one for one in approved.repositories}
    plans = tuple(
        _restricted(one, before.get(one.repository, RepositoryPlan(one.repository)), void, tags)
        for one in fresh.repositories
    )
    left = {ManifestPlace(plan.repository, one) for plan in plans for one in plan.deletions}
    return replace(fresh, repositories=plans, freed_bytes=freed_bytes(graph, left))


def _by_name(plan: PrunePlan, other: RepositoryPlan) -> RepositoryPlan:
    """The plan of the same repository; an empty plan where the repository does not exist any longer."""
    same = (one for one in plan.repositories if one.repository == other.repository)
    return next(same, RepositoryPlan(other.repository))


def _differences(
    approved: RepositoryPlan, known: Collection[str], fresh: RepositoryPlan, graph: ImageGraph
) -> Iterator[PlanDifference]:
    if fresh.refusal is not None:
        if approved.deletions or approved.untagged:
            yield PlanDifference(approved.repository, "", REFUSED, fresh.refusal)
        return
    now = {one.digest: one for one in fresh.decisions}
    before = {one.digest: one for one in approved.decisions}
    for digest in approved.deletions:
        if digest in now:
            found = _difference(ManifestPlace(approved.repository, digest), before[digest], now[digest], graph, known)
            if found is not None:
                yield PlanDifference(approved.repository, digest, *found)
    for one in approved.untagged:
        decision = now.get(one.digest)
        if decision is not None and one.tag in decision.tags and one not in fresh.untagged:
            what = f"The tag {one.tag} of {_name(approved, one.digest)} would stay now: {_why(decision)}."
            yield PlanDifference(approved.repository, one.digest, TAG_KEPT, what)
        elif one.tag not in (decision.tags if decision is not None else ()):
            moved = next((each.digest for each in fresh.decisions if one.tag in each.tags), None)
            if moved is not None:
                what = f"The tag {one.tag} of {_name(approved, one.digest)} moved to {moved}."
                yield PlanDifference(approved.repository, one.digest, TAG_KEPT, what)


def _difference(
    place: ManifestPlace, before: ManifestDecision, now: ManifestDecision, graph: ImageGraph, known: Collection[str]
) -> tuple[str, str] | None:
    """What changed of a manifest to delete: the kind, and a sentence."""
    name = f"{place.digest} of the repository {place.repository}"
    if set(before.tags) != set(now.tags):
        had, has = (join_names(sorted(one)) or "no tag" for one in (before.tags, now.tags))
        return TAGS_CHANGED, f"The tags of {name} changed: the plan has {had}, and the registry has {has}."
    for kind, links, what in (
        (NEW_PARENT, graph.parents, "an index that names it"),
        (NEW_COMPANION, graph.companions, "a companion"),
    ):
        new = [one for one in links.get(place.digest, ()) if one not in known]
        if new:
            return kind, f"{name} has {what} that the plan does not know: {join_names(new)}."
    if not now.is_deleted:
        return NOW_KEPT, f"{name} would be kept now: {_why(now)}."
    return None


def _name(plan: RepositoryPlan, digest: str) -> str:
    return f"{digest} of the repository {plan.repository}"


def _why(decision: ManifestDecision) -> str:
    """Why a manifest is kept, as a sentence part."""
    return {
        UNREADABLE: "the manifest, or another manifest of its repository, could not be read",
        IN_USE: f"used by {join_names(decision.used_by)}",
        KEPT_BY_RULE: f"kept by the rule {decision.rule}",
        TOO_YOUNG: "younger than the grace period",
        CHILD_OF: f"the index {decision.by} names the manifest",
        SUBJECT_OF: f"a companion of {decision.by}",
        TAGGED: f"has the tags {join_names(decision.tags)}",
    }.get(decision.reason, "no rule deletes the manifest")


def _void_places(graph: ImageGraph, differences: Sequence[PlanDifference]) -> set[str]:
    """The digests that are void, with all that belongs to them."""
    refused = {one.repository for one in differences if one.kind == REFUSED}
    own = {one.digest for one in differences if one.kind not in (REFUSED, TAG_KEPT)}
    own |= {place.digest for place in graph.listed if place.repository in refused}
    void = set[str]()
    graph.spread(own, void)
    return void


def _restricted(
    fresh: RepositoryPlan, approved: RepositoryPlan, void: set[str], kept_tags: set[tuple[str, str]]
) -> RepositoryPlan:
    if fresh.refusal is not None:
        return fresh
    approved_tags = {one for one in approved.untagged if (approved.repository, one.digest) not in kept_tags}
    going = {one for one in approved.deletions if one not in void}
    deletions = tuple(one for one in fresh.deletions if one in going)
    removals: tuple[TagRemoval, ...] = tuple(one for one in fresh.untagged if one in approved_tags)
    decisions = tuple(
        one if not one.is_deleted or one.digest in going else replace(one, is_deleted=False, reason=NO_RULE, rule=None)
        for one in fresh.decisions
    )
    return RepositoryPlan(fresh.repository, decisions, removals, deletions)
