# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work in a fork of this process: what the work changes, and a crash of the work, stay in the fork.

The fork ends when this process ends. A fork costs some milliseconds, and inherits the imported libraries.
"""

from __future__ import annotations

import os
import select
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import NoReturn

# How long the fork has to remove temporary files after an interrupt, in seconds.
_GRACE_S = 3.0
_LOOK_AT_PARENT_S = 0.5
_CHUNK = 65536

Say = Callable[[str], None]
_kept: list[object] = []
_received: list[int] = []


@dataclass(frozen=True)
class ForkedRun:
    """What a fork printed, and its exit code: the negative number of a signal that ended the fork."""

    output: bytes
    errors: bytes
    code: int


class _Pipe:
    """A pipe; both ends are closed at the latest with the pipe."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def close(self, *ends: int) -> None:
        """Close these ends, or both, where they are open."""
        for end in ends or (self.reader, self.writer):
            if end == self.reader >= 0:
                os.close(end)
                self.reader = -1
            elif end == self.writer >= 0:
                os.close(end)
                self.writer = -1


class _Pipes:
    """The streams of a fork, and the pipe by which the fork notices the end of its parent."""

    def __init__(self) -> None:
        self.output, self.errors, self.lines, self.life = _Pipe(), _Pipe(), _Pipe(), _Pipe()

    def keep_parent_ends(self) -> None:
        """Close what the fork uses."""
        for pipe in (self.output, self.errors, self.lines):
            pipe.close(pipe.writer)
        self.life.close(self.life.reader)

    def keep_child_ends(self) -> None:
        """Close what the parent uses."""
        for pipe in (self.output, self.errors, self.lines):
            pipe.close(pipe.reader)
        self.life.close(self.life.writer)

    def close(self) -> None:
        """Close all ends that are open."""
        for pipe in (self.output, self.errors, self.lines, self.life):
            pipe.close()


def run_forked(work: Callable[[Say], None], show: Say) -> ForkedRun:
    """Run `work` in a fork, and call `show` in this thread with each line that `work` says meanwhile.

    An exception in this thread, such as a time limit or an interrupt, ends the fork. The end of the parent of this
    process ends the fork and this process: a worker of Ansible has a session of its own and is not told.
    """
    parent_id = os.getppid()
    pipes = _Pipes()
    try:
        process_id = os.fork()
        if process_id == 0:
            _be_fork(work, pipes)
        pipes.keep_parent_ends()
        try:
            output, errors = _listen(pipes, show, lambda: os.getppid() == parent_id)
            status = os.waitpid(process_id, 0)[1]
            process_id = 0
        finally:
            if process_id:
                _end(process_id, pipes.lines.reader)
    except _ParentEnded:
        os._exit(1)
    finally:
        pipes.close()
    return ForkedRun(output, errors, os.waitstatus_to_exitcode(status))


class _ParentEnded(BaseException):
    """The parent of this process has ended, and there is no other process to tell."""


def _listen(pipes: _Pipes, show: Say, has_parent: Callable[[], bool]) -> tuple[bytes, bytes]:
    """What the fork prints, once the fork has closed its streams; raises _ParentEnded."""
    read = {pipe.reader: bytearray() for pipe in (pipes.output, pipes.errors, pipes.lines)}
    lines = read[pipes.lines.reader]
    with selectors.DefaultSelector() as selector:
        for descriptor in read:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            if not has_parent():
                raise _ParentEnded
            for key, _events in selector.select(_LOOK_AT_PARENT_S):
                data = os.read(key.fd, _CHUNK)
                read[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
            while b"\n" in lines:
                line, _newline, rest = lines.partition(b"\n")
                lines[:] = rest
                show(line.decode(errors="replace"))
    return bytes(read[pipes.output.reader]), bytes(read[pipes.errors.reader])


def _end(process_id: int, lines: int) -> None:
    """Terminate the fork, and kill the fork where the fork does not end in time; its end closes the pipe of lines."""
    with suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGTERM)
    ends_at = time.monotonic() + _GRACE_S
    while select.select([lines], [], [], max(0.0, ends_at - time.monotonic()))[0] and os.read(lines, _CHUNK):
        pass
    with suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGKILL)
    os.waitpid(process_id, 0)


def _be_fork(work: Callable[[Say], None], pipes: _Pipes) -> NoReturn:
    """Run the work and end this process. No code of the parent runs here afterwards."""
    code = 1
    # Else the text that the parent has not written yet is written here when the streams are cleared away.
    _kept.extend((sys.stdin, sys.stdout, sys.stderr))
    try:
        _set_signals()
        pipes.keep_child_ends()
        _set_streams(pipes)
        Thread(target=_end_with_parent, args=(pipes.life.reader,), daemon=True).start()
        work(_sayer(pipes.lines.writer))
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except KeyboardInterrupt:
        code = 128
    except BaseException:  # noqa: BLE001 - nothing may return into the code of the parent
        with suppress(Exception):
            traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        _end_by_signal()
        os._exit(code)


def _set_signals() -> None:
    """Answer signals as a new process does, but remove temporary files first."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # such as below nohup
            signal.signal(number, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    for number in (signal.SIGALRM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, _frame: object) -> NoReturn:
    """End the work. A second signal must not end the removal of files."""
    for other in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    _received.append(number)
    raise KeyboardInterrupt


def _end_by_signal() -> None:
    """End as the signal would have ended this process, so that the parent sees the reason."""
    for number in _received:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _set_streams(pipes: _Pipes) -> None:
    """Let input, output and errors be those of a process of its own."""
    null = os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in ((null, 0), (pipes.output.writer, 1), (pipes.errors.writer, 2)):
        os.dup2(descriptor, number)
    os.close(null)
    pipes.output.close(pipes.output.writer)
    pipes.errors.close(pipes.errors.writer)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _sayer(descriptor: int) -> Say:
    def say(line: str) -> None:
        # The parent may have stopped to listen, and a line that is not shown is no reason to fail.
        with suppress(OSError):
            os.write(descriptor, " ".join(line.splitlines()).encode(errors="replace") + b"\n")

    return say


def _end_with_parent(descriptor: int) -> None:
    """Wait for the end of the parent, whose end of the pipe closes with the parent; then end this process."""
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    Event().wait(_GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)
