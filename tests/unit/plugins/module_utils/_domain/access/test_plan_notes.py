# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes and warnings of a cluster's plan, and pods that are recreated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    ClusterAccess,
    CurrentCluster,
    DesiredAccess,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import CURRENT
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.plan import plan_presence
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    Container,
    FieldManager,
    Pod,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Plan, Step
from support.access_states import (
    COPIED,
    DIRECT,
    FIG,
    NOW,
    ONE_CLICK,
    OPERATOR,
    PEAR,
    SECOND,
    SETTLED,
    SOURCE,
    STALE,
    access,
    account,
    actions,
    cluster,
    copied,
    everywhere,
    journal,
    named,
    theirs,
)


def plan(state: CurrentCluster, *accesses: DesiredAccess, recreates_pods: bool = False) -> Plan[Step]:
    return plan_presence(ClusterAccess(state, accesses or (access(),)), recreates_pods=recreates_pods)


def does(state: CurrentCluster, *accesses: DesiredAccess) -> list[str]:
    return actions(plan(state, *accesses).steps)


def test_missing_operator_copies_are_a_warning() -> None:
    state = cluster([*SOURCE, copied(PEAR, SECOND)], named(OPERATOR), SETTLED)
    assert plan(state, access("operator")).warnings == (
        f"DigitalOcean's operator has not copied the current secret {OPERATOR} to fig, pear of the cluster orchard.",
    )
    late_account = cluster(COPIED, [account(FIG), account(PEAR, OPERATOR)], SETTLED)
    assert "to fig of the cluster" in plan(late_account, access("operator")).warnings[0]
    assert plan(cluster([], named(), SETTLED), access("operator")).warnings == ()
    assert plan(cluster(COPIED[:1], named(), journal((STALE, CURRENT))), access("operator")).warnings == ()


def test_no_chosen_namespace_is_a_warning_and_writes_nothing() -> None:
    found = plan(cluster([], named(), chosen=[]), access(namespaces=("plot-*", "field")))
    assert not found.changed
    assert found.warnings == (
        "The cluster orchard has no namespace field.",
        "The cluster orchard has no chosen namespace for kiwi, so no secret is written there.",
    )


def test_foreign_secrets_in_all_chosen_namespaces_are_an_error_and_no_warning() -> None:
    found = plan(cluster([theirs(PEAR)], named(), chosen=[PEAR]), access(namespaces=(PEAR,)))
    assert (found.changed, found.warnings) == (False, ())


def test_service_account_that_no_namespace_has_is_a_warning() -> None:
    accounts = [account(PEAR, DIRECT), account(FIG, DIRECT)]
    found = plan(cluster(everywhere(), accounts, SETTLED), access(service_accounts=("default", "bild", "build-*")))
    assert found.warnings == ("No chosen namespace of the cluster orchard has a service account bild.",)


def test_field_manager_of_a_chosen_account_is_a_warning() -> None:
    owned = replace(account(PEAR, DIRECT), managers=(FieldManager("pulumi-kubernetes", "Apply"),))
    elsewhere = replace(account(FIG, DIRECT), managers=(FieldManager("argocd-controller", "Apply"),))
    found = plan(cluster(everywhere(), [owned, elsewhere], SETTLED, chosen=[PEAR]))
    (warning,) = found.warnings
    assert warning.startswith(f"Pulumi owns imagePullSecrets of pear/default and may take {DIRECT} out of it again;")


@pytest.mark.parametrize(("method", "secret"), [("operator", OPERATOR), ("one_click", ONE_CLICK)])
def test_field_manager_is_a_warning_for_operator_and_one_click_too(method: str, secret: str) -> None:
    owner = (FieldManager("helm", "Update"),)
    accounts = [
        replace(account(PEAR, secret), managers=owner),
        replace(account(FIG, secret, name="robot"), managers=owner),
    ]
    found = plan(cluster(COPIED, accounts, SETTLED), access(method)).warnings
    assert found[0].startswith(f"Helm owns imagePullSecrets of pear/default and may take {secret} out of it again;")


def test_duplicates_of_other_tools_are_noted_and_not_changed() -> None:
    has, stay = "The cluster orchard has secrets", "These duplicates for the registry kiwi are not changed."
    made = [copied(PEAR, SECOND, ONE_CLICK), theirs(FIG, "registry-kiwi"), theirs(PEAR, "registry-kiwi", "Opaque")]
    found = plan(cluster([*everywhere(), *made], named(DIRECT), SETTLED))
    assert (found.changed, found.notes) == (
        False,
        (
            f"{has} registry-kiwi, named as doctl names its secrets, in fig. {stay}",
            f"{has} kiwi, named as DigitalOcean's one-click integration names its secrets, in pear. {stay}",
        ),
    )


def test_secrets_of_an_active_integration_are_no_duplicates() -> None:
    copies = [copied(PEAR, SECOND, ONE_CLICK), theirs(FIG, ONE_CLICK)]
    assert "in fig. " in plan(cluster(copies, integrated=["kiwi"])).notes[0]
    assert "in fig. " in plan(cluster(copies), access("one_click")).notes[0]


def test_failing_pods_are_recreated_only_with_the_option() -> None:
    pod = Pod(PEAR, "web-1", "default", ("theirs",), (Container("app", "x"),), "ReplicaSet/web", created_at=NOW)
    state = cluster(everywhere(), named(), SETTLED, pods=[pod])
    assert does(state) == ["patch_service_accounts"]
    assert actions(plan(state, recreates_pods=True).steps) == ["patch_service_accounts", "recreate_pods"]
