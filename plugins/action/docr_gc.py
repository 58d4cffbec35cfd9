# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._module.progress import PROGRESS_VARIABLE

_LOOK_EVERY_S = 0.5


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships without types
    """Runs the module, and shows the lines that it writes while it waits."""

    TRANSFERS_FILES = False
    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module; only on this machine, where its lines can be read, and not in the background."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        is_async = bool(self._task.async_val)
        if is_async or self._task.check_mode or self._connection.transport != "local":
            return {**result, **self._execute_module(task_vars=task_vars, wrap_async=is_async)}
        with _shown_lines() as path:
            environment = self._task.environment
            self._task.environment = [*(environment or ()), {PROGRESS_VARIABLE: path}]
            try:
                return {**result, **self._execute_module(task_vars=task_vars)}
            finally:
                self._task.environment = environment


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
        os.unlink(path)


def _show(path: Path, is_over: Event) -> None:
    display, shown = Display(), 0
    while True:
        # NameRef before the read, so that what came last is read too.
        ends = is_over.wait(_LOOK_EVERY_S)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        # A line that is not whole yet comes with the next look. Standard output may be read by a program.
        whole = [line for line in lines if line.endswith("\n")]
        for line in whole[shown:]:
            display.display(f"docr_gc: {line.rstrip()}", stderr=True)
        shown = len(whole)
        if ends:
            return
