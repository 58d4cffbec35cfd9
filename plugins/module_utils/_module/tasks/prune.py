# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clean-up, and its plan alone, as a task of docr_image_prune."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from ..._domain.errors import DocrError, InvalidInput, NeedsAttention, NotFound, Refused, SomeFailed
from ..._domain.plan import Outcome, Plan, Step
from ..._domain.retention.comparison import REFUSE, compare_plans, restrict_plan
from ..._domain.retention.document import plan_digest, read_plan, summary_differences, write_plan
from ..._domain.retention.plan import PrunePlan
from ..._domain.retention.planner import consent_fault, plan_prune
from ..._domain.retention.request import PlanUses
from ..._domain.retention.result import PruneReport, shape_changes, shape_report
from ..._domain.retention.steps import WritePlanFile, prune_steps
from ..._domain.retention.validation import find_targets, known_missing
from ..._service.ports.retention import RetentionSources
from ..._service.retention.access import RetentionAccess
from ..._service.retention.apply import PruneOutcome, Pruner, first_errors
from ..._service.retention.looking_again import look_again_after_kills
from ..._service.retention.read import PlanReading, ReadingTools, read_for_plan
from ..._service.retention.undo import remove_old_copies
from ..._service.retention.validate import Validation, validate
from ..run import Done
from .images import reading_warnings
from .in_use import warn_of_uses
from .prune_options import PLANNED, PruneOptions
from .prune_tools import first_sentences, open_access


@dataclass(frozen=True)
class PruneState:
    """What was read: the registry with its uses, and the plan in the plan file, None for no usable plan."""

    reading: PlanReading
    in_file: PrunePlan | None


@dataclass(frozen=True)
class PruneTaskPlan(Plan[Step]):
    """The steps with the plan that they come from."""

    prune: PrunePlan = field(kw_only=True)


@dataclass(frozen=True)
class PruneTask:
    """Images deleted by rules, or only the plan of that."""

    options: PruneOptions
    tools: ReadingTools

    def fetch(self, api: RetentionSources) -> PruneState:
        """Read the registry, what is in use, and the plan file. Refused where an approved plan is missing."""
        options = self.options
        in_file = self._read_file(api, options.approval.plan_file) if options.approval.plan_file is not None else None
        reading = read_for_plan(api, self.tools, options.address, options.policies, options.sources)
        return PruneState(reading, in_file)

    def plan(self, current: PruneState) -> PruneTaskPlan:
        """Plan by the rules. Refused where the plan is not the approved plan."""
        reading, options = current.reading, self.options
        uses = PlanUses(reading.resolved.uses_of, reading.uses)
        fresh = plan_prune(reading.graph, options.policies, uses, options.settings, reading.now, reading.tag_times)
        differences: tuple[str, ...] = ()
        if options.state != PLANNED:
            fresh, differences = self._approve(current, fresh)
        before, after = shape_changes(fresh)
        steps = self._file_steps(current, fresh) if options.state == PLANNED else prune_steps(fresh, reading.graph)
        warnings = (*self._warnings(reading), *fresh.warnings, *differences, *_refusals(fresh))
        return PruneTaskPlan(steps, before, after, fresh.notes, warnings, prune=fresh)

    def apply(self, api: RetentionSources, current: PruneState, plan: PruneTaskPlan, done: Done) -> PruneReport:
        """Delete, look again and validate; or write the plan file."""
        prune = plan.prune
        if self.options.state == PLANNED:
            for step in plan.steps:
                api.write_plan_file(step.target, write_plan(prune))
                done(step)
            return PruneReport(prune)
        self._require_allowed(current, prune)
        with closing(api.open_image_host()) as host:
            access = open_access(self.options, self.tools, api, host)
            put_back = look_again_after_kills(access, done)
            remove_old_copies(access)
            outcome = Pruner(access, current.reading.graph, self.options.approval.on_change, done).prune(prune)
            validation = self._validate(access, current, outcome)
        report = PruneReport(
            prune,
            outcome.kept,
            (*put_back, *outcome.put_back),
            missing=validation.missing,
            manifests=validation.manifests,
            blobs=validation.blobs,
        )
        self._require_success(prune, outcome, report)
        return report

    def predict(self, current: PruneState, plan: PruneTaskPlan) -> PruneReport:
        """The plan."""
        return PruneReport(plan.prune)

    def shape(self, outcome: Outcome[PruneReport]) -> dict[str, Any]:
        """The result."""
        return shape_report(outcome.result)

    def _read_file(self, api: RetentionSources, path: str) -> PrunePlan | None:
        """The plan of the file. A new plan replaces a file without a usable plan.

        Refused where an approved plan is required and the file holds no such plan, or a plan with another digest.
        """
        is_approval = self.options.state != PLANNED
        text = api.read_plan_file(path)
        if text is None and is_approval:
            raise NotFound(f"read the plan file {path}", "the file does not exist", "make a plan with state: planned")
        words = f"use the plan file {path}"
        try:
            found = read_plan(text or "", self.options.address.name)
        except ValueError as error:
            if not is_approval:
                return None
            raise Refused(words, str(error), "make a new plan with state: planned") from None
        wanted, digest = self.options.approval.plan_digest, plan_digest(found)
        if wanted not in (None, digest):
            told = f"the plan in the file has the digest {digest}, and plan_digest is {wanted}"
            raise Refused(words, told, "use the file of the approved plan, or make and approve a new plan")
        return found

    def _approve(self, current: PruneState, fresh: PrunePlan) -> tuple[PrunePlan, tuple[str, ...]]:
        """The plan to apply, and how it differs from the approved plan. Raises Refused where it must not differ."""
        approval = self.options.approval
        differences: tuple[str, ...] = ()
        plan, approved = fresh, current.in_file
        if approved is not None:
            found = compare_plans(approved, fresh, current.reading.graph)
            differences = tuple(one.message for one in found)
            plan = restrict_plan(approved, fresh, current.reading.graph, found)
        elif approval.plan_digest not in (None, plan_digest(fresh)):
            told = summary_differences(approval.plan_summary or {}, fresh) if approval.plan_summary else ()
            differences = told or (f"The plan has the digest {plan_digest(fresh)} now.",)
        if differences and (approval.on_change == REFUSE or approved is None):
            words = f"apply the approved plan to the registry {fresh.registry}"
            raise Refused(words, first_sentences(differences), "make and approve a new plan")
        return plan, differences

    def _file_steps(self, current: PruneState, plan: PrunePlan) -> tuple[Step, ...]:
        """A plan that deletes the same as the plan in the file is not written again."""
        path, in_file = self.options.approval.plan_file, current.in_file
        if path is None or (in_file is not None and plan_digest(in_file) == plan_digest(plan)):
            return ()
        return (WritePlanFile(path),)

    def _warnings(self, reading: PlanReading) -> Iterator[str]:
        yield from self.options.folders.warnings
        yield from warn_of_uses(reading.uses, reading.resolved, self.options.address.name)
        yield from reading_warnings(reading.reading, self.tools.cache.problem)

    def _require_allowed(self, current: PruneState, prune: PrunePlan) -> None:
        """Raise what keeps the whole plan from being applied. Without a source of uses the plan is only reported."""
        if prune.refusal is None:
            return
        missing = consent_fault(self.options.policies, self.options.settings)
        if missing is not None:
            raise InvalidInput((missing,))
        uses = current.reading.uses
        if uses.is_stated or uses.unread:
            words = f"prune the registry {prune.registry}"
            raise NeedsAttention(words, prune.refusal, "see the plan in the result", shape_report(PruneReport(prune)))

    def _validate(self, access: RetentionAccess, current: PruneState, outcome: PruneOutcome) -> Validation:
        """Ask for what must still be there in the repositories that changed, except for what was missing before."""
        touched = {one.repository for one in outcome.removed}
        graph = current.reading.graph
        targets = find_targets(graph, self.options.validate, lambda name: name in touched, outcome.removed)
        return validate(access, graph, targets, known_missing(graph)) if targets else Validation()

    def _require_success(self, prune: PrunePlan, outcome: PruneOutcome, report: PruneReport) -> None:
        errors: dict[str, DocrError] = dict(first_errors(outcome.errors))
        for one in prune.repositories:
            if one.refusal is not None:
                words = f"prune the repository {prune.registry}/{one.repository}"
                errors.setdefault(one.repository, Refused(words, one.refusal, "see the plan in the result"))
        if report.missing:
            told = first_sentences([one.message() for one in report.missing])
            words = f"validate the registry {prune.registry}"
            errors["validation"] = NeedsAttention(words, told, "restore the manifests with state: restored")
        if errors:
            raise SomeFailed(f"prune the registry {prune.registry}", errors, shape_report(report))


def _refusals(plan: PrunePlan) -> Iterator[str]:
    """Why nothing of the registry or of a repository is deleted."""
    if plan.refusal is not None:
        yield plan.refusal
    yield from (one.refusal for one in plan.repositories if one.refusal is not None)
