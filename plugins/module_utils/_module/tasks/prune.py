# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clean-up, and its plan alone, as a task of docr_image_prune."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
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
from .in_use import warn_of_uses
from .prune_options import PLANNED, PruneOptions
from .prune_tools import first_sentences, open_access


@dataclass(frozen=True)
class PruneState:
    """What was read: the registry with its uses, and the text of the plan file, None without the file."""

    reading: PlanReading
    file_text: str | None = None


@dataclass(frozen=True)
class PruneTaskPlan(Plan[Step]):
    """The steps with the plan that they come from."""

    prune: PrunePlan | None = None


@dataclass(frozen=True)
class PruneTask:
    """Images deleted by rules, or only the plan of that."""

    options: PruneOptions
    tools: ReadingTools

    def fetch(self, api: RetentionSources) -> PruneState:
        """Read the registry, what is in use, and the plan file. Refused where an approved plan is missing."""
        options = self.options
        path = options.approval.plan_file
        text = api.read_plan_file(path) if path is not None else None
        if path is not None and text is None and options.state != PLANNED:
            raise NotFound(f"read the plan file {path}", "the file does not exist", "make a plan with state: planned")
        if text is not None and options.state != PLANNED:
            self._approved(text)
        return PruneState(
            read_for_plan(api, self.tools, options.address, options.policies, options.sources), file_text=text
        )

    def plan(self, current: PruneState) -> PruneTaskPlan:
        """Plan by the rules. Refused where the plan is not the approved plan."""
        reading, options = current.reading, self.options
        uses = PlanUses(reading.resolved.uses_of, reading.uses, tuple(options.sources.may_be_missing))
        fresh = plan_prune(reading.graph, options.policies, uses, options.settings, reading.now, reading.tag_times)
        differences: tuple[str, ...] = ()
        if options.state != PLANNED:
            fresh, differences = self._approve(current, fresh)
        before, after = shape_changes(fresh)
        steps = self._file_steps(current, fresh) if options.state == PLANNED else prune_steps(fresh, reading.graph)
        warnings = (*self._warnings(reading), *fresh.warnings, *differences, *_refusals(fresh))
        return PruneTaskPlan(steps, before, after, fresh.notes, warnings, fresh)

    def apply(self, api: RetentionSources, current: PruneState, plan: PruneTaskPlan, done: Done) -> PruneReport:
        """Delete, look again and validate; or write the plan file."""
        prune = _required(plan)
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

    def _approved(self, text: str) -> PrunePlan:
        """The plan of the file. Refused where the file holds no such plan, or a plan with another digest."""
        approval = self.options.approval
        words = f"use the plan file {approval.plan_file}"
        try:
            approved = read_plan(text, self.options.address.name)
        except ValueError as error:
            raise Refused(words, str(error), "make a new plan with state: planned") from None
        digest = plan_digest(approved)
        if approval.plan_digest not in (None, digest):
            told = f"the plan in the file has the digest {digest}, and plan_digest is {approval.plan_digest}"
            raise Refused(words, told, "use the file of the approved plan, or make and approve a new plan")
        return approved

    def _approve(self, current: PruneState, fresh: PrunePlan) -> tuple[PrunePlan, tuple[str, ...]]:
        """The plan to apply, and how it differs from the approved plan. Raises Refused where it must not differ."""
        approval = self.options.approval
        differences: tuple[str, ...] = ()
        plan = fresh
        if current.file_text is not None:
            approved = self._approved(current.file_text)
            found = compare_plans(approved, fresh, current.reading.graph)
            differences = tuple(one.message for one in found)
            plan = restrict_plan(approved, fresh, current.reading.graph, found)
        is_other = approval.plan_digest not in (None, plan_digest(fresh))
        if is_other and current.file_text is None:
            told = summary_differences(approval.plan_summary or {}, fresh) if approval.plan_summary else ()
            differences = told or (f"The plan has the digest {plan_digest(fresh)} now.",)
        if differences and (approval.on_change == REFUSE or current.file_text is None):
            words = f"apply the approved plan to the registry {fresh.registry}"
            raise Refused(words, first_sentences(differences), "make and approve a new plan")
        return plan, differences

    def _file_steps(self, current: PruneState, plan: PrunePlan) -> tuple[Step, ...]:
        """A plan that deletes the same as the plan in the file is not written again."""
        path = self.options.approval.plan_file
        if path is None:
            return ()
        try:
            is_same = plan_digest(read_plan(current.file_text or "", plan.registry)) == plan_digest(plan)
        except ValueError:
            is_same = False
        return () if is_same else (WritePlanFile(path),)

    def _warnings(self, reading: PlanReading) -> Iterator[str]:
        yield from self.options.folders.warnings
        yield from warn_of_uses(reading.uses, reading.resolved, self.options.address.name)
        unread = list(reading.graph.inventory.unread.values())
        if unread:
            yield f"Manifests that could not be read and are protected: {len(unread)}. The first error: {unread[0]}"
        if self.tools.cache.problem is not None:
            yield f"Manifests are not kept for the next run: {self.tools.cache.problem}."

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


def _required(plan: PruneTaskPlan) -> PrunePlan:
    if plan.prune is None:
        raise TypeError("the plan of the task has no plan of a clean-up")
    return plan.prune


def _refusals(plan: PrunePlan) -> Iterator[str]:
    """Why nothing of the registry or of a repository is deleted."""
    if plan.refusal is not None:
        yield plan.refusal
    yield from (one.refusal for one in plan.repositories if one.refusal is not None)
