# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A budget of calls: a call beyond the share of a task waits until an earlier call has left the window of the limit."""

from __future__ import annotations

from collections import deque
from threading import Lock

from ..._domain.images.budget import CallLimits
from .wait import Clock


class CallBudget:
    """Counts the calls of one task; threads may share the budget.

    `calls` is how many were made, `waited_s` the longest that a thread waited in all, in seconds.
    """

    def __init__(self, limits: CallLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = Lock()
        self._times: deque[float] = deque()
        self.calls = 0
        self.waited_s = 0.0

    def take(self, calls: int = 1) -> None:
        """Return when so many calls may be made."""
        for _call in range(calls):
            wait_s = self._reserve()
            if wait_s > 0:
                self._clock.sleep(wait_s)

    def shortest_s(self, calls: int) -> float:
        """The seconds for which the limits make so many more calls wait, were each call answered at once."""
        return self._limits.shortest_s(self.calls + calls)

    def _reserve(self) -> float:
        """Count one call at the first moment that the limits allow; return the seconds until then."""
        with self._lock:
            now = self._clock.monotonic()
            at = now
            for seconds, most in self._limits.windows:
                if len(self._times) >= most:
                    at = max(at, self._times[-most] + seconds)
            longest = max(most for _seconds, most in self._limits.windows)
            # Calls that were reserved for later stand in the order of their times.
            self._times.append(max(at, self._times[-1] if self._times else at))
            while len(self._times) > longest:
                self._times.popleft()
            self.calls += 1
            self.waited_s = max(self.waited_s, self._times[-1] - now)
            return self._times[-1] - now
