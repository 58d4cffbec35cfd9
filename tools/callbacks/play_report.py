# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible callback for measuring and showing: what a playbook really ran, changed, and left as statistics.

It writes JSON to the file that DOCR_PLAY_REPORT names.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):  # type: ignore[misc] # shipped without type information
    """Gathers the results of all tasks."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "play_report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.ran: Counter[str] = Counter()
        self.changed: list[str] = []
        self.skipped = 0

    def v2_runner_on_ok(self, result: Any) -> None:
        """Count a task that ran."""
        self.ran[result._task.action] += 1
        if result._result.get("changed"):
            self.changed.append(result._task.get_name())

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Count a task that was passed over."""
        self.skipped += 1

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write the report."""
        report = {
            "ran": self.ran,
            "changed": self.changed,
            "skipped": self.skipped,
            "statistics": stats.custom.get("_run", {}),
        }
        Path(os.environ["DOCR_PLAY_REPORT"]).write_text(json.dumps(report, default=str), encoding="utf-8")
