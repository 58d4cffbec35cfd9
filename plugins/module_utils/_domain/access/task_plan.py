# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for all clusters of a task: DigitalOcean's own integration first, then what is done inside of each cluster.

A cluster that cannot be read, or in which somebody else's secret is in the way, does not stop the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from ..clusters.cluster import Cluster
from ..errors import DocrError, InvalidInput, Refused
from ..field_errors import FieldError
from ..plan import Plan, Step
from . import steps
from .desired import Wanted, Work, missing, resolve_work
from .methods import ONE_CLICK
from .one_click import IntegrationStep, plan_integration
from .plan import plan_presence
from .removal import plan_absence
from .result import view, view_after
from .state import ClusterState
from .steps import ClusterStep


@dataclass(frozen=True)
class NotLooked:
    """Check mode does not look into a cluster whose credentials would have to be minted."""


Seen = Union[ClusterState, DocrError, NotLooked]  # noqa: UP007 - what ansible-test's pylint takes


@dataclass(frozen=True)
class TaskPlan(Plan[Step]):
    """The steps of all parts in their order; `clusters` has those of each place, and `failed` why others have none."""

    one_click: Plan[IntegrationStep] = field(default_factory=Plan)
    clusters: Mapping[str, Plan[ClusterStep]] = field(default_factory=dict)
    failed: Mapping[str, DocrError] = field(default_factory=dict)


def plan_whole(
    clusters: Sequence[Cluster],
    registry_names: tuple[str, ...] | None,
    seen: Mapping[str, Seen],
    wanted: Wanted,
) -> TaskPlan:
    """What to write everywhere; `seen` is what was read inside of clusters, by place.

    Raises InvalidInput with all faults of the input.
    """
    works, faults = resolve_work(clusters, wanted)
    one_click = _plan_one_click(clusters, registry_names, wanted, faults)
    plans: dict[str, Plan[ClusterStep]] = {}
    failed: dict[str, DocrError] = {}
    for work in works:
        state = seen.get(work.place.key)
        if isinstance(state, DocrError):
            failed[work.place.key] = state
        elif state is not None:
            try:
                plans[work.place.key] = _plan_one(work, state, wanted)
            except Refused as error:
                failed[work.place.key] = error
    parts = (one_click, *plans.values())
    return TaskPlan(
        steps=tuple(step for part in parts for step in part.steps),
        before={key: value for part in parts for key, value in part.before.items()},
        after={key: value for part in parts for key, value in part.after.items()},
        notes=tuple(note for part in parts for note in part.notes),
        warnings=tuple(warning for part in parts for warning in part.warnings),
        one_click=one_click,
        clusters=plans,
        failed=failed,
    )


def refuse_faults(
    clusters: Sequence[Cluster], registry_names: tuple[str, ...] | None, wanted: Wanted
) -> tuple[Work, ...]:
    """What is to be done in each place; raises InvalidInput before anything is looked into."""
    works, faults = resolve_work(clusters, wanted)
    _plan_one_click(clusters, registry_names, wanted, faults)
    return works


def _plan_one_click(
    clusters: Sequence[Cluster],
    registry_names: tuple[str, ...] | None,
    wanted: Wanted,
    faults: tuple[FieldError, ...],
) -> Plan[IntegrationStep]:
    if registry_names is not None:
        faults += missing(wanted, (*registry_names, *wanted.expected))
    plan: Plan[IntegrationStep] = Plan()
    try:
        plan = plan_integration(clusters, registry_names, wanted.one_click)
    except InvalidInput as error:
        faults += error.field_errors
    if faults:
        raise InvalidInput(tuple(dict.fromkeys(faults)))
    return plan


def _plan_one(work: Work, state: ClusterState | NotLooked, wanted: Wanted) -> Plan[ClusterStep]:
    if isinstance(state, NotLooked):
        return _plan_unseen(work)
    if not wanted.is_present:
        plan = plan_absence(state, work.accesses)
    else:
        plan = plan_presence(state, work.accesses, recreates_pods=wanted.recreates_pods)
    # The integration's own part of the diff is what the API shows of it.
    inside = [access for access in work.accesses if access.method != ONE_CLICK or plan.steps]
    before = {f"{access.registry} in {work.place.key}": view(state, access).shape() for access in inside}
    after = {
        f"{access.registry} in {work.place.key}": view_after(state, access, plan.steps).shape() for access in inside
    }
    return Plan(plan.steps, before, after, plan.notes, plan.warnings)


def _plan_unseen(work: Work) -> Plan[ClusterStep]:
    inside = [access.registry for access in work.accesses if access.method != ONE_CLICK]
    name = work.place.name
    if not inside:
        note = f"Check mode mints no token for the cluster {name}, so whether its secrets are there was not seen."
        return Plan(notes=(note,))
    warning = (
        f"Check mode mints no token for the cluster {name}, so what would change in it is not known; with a kubeconfig"
        " for it, in kubeconfig and contexts, check mode looks into it."
    )
    return Plan(steps=(steps.LookIntoCluster(name, tuple(inside)),), warnings=(warning,))
