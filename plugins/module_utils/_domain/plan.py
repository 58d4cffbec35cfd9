# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan: what a task will do, decided from the current state and the desired state before the first write."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar


class Step(ABC):
    """One write. Each kind of write is a frozen dataclass that derives from Step and holds what the writer requires.

    `action` is a word for programs. Only `shape` is shown to users, so the fields may hold secrets.
    """

    action: ClassVar[str]

    @property
    @abstractmethod
    def target(self) -> str:
        """The name of the object that is written."""

    @property
    @abstractmethod
    def message(self) -> str:
        """What the step does, as a sentence part in the infinitive ("create the registry acme in fra1")."""

    def shape(self) -> dict[str, str]:
        """The step as a user sees it."""
        return {"action": self.action, "target": self.target, "message": self.message}


S_co = TypeVar("S_co", bound=Step, covariant=True)
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True)
class Plan(Generic[S_co]):
    """Ordered steps, the state before and after the steps (for the diff), and what the user must know besides."""

    steps: tuple[S_co, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the plan writes anything."""
        return bool(self.steps)


@dataclass(frozen=True)
class Outcome(Generic[R_co]):
    """What a task came to. `steps` are the steps that were really carried out, in check mode those of the plan.

    `result` is the state afterwards, in the task's own type.
    """

    steps: tuple[Step, ...]
    result: R_co
