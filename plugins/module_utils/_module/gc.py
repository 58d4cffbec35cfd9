# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""Garbage collections as tasks of modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .._domain.cluster_names import Asked
from .._domain.errors import Fault, InvalidInput
from .._domain.gc import (
    COLLECTED,
    IDLE,
    TYPES,
    UNREFERENCED_BLOBS,
    Decision,
    Rules,
    decide,
    plan_collections,
)
from .._domain.gc_result import shape_collections, shape_run
from .._domain.plan import Plan
from .._domain.window import DAYS, parse_duration, parse_windows
from .._service.api import Api
from .._service.gc import Collections, Collector, fetch_collections, fetch_history
from .._service.wait import Patience, SystemClock
from .argspec import Spec
from .run import Done, Params

_REGISTRIES: Mapping[str, Any] = {
    "type": "list",
    "elements": "str",
    "required": True,
    "aliases": ["registry", "name"],
}

GC_SPEC = Spec(
    options={
        "registries": _REGISTRIES,
        "state": {"type": "str", "choices": [COLLECTED, IDLE], "default": COLLECTED},
        "type": {"type": "str", "choices": list(TYPES), "default": UNREFERENCED_BLOBS},
        "allow_delete_untagged_manifests": {"type": "bool", "default": False},
        "maintenance_windows": {
            "type": "list",
            "elements": "dict",
            "options": {
                "days": {"type": "list", "elements": "str", "required": True},
                "start": {"type": "str", "required": True},
                "duration": {"type": "str", "required": True},
            },
            "default": [{"days": [DAYS[6]], "start": "03:00", "duration": "4h"}],
        },
        "min_interval": {"type": "str", "default": "20h"},
        "force": {"type": "bool", "default": False},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 1800},
        "wait_sleep": {"type": "int", "default": 10},
        "expect_registries": {"type": "list", "elements": "str", "default": []},
    }
)

GC_INFO_SPEC = Spec(options={"registries": _REGISTRIES})


def build_gc_task(params: Params) -> GcTask:
    """The task that the options describe; raises InvalidInput with all that is wrong with them."""
    asked, faults = _read_registries(params["registries"])
    windows, wrong_windows = parse_windows(params["maintenance_windows"], "maintenance_windows")
    min_interval = timedelta()
    faults += [*wrong_windows, *_consent_faults(params), *_wait_faults(params)]
    try:
        min_interval = parse_duration(params["min_interval"])
    except ValueError as error:
        faults.append(Fault("min_interval", f"{params['min_interval']!r} is no duration", str(error)))
    if faults:
        raise InvalidInput(tuple(faults))
    return GcTask(
        asked,
        tuple(params["expect_registries"]),
        Rules(windows, min_interval, params["type"], params["force"], params["state"]),
        Patience(params["wait_timeout"], params["wait_sleep"], SystemClock()) if params["wait"] else None,
    )


@dataclass(frozen=True)
class Outcome:
    """The decisions as they came out, and the service's time when they were made."""

    decisions: tuple[Decision, ...]
    current: Collections


@dataclass(frozen=True)
class GcTask:
    """Garbage collected where a window allows it, or nothing running any more."""

    asked: tuple[Asked, ...]
    expected: tuple[str, ...]
    rules: Rules
    patience: Patience | None

    def fetch(self, api: Api) -> Collections:
        """The collections of each registry."""
        return fetch_collections(api, self.asked, self.expected, self.rules)

    def plan(self, current: Collections) -> Plan:
        """What to start or to cancel. Registries that are expected are told as such: `apply` refuses them."""
        return plan_collections(self._decide(current), current.runs)

    def apply(self, api: Api, current: Collections, plan: Plan, done: Done) -> Outcome:
        """Write, follow to the ends, and say what came of it."""
        collector = Collector(api, self.rules, current, self.patience)
        return Outcome(collector.apply(self._decide(current), self.asked, done), current)

    def predict(self, current: Collections, plan: Plan) -> Outcome:
        """The decisions."""
        return Outcome(self._decide(current), current)

    def shape(self, plan: Plan, outcome: Outcome) -> dict[str, Any]:
        """The result. Where somebody else was faster, a planned write did not take place, and is not told as done."""
        steps = [one.step.shape() for one in outcome.decisions if one.step is not None]
        return {
            "changed": bool(steps),
            "actions": steps,
            "garbage_collections": shape_collections(outcome.decisions, self.rules, outcome.current.now),
        }

    def _decide(self, current: Collections) -> tuple[Decision, ...]:
        return tuple(decide(runs, self.rules, current.now) for runs in current.runs)


def fetch_gc_info(api: Api, params: Params) -> dict[str, Any]:
    """The active collection and all of each registry; raises InvalidInput with all that do not exist."""
    asked, faults = _read_registries(params["registries"])
    if faults:
        raise InvalidInput(tuple(faults))
    return {
        "garbage_collections": [
            {
                "registry": runs.registry,
                "active": shape_run(runs.find_active()),
                "history": [shape_run(run) for run in runs.history],
            }
            for runs in fetch_history(api, asked)
        ]
    }


def _read_registries(names: Sequence[str]) -> tuple[tuple[Asked, ...], list[Fault]]:
    asked = tuple(Asked(f"registries[{number}]", name) for number, name in enumerate(names))
    faults = [] if names else [Fault("registries", "the list is empty", "name at least one, or leave the task out")]
    first: dict[str, Asked] = {}
    for one in asked:
        if not one.name.strip():
            faults.append(Fault(one.where, "the name is empty", "name a registry, or leave it out"))
        elif first.setdefault(one.name, one) is not one:
            faults.append(Fault(one.where, f"{one.name} stands at {first[one.name].where} too", "keep one of them"))
    return asked, faults


def _consent_faults(params: Params) -> Iterator[Fault]:
    is_harmless = params["type"] == UNREFERENCED_BLOBS or params["state"] == IDLE
    if not is_harmless and not params["allow_delete_untagged_manifests"]:
        yield Fault(
            "type",
            f"{params['type']} deletes untagged manifests, which the children of multi-arch images and attestations"
            " are too, and nobody knows whether DigitalOcean spares them",
            "set allow_delete_untagged_manifests if you can lose them",
        )


def _wait_faults(params: Params) -> Iterator[Fault]:
    for name in ("wait_timeout", "wait_sleep"):
        if params[name] < 1:
            yield Fault(name, f"{params[name]} is too small", "use 1 or more seconds")
