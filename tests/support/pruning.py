# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry that is pruned by plans written by hand, with the collection's own client and the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.copy_folder import CopyFolder
from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.manifest_cache import FolderCache
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.budget import share_of_team
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.graph import ImageGraph, build_graph
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Step
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.comparison import SKIP
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.plan import (
    DELETED_BY_RULE,
    TAGGED,
    ManifestDecision,
    PrunePlan,
    RepositoryPlan,
    TagRemoval,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.budget import CallBudget
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.wait import SystemClock
from ansible_collections.planton.digitalocean.plugins.module_utils._service.images.registry import RegistryReader
from ansible_collections.planton.digitalocean.plugins.module_utils._service.retention.access import RetentionAccess
from ansible_collections.planton.digitalocean.plugins.module_utils._service.retention.apply import PruneOutcome, Pruner
from docr_sandbox.testing import Sandbox
from support.image_host import client

AT = datetime(2031, 4, 5, tzinfo=UTC)


@dataclass
class Orchard:
    """The registry kiwi, its graph as it was read, and the writes of a clean-up."""

    sandbox: Sandbox
    folder: Path
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def access(self) -> Iterator[RetentionAccess]:
        """The services of the registry, with a rate limit of the team's own."""
        api = client(self.sandbox, rate_limit_wait_s=5.0, read_timeout_s=10)
        clock = SystemClock()
        host = api.open_image_host()
        store = CopyFolder(str(self.folder), is_read_only=False)
        cache = FolderCache(str(self.folder / "cache"))
        try:
            yield RetentionAccess(api, host, "kiwi", cache, store, CallBudget(share_of_team(100), clock), clock)
        finally:
            host.close()

    def read(self) -> ImageGraph:
        """The graph of the registry."""
        with self.access() as access:
            reader = RegistryReader(access.api, access.cache, access.budget, access.clock, lambda _line: None)
            return build_graph(reader.read("kiwi").inventory)

    def prune(self, plan: PrunePlan, graph: ImageGraph, on_change: str = SKIP) -> PruneOutcome:
        """Apply a plan."""
        with self.access() as access:
            return Pruner(access, graph, on_change, self.steps.append).prune(plan)

    def told(self) -> list[str]:
        """The writes, as users see them."""
        return [one.message for one in self.steps]

    def listed(self, repository: str = "app") -> dict[str, tuple[str, ...]]:
        """The digests of a repository with their tags."""
        return {one.digest: one.tags for one in client(self.sandbox).list_manifests("kiwi", repository)}


def plan_of(graph: ImageGraph, **deletions: Sequence[str]) -> PrunePlan:
    """A plan that deletes digests by repository, in the order given; all else is kept."""
    return PrunePlan("kiwi", AT, tuple(repository_plan(graph, name, all_) for name, all_ in deletions.items()))


def repository_plan(
    graph: ImageGraph, name: str, deletions: Sequence[str], untagged: Sequence[TagRemoval] = ()
) -> RepositoryPlan:
    """A plan of one repository."""
    decisions = tuple(
        ManifestDecision(place.digest, one.tags, is_gone, DELETED_BY_RULE if is_gone else TAGGED)
        for place, one in graph.listed.items()
        if place.repository == name
        for is_gone in (place.digest in deletions,)
    )
    return RepositoryPlan(name, decisions, tuple(untagged), tuple(deletions))
