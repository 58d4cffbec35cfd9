# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a task belongs to the role of this collection."""

from __future__ import annotations

from typing import Any

# As Ansible names the role, by its full name and by the name in a list of roles of the same collection.
ROLE_NAMES = ("planton.digitalocean.docr", "docr")


def is_run_by_role(task: Any) -> bool:
    """Whether the role runs the task, an `ansible.playbook.task.Task`."""
    role = getattr(task, "_role", None)
    return role is not None and role.get_name() in ROLE_NAMES
