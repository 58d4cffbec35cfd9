# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rules of a policy choose in a repository: tags and images to delete, and tags and images to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import NamedTuple

from .facts import ManifestFacts
from .rules import Conditions, RetentionPolicy, RetentionRule
from .tag_regex import tag_regex
from .versions import parse_version


class RuleMatch(NamedTuple):
    """A manifest that a rule chooses: with the numbers of the chosen tags, or as a whole where `tags` is None."""

    facts: ManifestFacts
    tags: tuple[int, ...] | None


@dataclass(frozen=True)
class Choice:
    """What the rules say of a manifest.

    `kept_by` is the first rule that keeps the manifest as a whole or one of its tags, `is_whole` whether as a whole.
    `going` are the tags that rules delete and no rule keeps. `deleted_by` is the first rule that deletes the manifest,
    where no tag stays.
    """

    kept_by: str | None = None
    is_whole: bool = False
    going: tuple[str, ...] = ()
    deleted_by: str | None = None


NO_CHOICE = Choice()


@dataclass(frozen=True)
class RepositoryChoices:
    """The choices by digest, and how many manifests each rule chooses, by the rule's `where`."""

    choices: Mapping[str, Choice]
    matches: Mapping[str, int]


def choose(policy: RetentionPolicy, manifests: Sequence[ManifestFacts], now: datetime) -> RepositoryChoices:
    """What the rules of a policy choose among the manifests of a repository."""
    keeping: dict[str, dict[int | None, str]] = {}
    deleting: dict[str, dict[int | None, str]] = {}
    matches: dict[str, int] = {}
    is_named = _may_delete_orphans(policy, manifests)
    for rule in policy.rules:
        found = list(matching(rule, manifests, now, may_delete_orphans=is_named))
        matches[rule.where] = len(found)
        chosen = deleting if rule.is_delete else keeping
        for one in found:
            of_manifest = chosen.setdefault(one.facts.place.digest, {})
            for number in (None,) if one.tags is None else one.tags:
                of_manifest.setdefault(number, rule.name)
    choices = {
        one.place.digest: _combine(one, keeping.get(one.place.digest, {}), deleting.get(one.place.digest, {}))
        for one in manifests
        if one.place.digest in keeping or one.place.digest in deleting
    }
    return RepositoryChoices(choices, matches)


def matching(
    rule: RetentionRule, manifests: Sequence[ManifestFacts], now: datetime, *, may_delete_orphans: bool
) -> Iterator[RuleMatch]:
    """The manifests that a rule chooses."""
    conditions = rule.conditions
    candidates = (one for one in manifests if _is_asked(rule, one, may_delete_orphans=may_delete_orphans))
    match = _match_tags if conditions.is_about_tags else _match_image
    found = [one for one in (match(conditions, each, now) for each in candidates) if one is not None]
    yield from found if conditions.newest is None else _newest(conditions, found)


def matches_tag(conditions: Conditions, tag: str) -> bool:
    """Whether a tag fulfils all conditions on tags."""
    if conditions.tags and not any(fnmatchcase(tag, one) for one in conditions.tags):
        return False
    if conditions.tag_regex is not None and not tag_regex(conditions.tag_regex).matches(tag):
        return False
    if conditions.semver is None and not conditions.prereleases:
        return True
    version = parse_version(tag)
    if version is None or (conditions.prereleases and not version.is_pre_release):
        return False
    return conditions.semver is None or conditions.semver.has(version)


def _may_delete_orphans(policy: RetentionPolicy, manifests: Sequence[ManifestFacts]) -> bool:
    """Whether orphaned companions are the rules' business.

    A repository without a user's tag may hold the signatures of images in other registries, so the user must name it.
    """
    return any(one.tags for one in manifests) or any(policy.names(one.place.repository) for one in manifests[:1])


def _is_asked(rule: RetentionRule, facts: ManifestFacts, *, may_delete_orphans: bool) -> bool:
    """Whether a rule is about a manifest at all: companions are the business of few rules."""
    conditions = rule.conditions
    if not facts.is_companion:
        return not conditions.orphaned
    if not rule.is_delete:
        return bool(conditions.digests)
    return facts.is_orphaned and may_delete_orphans and (conditions.orphaned or conditions.untagged)


def _match_image(conditions: Conditions, facts: ManifestFacts, now: datetime) -> RuleMatch | None:
    is_match = _is_such_image(conditions, facts) and _has_age(conditions, facts.time, now)
    return RuleMatch(facts, None) if is_match else None


def _match_tags(conditions: Conditions, facts: ManifestFacts, now: datetime) -> RuleMatch | None:
    if not facts.tag_times or not _is_such_image(conditions, facts):
        return None
    tags = tuple(
        number
        for number, tag in enumerate(facts.tags)
        if matches_tag(conditions, tag) and _has_age(conditions, facts.tag_times[number], now)
    )
    return RuleMatch(facts, tags) if tags else None


def _is_such_image(conditions: Conditions, facts: ManifestFacts) -> bool:
    """Whether the conditions on the image hold, except for its age."""
    if conditions.untagged and not facts.is_untagged:
        return False
    if conditions.children_missing is not None and facts.missing != conditions.children_missing:
        return False
    return not conditions.digests or facts.place.digest in conditions.digests


def _has_age(conditions: Conditions, time: datetime | None, now: datetime) -> bool:
    """Whether an age is right: strictly older or younger. A manifest without a time has no age."""
    if conditions.older_than is None and conditions.younger_than is None:
        return True
    if time is None:
        return False
    age: timedelta = now - time
    is_old = conditions.older_than is None or age > conditions.older_than
    return is_old and (conditions.younger_than is None or age < conditions.younger_than)


def _newest(conditions: Conditions, found: Sequence[RuleMatch]) -> Iterator[RuleMatch]:
    """The newest images of the found, per glob of tags; a tie at the edge keeps all of the tie."""
    images = [one for one in found if one.facts.is_image and one.facts.is_untagged == conditions.untagged]
    kept: dict[str, set[int] | None] = {}
    for glob in conditions.tags or (None,):
        ranked = []
        for one in images:
            tags = None if one.tags is None else _of_glob(one, glob)
            if tags is None or tags:
                times = [one.facts.tag_times[number] for number in tags] if tags else [one.facts.time]
                ranked.append((max(time for time in times if time is not None), one, tags))
        ranked.sort(key=lambda entry: entry[0], reverse=True)
        edge = ranked[: conditions.newest][-1][0] if ranked else None
        for time, one, tags in ranked:
            if edge is not None and time >= edge:
                before = kept.setdefault(one.facts.place.digest, None if tags is None else set())
                if before is not None and tags is not None:
                    before.update(tags)
    for one in images:
        if one.facts.place.digest in kept:
            numbers = kept[one.facts.place.digest]
            yield RuleMatch(one.facts, None if numbers is None else tuple(sorted(numbers)))


def _of_glob(match: RuleMatch, glob: str | None) -> tuple[int, ...]:
    tags = match.tags or ()
    return tags if glob is None else tuple(one for one in tags if fnmatchcase(match.facts.tags[one], glob))


def _combine(facts: ManifestFacts, keeping: dict[int | None, str], deleting: dict[int | None, str]) -> Choice:
    """The choice of all rules together; keep beats delete."""
    kept_by = next(iter(keeping.values()), None)
    if None in keeping:
        return Choice(kept_by, is_whole=True)
    going = [
        number
        for number in range(len(facts.tags))
        if number not in keeping and (number in deleting or None in deleting)
    ]
    tags = tuple(facts.tags[number] for number in going)
    if kept_by is not None or len(going) < len(facts.tags):
        return Choice(kept_by, going=tags)
    return Choice(going=tags, deleted_by=next(iter(deleting.values()), None))
