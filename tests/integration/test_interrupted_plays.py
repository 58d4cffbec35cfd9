# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A play that is interrupted in the middle of a wait ends with all its processes, and the next run continues."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docr_sandbox.testing import Sandbox
from playing import playbook_program, write_play
from support.gc_module import RAN, START, hold, seed, set_rate
from support.plays import play
from support.runner_jobs import MARK, kill_marked, left_after
from support.ways import WayName, environment_of

WINDOWS = [{"days": ["sunday"], "start": "03:00", "duration": "4h"}]
TASK = {
    "name": "Collect",
    "planton.digitalocean.docr_gc": {"registries": ["kiwi"], "wait_sleep": 1, "maintenance_windows": WINDOWS},
}
ENDS_IN_S = 60


class Terminal:
    """A play with a terminal of its own, as a person starts a play."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self._master = process, master

    def press_control_c(self) -> None:
        """Write the character that the terminal turns into a SIGINT for all processes in the foreground."""
        os.write(self._master, b"\x03")

    def close(self) -> None:
        """Close the terminal: its processes get a SIGHUP."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def signal(self, number: signal.Signals) -> None:
        """Send ansible-playbook a signal, and no other process."""
        self.process.send_signal(number)


# Starts the program of its arguments in a session whose terminal is standard input.
# The tests may run in the background, where nohup and shells let programs ignore SIGHUP and SIGINT.
_IN_TERMINAL = (
    "import fcntl, os, signal, sys, termios;"
    "[signal.signal(one, signal.SIG_DFL) for one in (signal.SIGHUP, signal.SIGINT)];"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


@contextmanager
def in_terminal(sandbox: Sandbox, path: Path, way: WayName, mark: str) -> Iterator[Terminal]:
    """A play in a terminal; no process of the play outlives the block."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _IN_TERMINAL, playbook_program(), str(path)],
        env={**environment_of(sandbox, way), MARK: mark},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    terminal = Terminal(process, master)
    try:
        yield terminal
    finally:
        kill_marked(mark)
        process.wait()
        terminal.close()


INTERRUPTS: dict[str, Callable[[Terminal], None]] = {
    "control-C": Terminal.press_control_c,
    "closed terminal": Terminal.close,
    "SIGTERM": lambda terminal: terminal.signal(signal.SIGTERM),
    "SIGKILL": lambda terminal: terminal.signal(signal.SIGKILL),
}


@pytest.mark.parametrize("interrupt", INTERRUPTS)
def test_interrupted_play_leaves_no_process_and_the_next_run_continues(
    sandbox: Sandbox, tmp_path: Path, way: WayName, interrupt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    seed(sandbox, RAN, rate=0)
    mark = uuid.uuid4().hex
    path = write_play(tmp_path / "collect.yml", [TASK])
    with in_terminal(sandbox, path, way, mark) as terminal:
        deadline = time.monotonic() + ENDS_IN_S
        while START not in sandbox.calls():
            assert terminal.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        INTERRUPTS[interrupt](terminal)
        left = left_after(mark, 30)
        # A module that runs outlives a killed ansible-playbook.
        if way == "controller":
            assert left == {}
        else:
            kill_marked(mark)
        assert terminal.process.wait(ENDS_IN_S) != 0
    set_rate(sandbox, 60)
    hold(sandbox, status=None)
    monkeypatch.undo()
    assert play(path, sandbox).changed == []
