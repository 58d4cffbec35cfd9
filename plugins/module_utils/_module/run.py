# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How every module runs: read, plan, apply unless in check mode, show.

The only reader of check mode and of the diff flag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from ansible.module_utils.basic import AnsibleModule

from .._client.digitalocean.client import open_api
from .._client.secret_texts import mask_parts
from .._client.settings import Settings
from .._domain.errors import DocrError
from .._domain.plan import Outcome, Plan, Step
from .._service.flow.rate_limit import RateLimitWaits
from .._service.flow.wait import SystemClock
from .connect import connect
from .failure import failure
from .naming import name_texts
from .spec import Spec

Params = Mapping[str, Any]
Done = Callable[[Step], None]
S_contra = TypeVar("S_contra", contravariant=True)
C = TypeVar("C")
P = TypeVar("P", bound=Plan[Any])
R = TypeVar("R")


class Task(Protocol[S_contra, C, P, R]):
    """What a module does, in the order in which it is asked; `api` is the client that it needs."""

    def fetch(self, api: S_contra) -> C:
        """Read all that the plan depends on; writes nothing."""

    def plan(self, current: C) -> P:
        """Decide, without input or output; raises InvalidInput or Refused for what will not be done."""

    def apply(self, api: S_contra, current: C, plan: P, done: Done) -> R:
        """Carry out the steps of the plan, call `done` after each write, and return the state afterwards."""

    def predict(self, current: C, plan: P) -> R:
        """The state that `apply` would return, as far as it is known before the writes."""

    def shape(self, outcome: Outcome[R]) -> dict[str, Any]:
        """The module's own result keys, present in every success; the key `warnings` becomes Ansible's warnings."""


def run_task(
    spec: Spec, build: Callable[[Params], Task[S_contra, Any, Any, Any]], open_: Callable[[Settings], Any] = open_api
) -> None:
    """Be the module: `build` checks the options and raises InvalidInput before any call; `open_` makes the client."""
    module = AnsibleModule(**spec.arguments(), supports_check_mode=True)
    steps_done: list[Step] = []
    try:
        task = build(module.params)
        api = connect(module, open_, read_only=module.check_mode)
        current = task.fetch(api)
        plan = task.plan(current)
        # A part of the work may fail later, and the warnings may say why.
        _warn(module, plan.warnings)
        if module.check_mode:
            outcome = Outcome(plan.steps, task.predict(current, plan))
        else:
            plan, result_after = _carry_out(task, api, current, plan, steps_done)
            outcome = Outcome(tuple(steps_done), result_after)
    except DocrError as error:
        _forget_causes(error)
        module.fail_json(**mask_parts(failure(error, steps_done)))
        raise  # fail_json does not return; this tells the type checker so
    result = _common_result(plan, outcome) | task.shape(outcome)
    _warn(module, result.pop("warnings", ()))
    if module._diff:
        result["diff"] = {"before": dict(plan.before), "after": dict(plan.after)}
    module.exit_json(**mask_parts(result))


def run_info(
    spec: Spec, fetch: Callable[[S_contra, Params], dict[str, Any]], open_: Callable[[Settings], Any] = open_api
) -> None:
    """Be an info module: read and show, never changed. `warnings` of the result are shown as such.

    In check mode it mints nothing either, not even its way into a cluster.
    """
    module = AnsibleModule(**spec.arguments(), supports_check_mode=True)
    try:
        api = connect(module, open_, read_only=True, may_enter_clusters=not module.check_mode)
        result = fetch(api, module.params)
    except DocrError as error:
        _forget_causes(error)
        module.fail_json(**mask_parts(failure(error, [])))
        raise
    _warn(module, result.pop("warnings", ()))
    module.exit_json(changed=False, **mask_parts(result))


def _carry_out(task: Task[S_contra, C, P, R], api: Any, current: C, plan: P, steps_done: list[Step]) -> tuple[P, R]:
    """Apply the plan; returns the last plan and the state afterwards.

    Where the rate limit refuses a write, the task waits, reads again and plans again: the former decision may no longer
    hold. The steps that were carried out stay in `steps_done`.
    """
    waits = RateLimitWaits(api.rate_limit_wait_s, SystemClock())
    while True:
        try:
            return plan, task.apply(api, current, plan, steps_done.append)
        except DocrError as error:
            if not waits.wait(error, len(steps_done)):
                raise
        current = task.fetch(api)
        plan = task.plan(current)


def _forget_causes(error: DocrError) -> None:
    """Ansible shows the causes of an exception on demand, and the texts of a library's exceptions may hold a secret."""
    error.__cause__ = error.__context__ = None


def _warn(module: AnsibleModule, warnings: Iterable[str]) -> None:
    for warning in name_texts(warnings):
        module.warn(mask_parts(warning))


def _common_result(plan: Plan[Any], outcome: Outcome[Any]) -> dict[str, Any]:
    return {
        "changed": bool(outcome.steps),
        "actions": [step.shape() for step in outcome.steps],
        "notes": name_texts(plan.notes),
    }
