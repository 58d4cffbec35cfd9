# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access as users see it: before and after the steps of a plan, and what the steps did."""

from __future__ import annotations

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
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import CURRENT, OLD, VERIFIED
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.plan import (
    plan_absence,
    plan_presence,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.result import (
    shape_access,
    shape_credential,
    view,
    view_after,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import Container, Pod
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import RotationPolicy
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Step
from support.access_states import (
    BOG,
    COPIED,
    DAY,
    DIRECT,
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
    SOURCE,
    SYSTEM,
    access,
    account,
    cluster,
    copied,
    credential,
    everywhere,
    journal,
    named,
    ours,
    registry_state,
    theirs,
)

ALL = f"3 ({FIG}, {SYSTEM}, {PEAR})"
ALL_ACCOUNTS = f"3 ({FIG}/default, {SYSTEM}/default, {PEAR}/default)"
SHOWN = {
    "fingerprint": FIRST.fingerprint,
    "minted_at": "2026-07-06T16:20:00Z",
    "expires_at": "2026-09-04T16:20:00Z",
    "renew_at": None,
}


def steps_of(state: CurrentCluster, desired: DesiredAccess) -> tuple[Step, ...]:
    return plan_presence(ClusterAccess(state, (desired,)), recreates_pods=True).steps


def shape(state: CurrentCluster, desired: DesiredAccess, plan: tuple[Step, ...] | None = None) -> dict[str, Any]:
    found = steps_of(state, desired) if plan is None else plan
    return shape_access(RegistryAccess(state, desired), found, RegistryAccess(state, desired).credential)


def view_of(state: CurrentCluster) -> dict[str, Any]:
    return view(RegistryAccess(state, access())).shape()


def shape_after(state: CurrentCluster, desired: DesiredAccess, plan: tuple[Step, ...]) -> dict[str, Any]:
    found = RegistryAccess(state, desired)
    return view_after(found, view(found), plan).shape()


def after_absence(state: CurrentCluster) -> dict[str, Any]:
    return shape_after(state, access(), plan_absence(ClusterAccess(state, (access(),))).steps)


def test_view_has_only_owned_secrets_in_active_namespaces() -> None:
    secrets = [ours(PEAR), ours(BOG), theirs(FIG), *SOURCE, copied(FIG), copied(PEAR, SECOND, ONE_CLICK)]
    accounts = [account(PEAR, DIRECT, "theirs"), account(FIG, ONE_CLICK, name="build")]
    assert view_of(cluster(secrets, accounts, journal((FIRST, CURRENT), (SECOND, VERIFIED)))) == {
        "secrets": {DIRECT: "1 (pear)", OPERATOR: "2 (fig, kube-system)", ONE_CLICK: "1 (pear)"},
        "service_accounts": {DIRECT: "1 (pear/default)", ONE_CLICK: "1 (fig/build)"},
        "credential": {
            "fingerprint": SECOND.fingerprint,
            "minted_at": "2026-07-08T16:20:00Z",
            "expires_at": "2026-09-06T16:20:00Z",
            "renew_at": None,
        },
    }


def test_a_view_of_nothing_is_empty() -> None:
    assert view_of(cluster([], named("theirs"))) == {
        "secrets": {},
        "service_accounts": {},
        "credential": None,
    }


@pytest.mark.parametrize(
    ("state", "desired", "after"),
    [
        (cluster([], named()), access(), ({DIRECT: ALL}, {DIRECT: ALL_ACCOUNTS}, "a new one")),
        (cluster([], named()), access("operator"), ({OPERATOR: ALL}, {OPERATOR: ALL_ACCOUNTS}, "a new one")),
        (cluster(everywhere(), named(), SETTLED), access(), ({DIRECT: ALL}, {DIRECT: ALL_ACCOUNTS}, SHOWN)),
        # A secret that is there already may be waited for as well.
        (
            cluster([*SOURCE, ours(PEAR)], named(DIRECT), SETTLED),
            access("operator"),
            ({OPERATOR: ALL}, {OPERATOR: ALL_ACCOUNTS}, SHOWN),
        ),
        (
            cluster(SOURCE, named(), journal((FIRST, VERIFIED))),
            access("operator"),
            ({OPERATOR: ALL}, {OPERATOR: ALL_ACCOUNTS}, SHOWN),
        ),
        (
            cluster(COPIED, named("theirs", OPERATOR), SETTLED),
            access(),
            ({DIRECT: ALL}, {DIRECT: ALL_ACCOUNTS}, SHOWN),
        ),
        (
            cluster([copied(PEAR, SECOND, ONE_CLICK)], named(ONE_CLICK), integrated=["kiwi"]),
            access(),
            ({DIRECT: ALL}, {DIRECT: ALL_ACCOUNTS}, "a new one"),
        ),
        (
            cluster([*everywhere(), copied(PEAR, SECOND, ONE_CLICK)], named(DIRECT, ONE_CLICK), SETTLED),
            access("one_click"),
            ({ONE_CLICK: "1 (pear)"}, {ONE_CLICK: ALL_ACCOUNTS}, None),
        ),
    ],
)
def test_view_after_a_plan_has_the_effect_of_its_steps(
    state: CurrentCluster, desired: DesiredAccess, after: tuple[dict[str, str], dict[str, str], object]
) -> None:
    found = shape_after(state, desired, steps_of(state, desired))
    assert (found["secrets"], found["service_accounts"], found["credential"]) == after


def test_view_after_absence_shows_what_remains() -> None:
    state = cluster(everywhere(), named(DIRECT), SETTLED)
    part = replace(state, registries={"kiwi": registry_state(everywhere(), SETTLED, [PEAR])})
    found = after_absence(part)
    assert found["secrets"] == {DIRECT: f"2 ({FIG}, {SYSTEM})"}
    assert found["credential"] == SHOWN
    found = after_absence(state)
    assert found == {"secrets": {}, "service_accounts": {}, "credential": None}


def test_a_diff_shows_no_token() -> None:
    state = cluster(everywhere(), named(DIRECT), SETTLED)
    assert FIRST.login.token not in str(view_of(state))


def test_result_of_a_first_run_lists_its_writes() -> None:
    state = cluster([theirs(FIG, "registry-kiwi")], [account(PEAR, "theirs"), account(FIG, name="build")])
    assert shape(state, access()) == {
        "registry": "kiwi",
        "method": "direct",
        "secret": DIRECT,
        "namespaces": 3,
        "service_accounts": 1,
        "written": [FIG, SYSTEM, PEAR],
        "deleted": [],
        "patched": [f"{PEAR}/default"],
        "credential": None,
        "revoked": [],
        "recreated_pods": [],
        "duplicates": [{"secret": "registry-kiwi", "namespaces": [FIG]}],
    }


def test_result_without_changes_shows_the_next_renewal() -> None:
    found = shape(cluster(everywhere(), named(DIRECT), SETTLED), access())
    assert found["credential"] == {**SHOWN, "renew_at": "2026-07-26T16:20:00Z"}
    assert (found["namespaces"], found["service_accounts"], found["written"], found["patched"]) == (3, 3, [], [])


def test_result_lists_revoked_credentials_and_recreated_pods() -> None:
    noted = journal((SECOND, OLD, NOW - 4 * HOUR), (FIRST, CURRENT))
    pod = Pod(PEAR, "web-1", "default", (), (Container("app", "x"),), "ReplicaSet/web", created_at=NOW)
    found = shape(cluster(everywhere(), named(), noted, pods=[pod]), access())
    assert (found["revoked"], found["recreated_pods"]) == ([SECOND.fingerprint], [f"{PEAR}/web-1"])


def test_result_of_each_registry_has_only_its_own_steps() -> None:
    state = cluster(everywhere(), named(), SETTLED)
    plum = registry_state([ours(PEAR, SECOND, registry="plum")], journal((SECOND, CURRENT)), [PEAR, FIG], True, "plum")
    state = replace(state, registries={**state.registries, "plum": plum})
    desired_accesses = [access(service_accounts=("build",)), access(registry="plum")]
    plan = plan_presence(ClusterAccess(state, tuple(desired_accesses)), recreates_pods=False).steps
    kiwi, other = (shape(state, one, plan) for one in desired_accesses)
    assert (kiwi["written"], kiwi["patched"], kiwi["namespaces"]) == ([], [], 3)
    assert (other["written"], other["patched"]) == ([FIG], [f"{PEAR}/default", f"{FIG}/default"])


@pytest.mark.parametrize(
    ("desired", "known"),
    [(access("one_click"), None), (access(), FIRST), (access("operator"), FIRST), (access(policy=FORCED), None)],
)
def test_credential_in_use_is_known_unless_it_is_due(desired: DesiredAccess, known: object) -> None:
    assert RegistryAccess(cluster(COPIED, [], SETTLED), desired).credential == known


@pytest.mark.parametrize(
    ("policy", "renew_at"),
    [
        (None, None),
        (RotationPolicy(None), None),
        (RENEWED, "2026-07-26T16:20:00Z"),
        # One that was minted to be renewed more often than now has to leave time for another attempt.
        (RotationPolicy(45 * DAY), "2026-07-21T16:20:00Z"),
        (RotationPolicy(timedelta(hours=36)), "2026-07-08T04:20:00Z"),
    ],
)
def test_shown_credential_has_the_time_of_its_renewal(policy: RotationPolicy | None, renew_at: str | None) -> None:
    assert shape_credential(FIRST, policy) == {**SHOWN, "renew_at": renew_at}


def test_shown_credential_that_never_expires_has_no_expiry() -> None:
    assert shape_credential(credential("t-9", 5, None), RotationPolicy(None)) == {
        "fingerprint": credential("t-9").fingerprint,
        "minted_at": "2026-07-04T16:20:00Z",
        "expires_at": None,
        "renew_at": None,
    }
