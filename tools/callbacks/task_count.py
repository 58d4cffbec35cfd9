# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible callback that counts what a playbook really ran; it writes JSON to the file that DOCR_TASK_COUNT names."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):  # type: ignore[misc] # shipped without type information
    """Counts the results of tasks by the name of their action, and how many were skipped."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_count"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.ran: Counter[str] = Counter()
        self.skipped = 0

    def v2_runner_on_ok(self, result: Any) -> None:
        """Count a task that ran."""
        self.ran[result._task.action] += 1

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Count a task that was passed over."""
        self.skipped += 1

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write the counts."""
        Path(os.environ["DOCR_TASK_COUNT"]).write_text(json.dumps({"ran": self.ran, "skipped": self.skipped}))
