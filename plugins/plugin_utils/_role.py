# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a task belongs to the role of this collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

# As Ansible names the role, by its full name and by the name in a list of roles of the same collection.
ROLE_NAMES = ("planton.digitalocean.docr", "docr")

# The variable of a task of the role that says whether the task is to run.
WHEN = "_docr_when"


def is_run_by_role(task: Any) -> bool:
    """Whether the role runs the task, an `ansible.playbook.task.Task`."""
    role = getattr(task, "_role", None)
    return role is not None and role.get_name() in ROLE_NAMES


def skip_of_role(action: Any, variables: Mapping[str, Any]) -> dict[str, Any] | None:
    """The result of a task of the role whose variable `_docr_when` is false; None where the action plugin is to work.

    With the strategy `free`, a task that Ansible itself skips registers its result for all hosts, since Ansible has not
    yet evaluated the task's `run_once`. There the result would hide what another inclusion of the role registered.
    """
    if not is_run_by_role(action._task) or WHEN not in variables:
        return None
    if boolean(str(action._templar.template(variables[WHEN])), strict=False):
        return None
    return {"changed": False, "skipped": True, "skip_reason": "The role has nothing to do here"}
