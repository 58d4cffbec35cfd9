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
    repeats a read after a passing error. The client sends a write once, and `may_have_taken_effect` of its error says
    whether to read what exists before trusting the error. A client in check mode refuses writes.
    """

    def now(self) -> datetime:
        """The service's time in UTC, by the `Date` of its last answer; lists the registries if there was none yet."""
