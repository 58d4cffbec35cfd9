# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for the rate limit after a write that the limit refused, before the write is decided again.

The client repeats reads by itself. A client never repeats a write, since the wait may change what the decision rests
on: a window closes, another run writes. So the caller of the write waits, reads again and decides again.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..._domain.errors import DocrError
from .wait import Clock


@dataclass
class RateLimitWaits:
    """The waits of one task or one write; `longest_s` is the longest wait in seconds without a write in between."""

    longest_s: float
    clock: Clock
    _waited_s: float = 0.0
    _writes: int = 0

    def allows(self, error: DocrError, writes: int = 0) -> bool:
        """Whether the wait that `error` asks for is allowed; `writes` is how many writes were carried out so far."""
        if writes != self._writes:
            self._writes, self._waited_s = writes, 0.0
        if error.retry_after_s is None or self._waited_s + error.retry_after_s > self.longest_s:
            return False
        self._waited_s += error.retry_after_s
        return True

    def wait(self, error: DocrError, writes: int = 0) -> bool:
        """Wait as long as `error` asks for, if that is allowed; return whether this call has waited."""
        if not self.allows(error, writes):
            return False
        self.clock.sleep(error.retry_after_s or 0.0)
        return True
