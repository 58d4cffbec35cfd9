# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a task runs in the controller's own process, or as a module in a process of its own."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Mapping
from typing import Any

from ansible import constants

from ..module_utils._domain.errors import InvalidInput, Refused
from ..module_utils._domain.field_errors import FieldError
from ..module_utils._module.connect import load_kubernetes, load_libraries
from ..module_utils._module.spec import AUTO, CONTROLLER, MODULE, RUN_IN, RUN_IN_VARIABLE

# Variables that a new Python process, or a library of it, reads at the start.
_READ_AT_START = ("PYTHON", "LD_", "OPENSSL_")


def wanted_place(options: Mapping[str, Any], environment: Mapping[str, Any]) -> tuple[str, str]:
    """`auto`, `controller` or `module`, and the name of what says so; raises InvalidInput for another value.

    The option wins over the variable. `environment` is what the task sets.
    """
    own = options.get(RUN_IN)
    name = RUN_IN if own is not None else RUN_IN_VARIABLE
    value = str(own if own is not None else environment.get(name, os.environ.get(name, ""))).strip() or AUTO
    if value not in (AUTO, CONTROLLER, MODULE):
        advice = f"use {AUTO}, {CONTROLLER} or {MODULE}"
        raise InvalidInput((FieldError(name, f"{value!r} is no place to run a module in", advice),))
    return value, name


def choose_place(action: Any, variables: Mapping[str, Any], environment: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether the task runs in the controller's process, and why; `action` is an action plugin.

    Raises InvalidInput for an unknown value of the option, and Refused where the controller is asked for and cannot be.
    """
    wanted, name = wanted_place(action._task.args, environment)
    if wanted == MODULE:
        return False, f"{name}={MODULE}"
    reason = obstacle(action, variables, environment)
    if reason is not None and wanted == CONTROLLER:
        advice = f"set {name}={AUTO}, or change what prevents this"
        raise Refused(f"run {action.name()} in the process of the controller", reason, advice)
    return reason is None, reason or (f"{name}={CONTROLLER}" if wanted == CONTROLLER else "nothing prevents this")


def obstacle(action: Any, variables: Mapping[str, Any], environment: Mapping[str, Any]) -> str | None:
    """Why the task cannot run in the controller's process; None where the task can."""
    connection = action._connection
    if connection.transport.rpartition(".")[2] != "local":
        return f"the connection is {connection.transport}"
    if action._task.async_val:
        return "the task is asynchronous"
    if _becomes_another_user(action):
        return f"the task becomes the user {action.get_become_option('become_user')}"
    interpreter = _named_interpreter(action, variables)
    if interpreter is not None and not _is_own(interpreter):
        return f"the Python interpreter {interpreter} is named"
    if constants.DEFAULT_KEEP_REMOTE_FILES:
        return "Ansible keeps the files of modules"
    early = next((name for name in environment if str(name).startswith(_READ_AT_START)), None)
    if early is not None:
        return f"the environment of the task sets {early}"
    if sys.platform != "linux":
        return f"the platform is {sys.platform}"
    missing = load_libraries()
    # The module would find no other libraries where this interpreter is named.
    if missing is None and interpreter is None and action.entry.enters_clusters(action._task.args):
        missing = load_kubernetes()
    return missing


def _becomes_another_user(action: Any) -> bool:
    if not action._connection.become:
        return False
    own = pwd.getpwuid(os.geteuid()).pw_name
    return bool(action.get_become_option("become_user") != own)


def _named_interpreter(action: Any, variables: Mapping[str, Any]) -> str | None:
    """The interpreter that the user names for the host of the task; None where Ansible has to find an interpreter."""
    host = action._task.delegate_to
    known = variables.get("ansible_delegated_vars", {}).get(host, {}) if host else variables
    value = constants.config.get_config_value("INTERPRETER_PYTHON", variables=known)
    named = str(action._templar.template(value) or "").strip()
    return None if not named or named.startswith("auto") else named


def _is_own(interpreter: str) -> bool:
    """Whether this is the interpreter that runs Ansible."""
    return os.path.normpath(interpreter) == os.path.normpath(sys.executable)
