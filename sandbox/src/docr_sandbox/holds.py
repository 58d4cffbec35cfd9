# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds: a request stops while something else happens, and then goes on or loses its connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

ARMED, REACHED, CONTINUED, DROPPED = "armed", "reached", "continued", "dropped"
POLL_S = 0.005


@dataclass(frozen=True)
class HoldAction:
    """A request that the sandbox itself makes while another request is held, with all rights.

    `path` is a path of the API (`/v2/...`) or of the control side, such as `/_sandbox/seed`; `body` is JSON.
    """

    method: str
    path: str
    body: Any = None


@dataclass(frozen=True)
class HoldRule:
    """Holds one request: the first that matches `method` and `path` (with `*`) after `skip` other matching requests.

    With `after_effect` the request takes effect first, and its answer is held. Where actions are given, the request
    goes on by itself once they are done.
    """

    method: str = "*"
    path: str = "*"
    skip: int = 0
    after_effect: bool = False
    actions: tuple[HoldAction, ...] = ()

    def matches(self, method: str, path: str) -> bool:
        """Whether a request matches."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


@dataclass
class ArmedHold:
    """A hold and how far it is; `results` are the statuses of its actions."""

    number: int
    rule: HoldRule
    skip: int
    state: str = ARMED
    results: list[int] = field(default_factory=list)

    def end(self, *, drop: bool) -> None:
        """Let the held request go on, or end its connection; without an effect once the hold has ended."""
        if self.state in (ARMED, REACHED):
            self.state = DROPPED if drop else CONTINUED

    def to_json(self) -> dict[str, Any]:
        """The hold as the control side shows it."""
        rule = self.rule
        matched = {"method": rule.method, "path": rule.path, "skip": self.skip, "after_effect": rule.after_effect}
        actions = [{"method": one.method, "path": one.path, "body": one.body} for one in rule.actions]
        return {"number": self.number, **matched, "actions": actions, "state": self.state, "results": self.results}


class Holds:
    """All holds since the last clearing, in the order in which they were armed.

    `perform` carries out an action and returns its status; the app that has the routes provides it.
    """

    def __init__(self) -> None:
        self.perform: Callable[[HoldAction], int] | None = None
        self._armed: list[ArmedHold] = []
        self._numbers = 0

    def arm(self, rule: HoldRule) -> ArmedHold:
        """Let a future request that matches be held."""
        self._numbers += 1
        hold = ArmedHold(self._numbers, rule, rule.skip)
        self._armed.append(hold)
        return hold

    def take(self, method: str, path: str) -> ArmedHold | None:
        """The hold that a request meets; None when no armed hold is due."""
        for hold in self._armed:
            if hold.state != ARMED or not hold.rule.matches(method, path):
                continue
            if hold.skip > 0:
                hold.skip -= 1
                continue
            hold.state = REACHED
            return hold
        return None

    async def keep(self, hold: ArmedHold) -> bool:
        """Do the actions of a hold, or wait for its end; returns whether the request goes on."""
        for action in hold.rule.actions:
            hold.results.append(self.perform(action) if self.perform is not None else 501)
        if hold.rule.actions:
            hold.end(drop=False)
        while hold.state == REACHED:
            # Polled, since the two servers and their control side need not share one event loop.
            await asyncio.sleep(POLL_S)
        return hold.state == CONTINUED

    def find(self, number: str) -> ArmedHold | None:
        """A hold by its number."""
        return next((one for one in self._armed if str(one.number) == number), None)

    def clear(self) -> None:
        """Remove every hold; held requests lose their connections."""
        removed, self._armed = self._armed, []
        for hold in removed:
            hold.end(drop=True)

    def to_json(self) -> list[dict[str, Any]]:
        """All holds."""
        return [hold.to_json() for hold in self._armed]
