# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..module_utils._module.tasks.retention import PRUNE
from ..plugin_utils._module_action import ModuleAction


class ActionModule(ModuleAction):
    """Runs the work of the module of the same name."""

    entry = PRUNE
