# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task of Ansible in this process: with the option --way=controller of pytest, the way in which tests run modules.

`main` reads what a module reads and prints what a module prints, and `support.module_server` forks a process for each
call. A worker of Ansible and the fork of the action plugin stand between.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ansible import context
from ansible.executor.task_queue_manager import TaskQueueManager
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import action_loader, init_plugin_loader
from ansible.vars.manager import VariableManager

COLLECTION = "planton.digitalocean"
MODULE = "_module"

# Initialises Ansible as ansible-playbook does.
import_module("ansible.cli")
init_plugin_loader()


class Results(CallbackBase):  # type: ignore[misc]  # ansible-core ships without types
    """Keeps the results, and shows nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "results"

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []

    def v2_runner_on_ok(self, result: Any) -> None:
        """Keep a success."""
        self.found.append(dict(result.result))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ARG002 - Ansible gives it
        """Keep a failure."""
        self.found.append({**result.result, "failed": True})


def main() -> None:
    """Run the task whose options standard input has, and print its result."""
    order = json.load(sys.stdin)["ANSIBLE_MODULE_ARGS"]
    options = {name: value for name, value in order.items() if not name.startswith("_")}
    # What Ansible shows belongs to standard error, since tests read the result from standard output.
    output = os.dup(1)
    os.dup2(2, 1)
    result = run(order[MODULE], options, bool(order.get("_ansible_check_mode")), bool(order.get("_ansible_diff")))
    sys.stdout.flush()
    os.dup2(output, 1)
    sys.stdout.write(json.dumps(result, cls=AnsibleJSONEncoder))
    sys.stdout.flush()


def run(module: str, options: Mapping[str, Any], is_check_mode: bool, shows_diff: bool) -> dict[str, Any]:
    """The result of a task with a module of the collection."""
    context.CLIARGS = ImmutableDict(check=is_check_mode, diff=shows_diff, verbosity=0, forks=1, connection="local")
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=["localhost,"])
    variables = VariableManager(loader=loader, inventory=inventory)
    task = {"action": {"module": f"{COLLECTION}.{module}", "args": dict(options)}}
    play = Play().load(
        {"hosts": "localhost", "gather_facts": False, "tasks": [task]}, variable_manager=variables, loader=loader
    )
    results = Results()
    queue = TaskQueueManager(
        inventory=inventory,
        variable_manager=variables,
        loader=loader,
        passwords={},
    )
    results._init_callback_methods()
    # The queue loads its own callbacks only where there is none.
    queue._callback_plugins.append(results)
    try:
        queue.run(play)
    finally:
        queue.cleanup()
        loader.cleanup_all_tmp_files()
    (result,) = results.found
    return {name: value for name, value in result.items() if not name.startswith("_ansible") and name != "exception"}


for _name in ("docr_registry", "docr_gc", "docr_credentials", "docr_doks_integration"):
    action_loader.get(f"{COLLECTION}.{_name}", class_only=True)
