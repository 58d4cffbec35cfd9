# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role destroys, and what destroy refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..registry.steps import DeleteRegistry
from .module_options import integrations_to_remove
from .table import MOST_NOTES, fit_table, limit_notes, list_names

Manifests = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class DestroyPlan:
    """The registries to destroy, and the access to remove from clusters before.

    `managed_integrations` are entries of the option `integrations` of docr_doks_integration: the access that this
    collection manages. Without consent there are none, and `access_error` says what is missing. `names_error` says why
    the names are refused. Both errors are empty where nothing is wrong.
    """

    registries: tuple[str, ...]
    managed_integrations: Sequence[Mapping[str, Any]]
    names_error: str
    access_error: str

    def shape(self) -> dict[str, Any]:
        """The plan as a filter returns it; `registries` is the option of docr_registry."""
        return {
            "registries": [{"name": name, "origin": name} for name in self.registries],
            "managed_integrations": list(self.managed_integrations),
            "names_error": self.names_error,
            "access_error": self.access_error,
        }


def plan_destroy(
    names: Sequence[str], manifests: Manifests | None, variables: Mapping[str, Any], *, allow_delete_integrated: bool
) -> DestroyPlan:
    """Plan to destroy the registries `names`.

    `manifests` is None where no manifest was given: then any name is allowed. `variables` are the role variables
    docr_doks_* without their prefix.
    """
    registries = tuple(dict.fromkeys(names))
    managed = integrations_to_remove(manifests or (), registries, variables)
    return DestroyPlan(
        registries=registries,
        managed_integrations=managed if allow_delete_integrated else (),
        names_error=_names_error(registries, manifests),
        access_error="" if allow_delete_integrated else _access_error(managed),
    )


def _names_error(names: Sequence[str], manifests: Manifests | None) -> str:
    if not names:
        return "Nothing was destroyed: docr_destroy_names is empty; repeat the names of the registries to destroy."
    unknown = [] if manifests is None else unknown_names(names, manifests)
    if not unknown:
        return ""
    return (
        f"Nothing was destroyed: docr_destroy_names names {', '.join(unknown)}, and no manifest does; "
        "repeat the names of the registries to destroy."
    )


def _access_error(managed: Sequence[Mapping[str, Any]]) -> str:
    if not managed:
        return ""
    names = dict.fromkeys(name for entry in managed for name in entry["registries"])
    return (
        f"Nothing was destroyed: by the manifests clusters pull from {', '.join(names)}; set "
        "docr_allow_delete_integrated=true to remove the pull secrets from these clusters first."
    )


def unknown_names(names: Sequence[str], manifests: Manifests) -> list[str]:
    """The names that no manifest has."""
    known = {manifest["name"] for manifest in manifests}
    return [name for name in names if name not in known]


def summarize_destroy(names: Sequence[str], results: Mapping[str, Any], *, is_check_mode: bool) -> list[str]:
    """A table of the registries with the clusters that lose access, then notes; at most 40 lines.

    `results` has the results of the tasks: `check` and `deletion` of docr_registry, `one_click` and `managed` of
    docr_doks_integration. A task that was skipped or not reached has an empty result.
    """
    deleted = [
        one["target"] for one in results["deletion"].get("actions") or () if one["action"] == DeleteRegistry.action
    ]
    missing = [one["name"] for one in results["check"].get("missing") or ()]
    rows = [
        (name, _destroy_result(name, deleted, missing, is_check_mode), list_names(_losing_clusters(name, results)))
        for name in dict.fromkeys(names)
    ]
    count = sum(name in deleted for name in dict.fromkeys(names))
    head = f"Check mode, nothing was changed. Registries that would be deleted: {count}."
    notes = [f"Failed: {results[key].get('msg', '')}" for key in results if results[key].get("failed")]
    notes += [note for key in ("managed", "check") for note in results[key].get("notes") or ()]
    return fit_table(
        head if is_check_mode else f"Registries deleted: {count}.",
        ("REGISTRY", "RESULT", "CLUSTERS THAT LOSE ACCESS"),
        rows,
        limit_notes(notes, MOST_NOTES),
        "the fact docr_destroyed",
    )


def _destroy_result(name: str, deleted: Sequence[str], missing: Sequence[str], is_check_mode: bool) -> str:
    if name in deleted:
        return "would be deleted" if is_check_mode else "deleted"
    return "does not exist" if name in missing else "not deleted"


def _losing_clusters(name: str, results: Mapping[str, Any]) -> list[str]:
    clusters = []
    for result in (results["one_click"], results["managed"]):
        for one in result.get("integrations") or result.get("last") or ():
            secrets = [access for access in one.get("pull_access") or () if access["registry"] == name]
            if name in one.get("removed", ()) or any(access["deleted"] for access in secrets):
                clusters.append(one["cluster"]["name"])
    return list(dict.fromkeys(clusters))
