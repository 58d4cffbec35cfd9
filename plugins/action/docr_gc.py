# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar

from ansible.utils.display import Display

from ..module_utils._module.progress import PROGRESS_VARIABLE
from ..plugin_utils._module_action import ModuleAction

_LOOK_EVERY_S = 0.5


class ActionModule(ModuleAction):
    """Runs the module, and shows the lines that the module writes while the module waits."""

    variable_prefix: ClassVar[str] = "docr_gc_"

    def run_module(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result; lines are shown only on this machine, where they can be read, and not in the background."""
        if self._task.async_val or self._task.check_mode or self._connection.transport != "local":
            return super().run_module(task_vars)
        with _shown_lines() as path, self.added_environment({PROGRESS_VARIABLE: path}):
            return super().run_module(task_vars)


@contextmanager
def _shown_lines() -> Iterator[str]:
    """The path of a file whose lines are shown as they come."""
    descriptor, path = tempfile.mkstemp(prefix="docr-progress-")
    os.close(descriptor)
    is_over = Event()
    thread = Thread(target=_show, args=(Path(path), is_over), daemon=True)
    thread.start()
    try:
        yield path
    finally:
        is_over.set()
        thread.join()
        with suppress(FileNotFoundError):
            os.unlink(path)


def _show(path: Path, is_over: Event) -> None:
    display, shown = Display(), 0
    while True:
        # Before the read, so that the last lines are read too.
        ends = is_over.wait(_LOOK_EVERY_S)
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        except OSError:
            return  # Another program cleaned the folder, and the task goes on without progress.
        # A line that is not whole yet comes with the next look. Standard output may be read by a program.
        whole = [line for line in lines if line.endswith("\n")]
        for line in whole[shown:]:
            display.display(f"docr_gc: {line.rstrip()}", stderr=True)
        shown = len(whole)
        if ends:
            return
