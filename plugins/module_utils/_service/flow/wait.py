# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only loop that waits: everything in this collection that polls goes through it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")

BEAT_S = 10.0


class Clock(Protocol):
    """Time that passes: seconds from an arbitrary start, and a way to let some of them go by."""

    def monotonic(self) -> float:
        """Seconds, never going back."""

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""


class SystemClock:
    """The clock of this machine."""

    def monotonic(self) -> float:
        """Seconds, never going back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Waited(Generic[T]):
    """The last object read, how long it took in seconds, and whether it became what was waited for."""

    value: T
    elapsed_s: float
    is_done: bool


@dataclass(frozen=True)
class PollSettings:
    """How long something may take to show, and how often to look; both in seconds."""

    timeout_s: float
    interval_s: float
    clock: Clock

    def poll(self, read: Callable[[], T], is_done: Callable[[T], bool]) -> Waited[T]:
        """Read until `is_done`, as the function of that name does."""
        return poll(read, is_done, timeout_s=self.timeout_s, interval_s=self.interval_s, clock=self.clock)


def poll(
    read: Callable[[], T],
    is_done: Callable[[T], bool],
    *,
    timeout_s: float,
    interval_s: float | Callable[[], float],
    clock: Clock,
) -> Waited[T]:
    """Read until `is_done`, at least once, at most until `timeout_s` have passed; never raises of its own.

    `interval_s` may depend on what was read.
    """
    started = clock.monotonic()
    while True:
        value = read()
        elapsed = clock.monotonic() - started
        if is_done(value) or elapsed >= timeout_s:
            return Waited(value, elapsed, is_done(value))
        interval = interval_s() if callable(interval_s) else interval_s
        clock.sleep(min(interval, timeout_s - elapsed))


class Heartbeat:
    """Calls `beat` every `every_s` seconds in a thread of its own while the body of the `with` statement runs."""

    def __init__(self, beat: Callable[[], None], every_s: float = BEAT_S) -> None:
        self._beat = beat
        self._every_s = every_s
        self._is_over = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(self._every_s):
            self._beat()
