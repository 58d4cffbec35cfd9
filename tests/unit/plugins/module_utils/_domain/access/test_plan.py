# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that give a cluster its access, and their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
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
    OLD,
    VERIFIED,
    Journal,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.plan import (
    plan_presence,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import Secret
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import (
    Credential,
    RotationPolicy,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import Refused
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Plan
from support.access_states import (
    BOG,
    COPIED,
    DIRECT,
    ENDLESS,
    ETERNAL,
    EXPIRED,
    FIG,
    FIRST,
    FORCED,
    HOUR,
    NOW,
    ONE_CLICK,
    OPERATOR,
    PEAR,
    RENEWED,
    SECOND,
    SETTLED,
    STALE,
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

JUST_NOW, LONG_AGO = NOW - HOUR, NOW - 4 * HOUR
RENEWAL = ["mint_credentials", "write_pull_secrets", "activate_credential"]


def plan(state: CurrentCluster, *accesses: DesiredAccess, recreates_pods: bool = False) -> Any:
    return plan_presence(ClusterAccess(state, accesses or (access(),)), recreates_pods=recreates_pods)


def does(state: CurrentCluster, *accesses: DesiredAccess) -> list[str]:
    return actions(plan(state, *accesses).steps)


def only(found: Sequence[Any], action: str) -> Any:
    (step,) = [one for one in found if one.action == action]
    return step


def written(found: Plan[Any]) -> list[str]:
    return [one.namespace for one in only(found.steps, "write_pull_secrets").writes]


def revoked(found: Plan[Any]) -> tuple[Credential, ...]:
    credentials: tuple[Credential, ...] = only(found.steps, "revoke_credentials").credentials
    return credentials


VERIFY = f"verify that every copy of secret {DIRECT} in cluster orchard"


def test_a_first_run_mints_once_and_writes_secrets_before_the_entries_that_name_them() -> None:
    found = plan(cluster(accounts=named("theirs"), is_accepted=None))
    assert actions(found.steps) == [*RENEWAL, "patch_service_accounts"]
    assert written(found) == [FIG, SYSTEM, PEAR]
    assert changes(found.steps[3])[1] == ("pear/default", (DIRECT,), ())
    assert [step.message for step in found.steps] == [
        "mint a credential of the registry kiwi for the cluster orchard, since the cluster has no credential yet",
        f"write the pull secret {DIRECT} into 3 namespaces (fig, kube-system, pear) of the cluster orchard",
        f"{VERIFY} has the new credential, then retire the old ones",
        f"add {DIRECT} to 3 service accounts (fig/default, kube-system/default, pear/default) of the cluster orchard",
    ]
    assert (found.notes, found.warnings) == ((), ())


@pytest.mark.parametrize(
    ("state", "policy", "reason"),
    [
        (cluster(noted=SETTLED), RENEWED, None),
        (cluster(noted=SETTLED, is_accepted=None), RENEWED, None),
        (cluster(noted=journal((ETERNAL, CURRENT))), ENDLESS, None),
        (cluster(noted=journal((STALE, CURRENT))), RENEWED, "the current credential is 504h00m old"),
        (cluster(noted=journal((EXPIRED, CURRENT))), RENEWED, "the current credential expired at 2026-07-08T16:20:00Z"),
        (cluster(noted=SETTLED), FORCED, "a rotation is forced"),
        (cluster(noted=SETTLED), ENDLESS, "the current credential expires"),
        (cluster(noted=journal((ETERNAL, CURRENT))), RENEWED, "the current credential never expires"),
        (cluster(noted=SETTLED, is_accepted=False), RENEWED, "the current credential is not accepted"),
        (cluster(noted=journal((FIRST, OLD, JUST_NOW))), RENEWED, "the cluster has no credential yet"),
        (cluster(noted=journal((STALE, CURRENT), (SECOND, VERIFIED))), RENEWED, None),
        (cluster(noted=journal((FIRST, CURRENT), (STALE, VERIFIED))), RENEWED, "the current credential is 504h00m old"),
    ],
)
def test_a_credential_is_used_on_or_it_is_said_why_not(
    state: CurrentCluster, policy: RotationPolicy, reason: str | None
) -> None:
    found = RegistryAccess(state, access(policy=policy))
    assert found.reason_to_mint == reason
    assert (found.credential is None) == (reason is not None)
    unread = replace(state, registries={"kiwi": replace(state.registries["kiwi"], is_accepted=None)})
    before = RegistryAccess(unread, access(policy=policy)).credential
    assert (before is None) == (reason is not None and "not accepted" not in reason)


def test_access_without_a_policy_has_no_required_policy() -> None:
    with pytest.raises(ValueError, match="no policy for the credentials of kiwi"):
        _policy = access("one_click").required_policy


def test_complete_access_is_left_alone() -> None:
    found = plan(cluster(everywhere(), named("theirs", DIRECT, "more"), SETTLED))
    assert (found.changed, found.notes, found.warnings) == (False, (), ())


@pytest.mark.parametrize(
    ("secrets", "places"),
    [
        ([ours(SYSTEM), ours(PEAR)], [FIG]),
        ([ours(SYSTEM), ours(PEAR), edited(ours(FIG))], [FIG]),
        ([ours(SYSTEM), ours(PEAR, SECOND), ours(FIG)], [PEAR]),
        ([*everywhere(), ours(BOG, SECOND)], []),
    ],
    ids=["missing", "edited", "of another credential", "stale where a namespace is terminating"],
)
def test_secrets_without_the_credential_in_use_are_written_without_minting(
    secrets: list[Secret], places: list[str]
) -> None:
    noted = journal((FIRST, CURRENT), (SECOND, OLD, JUST_NOW))
    found = plan(cluster(secrets, named(DIRECT), noted))
    assert actions(found.steps) == (["write_pull_secrets"] if places else [])
    assert not places or written(found) == places


def test_secrets_in_namespaces_that_are_no_longer_chosen_are_renewed() -> None:
    found = plan(cluster(everywhere(STALE), named(DIRECT), journal((STALE, CURRENT)), chosen=[PEAR]))
    assert actions(found.steps) == RENEWAL
    assert written(found) == [FIG, SYSTEM, PEAR]


def test_entries_are_added_only_to_chosen_accounts_that_lack_them() -> None:
    accounts = [
        account(PEAR, "theirs", DIRECT, name="build-1"),
        account(PEAR, name="build-2"),
        account(PEAR, name="default"),
        account(FIG, name="build-3"),
    ]
    found = plan(cluster(everywhere(), accounts, SETTLED, chosen=[PEAR]), access(service_accounts=("build-*",)))
    assert changes(only(found.steps, "patch_service_accounts")) == [("pear/build-2", (DIRECT,), ())]
    assert found.steps[0].message == f"add {DIRECT} to the service account pear/build-2 of the cluster orchard"


def test_registries_of_one_cluster_share_the_patch_of_an_account() -> None:
    state = cluster([ours(PEAR)], [account(PEAR, "theirs")], SETTLED, chosen=[PEAR])
    plum = registry_state([ours(PEAR, SECOND, registry="plum")], journal((SECOND, CURRENT)), [PEAR], registry="plum")
    state = replace(state, registries={**state.registries, "plum": plum})
    found = plan(state, access(), access(registry="plum"))
    assert [changes(step) for step in found.steps] == [[("pear/default", (DIRECT, "docr-direct-plum"), ())]]


@pytest.mark.parametrize(
    ("noted", "secrets", "expected"),
    [
        # Killed after the minting, during the writes, and before the journal recorded their end.
        (
            journal((STALE, CURRENT), (SECOND, VERIFIED)),
            everywhere(STALE),
            ["write_pull_secrets", "activate_credential"],
        ),
        (
            journal((STALE, CURRENT), (SECOND, VERIFIED)),
            [*everywhere(STALE)[:2], ours(FIG, SECOND)],
            ["write_pull_secrets", "activate_credential"],
        ),
        (journal((STALE, CURRENT), (SECOND, VERIFIED)), everywhere(SECOND), ["activate_credential"]),
        (journal((SECOND, VERIFIED)), [], ["write_pull_secrets", "activate_credential"]),
        # Killed during the revocation.
        (journal((STALE, OLD, LONG_AGO), (SECOND, CURRENT)), everywhere(SECOND), ["revoke_credentials"]),
        (journal((STALE, OLD, JUST_NOW), (SECOND, CURRENT)), everywhere(SECOND), []),
        # A user deleted the journal, or restored an older journal.
        (None, everywhere(), ["record_credential"]),
        (Journal(), [*everywhere(SECOND)[:2], ours(FIG)], ["record_credential", "write_pull_secrets"]),
        (journal((SECOND, CURRENT)), everywhere(), ["record_credential", "write_pull_secrets"]),
        (journal((SECOND, VERIFIED)), everywhere(), ["record_credential", "write_pull_secrets", "activate_credential"]),
    ],
)
def test_killed_run_is_completed_by_the_next_run(
    noted: Journal | None, secrets: list[Secret], expected: list[str]
) -> None:
    assert does(cluster(secrets, named(DIRECT), noted)) == expected


def test_journal_is_rebuilt_from_secrets_with_the_newest_credential_as_current() -> None:
    found = plan(cluster([ours(SYSTEM), ours(PEAR, SECOND), edited(ours(FIG))], named(DIRECT), is_accepted=None))
    assert found.steps[0].journal == journal((FIRST, OLD, NOW), (SECOND, CURRENT))
    recorded = "record in the journal of the cluster orchard the credentials that its secrets for kiwi hold"
    assert found.steps[0].message == recorded
    assert written(found) == [FIG, SYSTEM]


@pytest.mark.parametrize(
    ("policy", "noted", "gone"),
    [
        (RotationPolicy(20 * 24 * HOUR, timedelta(0)), journal((STALE, CURRENT)), (STALE,)),
        (FORCED, journal((ETERNAL, OLD, JUST_NOW), (FIRST, CURRENT), (SECOND, VERIFIED)), (ETERNAL, FIRST, SECOND)),
        (RENEWED, journal((ETERNAL, OLD, LONG_AGO), (STALE, CURRENT)), (ETERNAL,)),
        (RENEWED, journal((ETERNAL, OLD, NOW - 3 * HOUR), (STALE, CURRENT), (SECOND, VERIFIED)), (ETERNAL,)),
        (RotationPolicy(20 * 24 * HOUR, timedelta(0)), journal((STALE, CURRENT), (SECOND, VERIFIED)), (STALE,)),
    ],
    ids=["at once, as asked", "forced", "an older one", "to the second", "at once, after a killed run"],
)
def test_replaced_credentials_are_revoked_last_and_after_revoke_after(
    policy: RotationPolicy, noted: Journal, gone: tuple[Credential, ...]
) -> None:
    assert noted.current is not None
    found = plan(cluster(everywhere(noted.current), named(DIRECT), noted), access(policy=policy))
    assert actions(found.steps)[-2:] == ["activate_credential", "revoke_credentials"]
    assert revoked(found) == gone
    word = "credential" if len(gone) == 1 else "credentials"
    names = ", ".join(one.fingerprint for one in gone)
    assert found.steps[-1].message == f"revoke the {word} {names} of the registry kiwi for the cluster orchard"


@pytest.mark.parametrize(
    ("method", "secrets", "places"),
    [
        ("direct", [theirs(PEAR), theirs(FIG)], f"{FIG}/{DIRECT}, {PEAR}/{DIRECT}"),
        ("direct", [ours(PEAR, registry="plum"), replace(ours(FIG, registry="plum"), name=DIRECT)], f"{FIG}/{DIRECT}"),
        ("operator", [theirs(PEAR, OPERATOR), copied(FIG)], f"{PEAR}/{OPERATOR}"),
        ("operator", [theirs(SYSTEM, OPERATOR)], f"{SYSTEM}/{OPERATOR}"),
    ],
)
def test_foreign_secret_of_the_same_name_is_an_error_beside_the_steps_for_the_others(
    method: str, secrets: list[Secret], places: str
) -> None:
    found = plan(cluster(secrets, named()), access(method))
    (error,) = found.errors
    assert isinstance(error, Refused)
    assert f"secrets that this collection did not make have the same names: {places};" in str(error)
    refusing = {place.partition("/")[0] for place in places.split(", ")}
    served = [SYSTEM] if method == "operator" else [FIG, SYSTEM, PEAR]
    expected = [place for place in served if place not in refusing]
    assert [one.namespace for step in found.steps for one in getattr(step, "writes", ())] == expected
    patched = [key for step in found.steps if step.action == "patch_service_accounts" for key, *_more in changes(step)]
    accounts = [f"{place}/default" for place in (SYSTEM, PEAR, FIG) if place in expected]
    assert patched == (accounts if method == "direct" else [])


def test_former_method_does_not_end_where_a_foreign_secret_is_in_the_way() -> None:
    state = cluster([*COPIED, theirs(PEAR)], named(OPERATOR), SETTLED)
    assert actions(plan(state).steps) == ["write_pull_secrets", "patch_service_accounts"]


def test_foreign_secret_outside_the_chosen_namespaces_does_not_matter() -> None:
    state = cluster([ours(PEAR), theirs(FIG), theirs(SYSTEM, OPERATOR), theirs(BOG)], [], SETTLED, chosen=[PEAR])
    assert does(state) == []
    assert does(cluster([theirs(PEAR, ONE_CLICK)]), access("one_click")) == []
