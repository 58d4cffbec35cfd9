# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes of a clean-up: manifests are deleted, tags are removed, manifests are stored again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ..images.graph import ImageGraph
from ..images.inventory import ManifestPlace
from ..plan import Step
from .plan import PrunePlan, RepositoryPlan, TagRemoval


@dataclass(frozen=True)
class ImageStep(Step):
    """A write to a manifest of a repository; `repository` includes the registry. `tags` are the tags concerned."""

    repository: str
    digest: str
    tags: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The manifest as clients name it."""
        return f"{self.repository}@{self.digest}"

    @property
    def _told_tags(self) -> str:
        words = "tag" if len(self.tags) == 1 else "tags"
        return f" with the {words} {', '.join(self.tags)}" if self.tags else ""


@dataclass(frozen=True)
class DeleteManifest(ImageStep):
    """A manifest is deleted with all its tags."""

    action: ClassVar[str] = "delete_manifest"

    @property
    def message(self) -> str:
        """What the step does."""
        return f"delete the manifest {self.digest} of the repository {self.repository}{self._told_tags}"


@dataclass(frozen=True)
class RemoveTag(ImageStep):
    """A tag is removed from a manifest that stays."""

    action: ClassVar[str] = "remove_tag"

    @property
    def message(self) -> str:
        """What the step does."""
        return f"remove the tag {self.tags[0]} from the manifest {self.digest} of the repository {self.repository}"


@dataclass(frozen=True)
class StoreManifest(ImageStep):
    """A deleted manifest is stored again."""

    action: ClassVar[str] = "restore_manifest"

    @property
    def message(self) -> str:
        """What the step does."""
        return f"restore the manifest {self.digest} of the repository {self.repository}{self._told_tags}"


@dataclass(frozen=True)
class WritePlanFile(Step):
    """A plan is written to a file."""

    action: ClassVar[str] = "write_plan_file"
    path: str

    @property
    def message(self) -> str:
        """What the step does."""
        return f"write the plan to {self.path}"

    @property
    def target(self) -> str:
        """The file."""
        return self.path


def prune_steps(plan: PrunePlan, graph: ImageGraph) -> tuple[ImageStep, ...]:
    """The writes of a plan in their order; none where the plan is refused."""
    if not plan.has_changes:
        return ()
    return tuple(step for one in plan.repositories for step in _steps_of(plan.registry, one, graph))


def removable_tags(plan: RepositoryPlan, tags_of: dict[str, tuple[str, ...]]) -> tuple[TagRemoval, ...]:
    """The tags that go and leave another tag at their manifest.

    DigitalOcean does not document whether a manifest outlives the deletion of its last tag, so a last tag stays.
    """
    going = {one.tag for one in plan.untagged}
    return tuple(one for one in plan.untagged if set(tags_of.get(one.digest, ())) - going)


def _steps_of(registry: str, plan: RepositoryPlan, graph: ImageGraph) -> Iterator[ImageStep]:
    name = f"{registry}/{plan.repository}"
    tags_of = _tags_of(plan, graph)
    for removal in removable_tags(plan, tags_of):
        yield RemoveTag(name, removal.digest, (removal.tag,))
    for digest in plan.deletions:
        yield DeleteManifest(name, digest, tags_of[digest])


def _tags_of(plan: RepositoryPlan, graph: ImageGraph) -> dict[str, tuple[str, ...]]:
    digests = {*plan.deletions, *(one.digest for one in plan.untagged)}
    return {one: graph.listed[ManifestPlace(plan.repository, one)].tags for one in digests}
