# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a clean-up, from the graph of a registry, the policies, and what is in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ..field_errors import FORBIDDEN, FieldError
from ..images.graph import ImageGraph
from ..images.inventory import ListedRepository, ManifestPlace
from ..names import join_names
from .brakes import BrakedSolution, count_refusal, solve_with_brakes
from .deletions import freed_bytes, order_deletions
from .explanation import PolicyScope, policy_notes, policy_warnings
from .facts import Facts, ManifestFacts, gather_facts
from .matching import NO_CHOICE, Choice, choose
from .plan import (
    CHILD_OF,
    DELETED_BY_RULE,
    NO_RULE,
    SUBJECT_OF,
    ManifestDecision,
    PrunePlan,
    RepositoryPlan,
    TagRemoval,
)
from .protection import protect, spread_uses
from .request import PlanUses, PruneSettings, TagTimes
from .rules import RetentionPolicies
from .solving import Solver

Choices = Mapping[ManifestPlace, Choice]


def plan_prune(
    graph: ImageGraph,
    policies: RetentionPolicies,
    uses: PlanUses,
    settings: PruneSettings,
    now: datetime,
    tag_times: TagTimes | None = None,
) -> PrunePlan:
    """The plan at the time `now`, which has a time zone; takes a time that is linear in the number of manifests.

    `tag_times` are the times of tags, where they are known. The decisions have the order of the lists. A repository
    that holds only companions comes after all others, so that subjects go before their companions.
    """
    facts = gather_facts(graph, tag_times or {})
    scopes, choices = _choose(graph, policies, facts, now)
    protections = protect(facts, choices, spread_uses(graph, uses.uses_of), (settings.grace_period, now))
    governed = {one.name for one in graph.inventory.repositories if policies.of(one.name) is not None}
    chosen = {place: one.deleted_by for place, one in choices.items() if one.deleted_by is not None}
    braked = solve_with_brakes(Solver(graph, governed), facts, protections, chosen, settings)
    planner = _RepositoryPlanner(graph, facts, choices, braked)
    return PrunePlan(
        registry=settings.registry,
        made_at=now,
        repositories=tuple(planner.plan(one) for one in _ordered(graph, facts)),
        freed_bytes=freed_bytes(graph, braked.solution.deleted),
        warnings=tuple(policy_warnings(policies, scopes, now)),
        refusal=" ".join(_refusals(policies, uses, settings, braked.images)) or None,
        notes=tuple(policy_notes(scopes, now)),
    )


def consent_fault(policies: RetentionPolicies, settings: PruneSettings) -> FieldError | None:
    """The missing consent to rules that delete tagged images; known before anything is read."""
    rules = policies.tagged_rules
    if settings.allow_delete_images or not rules:
        return None
    names = join_names(one.name for one in rules)
    return FieldError(
        "allow_delete_images",
        f"the consent to delete tagged images is missing, which these rules require: {names}",
        "set allow_delete_images: true, or let the rules delete untagged images only (untagged: true)",
        FORBIDDEN,
    )


def _choose(
    graph: ImageGraph, policies: RetentionPolicies, facts: Facts, now: datetime
) -> tuple[list[PolicyScope], Choices]:
    """What the rules of each repository's policy choose."""
    choices: dict[ManifestPlace, Choice] = {}
    manifests: dict[str, list[ManifestFacts]] = {one.where: [] for one in policies.policies}
    matches: dict[str, dict[str, int]] = {one.where: {} for one in policies.policies}
    governing = set[str]()
    for repository in graph.inventory.repositories:
        policy = policies.of(repository.name)
        if policy is None:
            continue
        governing.add(policy.where)
        here = [facts[ManifestPlace(repository.name, one.digest)] for one in repository.manifests]
        found = choose(policy, here, now)
        choices |= {ManifestPlace(repository.name, digest): one for digest, one in found.choices.items()}
        manifests[policy.where] += here
        for where, number in found.matches.items():
            matches[policy.where][where] = matches[policy.where].get(where, 0) + number
    scopes = [
        PolicyScope(one, manifests[one.where], matches[one.where], one.where in governing) for one in policies.policies
    ]
    return scopes, choices


def _ordered(graph: ImageGraph, facts: Facts) -> list[ListedRepository]:
    def is_after(repository: ListedRepository) -> bool:
        places = (ManifestPlace(repository.name, one.digest) for one in repository.manifests)
        return all(facts[place].is_companion or not facts[place].is_image for place in places)

    return sorted(graph.inventory.repositories, key=lambda one: (is_after(one), one.name))


def _refusals(policies: RetentionPolicies, uses: PlanUses, settings: PruneSettings, images: int) -> Iterator[str]:
    if uses.found.unread:
        told = "; ".join(f"{one.source}: {one.error.rstrip('.')}" for one in uses.found.unread)
        yield (
            f"Nothing is deleted, since not all sources of images in use could be read ({told}); "
            "fix the causes, or name the sources that may be missing in in_use.may_be_missing."
        )
    if not uses.found.is_stated:
        yield (
            "Nothing is deleted, since no source of images in use is named; "
            "name clusters, apps or images in in_use, or state in_use: none."
        )
    missing = consent_fault(policies, settings)
    if missing is not None:
        yield f"Nothing is deleted: {missing.what}; {missing.advice}."
    too_many = count_refusal(images, settings)
    if too_many is not None:
        yield too_many


class _RepositoryPlanner:
    """Makes the plans of repositories from what goes in the whole registry."""

    def __init__(self, graph: ImageGraph, facts: Facts, choices: Choices, braked: BrakedSolution) -> None:
        self._graph = graph
        self._facts = facts
        self._choices = choices
        self._braked = braked

    def plan(self, repository: ListedRepository) -> RepositoryPlan:
        """The plan of a repository."""
        if repository.error is not None:
            return RepositoryPlan(repository.name, refusal=repository.error)
        places = [ManifestPlace(repository.name, one.digest) for one in repository.manifests]
        decisions = tuple(self._decide(one) for one in places)
        refusal = self._braked.refusals.get(repository.name)
        if refusal is not None:
            return RepositoryPlan(repository.name, decisions, refusal=refusal)
        removals = tuple(
            TagRemoval(tag, one.digest)
            for one, decision in zip(places, decisions, strict=True)
            for tag in self._going(one, decision)
        )
        deletions = order_deletions(self._graph, [one.digest for one in decisions if one.is_deleted])
        return RepositoryPlan(repository.name, decisions, removals, deletions)

    def _decide(self, place: ManifestPlace) -> ManifestDecision:
        tags = self._graph.listed[place].tags
        deletion = self._braked.solution.deleted.get(place) or self._braked.refused.get(place)
        if deletion is not None:
            return ManifestDecision(place.digest, tags, True, DELETED_BY_RULE, deletion.rule, deletion.by)
        protection = self._braked.protections.get(place)
        if protection is not None and not protection.is_last:
            return ManifestDecision(
                place.digest, tags, False, protection.reason, protection.rule, used_by=protection.used_by
            )
        for reason, links in ((CHILD_OF, self._graph.parents), (SUBJECT_OF, self._graph.subjects)):
            for by in links.get(place.digest, ()):
                if by in self._braked.solution.alive:
                    return ManifestDecision(place.digest, tags, False, reason, by=by)
        return ManifestDecision(place.digest, tags, False, NO_RULE if protection is None else protection.reason)

    def _going(self, place: ManifestPlace, decision: ManifestDecision) -> tuple[str, ...]:
        """The tags that leave a manifest which stays: never all of its tags, and none of a protected manifest."""
        protection = self._braked.protections.get(place)
        going = self._choices.get(place, NO_CHOICE).going
        if (
            decision.is_deleted
            or protection is None
            or protection.keeps_tags
            or len(going) == len(self._facts[place].tags)
        ):
            return ()
        return going
