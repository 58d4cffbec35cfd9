# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that change a team's registries and its subscription tier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Union

from ..plan import Step
from .tiers import Tier


@dataclass(frozen=True)
class CreateRegistry(Step):
    """Create a registry. Without a region DigitalOcean chooses one; `tier` is the slug of the team's tier by then."""

    action: ClassVar[str] = "create_registry"
    name: str
    region: str | None
    tier: str

    @property
    def target(self) -> str:
        """The registry's name."""
        return self.name

    @property
    def message(self) -> str:
        """What is created, and where."""
        return f"create the registry {self.name}" + (f" in {self.region}" if self.region else "")


@dataclass(frozen=True)
class ChangeTier(Step):
    """Change the subscription tier of the whole team."""

    action: ClassVar[str] = "change_tier"
    current: Tier
    desired: Tier

    @property
    def target(self) -> str:
        """The slug of the desired tier."""
        return self.desired.slug

    @property
    def message(self) -> str:
        """Both tiers with their prices."""
        return (
            f"change the team's tier from {self.current.slug} ({self.current.price}) "
            f"to {self.desired.slug} ({self.desired.price})"
        )


@dataclass(frozen=True)
class DeleteRegistry(Step):
    """Delete a registry with all its images."""

    action: ClassVar[str] = "delete_registry"
    name: str

    @property
    def target(self) -> str:
        """The registry's name."""
        return self.name

    @property
    def message(self) -> str:
        """What is deleted."""
        return f"delete the registry {self.name}"


RegistryStep = Union[CreateRegistry, ChangeTier]  # noqa: UP007 - ansible-test's pylint requires Union here
