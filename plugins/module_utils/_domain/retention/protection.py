# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What protects a manifest by itself, whatever the rules that delete say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from ..images.graph import ImageGraph, Links
from ..images.inventory import ManifestPlace
from .facts import Facts, ManifestFacts
from .matching import NO_CHOICE, Choice
from .plan import IN_USE, KEPT_BY_RULE, TAGGED, TOO_YOUNG, UNREADABLE


class Protection(NamedTuple):
    """Why a manifest stays by itself: one of REASONS, with the rule or the uses that decided.

    `is_last` is True for a reason that counts only where no parent and no subject keeps the manifest. `keeps_tags`
    says whether no tag leaves the manifest either.
    """

    reason: str
    rule: str | None = None
    used_by: tuple[str, ...] = ()
    is_last: bool = False
    keeps_tags: bool = False


Uses = Mapping[str, tuple[str, ...]]


def spread_uses(graph: ImageGraph, uses_of: Uses) -> Uses:
    """The uses by digest, with those of the parents and the children of what is used."""
    found: dict[str, dict[str, None]] = {}
    for digest, uses in uses_of.items():
        for one in {**_reachable(graph.parents, digest), **_reachable(graph.children, digest)}:
            found.setdefault(one, {}).update(dict.fromkeys(uses))
    return {digest: tuple(uses) for digest, uses in found.items()}


def protect(
    facts: Facts, choices: Mapping[ManifestPlace, Choice], uses: Uses, youngest: tuple[timedelta, datetime]
) -> dict[ManifestPlace, Protection]:
    """What stays by itself, by manifest. `youngest` is the grace period, and the time of the plan."""
    unread = {place.repository for place, one in facts.items() if one.is_hiding}
    found: dict[ManifestPlace, Protection] = {}
    for place, one in facts.items():
        protection = _protection(one, choices.get(place, NO_CHOICE), uses, youngest)
        if protection is None and place.repository in unread:
            # A manifest that could not be read may be the parent of any other manifest of its repository.
            protection = Protection(UNREADABLE, is_last=True)
        if protection is not None:
            found[place] = protection
    return found


def _protection(
    facts: ManifestFacts, choice: Choice, uses: Uses, youngest: tuple[timedelta, datetime]
) -> Protection | None:
    grace, now = youngest
    is_young = facts.time is None or now - facts.time <= grace
    if facts.is_unreadable:
        return Protection(UNREADABLE, keeps_tags=True)
    if facts.place.digest in uses:
        return Protection(IN_USE, used_by=uses[facts.place.digest], keeps_tags=True)
    if choice.kept_by is not None:
        return Protection(KEPT_BY_RULE, choice.kept_by, keeps_tags=is_young or choice.is_whole)
    if is_young:
        return Protection(TOO_YOUNG, keeps_tags=True)
    if len(choice.going) < len(facts.tags) or _is_held_by_lost_tag(facts, choice):
        return Protection(TAGGED, is_last=True)
    return None


def _is_held_by_lost_tag(facts: ManifestFacts, choice: Choice) -> bool:
    """Whether a tag counts that attaches the manifest to nothing: only a rule on orphans deletes such a manifest."""
    if not facts.lost_tags or facts.has_subject:
        return False
    return not (facts.is_orphaned and choice.deleted_by is not None)


def _reachable(links: Links, digest: str) -> dict[str, None]:
    found: dict[str, None] = {digest: None}
    pending: Iterable[str] = [digest]
    while pending:
        pending = [below for one in pending for below in links.get(one, ()) if below not in found]
        found.update(dict.fromkeys(pending))
    return found
