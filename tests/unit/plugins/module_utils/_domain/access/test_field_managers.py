# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Field managers that own imagePullSecrets, and the settings that their warnings name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.field_managers import gitops_warnings
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    FieldManager,
    ServiceAccount,
)
from support.access_states import DIRECT, FIG, PEAR, account


def managed(*managers: tuple[str, str], place: str = PEAR) -> ServiceAccount:
    return replace(account(place, DIRECT), managers=tuple(FieldManager(*one) for one in managers))


@pytest.mark.parametrize(
    ("manager", "operation", "start", "setting"),
    [
        ("argocd-controller", "Apply", "Argo CD owns", "with RespectIgnoreDifferences=true in syncOptions."),
        ("argocd-application-controller", "Update", "Argo CD owns", "in the ignoreDifferences of its Application"),
        ("kustomize-controller", "Apply", "Flux owns", f"ssa: Merge on it, or let it write {DIRECT} too."),
        ("helm-controller", "Update", "Flux owns", "add /imagePullSecrets to driftDetection.ignore"),
        ("helm", "Update", "Helm owns", f"or let its values name {DIRECT}."),
        ("pulumi-kubernetes-a1b2", "Apply", "Pulumi owns", "ignoreChanges"),
        ("HashiCorp", "Update", "Terraform owns", "ignore_changes in the resource's lifecycle block."),
        ("Terraform", "Apply", "Terraform owns", "add imagePullSecrets to computed_fields of its kubernetes_manifest."),
        ("kubectl-client-side-apply", "Update", "kubectl apply owns", "out of the file that is applied."),
        (
            "farmer",
            "Apply",
            "farmer owns",
            f"out of what it applies, or let it name {DIRECT} too.",
        ),
    ],
)
def test_field_manager_is_named_with_the_setting_to_change(
    manager: str, operation: str, start: str, setting: str
) -> None:
    (warning,) = gitops_warnings([managed((manager, operation))], DIRECT)
    assert warning.startswith(f"{start} imagePullSecrets of pear/default and may take {DIRECT} out of it again; to end")
    assert setting in warning


@pytest.mark.parametrize(
    "manager",
    [("planton.digitalocean", "Update"), ("planton.digitalocean", "Apply"), ("kubectl-edit", "Update")],
    ids=["us", "us by apply", "a user"],
)
def test_field_manager_that_does_not_write_again_is_not_named(manager: tuple[str, str]) -> None:
    assert gitops_warnings([managed(manager), account(FIG)], DIRECT) == ()


def test_accounts_of_one_tool_are_in_one_sentence_each_once() -> None:
    accounts = [
        managed(("argocd-controller", "Apply"), ("argocd-controller", "Update"), ("helm", "Update")),
        managed(("argocd-controller", "Apply"), place=FIG),
    ]
    argo, helm = gitops_warnings(accounts, DIRECT)
    assert argo.startswith("Argo CD owns imagePullSecrets of pear/default, fig/default and may")
    assert helm.startswith("Helm owns imagePullSecrets of pear/default and may")
