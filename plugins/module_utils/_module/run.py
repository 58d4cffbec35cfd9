# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How every module runs: read, plan, apply unless in check mode, show.

`run_module` is the only reader of check mode and of the diff flag. A module calls `run_module` in a process of its own;
the action plugin of the same name calls `run_module` in a fork of Ansible's worker (`plugin_utils/_module_action.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._client.digitalocean.client import open_api
from .._client.secret_texts import mask_parts
from .._client.settings import Settings
from .._domain.errors import DocrError
from .._domain.plan import Outcome, Plan, Step
from .._service.flow.rate_limit import RateLimitWaits
from .._service.flow.wait import SystemClock
from .connect import LibraryMissing, connect
from .failure import failure, unexpected_failure
from .naming import name_texts
from .spec import Spec

Params = Mapping[str, Any]
Done = Callable[[Step], None]
Say = Callable[[str], None]
S_contra = TypeVar("S_contra", contravariant=True)
C = TypeVar("C")
P = TypeVar("P", bound=Plan[Any])
R = TypeVar("R")


def drop_line(_line: str) -> None:
    """Take a line that is not shown."""


def enters_none(_options: Params) -> bool:
    """Say of a module that the module enters no cluster."""
    return False


@dataclass(frozen=True)
class ModuleCall:
    """One run of a module: the validated options, what the caller asks for, and what takes the news of the run.

    `warn` takes a warning, `hide` a text that no result may show, and `say` a line for a person who waits. Lines show
    in spite of no_log, so no secret may be in a line.
    """

    params: Params
    is_check_mode: bool
    shows_diff: bool
    warn: Callable[[str], object]
    hide: Callable[[str], object]
    say: Say = drop_line


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


class Entry(Protocol):
    """What a module does, and the options that it takes."""

    @property
    def spec(self) -> Spec:
        """The options."""

    @property
    def enters_clusters(self) -> Callable[[Params], bool]:
        """Whether options enter clusters, which requires the library kubernetes; the options are not yet checked."""

    def work(self, call: ModuleCall, steps_done: list[Step]) -> dict[str, Any]:
        """The result of a success. Each write is added to `steps_done`. Raises DocrError and LibraryMissing."""


@dataclass(frozen=True)
class TaskEntry:
    """A module that writes.

    `build` checks the options and raises InvalidInput before any call; `open_api` makes the client. `listen` returns
    the task with a listener to the task's progress.
    """

    spec: Spec
    build: Callable[[Params], Task[Any, Any, Any, Any]]
    open_api: Callable[[Settings], Any] = open_api
    listen: Callable[[Any, Say], Any] | None = None
    enters_clusters: Callable[[Params], bool] = enters_none

    def work(self, call: ModuleCall, steps_done: list[Step]) -> dict[str, Any]:
        """Read, plan, and apply unless in check mode."""
        task = self.build(call.params)
        if self.listen is not None:
            task = self.listen(task, call.say)
        api = connect(call.params, self.open_api, call.hide, read_only=call.is_check_mode)
        current = task.fetch(api)
        plan = task.plan(current)
        # A part of the work may fail later, and the warnings may say why.
        _warn(call, plan.warnings)
        if call.is_check_mode:
            outcome = Outcome(plan.steps, task.predict(current, plan))
        else:
            plan, result_after = _carry_out(task, api, current, plan, steps_done, partial(_warn, call))
            outcome = Outcome(tuple(steps_done), result_after)
        result = _common_result(plan, outcome) | task.shape(outcome)
        _warn(call, result.pop("warnings", ()))
        if call.shows_diff:
            result["diff"] = {"before": dict(plan.before), "after": dict(plan.after)}
        return result


@dataclass(frozen=True)
class InfoEntry:
    """A module that reads and shows, and changes nothing. `warnings` of the result are shown as such.

    In check mode the module mints nothing either, not even its way into a cluster. `listen` returns a `fetch` whose
    progress a listener hears.
    """

    spec: Spec
    fetch: Callable[[Any, Params], dict[str, Any]]
    open_api: Callable[[Settings], Any] = open_api
    listen: Callable[[Say], Callable[[Any, Params], dict[str, Any]]] | None = None
    enters_clusters: Callable[[Params], bool] = enters_none

    def work(self, call: ModuleCall, _steps_done: list[Step]) -> dict[str, Any]:
        """Read."""
        may_enter = not call.is_check_mode
        api = connect(call.params, self.open_api, call.hide, read_only=True, may_enter_clusters=may_enter)
        fetch = self.fetch if self.listen is None else self.listen(call.say)
        result = fetch(api, call.params)
        _warn(call, result.pop("warnings", ()))
        return {"changed": False, **result}


def perform(entry: Entry, call: ModuleCall) -> dict[str, Any]:
    """The result of a module in every case; `failed` is true in the result of a failure."""
    steps_done: list[Step] = []
    try:
        result = entry.work(call, steps_done)
    except DocrError as error:
        result = {"failed": True, **failure(error, steps_done)}
    except LibraryMissing as missing:
        result = {"failed": True, "msg": missing_required_lib(missing.name), "exception": missing.traceback}
    except Exception as error:  # noqa: BLE001 - a defect of this collection becomes a sentence, and rescue holds
        result = {"failed": True, **unexpected_failure(error, steps_done)}
    shown: dict[str, Any] = mask_parts(result)
    return shown


def run_module(entry: Entry, say: Say = drop_line) -> None:
    """Be the module: take the options and print the result as Ansible expects both of a module."""
    module = AnsibleModule(**entry.spec.arguments(), supports_check_mode=True)
    call = ModuleCall(module.params, module.check_mode, module._diff, module.warn, module.no_log_values.add, say)
    result = perform(entry, call)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def _carry_out(
    task: Task[S_contra, C, P, R],
    api: Any,
    current: C,
    plan: P,
    steps_done: list[Step],
    warn: Callable[[Iterable[str]], None],
) -> tuple[P, R]:
    """Apply the plan; returns the last plan and the state afterwards.

    Where the rate limit refuses a write, the task waits, reads again and plans again: the former decision may no longer
    hold. The steps that were carried out stay in `steps_done`; `warn` gets the warnings that only a later plan has.
    """
    waits = RateLimitWaits(api.rate_limit_wait_s, SystemClock())
    while True:
        try:
            return plan, task.apply(api, current, plan, steps_done.append)
        except DocrError as error:
            if not waits.wait(error, len(steps_done)):
                raise
        current = task.fetch(api)
        told = frozenset(plan.warnings)
        plan = task.plan(current)
        warn(one for one in plan.warnings if one not in told)


def _warn(call: ModuleCall, warnings: Iterable[str]) -> None:
    for warning in name_texts(warnings):
        call.warn(mask_parts(warning))


def _common_result(plan: Plan[Any], outcome: Outcome[Any]) -> dict[str, Any]:
    return {
        "changed": bool(outcome.steps),
        "actions": [step.shape() for step in outcome.steps],
        "notes": name_texts(plan.notes),
    }
