# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters between the role's tasks: manifests to options, results to outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..module_utils._domain.registry.model import IMAGE_HOST
from ..module_utils._domain.role.outputs import (
    Run,
    ended_integrations,
    gc_overrides,
    integrations_of,
    shape_outputs,
    wanted_integrations,
    wanted_registries,
)

Result = Mapping[str, Any]


def docr_outputs(manifests: Sequence[Result], results: Result) -> dict[str, dict[str, Any]]:
    """The outputs of a run from its manifests and the results of its stages."""
    return shape_outputs(
        Run(
            manifests=manifests,
            plan=results["plan"],
            registry=results["registry"],
            garbage_collection=results["garbage_collection"],
            integration=results["integration"],
            gc_type=results["gc_type"],
            registry_host=results.get("registry_host") or IMAGE_HOST,
        )
    )


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "docr_registries": wanted_registries,
            "docr_gc_overrides": gc_overrides,
            "docr_integrations": wanted_integrations,
            "docr_integrations_of": integrations_of,
            "docr_integrations_ended": ended_integrations,
            "docr_outputs": docr_outputs,
        }
