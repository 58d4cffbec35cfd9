# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that end access, and what they keep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    ClusterAccess,
    CurrentCluster,
    DesiredAccess,
    RegistryAccess,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import (
    CURRENT,
    NEW,
    OLD,
    Journal,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.plan import (
    plan_absence,
    plan_leaving,
    plan_presence,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import Secret
from support.access_states import (
    BOG,
    COPIED,
    DIRECT,
    FIG,
    FIRST,
    NOW,
    ONE_CLICK,
    OPERATOR,
    PEAR,
    SECOND,
    SETTLED,
    SYSTEM,
    access,
    account,
    actions,
    changes,
    cluster,
    copied,
    edited,
    everywhere,
    journal,
    named,
    ours,
    registry_state,
    theirs,
)

DIRECT_ENDS = ["patch_service_accounts", "delete_pull_secrets"]
ALL_ENDS = ["revoke_credentials", "delete_journal"]


def ends(state: CurrentCluster, *accesses: DesiredAccess) -> tuple[Any, ...]:
    return plan_absence(ClusterAccess(state, accesses or (access(policy=None),))).steps


def test_entries_are_removed_before_secrets_and_the_journal_last() -> None:
    found = ends(cluster(everywhere(), named("before", DIRECT, "after"), journal((SECOND, OLD, NOW), (FIRST, CURRENT))))
    assert actions(found) == [*DIRECT_ENDS, *ALL_ENDS]
    assert changes(found[0])[0] == (f"{SYSTEM}/default", (), (DIRECT,))
    assert [one.namespace for one in found[1].secrets] == [FIG, SYSTEM, PEAR]
    assert found[2].credentials == (SECOND, FIRST)
    both = f"{SECOND.fingerprint}, {FIRST.fingerprint}"
    accounts = "fig/default, kube-system/default, pear/default"
    assert [step.message for step in found] == [
        f"remove {DIRECT} from 3 service accounts ({accounts}) of the cluster orchard",
        f"delete the pull secret {DIRECT} from 3 namespaces (fig, kube-system, pear) of the cluster orchard",
        f"revoke the credentials {both} of the registry kiwi for the cluster orchard",
        "delete the journal kube-system/docr-journal-kiwi of the cluster orchard",
    ]


@pytest.mark.parametrize(
    ("state", "method", "expected"),
    [
        (cluster([], named("theirs")), "direct", []),
        (cluster([], named(ONE_CLICK), integrated=["kiwi"]), "one_click", []),
        (cluster([theirs(PEAR)], named(DIRECT), chosen=[PEAR]), "direct", []),
        # Runs that were killed on their way.
        (cluster([], named(), SETTLED), "direct", ALL_ENDS),
        (cluster([], [], Journal()), "direct", ["delete_journal"]),
        (cluster([], [], journal((FIRST, NEW))), "operator", ALL_ENDS),
        (cluster(everywhere(), named(), SETTLED), "direct", ["delete_pull_secrets", *ALL_ENDS]),
        (cluster([], named(DIRECT), SETTLED), "direct", ["patch_service_accounts", *ALL_ENDS]),
        (cluster(COPIED[1:], named(OPERATOR), SETTLED), "operator", [*DIRECT_ENDS, *ALL_ENDS]),
        # A deleted journal is written again first, so that a killed run loses no credential.
        (cluster(everywhere(), named(DIRECT)), "direct", ["record_credential", *DIRECT_ENDS, *ALL_ENDS]),
        (cluster([edited(ours(PEAR))], named(DIRECT)), "direct", DIRECT_ENDS),
        # The other method goes on with the credential.
        (cluster([*everywhere(), *COPIED], named(DIRECT), SETTLED), "direct", DIRECT_ENDS),
        (cluster([*everywhere(), *COPIED], named(OPERATOR), SETTLED), "operator", ["delete_operator_secret"]),
        (cluster(COPIED, named(OPERATOR), SETTLED), "direct", []),
        (cluster(COPIED, named(OPERATOR), SETTLED), "operator", ["delete_operator_secret", *ALL_ENDS]),
        (cluster(COPIED, named(OPERATOR)), "operator", ["record_credential", "delete_operator_secret", *ALL_ENDS]),
        # Secrets in a terminating namespace are no reason to keep a credential.
        (cluster([ours(BOG, SECOND)], [account(BOG, DIRECT)], SETTLED), "direct", ALL_ENDS),
        (cluster([ours(BOG)], [account(BOG, DIRECT)]), "direct", []),
    ],
)
def test_absence_removes_only_what_exists(state: CurrentCluster, method: str, expected: list[str]) -> None:
    assert actions(ends(state, access(method, None))) == expected


def held(secret: Secret, *, is_terminating: bool = True) -> Secret:
    """A secret whose deletion a finalizer of others holds up."""
    return replace(secret, finalizers=("example.com/hold",), is_terminating=is_terminating)


@pytest.mark.parametrize(
    ("state", "method", "expected"),
    [
        (cluster([held(ours(PEAR))], named()), "direct", []),
        (cluster([held(ours(PEAR))], named(), SETTLED), "direct", ALL_ENDS),
        (cluster([held(copied(PEAR))], named()), "operator", []),
        (cluster([held(ours(SYSTEM, method="operator"))], named()), "operator", []),
        (cluster([held(ours(PEAR, method="operator")), *everywhere()], [], SETTLED), "direct", ["delete_pull_secrets"]),
    ],
)
def test_secret_that_was_deleted_before_is_not_deleted_again(
    state: CurrentCluster, method: str, expected: list[str]
) -> None:
    found = actions(ends(state, access(method, None)))
    assert found[: len(expected)] == expected
    assert found in (expected, [*expected, *ALL_ENDS])


@pytest.mark.parametrize("is_terminating", [True, False])
def test_finalizers_of_others_are_a_warning_that_names_them(is_terminating: bool) -> None:
    state = cluster([held(ours(PEAR), is_terminating=is_terminating), ours(FIG)], [], SETTLED)
    (told,) = plan_absence(ClusterAccess(state, (access(policy=None),))).warnings
    assert told == (
        f"Finalizers hold up the deletion of the secrets {PEAR}/{DIRECT} (example.com/hold) of the cluster orchard."
        " Each secret stays until its finalizers end. Find out what sets the finalizers."
    )
    moved = plan_presence(ClusterAccess(state, (access("operator"),)), recreates_pods=False)
    assert told in moved.warnings


def test_absence_in_some_namespaces_keeps_the_credential() -> None:
    state = cluster(everywhere(), named(DIRECT), SETTLED, chosen=[PEAR])
    found = ends(state)
    assert actions(found) == DIRECT_ENDS
    assert changes(found[0]) == [(f"{PEAR}/default", (), (DIRECT,))]
    assert [one.namespace for one in found[1].secrets] == [PEAR]


def test_credential_that_only_deleted_secrets_hold_is_recorded_first() -> None:
    state = cluster([ours(PEAR), ours(FIG, SECOND)], [], SETTLED, chosen=[FIG])
    found = ends(state)
    assert actions(found) == ["record_credential", "delete_pull_secrets"]
    assert found[0].journal == journal((FIRST, CURRENT), (SECOND, OLD, NOW))


def test_entry_that_names_a_foreign_secret_is_kept() -> None:
    state = cluster([ours(PEAR), theirs(FIG)], named(DIRECT), SETTLED)
    found = ends(state)
    assert [place for place, _add, _remove in changes(found[0])] == [f"{SYSTEM}/default", f"{PEAR}/default"]
    assert [one.namespace for one in found[1].secrets] == [PEAR]


def test_absence_of_one_registry_does_not_affect_another() -> None:
    state = cluster(everywhere(), named("docr-direct-plum", DIRECT), SETTLED)
    plum = registry_state([ours(PEAR, SECOND, registry="plum")], journal((SECOND, CURRENT)), registry="plum")
    state = replace(state, registries={**state.registries, "plum": plum})
    found = ends(state, access("one_click", registry="plum"), access(policy=None))
    assert actions(found) == [*DIRECT_ENDS, *ALL_ENDS]
    assert {getattr(step, "registry", "kiwi") for step in found} == {"kiwi"}


@pytest.mark.parametrize(
    ("state", "method", "expected"),
    [
        (
            cluster([*everywhere(), *COPIED], named(), SETTLED, integrated=["kiwi"]),
            "direct",
            ["delete_operator_secret", "remove_registries"],
        ),
        (cluster(everywhere(), named(DIRECT), SETTLED, integrated=["plum"]), "operator", DIRECT_ENDS),
        (cluster(everywhere(), named(DIRECT), SETTLED, integrated=["kiwi"], chosen=[]), "one_click", DIRECT_ENDS),
        (
            cluster([*everywhere(), *COPIED], named()),
            "one_click",
            ["record_credential", "delete_pull_secrets", "delete_operator_secret"],
        ),
        (cluster([copied(PEAR, FIRST, ONE_CLICK)], named(ONE_CLICK), SETTLED), "direct", []),
    ],
)
def test_former_methods_end_in_every_namespace(state: CurrentCluster, method: str, expected: list[str]) -> None:
    assert actions(plan_leaving(RegistryAccess(state, access(method)))) == expected
