# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which credentials the role rotates after a leak, and what rotate refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .destroy import Manifests, unknown_names
from .module_options import managed_integrations
from .table import MOST_NOTES, fit_table, limit_notes


@dataclass(frozen=True)
class RotatePlan:
    """The integrations whose credentials are replaced, as the option `integrations` of docr_doks_integration.

    `error` says why the names are refused, and is empty where nothing is wrong.
    """

    integrations: Sequence[Mapping[str, Any]]
    error: str

    def shape(self) -> dict[str, Any]:
        """The plan as a filter returns it."""
        return {"integrations": list(self.integrations), "error": self.error}


def plan_rotate(names: Sequence[str], manifests: Manifests, variables: Mapping[str, Any]) -> RotatePlan:
    """Plan to replace the credentials of the registries `names` in all clusters that manifests and variables name.

    `variables` are the role variables docr_doks_* without their prefix.
    """
    managed = managed_integrations(manifests, variables)
    rotated = [entry for entry in managed if entry["registries"][0] in names]
    problem = _problem(names, manifests, [name for entry in managed for name in entry["registries"]])
    return RotatePlan(rotated, problem and f"Nothing was rotated: docr_rotate_names {problem}.")


def summarize_rotate(result: Mapping[str, Any], *, is_check_mode: bool) -> list[str]:
    """A table of the registries and clusters with what was written and revoked, then notes; at most 40 lines.

    `result` is the result of docr_doks_integration, empty where the task was not reached.
    """
    entries = result.get("integrations") or result.get("last") or ()
    rows = [row for one in entries for row in _rotation_rows(one)]
    head = "Check mode, nothing was changed. Clusters that would get new credentials:" if is_check_mode else "Clusters:"
    columns = ("REGISTRY", "CLUSTER", "SECRETS WRITTEN", "CREDENTIALS REVOKED", "NEW CREDENTIAL", "RENEW AT")
    failures = [f"Failed: {result.get('msg', '')}"] if result.get("failed") else []
    notes = limit_notes([*failures, *(result.get("notes") or ())], MOST_NOTES)
    return fit_table(head if rows else "Nothing was rotated.", columns, rows, notes, "the fact docr_rotated")


def _rotation_rows(integration: Mapping[str, Any]) -> list[tuple[str, ...]]:
    cluster = integration["cluster"]["name"]
    accesses = integration.get("pull_access")
    if accesses is None:
        return [(", ".join(integration.get("registries") or ()), cluster, "not known", "not known", "", "")]
    return [
        (
            one["registry"],
            cluster,
            str(len(one["written"])),
            str(len(one["revoked"])),
            (one["credential"] or {}).get("fingerprint") or "",
            (one["credential"] or {}).get("renew_at") or "",
        )
        for one in accesses
    ]


def _problem(names: Sequence[str], manifests: Manifests, managed_names: Sequence[str]) -> str:
    if not names:
        return "is empty; repeat the names of the registries whose credentials leaked"
    unknown = unknown_names(names, manifests)
    if unknown:
        advice = "correct docr_rotate_names, or add the manifests of these registries"
        return f"names {', '.join(unknown)}, and no manifest does; {advice}"
    unmanaged = [name for name in names if name not in managed_names]
    if not unmanaged:
        return ""
    return (
        f"names {', '.join(unmanaged)}, whose clusters, if any, pull by the method one_click: DigitalOcean owns "
        "this credential, and this collection cannot replace the credential. Give the registry the method direct or "
        "operator and run planton.digitalocean.site, which writes the new secret before it removes the old secret; or "
        "remove the integration and add the integration again, between which pods cannot pull. Then revoke the leaked "
        "token in the control panel"
    )
