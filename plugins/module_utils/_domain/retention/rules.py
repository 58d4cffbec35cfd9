# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a clean-up deletes and keeps, as values: policies, their rules, and the conditions of a rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase

from .versions import VersionRange

WHOLLY, PARTLY = "wholly", "partly"
GLOB_MARKS = "*?["
# The name of the rule that holds where the user gives no policy.
BUILT_IN = "untagged manifests that nothing refers to"


@dataclass(frozen=True)
class Conditions:
    """What must all hold for a rule to choose a tag or an image. An empty value is no condition.

    `tags` are globs of which a tag must match at least one; `tag_regex` must match the whole tag. `children_missing`
    is WHOLLY or PARTLY. `digests` and `newest` belong to rules that keep: `newest` counts per glob of `tags`.
    """

    untagged: bool = False
    tags: tuple[str, ...] = ()
    tag_regex: str | None = None
    semver: VersionRange | None = None
    prereleases: bool = False
    older_than: timedelta | None = None
    younger_than: timedelta | None = None
    children_missing: str | None = None
    orphaned: bool = False
    digests: tuple[str, ...] = ()
    newest: int | None = None

    @property
    def is_about_tags(self) -> bool:
        """Whether the rule chooses single tags. Every other rule chooses images with all their tags."""
        return bool(self.tags or self.tag_regex is not None or self.semver is not None or self.prereleases)


@dataclass(frozen=True)
class RetentionRule:
    """A rule that deletes or keeps. `where` is the option, such as `policies[0].rules[2]`; `name` is for people."""

    name: str
    where: str
    is_delete: bool
    conditions: Conditions

    @property
    def deletes_tagged(self) -> bool:
        """Whether the rule can delete an image with a tag of a user, which requires consent."""
        return self.is_delete and not (self.conditions.untagged or self.conditions.orphaned)


@dataclass(frozen=True)
class RetentionPolicy:
    """The rules of the repositories that a glob of `repositories` matches and none of `except_repositories`."""

    where: str
    rules: tuple[RetentionRule, ...]
    repositories: tuple[str, ...] = ("*",)
    except_repositories: tuple[str, ...] = ()

    def has(self, repository: str) -> bool:
        """Whether the policy is for a repository."""
        return _matches(repository, self.repositories) and not _matches(repository, self.except_repositories)

    def names(self, repository: str) -> bool:
        """Whether the policy is for a repository by the repository's name, without a glob."""
        return repository in self.repositories and self.has(repository)


BUILT_IN_POLICY = RetentionPolicy("policies", (RetentionRule(BUILT_IN, "policies", True, Conditions(untagged=True)),))


@dataclass(frozen=True)
class RetentionPolicies:
    """All policies. A repository has the first policy that is for it; without a policy nothing of it is deleted."""

    policies: tuple[RetentionPolicy, ...] = (BUILT_IN_POLICY,)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def of(self, repository: str) -> RetentionPolicy | None:
        """The policy of a repository."""
        return next((one for one in self.policies if one.has(repository)), None)

    @property
    def tagged_rules(self) -> tuple[RetentionRule, ...]:
        """The rules that can delete images with tags of a user, which requires consent."""
        return tuple(rule for one in self.policies for rule in one.rules if rule.deletes_tagged)


def is_glob(text: str) -> bool:
    """Whether a pattern is more than a name."""
    return any(mark in text for mark in GLOB_MARKS)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, one) for one in patterns)
