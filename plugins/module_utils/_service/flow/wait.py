# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only loop that waits: everything in this collection that polls goes through it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def beating(beat: Callable[[], None], every_s: float = BEAT_S) -> Iterator[None]:
    """Call `beat` again and again in a thread beside what is done inside, which may itself wait long for an answer."""
    is_over = Event()

    def run() -> None:
        while not is_over.wait(every_s):
            beat()

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
