# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugins that run the module of the same name, and say what the module did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._domain.role.variable_names import COMMON_PREFIX
from ..module_utils._module.naming import PREFIX_VARIABLE
from ._role import is_run_by_role


class ModuleAction(ActionBase):  # type: ignore[misc]  # ansible-core ships without types
    """Runs the module. `variable_prefix` is the prefix of the role's variables that only this module has."""

    TRANSFERS_FILES = False
    _supports_async = True
    _supports_check_mode = True

    variable_prefix: ClassVar[str] = COMMON_PREFIX

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module and print a line for each action with `-v`."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        names = {PREFIX_VARIABLE: self.variable_prefix} if is_run_by_role(self._task) else {}
        with self.added_environment(names):
            result |= self.run_module(task_vars or {})
        self._show_actions(result)
        return result

    def run_module(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of the module."""
        found: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=bool(self._task.async_val))
        return found

    @contextmanager
    def added_environment(self, variables: Mapping[str, str]) -> Iterator[None]:
        """Add variables to the environment of the module."""
        environment = self._task.environment
        self._task.environment = [*(environment or ()), dict(variables)]
        try:
            yield
        finally:
            self._task.environment = environment

    def _show_actions(self, result: Mapping[str, Any]) -> None:
        actions = result.get("actions")
        if self._task.no_log or not isinstance(actions, list):
            return
        module, planned = self._task.action.rpartition(".")[2], " (planned)" if self._task.check_mode else ""
        for action in actions:
            Display().v(f"{module}{planned}: {action['message']}")
