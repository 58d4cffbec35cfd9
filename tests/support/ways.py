# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ways in which a task runs: in the controller's own process, and as a module.

The environment variable of ansible-playbook decides for every task of a play. A play without the variable runs in the
way that `auto` chooses.
"""

from __future__ import annotations

import re
from typing import Literal

from docr_sandbox.testing import Sandbox

WAY_VARIABLE = "DOCR_RUN_IN"
WayName = Literal["controller", "module"]
# What -vvv says of each task.
_TOLD = {"controller": "runs in the controller's process: ", "module": "runs as a module: "}
WAYS: tuple[WayName, ...] = ("controller", "module")


def environment_of(sandbox: Sandbox, way: WayName) -> dict[str, str]:
    """The environment of a play whose tasks all run in one way."""
    return {**sandbox.environment, WAY_VARIABLE: way}


def count_tasks(printed: str, way: WayName) -> int:
    """How many tasks ran in one way, in what ansible-playbook printed with -vvv."""
    return len(re.findall(rf"\bdocr_\w+ {_TOLD[way]}", printed))
