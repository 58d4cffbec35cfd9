# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of the API that a task may make, as a share of the limits that a whole team has."""

from __future__ import annotations

import math
from dataclasses import dataclass

# digitalocean-api.md 5: both limits are of a token's team, over the last minute and over the last hour.
TEAM_CALLS = ((60.0, 250), (3600.0, 5000))
# The most entries of a page, digitalocean-api.md 1.7.
_PAGE = 200


@dataclass(frozen=True)
class CallLimits:
    """How many calls a task may make in each window: pairs of seconds and calls, at least one call each."""

    windows: tuple[tuple[float, int], ...]

    def shortest_s(self, calls: int) -> float:
        """The seconds for which the limits make so many calls wait, were each call answered at once."""
        return max((seconds * ((calls - 1) // most) for seconds, most in self.windows if calls > 0), default=0.0)


def list_calls(entries: int) -> int:
    """The calls for a list of so many entries; an empty list takes a call too."""
    return max(1, math.ceil(entries / _PAGE))


def share_of_team(percent: int) -> CallLimits:
    """The limits of a task that leaves the rest of the team's calls to others."""
    return CallLimits(tuple((seconds, max(1, most * percent // 100)) for seconds, most in TEAM_CALLS))
