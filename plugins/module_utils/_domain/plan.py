# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""A plan: what a task will do, decided from what is there and what is wanted, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """One write. `action` is a word for programs, `target` the object's name, `message` a sentence for people.

    `arguments` carries what the service needs to do it; it is never shown.
    """

    action: str
    target: str
    message: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def shape(self) -> dict[str, str]:
        """The step as a user sees it."""
        return {"action": self.action, "target": self.target, "message": self.message}


@dataclass(frozen=True)
class Plan:
    """Ordered steps, the state before and after them, and what the user should know besides."""

    steps: tuple[Step, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything will be written."""
        return bool(self.steps)
