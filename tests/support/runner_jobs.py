# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX starts them: ansible-runner runs a playbook of a private data folder, and its events are read.

The version of ansible-core is that of `playing.playbook_program`, whatever ansible-runner starts it: AWX's runner is
older than the newest.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import locks
from ansible_cores import AWX_RUNNER
from playing import playbook_program

MARK = "DOCR_TEST_MARK"
NEWEST = "newest"
RUNNERS = (AWX_RUNNER, NEWEST)
HANGS_AFTER_S = 240.0


class HangError(AssertionError):
    """A job did not end in time; the text has what the job printed."""


@dataclass(frozen=True)
class Ended:
    """A job that is over: its exit status, what was printed, and the events in their order."""

    status: int
    printed: str
    events: Sequence[Mapping[str, Any]]

    def results(self) -> dict[str, dict[str, Any]]:
        """The results of the tasks by the tasks' names."""
        return {one["event_data"]["task"]: one["event_data"]["res"] for one in self._ends()}

    def place_of(self, part: str) -> int:
        """The number of the first event whose output holds a text; ValueError where no event does."""
        return [part in one["stdout"] for one in self.events].index(True)

    def place_of_result(self, task: str) -> int:
        """The number of the event with the result of a task."""
        return next(self.events.index(one) for one in self._ends() if one["event_data"]["task"] == task)

    def _ends(self) -> list[Mapping[str, Any]]:
        ends = ("runner_on_ok", "runner_on_failed", "runner_on_skipped", "runner_on_unreachable")
        return [one for one in self.events if one["event"] in ends]


def runner_program(runner: str) -> Path:
    """The program ansible-runner of a version in RUNNERS; raises locks.LockUnusableError."""
    place = Path(sys.executable).parent if runner == NEWEST else locks.provide(f"runner-{runner}") / "bin"
    return place / "ansible-runner"


@dataclass(frozen=True)
class Job:
    """A job that was started; `folder` is the private data folder, `mark` marks all its processes."""

    folder: Path
    process: subprocess.Popen[str]
    mark: str

    def end(self, seconds: float = HANGS_AFTER_S) -> Ended:
        """Wait for the end; raises HangError after so many seconds."""
        try:
            printed, _none = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            kill_marked(self.mark)
            printed, _none = self.process.communicate()
            raise HangError(f"the job did not end in {seconds} s; it printed:\n{printed}") from None
        return Ended(self.process.returncode, printed, self.events())

    def events(self) -> list[dict[str, Any]]:
        """The events so far, in their order."""
        return events_in(self.folder)


def events_in(folder: Path) -> list[dict[str, Any]]:
    """The events that a private data folder holds, in their order."""
    # The runner renames a finished file to this form.
    paths = folder.glob("artifacts/**/job_events/[0-9]*-*.json")
    events = [json.loads(path.read_text(encoding="utf-8")) for path in paths if "partial" not in path.name]
    return sorted(events, key=lambda one: int(one["counter"]))


def write_job(folder: Path, playbook: Sequence[Mapping[str, Any]]) -> None:
    """Make a private data folder of a playbook."""
    (folder / "project").mkdir(parents=True)
    (folder / "project" / "job.yml").write_text(json.dumps(playbook), encoding="utf-8")


def stream_job(
    folder: Path, playbook: Sequence[Mapping[str, Any]], environment: Mapping[str, str], *arguments: str
) -> Ended:
    """Run a job as AWX does on an execution node: what a runner transmits is worked on, and processed at home."""
    write_job(folder, playbook)
    program, mark = runner_program(NEWEST), uuid.uuid4().hex
    steps: tuple[list[str | Path], ...] = (
        ["transmit", folder, "--playbook", "job.yml", *arguments],
        ["worker", "--private-data-dir", folder.with_name("node")],
        ["process", folder],
    )
    stream, told = b"", b""
    try:
        for step in steps:
            done = subprocess.run(
                [program, *step],
                env=environment_of_job(environment, mark),
                input=stream,
                capture_output=True,
                check=False,
                timeout=HANGS_AFTER_S,
            )
            stream, told = done.stdout, told + done.stderr
    finally:
        kill_marked(mark)
    return Ended(done.returncode, (told + stream).decode(), events_in(folder))


@contextmanager
def started_job(
    folder: Path, playbook: Sequence[Mapping[str, Any]], environment: Mapping[str, str], runner: str, *arguments: str
) -> Iterator[Job]:
    """A job of a playbook in a folder that may not exist yet; no process of the job outlives the block."""
    write_job(folder, playbook)
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [runner_program(runner), "run", folder, "--playbook", "job.yml", *arguments],
        env=environment_of_job(environment, mark),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Job(folder, process, mark)
    finally:
        kill_marked(mark)
        with process:
            process.kill()


def environment_of_job(environment: Mapping[str, str], mark: str) -> dict[str, str]:
    """An environment in which a runner finds ansible-playbook, and whose processes `marked` finds."""
    path = f"{Path(playbook_program()).parent}{os.pathsep}{environment['PATH']}"
    return {**environment, "PATH": path, MARK: mark}


def marked(mark: str) -> dict[int, str]:
    """The command lines, by process id, of the living processes that were started with a mark in their environment.

    Sessions and parents do not matter: a worker of ansible-core 2.19 and newer leaves the session of ansible-playbook.
    """
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):
                command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                # A process that is over and that no parent has waited for has no command line.
                if command and f"{MARK}={mark}".encode() in (place / "environ").read_bytes().split(b"\0"):
                    found[int(place.name)] = command.strip()
    return found


def left_after(mark: str, seconds: float) -> dict[int, str]:
    """The processes with a mark that live on for so many seconds."""
    deadline = time.monotonic() + seconds
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def kill_marked(mark: str) -> None:
    """Kill what is left of the processes with a mark."""
    while left := marked(mark):
        for number in left:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.02)
