# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that start and cancel garbage collections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Union

from ..plan import Step
from ..times import format_time


@dataclass(frozen=True)
class StartCollection(Step):
    """Start a garbage collection. `type` is the API's word; before `not_before` (UTC) the start is not allowed."""

    action: ClassVar[str] = "start_garbage_collection"
    registry: str
    type: str
    not_before: datetime | None = None

    @property
    def target(self) -> str:
        """The registry's name."""
        return self.registry

    @property
    def message(self) -> str:
        """What is started, and when."""
        return f"start a garbage collection of the registry {self.registry} ({self.type})" + (
            f" at {format_time(self.not_before)}, when the start is allowed" if self.not_before else ""
        )


@dataclass(frozen=True)
class CancelCollection(Step):
    """Cancel an active garbage collection."""

    action: ClassVar[str] = "cancel_garbage_collection"
    registry: str
    uuid: str

    @property
    def target(self) -> str:
        """The registry's name."""
        return self.registry

    @property
    def message(self) -> str:
        """What is cancelled."""
        return f"cancel the garbage collection {self.uuid} of the registry {self.registry}"


GcStep = Union[StartCollection, CancelCollection]  # noqa: UP007 - ansible-test's pylint requires Union here
