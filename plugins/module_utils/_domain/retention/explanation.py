# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a policy or a rule has no effect in a registry, as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import NamedTuple

from ..names import join_names
from .facts import ManifestFacts
from .matching import matching
from .rules import BUILT_IN_POLICY, Conditions, RetentionPolicies, RetentionPolicy, RetentionRule

_NONE = Conditions()


class PolicyScope(NamedTuple):
    """A policy with the manifests of its repositories, and how many manifests each of its rules chooses."""

    policy: RetentionPolicy
    manifests: Sequence[ManifestFacts]
    matches: Mapping[str, int]
    has_repository: bool


def policy_warnings(policies: RetentionPolicies, scopes: Sequence[PolicyScope], now: datetime) -> Iterator[str]:
    """What the user probably did not mean: a policy without repositories, and a pattern that no tag matches."""
    yield from policies.warnings
    for scope in scopes:
        if scope.policy is BUILT_IN_POLICY:
            continue
        if not scope.has_repository:
            names = join_names(scope.policy.repositories)
            yield f"The policy {scope.policy.where} is for no repository of the registry: none has it for {names}."
            continue
        for rule in scope.policy.rules:
            if not scope.matches.get(rule.where) and _is_pattern_unmatched(rule, scope.manifests, now):
                yield f"The rule {rule.name} matches nothing: no tag or digest of its repositories is as it says."


def policy_notes(scopes: Sequence[PolicyScope], now: datetime) -> Iterator[str]:
    """Why a rule chooses nothing at present: how many manifests fulfil each of its conditions alone."""
    for scope in scopes:
        for rule in scope.policy.rules if scope.has_repository and scope.policy is not BUILT_IN_POLICY else ():
            if not scope.matches.get(rule.where):
                counts = ", ".join(_counts(rule, scope.manifests, now))
                yield (
                    f"The rule {rule.name} chooses none of the {len(scope.manifests)} manifests of its repositories "
                    f"at present; manifests for which a condition holds alone: {counts}."
                )


def _is_pattern_unmatched(rule: RetentionRule, manifests: Sequence[ManifestFacts], now: datetime) -> bool:
    only = replace(
        _NONE,
        tags=rule.conditions.tags,
        tag_regex=rule.conditions.tag_regex,
        semver=rule.conditions.semver,
        digests=rule.conditions.digests,
    )
    return only != _NONE and not _count(rule, only, manifests, now)


def _counts(rule: RetentionRule, manifests: Sequence[ManifestFacts], now: datetime) -> Iterator[str]:
    for field in fields(Conditions):
        value = getattr(rule.conditions, field.name)
        if field.name != "newest" and value != getattr(_NONE, field.name):
            only = replace(_NONE, **{field.name: value})
            yield f"{field.name} {_count(rule, only, manifests, now)}"


def _count(rule: RetentionRule, only: Conditions, manifests: Sequence[ManifestFacts], now: datetime) -> int:
    return sum(1 for _one in matching(replace(rule, conditions=only), manifests, now, may_delete_orphans=True))
