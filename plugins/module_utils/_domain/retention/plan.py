# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a clean-up: one decision for each manifest, and the deletions in their order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

# The deciding reason of a manifest. The first that fits counts, in this order; the last two are deletions or nothing.
TAGGED, IN_USE, CHILD_OF, SUBJECT_OF = "tagged", "in_use", "child_of", "subject_of"
TOO_YOUNG, KEPT_BY_RULE, UNREADABLE = "too_young", "kept_by_rule", "unreadable"
DELETED_BY_RULE, NO_RULE = "deleted_by_rule", "no_rule"
REASONS = (UNREADABLE, IN_USE, KEPT_BY_RULE, TOO_YOUNG, CHILD_OF, SUBJECT_OF, TAGGED, NO_RULE, DELETED_BY_RULE)


@dataclass(frozen=True)
class ManifestDecision:
    """What happens to a manifest of a repository, and why.

    `tags` are its tags when the plan was made. `by` is the parent or subject of the reasons `child_of` and
    `subject_of`, and the parent or subject with which a manifest is deleted. `rule` is the name of the rule that
    decided, `used_by` what uses the manifest, for people.
    """

    digest: str
    tags: tuple[str, ...]
    is_deleted: bool
    reason: str
    rule: str | None = None
    by: str | None = None
    used_by: tuple[str, ...] = ()


class TagRemoval(NamedTuple):
    """A tag that leaves a manifest, which stays because of another tag.

    The last tag never leaves a manifest that stays: the API may delete the manifest with its last tag.
    """

    tag: str
    digest: str


@dataclass(frozen=True)
class RepositoryPlan:
    """What happens in a repository.

    `deletions` are digests, each parent before its children and each subject before its companions. A digest is
    deleted with all its tags. `refusal` says as a sentence why a brake stops the whole repository; both tuples are
    then empty, and the decisions show what the rules would have deleted.
    """

    repository: str
    decisions: tuple[ManifestDecision, ...] = ()
    untagged: tuple[TagRemoval, ...] = ()
    deletions: tuple[str, ...] = ()
    refusal: str | None = None


@dataclass(frozen=True)
class PrunePlan:
    """What happens in a registry. `freed_bytes` counts a blob once, and only where no manifest that stays names it.

    `refusal` says as a sentence why nothing of the registry is deleted, such as a source of uses that was not read;
    the repositories then show what would be deleted. `notes` say why a rule chose nothing.
    """

    registry: str
    made_at: datetime
    repositories: tuple[RepositoryPlan, ...]
    freed_bytes: int = 0
    warnings: tuple[str, ...] = ()
    refusal: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def has_changes(self) -> bool:
        """Whether a tag or a manifest goes."""
        return self.refusal is None and any(one.untagged or one.deletions for one in self.repositories)
