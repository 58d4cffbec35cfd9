# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the role: manifests to options of modules, names to plans, results to outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..module_utils._domain.registry.model import IMAGE_HOST
from ..module_utils._domain.role.destroy import plan_destroy, summarize_destroy
from ..module_utils._domain.role.module_options import (
    desired_integrations,
    desired_logins,
    desired_registries,
    gc_overrides,
    one_click_integrations,
)
from ..module_utils._domain.role.outputs import StageResults, shape_outputs
from ..module_utils._domain.role.rotate import plan_rotate, summarize_rotate
from ..module_utils._domain.role.stages import plan_stages
from ..module_utils._domain.role.summary import summarize_stages

Result = Mapping[str, Any]
Names = Sequence[str] | str


def docr_outputs(manifests: Sequence[Result], results: Result) -> dict[str, dict[str, Any]]:
    """The outputs of the role from the manifests and the results of the stages."""
    return shape_outputs(_stage_results(manifests, results))


def docr_summary(outputs: Result, results: Result, is_check_mode: bool) -> list[str]:
    """The lines that say what the stages did."""
    found, off = _stage_results((), results), results.get("switched_off", ())
    return summarize_stages(outputs, found, is_check_mode=is_check_mode, switched_off=off)


def _stage_results(manifests: Sequence[Result], results: Result) -> StageResults:
    former = results.get("former")
    return StageResults(
        manifests=manifests,
        plan=results["plan"],
        registry=results["registry"],
        garbage_collection=results["garbage_collection"],
        integration=results["integration"],
        gc_type=results["gc_type"],
        registry_host=results.get("registry_host") or IMAGE_HOST,
        gc_check=results.get("gc_check", {}),
        login=results.get("login", {}),
        former=former if isinstance(former, Mapping) else {},
    )


def docr_stage_plan(comparison: Result, integrations: Sequence[Result], must_read: bool) -> dict[str, bool]:
    """Which stages have something to do."""
    return plan_stages(comparison, integrations, must_read=must_read).shape()


def docr_destroy_plan(
    manifests: Sequence[Result] | None,
    names: Names,
    variables: Result,
    allow_delete_integrated: bool,
) -> dict[str, Any]:
    """What the role destroys, and why it refuses to."""
    return plan_destroy(_list_of(names), manifests, variables, allow_delete_integrated=allow_delete_integrated).shape()


def docr_rotate_plan(manifests: Sequence[Result], names: Names, variables: Result) -> dict[str, Any]:
    """Which credentials the role rotates, and why it refuses to."""
    return plan_rotate(_list_of(names), manifests, variables).shape()


def docr_destroy_summary(names: Names, results: Result, is_check_mode: bool) -> list[str]:
    """The lines that say what the role destroyed."""
    return summarize_destroy(_list_of(names), results, is_check_mode=is_check_mode)


def docr_rotate_summary(result: Result, is_check_mode: bool) -> list[str]:
    """The lines that say what the role rotated."""
    return summarize_rotate(result, is_check_mode=is_check_mode)


def docr_integrations_of(clusters: Sequence[Result], registries: Names) -> list[dict[str, Any]]:
    """DigitalOcean's own integrations of clusters with some registries."""
    return one_click_integrations(clusters, _list_of(registries))


def _list_of(names: Names) -> list[str]:
    """The names of a list, or of a text with commas, which Ansible's options accept as a list too."""
    given = names.split(",") if isinstance(names, str) else names
    return [name.strip() for name in given if name.strip()]


class FilterModule:
    """The class that Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "docr_registries": desired_registries,
            "docr_gc_overrides": gc_overrides,
            "docr_logins": desired_logins,
            "docr_integrations": desired_integrations,
            "docr_integrations_of": docr_integrations_of,
            "docr_stage_plan": docr_stage_plan,
            "docr_destroy_plan": docr_destroy_plan,
            "docr_rotate_plan": docr_rotate_plan,
            "docr_destroy_summary": docr_destroy_summary,
            "docr_rotate_summary": docr_rotate_summary,
            "docr_outputs": docr_outputs,
            "docr_summary": docr_summary,
        }
