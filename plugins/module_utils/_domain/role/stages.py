# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which stages of the role have something to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class StagePlan:
    """Whether the registries and the cluster access have something to do, and whether garbage collection is rehearsed.

    A rehearsal is docr_gc in check mode: docr_gc refuses what it refuses before another stage writes.
    """

    registry: bool
    doks_integration: bool
    gc_rehearsal: bool

    def shape(self) -> dict[str, bool]:
        """The plan as a filter returns it."""
        return asdict(self)


def plan_stages(
    comparison: Mapping[str, Any], integrations: Sequence[Mapping[str, Any]], *, must_read: bool
) -> StagePlan:
    """Decide from the result of docr_plan which stages have something to do.

    `comparison` is empty or skipped where neither the stage registry nor the stage doks_integration is enabled.
    `integrations` are the entries of the stage doks_integration: none where the stage is not enabled. `must_read` says
    whether the user asks for what only a read of every cluster shows.
    """
    has_registry_actions = _has_actions(comparison, "registry")
    has_integration_actions = _has_actions(comparison, "integration")
    # The stage names the clusters at fault and fails at its end.
    has_errors = bool(comparison.get("integration", {}).get("errors"))
    # Only a look into a cluster shows what is missing there, so a comparison with DigitalOcean alone does not decide.
    is_managed = any("method" in entry for entry in integrations)
    return StagePlan(
        registry=has_registry_actions,
        doks_integration=has_integration_actions or is_managed or has_errors or (must_read and bool(integrations)),
        gc_rehearsal=has_registry_actions or has_integration_actions or is_managed,
    )


def _has_actions(comparison: Mapping[str, Any], part: str) -> bool:
    return bool(comparison.get(part, {}).get("actions"))
