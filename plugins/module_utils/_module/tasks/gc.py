# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Garbage collections as tasks of modules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..._domain.errors import InvalidInput
from ..._domain.gc.attention import Attention
from ..._domain.gc.decision import GcPlan, decide, plan_collections, refuse_what_may_not_wait
from ..._domain.gc.progress import CollectionProgress, begin
from ..._domain.gc.result import overdue_warnings, shape_collection, shape_collections
from ..._domain.gc.rules import RuleBook
from ..._domain.names import NameRef
from ..._domain.plan import Outcome
from ..._service.flow.wait import PollSettings, SystemClock
from ..._service.gc.collector import Collector
from ..._service.gc.consent import refuse_without_consent
from ..._service.gc.read import Collections, fetch_collections, fetch_history
from ..._service.ports.api import Api
from ..run import Done, InfoEntry, Params, Say, TaskEntry, drop_line
from ..spec import Spec
from .gc_options import GC_SPEC, REGISTRIES, read_registries, read_rules

# Writing may be back some seconds after a collection has ended.
_PROOF_TAKES_S = 120.0
_PROOF_LOOKS_S = 15.0


def build_gc_task(params: Params) -> GcTask:
    """The task that the options describe; raises InvalidInput with all that is wrong with them."""
    names, faults = read_registries(params["registries"])
    book, wrong = read_rules(params)
    faults += wrong
    has_consent = params["allow_delete_untagged_manifests"]
    if faults or book is None:
        raise InvalidInput(tuple(faults))
    settings = PollSettings(params["wait_timeout"], params["wait_sleep"], SystemClock()) if params["wait"] else None
    attention = Attention(frozenset(params["fail_on"]), params["max_skipped_windows"])
    expected = tuple(params["expect_registries"])
    return GcTask(names, expected, book, settings, has_consent, params["registry_host"], attention)


@dataclass(frozen=True)
class GcResult:
    """What became of each registry, or what is predicted in check mode, and the service's time then."""

    progress_list: tuple[CollectionProgress, ...]
    now: datetime
    is_predicted: bool = False


@dataclass(frozen=True)
class GcTask:
    """Garbage collected where a window allows it, or nothing running any more."""

    names: tuple[NameRef, ...]
    expected: tuple[str, ...]
    book: RuleBook
    settings: PollSettings | None
    has_consent: bool
    registry_host: str
    attention: Attention
    say: Say = drop_line

    def fetch(self, api: Api) -> Collections:
        """The collections of each registry; raises InvalidInput where consent is missing, with what is at stake."""
        if not self.has_consent:
            refuse_without_consent(api, self.names, self.book)
        return fetch_collections(api, self.names, self.expected, self.book)

    def plan(self, current: Collections) -> GcPlan:
        """What to start or to cancel. Registries that are expected are told as such: `apply` refuses them."""
        decisions = tuple(decide(history, self.book.of(history.registry), current.now) for history in current.histories)
        refuse_what_may_not_wait(decisions, self.book)
        return plan_collections(decisions, current.histories)

    def apply(self, api: Api, current: Collections, plan: GcPlan, done: Done) -> GcResult:
        """Write, follow to the ends, and say what came of it."""
        collector = Collector(
            api=api,
            book=self.book,
            current=current,
            settings=self.settings,
            proof=self._proof_settings(),
            say=self.say,
            done=done,
        )
        result = GcResult(collector.apply(plan, self.names), api.now())
        self.attention.require_none(result.progress_list, self.book, result.now)
        return result

    def predict(self, current: Collections, plan: GcPlan) -> GcResult:
        """The decisions."""
        progress_list = tuple(
            replace(begin(one, current.now), steps=(one.step,) if one.step else ()) for one in plan.decisions
        )
        self.attention.require_none(progress_list, self.book, current.now, is_predicted=True)
        return GcResult(progress_list, current.now, is_predicted=True)

    def shape(self, outcome: Outcome[GcResult]) -> dict[str, Any]:
        """The result. Where somebody else was faster, a planned write did not take place, and is not told as done."""
        result = outcome.result
        findings = self.attention.findings(result.progress_list, is_predicted=result.is_predicted)
        overdue = overdue_warnings(result.progress_list, self.book, result.now)
        return {
            "garbage_collections": shape_collections(result.progress_list, self.book, result.now),
            "registry_host": self.registry_host,
            "warnings": [*overdue, *(f"{one.text}." for one in findings)],
        }

    def _proof_settings(self) -> PollSettings:
        if self.settings is None:
            return PollSettings(_PROOF_TAKES_S, _PROOF_LOOKS_S, SystemClock())
        timeout_s = min(_PROOF_TAKES_S, self.settings.timeout_s)
        return PollSettings(timeout_s, min(_PROOF_LOOKS_S, self.settings.interval_s), SystemClock())


def fetch_gc_info(api: Api, params: Params) -> dict[str, Any]:
    """The active collection and all of each registry; raises InvalidInput with all that do not exist."""
    names, faults = read_registries(params["registries"])
    if faults:
        raise InvalidInput(tuple(faults))
    return {
        "garbage_collections": [
            {
                "registry": history.registry,
                "active": shape_collection(history.find_active()),
                "history": [shape_collection(collection) for collection in history.collections],
            }
            for history in fetch_history(api, names)
        ]
    }


def _listen(task: GcTask, say: Say) -> GcTask:
    return replace(task, say=say)


GC = TaskEntry(GC_SPEC, build_gc_task, listen=_listen)
GC_INFO = InfoEntry(Spec(options={"registries": REGISTRIES}), fetch_gc_info)
