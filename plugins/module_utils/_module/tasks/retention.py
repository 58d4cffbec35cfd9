# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoration and validation as tasks of docr_image_prune, and the entry of the module."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..._client.digitalocean.retention import open_retention_api
from ..._client.files.manifest_cache import FolderCache
from ..._domain.errors import InvalidInput, NeedsAttention
from ..._domain.images.graph import build_graph
from ..._domain.plan import Outcome, Plan, Step
from ..._domain.retention.result import PruneReport, shape_report
from ..._domain.retention.steps import StoreManifest
from ..._domain.retention.validation import find_targets, find_unknown
from ..._service.flow.budget import CallBudget
from ..._service.flow.wait import SystemClock
from ..._service.ports.retention import RetentionSources
from ..._service.retention.read import ReadingTools
from ..._service.retention.undo import RestoreReading, read_restore, restore
from ..._service.retention.validate import validate
from ..run import Done, Params, Say, TaskEntry, drop_line
from .in_use import names_clusters
from .prune import PruneTask
from .prune_options import PRUNE_SPEC, RESTORED, VALIDATED, PruneOptions, read_prune_options
from .prune_tools import first_sentences, is_chosen, open_access, require_matches


@dataclass(frozen=True)
class RestoreTask:
    """What clean-ups deleted is stored again."""

    options: PruneOptions
    tools: ReadingTools

    def fetch(self, api: RetentionSources) -> RestoreReading:
        """Read the copies, the repositories, and whether the blobs live. NotFound as require_matches says."""
        with closing(api.open_image_host()) as host:
            found = read_restore(open_access(self.options, self.tools, api, host), partial(is_chosen, self.options))
        require_matches(self.options, found.names, "restore manifests of")
        return found

    def plan(self, current: RestoreReading) -> Plan[Step]:
        """A step for each manifest that can be restored."""
        registry = self.options.address.name
        steps = tuple(
            StoreManifest(f"{registry}/{one.repository}", copy.digest, copy.tags)
            for one in current.repositories
            for copy in one.manifests
        )
        after = {
            one.repository: {copy.digest: list(copy.tags) for copy in one.manifests} for one in current.repositories
        }
        return Plan(steps, {}, {name: all_ for name, all_ in after.items() if all_})

    def apply(self, api: RetentionSources, current: RestoreReading, plan: Plan[Step], done: Done) -> PruneReport:
        """Store the manifests. NeedsAttention where some cannot be restored any more."""
        with closing(api.open_image_host()) as host:
            restore(open_access(self.options, self.tools, api, host), current.repositories, done)
        report = self.predict(current, plan)
        if report.lost:
            told = first_sentences([one.message() for one in report.lost])
            words = f"restore all manifests of the registry {self.options.address.name}"
            raise NeedsAttention(words, told, "push the images anew", shape_report(report))
        return report

    def predict(self, current: RestoreReading, plan: Plan[Step]) -> PruneReport:
        """What cannot be restored."""
        lost = tuple(lost for one in current.repositories for lost in one.lost)
        return PruneReport(lost=lost, taken_tags=tuple(tag for one in current.repositories for tag in one.taken_tags))

    def shape(self, outcome: Outcome[PruneReport]) -> dict[str, Any]:
        """The result."""
        return shape_report(outcome.result)


@dataclass(frozen=True)
class ValidateTask:
    """Every manifest, and with `validate: layers` every blob, is asked for."""

    options: PruneOptions
    tools: ReadingTools

    def fetch(self, api: RetentionSources) -> PruneReport:
        """Read the registry and ask for all that must be there. NotFound as require_matches says."""
        options = self.options
        graph = build_graph(self.tools.read(api, options.address.name).inventory)
        require_matches(options, [one.name for one in graph.inventory.repositories], "validate")
        targets = find_targets(graph, options.validate, partial(is_chosen, options))
        with closing(api.open_image_host()) as host:
            found = validate(open_access(self.options, self.tools, api, host), graph, targets)
        unknown = (one for one in find_unknown(graph.inventory) if is_chosen(options, one.target.repository))
        return PruneReport(missing=(*unknown, *found.missing), manifests=found.manifests, blobs=found.blobs)

    def plan(self, current: PruneReport) -> Plan[Step]:
        """Nothing to write. NeedsAttention where something is missing."""
        if current.missing:
            told = first_sentences([one.message() for one in current.missing])
            advice = "restore the manifests with state: restored, or push the images anew"
            words = f"validate the registry {self.options.address.name}"
            raise NeedsAttention(words, told, advice, shape_report(current))
        return Plan()

    def apply(self, api: RetentionSources, current: PruneReport, plan: Plan[Step], done: Done) -> PruneReport:
        """Write nothing."""
        return current

    def predict(self, current: PruneReport, plan: Plan[Step]) -> PruneReport:
        """What was found."""
        return current

    def shape(self, outcome: Outcome[PruneReport]) -> dict[str, Any]:
        """The result."""
        return shape_report(outcome.result)


def build_prune_task(params: Params) -> PruneTask | RestoreTask | ValidateTask:
    """The task of the state; raises InvalidInput with all that is wrong with the options."""
    options, faults = read_prune_options(params)
    if options is None:
        raise InvalidInput(faults)
    clock = SystemClock()
    tools = ReadingTools(FolderCache(options.folders.cache), CallBudget(options.limits, clock), clock, drop_line)
    if options.state == RESTORED:
        return RestoreTask(options, tools)
    return ValidateTask(options, tools) if options.state == VALIDATED else PruneTask(options, tools)


def _listen(task: PruneTask | RestoreTask | ValidateTask, say: Say) -> PruneTask | RestoreTask | ValidateTask:
    return replace(task, tools=replace(task.tools, say=say))


PRUNE = TaskEntry(PRUNE_SPEC, build_prune_task, open_retention_api, _listen, enters_clusters=names_clusters)
