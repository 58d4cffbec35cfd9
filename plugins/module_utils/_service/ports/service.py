# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services require of every client of DigitalOcean's API, whatever the resource."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class BaseApi(Protocol):
    """DigitalOcean's API and the promises of each call.

    Every call raises a DocrError when the service does not answer success. Lists are complete (all pages). The client
    repeats a read after a passing error, and sends a write once. Of the error of a write, `may_have_taken_effect` says
    whether to read what exists before trusting the error, and `retry_after_s` how long the rate limit refuses the
    write, after which the caller decides again (`flow/rate_limit.py`). A client in check mode refuses writes.
    """

    @property
    def rate_limit_wait_s(self) -> float:
        """The longest wait for the rate limit before a refused write is decided again, in seconds."""

    def now(self) -> datetime:
        """The service's time in UTC, by the `Date` of its last answer; lists the registries if there was none yet."""
