# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules and policies that can never have an effect, found before anything is read: each is a warning.

A rule is covered where every image and tag that the rule chooses is chosen by another rule of the same policy. A rule
that keeps covers a rule that deletes, since keep beats delete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from ..images.tags import parse_companion_tag
from .rules import Conditions, RetentionPolicy, RetentionRule, is_glob
from .tag_regex import LONGEST_TAG, TAG_CHARACTERS, tag_regex


def find_overlaps(policies: Sequence[RetentionPolicy]) -> Iterator[str]:
    """A sentence for each rule that can never match, each that another covers, and each policy without repositories."""
    for number, policy in enumerate(policies):
        hiding = next((one for one in policies[:number] if _hides(one, policy)), None)
        if hiding is not None:
            yield (
                f"The policy {policy.where} can never be used: the earlier policy {hiding.where} is for all of its "
                "repositories."
            )
        for rule in policy.rules:
            why = _why_never(rule.conditions)
            if why is not None:
                yield f"The rule {rule.name} can never match: {why}."
        yield from _covered(policy.rules)


def _covered(rules: Sequence[RetentionRule]) -> Iterator[str]:
    for place, rule in enumerate(rules):
        if _why_never(rule.conditions) is not None:
            continue
        others = [one for one in rules if one is not rule and (not one.is_delete or rule.is_delete)]
        for other in others:
            # Of two rules that cover each other the later is the one too many.
            is_first = rules.index(other) < place or other.is_delete != rule.is_delete
            if covers(other.conditions, rule.conditions) and (
                is_first or not covers(rule.conditions, other.conditions)
            ):
                effect = "keeps" if other.is_delete != rule.is_delete else "chooses"
                yield (
                    f"The rule {rule.name} has no effect: the rule {other.name} {effect} everything that "
                    f"{rule.name} chooses."
                )
                break


def _hides(earlier: RetentionPolicy, later: RetentionPolicy) -> bool:
    """Whether an earlier policy is for every repository of a later policy."""
    is_open = all(one in later.except_repositories for one in earlier.except_repositories)
    return is_open and _has_all(earlier.repositories, later.repositories)


def _why_never(conditions: Conditions) -> str | None:
    if conditions.is_about_tags and conditions.untagged:
        return "an untagged image has no tag that another condition could match"
    if conditions.is_about_tags and conditions.orphaned:
        return "signatures and other companions match no condition on tags"
    if conditions.orphaned and conditions.children_missing:
        return "a companion without its subject is not an index with missing children"
    if conditions.tags and not any(_can_match(one) for one in conditions.tags):
        return f"a tag cannot match {' or '.join(conditions.tags)}"
    if conditions.tag_regex is not None and not tag_regex(conditions.tag_regex).can_match():
        return f"a tag cannot match {conditions.tag_regex}"
    if conditions.semver is not None and conditions.semver.is_empty:
        return f"no version is in {conditions.semver.text}"
    return None


def _can_match(glob: str) -> bool:
    """Whether a tag of a user can match a glob; a part in brackets counts as any character."""
    if not is_glob(glob):
        is_tag = len(glob) <= LONGEST_TAG and all(one in TAG_CHARACTERS for one in glob) and glob[0] not in ".-"
        return is_tag and parse_companion_tag(glob) is None
    if "[" in glob:
        return True
    plain = glob.replace("*", "").replace("?", "")
    length = len(glob.replace("*", ""))
    return length <= LONGEST_TAG and all(one in TAG_CHARACTERS for one in plain) and glob[0] not in ".-"


def covers(other: Conditions, rule: Conditions) -> bool:
    """Whether `other` chooses all that `rule` chooses. In doubt the answer is no."""
    checks = (
        not other.untagged or rule.untagged,
        other.orphaned == rule.orphaned,
        not other.prereleases or rule.prereleases,
        other.children_missing in (None, rule.children_missing),
        not other.tags or (bool(rule.tags) and _has_all(other.tags, rule.tags)),
        other.tag_regex in (None, rule.tag_regex),
        other.semver is None or (rule.semver is not None and rule.semver.is_within(other.semver)),
        not other.digests or (bool(rule.digests) and set(rule.digests) <= set(other.digests)),
        _covers_age(other, rule),
        _covers_count(other, rule),
    )
    return all(checks)


def _covers_age(other: Conditions, rule: Conditions) -> bool:
    if other.older_than is None and other.younger_than is None:
        return True
    # The age of a tag and the age of an image are measured from different times.
    if other.is_about_tags != rule.is_about_tags:
        return False
    is_older = other.older_than is None or (rule.older_than is not None and rule.older_than >= other.older_than)
    is_younger = other.younger_than is None or (
        rule.younger_than is not None and rule.younger_than <= other.younger_than
    )
    return is_older and is_younger


def _covers_count(other: Conditions, rule: Conditions) -> bool:
    if other.newest is None:
        return True
    # A count is of the images that the other conditions choose.
    if rule.newest is None or rule.newest > other.newest:
        return False
    return _without_count(rule) == _without_count(other)


def _without_count(conditions: Conditions) -> tuple[object, ...]:
    return (
        conditions.untagged,
        conditions.tags,
        conditions.tag_regex,
        conditions.semver,
        conditions.younger_than,
        conditions.digests,
    )


def _has_all(globs: Sequence[str], others: Sequence[str]) -> bool:
    """Whether everything that matches one of the others matches one of the globs. In doubt the answer is no."""
    return all(any(one in ("*", other) or (not is_glob(other) and fnmatchcase(other, one)) for one in globs)
               for other in others)  # fmt: skip
