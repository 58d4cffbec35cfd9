# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Field managers: tools that write a service account's pull secrets again, and the setting that makes them stop."""

from __future__ import annotations

from collections.abc import Iterable

from ..clusters.objects import ServiceAccount
from ..names import join_names

# The field manager under which Kubernetes records the writes of this collection.
FIELD_MANAGER = "planton.digitalocean"
_APPLY = "Apply"
_ARGO = (
    "list /imagePullSecrets of the kind ServiceAccount under jsonPointers in the ignoreDifferences of its Application,"
    " with RespectIgnoreDifferences=true in syncOptions"
)
_FLUX = (
    "leave imagePullSecrets out of the service account in its repository and set the annotation"
    " kustomize.toolkit.fluxcd.io/ssa: Merge on it, or let it write {secret} too"
)
# The beginning of the field manager, the name of the tool, and the setting.
_TOOLS: tuple[tuple[str, str, str], ...] = (
    ("argocd", "Argo CD", _ARGO),
    ("kustomize-controller", "Flux", _FLUX),
    ("helm-controller", "Flux", "add /imagePullSecrets to driftDetection.ignore of its HelmRelease"),
    ("helm", "Helm", "leave imagePullSecrets out of the chart's service account, or let its values name {secret}"),
    ("pulumi", "Pulumi", "add imagePullSecrets to ignoreChanges of the resource"),
    # Terraform's provider gives no field manager, so the API server records the beginning of its user agent.
    ("HashiCorp", "Terraform", "add image_pull_secret to ignore_changes in the resource's lifecycle block"),
    ("Terraform", "Terraform", "add imagePullSecrets to computed_fields of its kubernetes_manifest"),
    ("kubectl-client-side-apply", "kubectl apply", "leave imagePullSecrets out of the file that is applied"),
)
_OTHER = "leave imagePullSecrets out of what it applies, or let it name {secret} too"


def gitops_warnings(accounts: Iterable[ServiceAccount], secret: str) -> tuple[str, ...]:
    """A sentence for each tool that owns imagePullSecrets of the accounts and may remove the entry for `secret`."""
    found: dict[tuple[str, str], list[str]] = {}
    for account in accounts:
        for manager in account.managers:
            tool = _tool_of(manager.name, manager.operation)
            if tool is not None:
                found.setdefault(tool, []).append(f"{account.namespace}/{account.name}")
    return tuple(
        f"{tool} owns imagePullSecrets of {join_names(dict.fromkeys(names))} and may take {secret} out of it again;"
        f" to end that, {setting.format(secret=secret)}."
        for (tool, setting), names in found.items()
    )


def _tool_of(manager: str, operation: str) -> tuple[str, str] | None:
    if manager == FIELD_MANAGER:
        return None
    for start, tool, setting in _TOOLS:
        if manager.startswith(start):
            return tool, setting
    return (manager, _OTHER) if operation == _APPLY else None
