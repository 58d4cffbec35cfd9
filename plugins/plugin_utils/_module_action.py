# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugins that do the work of the module of the same name, and say what the work did.

The work runs in a fork of Ansible's worker where `_run_in` finds no obstacle, and as a module otherwise. Ansible loads
an action plugin before it forks its workers, so a fork has all libraries already.
"""

from __future__ import annotations

import io
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._domain.errors import DocrError, Interrupted, Refused
from ..module_utils._domain.role.variable_names import COMMON_PREFIX
from ..module_utils._module.connect import load_libraries
from ..module_utils._module.failure import failure
from ..module_utils._module.naming import PREFIX_VARIABLE
from ..module_utils._module.run import Entry
from ._fork import ForkedRun, run_forked
from ._module_process import HAS_PROFILES, PROFILE, ModuleProcess, encoded
from ._role import is_run_by_role, skip_of_role
from ._run_in import choose_place

# In the process that forks the workers.
load_libraries()


class ModuleAction(ActionBase):  # type: ignore[misc]  # ansible-core ships without types
    """Does the work of a module. `variable_prefix` is the prefix of the role's variables that only the module has."""

    TRANSFERS_FILES = False
    _supports_async = True
    _supports_check_mode = True

    entry: ClassVar[Entry]
    variable_prefix: ClassVar[str] = COMMON_PREFIX

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do the work and print a line for each action with `-v`."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        skip = skip_of_role(self, task_vars or {})
        if skip is not None:
            return {**result, **skip}
        names = {PREFIX_VARIABLE: self.variable_prefix} if is_run_by_role(self._task) else {}
        with self._added_environment(names):
            try:
                result |= self._work(task_vars or {})
            except DocrError as error:
                return {**result, **failure(error, []), "failed": True}
        self._show_actions(result)
        return result

    def _work(self, variables: dict[str, Any]) -> dict[str, Any]:
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        is_here, why = choose_place(self, variables, environment)
        where = "in the controller's process" if is_here else "as a module"
        _show(partial(Display.vvv, msg=f"{self.name()} runs {where}: {why}"))
        if is_here:
            return self._run_here(variables, environment)
        found: dict[str, Any] = self._execute_module(task_vars=variables, wrap_async=bool(self._task.async_val))
        return found

    def _run_here(self, variables: dict[str, Any], environment: Mapping[str, Any]) -> dict[str, Any]:
        """The result of the work in a fork of this process."""
        arguments = dict(self._task.args)
        self._update_module_args(self._task.action, arguments, variables)
        process = ModuleProcess(self.entry, encoded(arguments), environment, self._loader.get_basedir())
        try:
            ended = run_forked(process.run, self._show_progress)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Refused(
                f"run {self.name()} in a fork", reason, "free memory and processes of the controller"
            ) from None
        if ended.code < 0:
            ended_by = signal.Signals(-ended.code).name
            advice = "run the task again, and report a crash that recurs"
            raise Interrupted(f"finish {self.name()}", f"the process was ended by {ended_by}", advice)
        return self._parsed(ended)

    def _parsed(self, ended: ForkedRun) -> dict[str, Any]:
        """The result that the module printed, as Ansible reads a result of a module."""
        output, errors = (text.decode(errors="replace") for text in (ended.output, ended.errors))
        told = {"rc": ended.code, "stdout": output, "stderr": errors}
        told |= {"stdout_lines": output.splitlines(), "stderr_lines": errors.splitlines()}
        found = self._parse_returned_data(told, *((PROFILE,) if HAS_PROFILES else ()))
        if not isinstance(found, dict):  # since ansible-core 2.21
            found.remove_internal_keys()
            return dict(found.as_result_dict(for_round_trip=True))
        return dict(found if HAS_PROFILES else wrap_var(found))

    @contextmanager
    def _added_environment(self, variables: Mapping[str, str]) -> Iterator[None]:
        """Add variables to the environment of the module."""
        environment = self._task.environment
        self._task.environment = [*(environment or ()), dict(variables)]
        try:
            yield
        finally:
            self._task.environment = environment

    def _show_progress(self, line: str) -> None:
        # Standard output may be read by a program.
        if not self._task.check_mode:
            _show(partial(Display.display, msg=f"{self.name()}: {line}", stderr=True))

    def _show_actions(self, result: Mapping[str, Any]) -> None:
        actions = result.get("actions")
        if self._task.no_log or not isinstance(actions, list):
            return
        planned = " (planned)" if self._task.check_mode else ""
        for action in actions:
            text = f"{self.name()}{planned}: {action['message']}"
            _show(partial(Display.v, msg=text))

    def name(self) -> str:
        """The name of the module without its collection."""
        return str(self._task.action.rpartition(".")[2])


def _show(show: Callable[[Display], object]) -> None:
    """Show a line by Ansible's display, from the main thread of a worker.

    The display hands the line to the parent process. ansible-runner 2.4.0 also writes control characters to the streams
    of the worker, where ansible-core 2.19 and newer complain about them, so those streams are put aside.
    """
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        show(Display())
