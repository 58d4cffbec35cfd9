# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry is read for a plan: manifests, times of tags where a rule needs them, and images in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from ..._domain.images.budget import list_calls
from ..._domain.images.graph import ImageGraph, build_graph
from ..._domain.in_use.model import ImageUses
from ..._domain.in_use.options import InUseOptions
from ..._domain.in_use.reference import RegistryAddress
from ..._domain.in_use.resolve import ResolvedUses, resolve_uses
from ..._domain.retention.request import TagPlace, TagTimes
from ..._domain.retention.rules import RetentionPolicies, RetentionPolicy
from ..._domain.times import parse_time
from ..flow.budget import CallBudget
from ..flow.parallel import parallel_map
from ..flow.wait import Clock
from ..images.manifests import SIDE_BY_SIDE
from ..images.registry import RegistryReader, RegistryReading
from ..in_use.read import read_uses
from ..ports.manifest_cache import ManifestCache
from ..ports.retention import RetentionSources


@dataclass(frozen=True)
class ReadingTools:
    """What every reading of a registry uses; `say` takes lines for people while they wait."""

    cache: ManifestCache
    budget: CallBudget
    clock: Clock
    say: Callable[[str], None]

    def read(self, api: RetentionSources, registry: str) -> RegistryReading:
        """Read everything. NotFound for an unknown registry."""
        return RegistryReader(api, self.cache, self.budget, self.clock, self.say).read(registry)


@dataclass(frozen=True)
class PlanReading:
    """All that a plan rests on. `now` is the service's time before the reading."""

    reading: RegistryReading
    graph: ImageGraph
    tag_times: TagTimes
    uses: ImageUses
    resolved: ResolvedUses
    now: datetime


def read_for_plan(
    api: RetentionSources,
    tools: ReadingTools,
    address: RegistryAddress,
    policies: RetentionPolicies,
    sources: InUseOptions,
) -> PlanReading:
    """Read the registry and what is in use. Uses are read last, so that what came into use meanwhile counts."""
    now = api.now()
    reading = tools.read(api, address.name)
    graph = build_graph(reading.inventory)
    times = _read_tag_times(api, tools, address.name, graph, policies)
    uses = read_uses(api, sources, address, tools.budget)
    return PlanReading(reading, graph, times, uses, resolve_uses(graph, uses.uses), now)


def _read_tag_times(
    api: RetentionSources, tools: ReadingTools, registry: str, graph: ImageGraph, policies: RetentionPolicies
) -> TagTimes:
    """The times of tags in repositories with a rule about the age of tagged images.

    A promotion may move the time of the tag only.
    """
    tags_of: Mapping[str, int] = {
        one.name: sum(len(manifest.tags) for manifest in one.manifests) for one in graph.inventory.repositories
    }
    names = [name for name, tags in tags_of.items() if tags and _needs_times(policies.of(name))]

    def read(name: str) -> list[tuple[TagPlace, datetime]]:
        tools.budget.take(list_calls(tags_of[name]))
        return [(TagPlace(name, tag), _time(at, now)) for tag, at in api.list_tag_times(registry, name).items()]

    now = api.now()
    return dict(chain.from_iterable(parallel_map(names, read, SIDE_BY_SIDE)))


def _time(text: str, now: datetime) -> datetime:
    """The time of a tag; a tag without a time counts as new, which protects its manifest."""
    try:
        return parse_time(text)
    except ValueError:
        return now


def _needs_times(policy: RetentionPolicy | None) -> bool:
    conditions = [one.conditions for one in policy.rules] if policy is not None else []
    return any(
        (one.older_than is not None or one.younger_than is not None or one.newest is not None) and not one.untagged
        for one in conditions
    )
