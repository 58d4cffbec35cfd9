# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of every plan, from any starting point and for a run that is killed after any step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access import steps
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    ClusterAccess,
    CurrentCluster,
    DesiredAccess,
    RegistryAccess,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import Journal
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.ownership import owned
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.plan import (
    plan_absence,
    plan_presence,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import ServiceAccount
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import Credential
from support.access_simulator import SimulatedCluster, in_use, walk
from support.access_starting_points import ALIVE, OURS, POOL, THEIRS, desired_accesses, states
from support.access_states import DIRECT, ONE_CLICK, PEAR, SYSTEM, access, actions, copied, ours


def completed(state: CurrentCluster) -> CurrentCluster:
    """With all that DigitalOcean's one-click integration makes, which a run waits for before it plans on."""
    found = state.registries["kiwi"]
    present = {place: copied(place, THEIRS, ONE_CLICK) for place in ALIVE}
    found = replace(found, secrets={**found.secrets, ONE_CLICK: present})
    named = [one for one in state.accounts if one.name == "default" and ONE_CLICK not in one.pull_secrets]
    given = tuple(
        replace(one, pull_secrets=(*one.pull_secrets, ONE_CLICK)) if one in named else one for one in state.accounts
    )
    return replace(state, registries={"kiwi": found}, accounts=given, integrated=frozenset({"kiwi"}))


def start(state: CurrentCluster, desired: DesiredAccess) -> SimulatedCluster:
    """Where a run starts that is not refused."""
    if desired.method == "one_click":
        state = completed(state)
    else:
        assume(not RegistryAccess(state, desired).foreign_namespaces)
    return SimulatedCluster(state)


def presence(simulated: SimulatedCluster, desired: DesiredAccess) -> tuple[Any, ...]:
    return plan_presence(ClusterAccess(simulated.state, (desired,)), recreates_pods=True).steps


def again(simulated: SimulatedCluster, desired: DesiredAccess) -> tuple[SimulatedCluster, DesiredAccess]:
    """What the next run sees, in which no rotation is forced; the image host takes what is not revoked."""
    found = simulated.of("kiwi")
    state = replace(simulated.state, registries={"kiwi": replace(found, is_accepted=True, is_new_accepted=True)})
    policy = desired.policy and replace(desired.policy, force=False)
    return replace(simulated, state=state), replace(desired, policy=policy)


def known(simulated: SimulatedCluster) -> set[Credential]:
    return {one.credential for one in RegistryAccess(simulated.state, access()).journal.entries}


def pulls(simulated: SimulatedCluster, one: ServiceAccount) -> bool:
    """Whether an account names a secret that is there and not revoked."""
    revoked = {token.config for token in (*POOL, *simulated.minted) if token.fingerprint in simulated.revoked}
    revoked_data = {tuple(copied(PEAR, replace(THEIRS, config=text)).content.data.items()) for text in revoked}
    found = simulated.of("kiwi")
    return any(
        one.namespace in found.of(name)
        and tuple(found.of(name)[one.namespace].content.data.items()) not in revoked_data
        for name in one.pull_secrets
    )


def chosen_accounts(simulated: SimulatedCluster, desired: DesiredAccess) -> list[ServiceAccount]:
    chosen = simulated.of("kiwi").chosen if desired.method == "direct" else frozenset(ALIVE)
    serves = desired.where.serves_account
    return [one for one in simulated.state.accounts if one.namespace in chosen and serves(one.namespace, one.name)]


def by_key(simulated: SimulatedCluster) -> dict[tuple[str, str], ServiceAccount]:
    return {(one.namespace, one.name): one for one in simulated.state.accounts}


@given(states(), desired_accesses())
def test_a_second_run_has_nothing_to_do(state: CurrentCluster, desired: DesiredAccess) -> None:
    simulated_clusters = walk(start(state, desired), presence(start(state, desired), desired))
    assert actions(presence(*again(simulated_clusters[-1], desired))) == []


@given(states(), desired_accesses(), st.integers(0, 12))
def test_a_run_killed_after_any_step_is_finished_by_the_next(
    state: CurrentCluster, desired: DesiredAccess, at: int
) -> None:
    simulated_clusters = walk(start(state, desired), presence(start(state, desired), desired))
    killed, calm = again(simulated_clusters[min(at, len(simulated_clusters) - 1)], desired)
    healed = walk(killed, presence(killed, calm))[-1]
    assert actions(presence(*again(healed, calm))) == []
    assert_present(healed, desired)


def assert_present(simulated: SimulatedCluster, desired: DesiredAccess) -> None:
    """Every secret carries the one current credential and every account names its secret; nothing else is left."""
    found, alive = simulated.of("kiwi"), simulated.state.alive
    if desired.method == "direct" and not found.chosen | owned(found.of(DIRECT), "kiwi", "direct").keys() & alive:
        return  # Nothing is meant, so nothing is done.
    for method in desired.other_methods:
        if method != "one_click":
            assert not owned(found.of(f"docr-{method}-kiwi"), "kiwi", method).keys() & alive
    if desired.method == "one_click":
        assert (found.journal, found.journal_secret) == (Journal(), None)
        return
    current = in_use(found)
    assert found.journal.verified is None
    places = found.chosen if desired.method == "direct" else {SYSTEM}
    for place in places:
        assert found.of(desired.secret)[place].content.data == ours(place, current).content.data
    if desired.method == "direct":
        assert all(desired.secret in one.pull_secrets for one in chosen_accounts(simulated, desired))


@given(states(), desired_accesses())
def test_accounts_that_could_pull_can_pull_at_every_moment(state: CurrentCluster, desired: DesiredAccess) -> None:
    simulated = start(state, desired)
    able = [one for one in chosen_accounts(simulated, desired) if pulls(simulated, one)]
    if desired.method != "direct":
        able = [one for one in able if one.name == "default"]
    for moment in walk(simulated, presence(simulated, desired)):
        accounts_then = by_key(moment)
        assert all(pulls(moment, accounts_then[one.namespace, one.name]) for one in able)


@given(states(), desired_accesses())
def test_foreign_secrets_and_entries_keep_content_and_order(state: CurrentCluster, desired: DesiredAccess) -> None:
    simulated = start(state, desired)
    after = walk(simulated, presence(simulated, desired))[-1]
    assert_others_kept(simulated, after)


def assert_others_kept(simulated: SimulatedCluster, after: SimulatedCluster) -> None:
    before_found, found = simulated.of("kiwi"), after.of("kiwi")
    foreigners = [
        one
        for method in ("direct", "operator")
        for place, one in before_found.of(f"docr-{method}-kiwi").items()
        if place not in owned(before_found.of(f"docr-{method}-kiwi"), "kiwi", method)
    ]
    assert all(found.of(one.name).get(one.namespace) == one for one in foreigners)
    held = {(one.namespace, one.name) for one in foreigners}
    for key, one in by_key(simulated).items():
        own = {name for name in (*OURS, ONE_CLICK) if (one.namespace, name) not in held}
        kept = [name for name in by_key(after)[key].pull_secrets if name not in own]
        assert kept == [name for name in one.pull_secrets if name not in own]


@given(states(), desired_accesses())
def test_every_credential_stays_recorded_and_the_credential_in_use_is_not_revoked(
    state: CurrentCluster, desired: DesiredAccess
) -> None:
    simulated = start(state, desired)
    simulated_clusters = walk(simulated, presence(simulated, desired))
    for before, after in pairwise(simulated_clusters):
        told = {one.fingerprint for one in known(after)} | after.revoked
        assert {one.fingerprint for one in known(before)} <= told
        if desired.method != "one_click" and after.revoked - before.revoked:
            assert after.of("kiwi").journal.current is not None
            assert in_use(after.of("kiwi")).fingerprint not in after.revoked


def positions(plan: Sequence[Any], *names: str) -> list[int]:
    return [number for number, step in enumerate(plan) if step.action in names]


def comes_before(plan: Sequence[Any], first: tuple[str, ...], then: tuple[str, ...]) -> bool:
    early, late = positions(plan, *first), positions(plan, *then)
    return not early or not late or max(early) < min(late)


ENDS = (steps.EndOneClick.action, steps.DeletePullSecrets.action, steps.DeleteOperatorSecret.action)


@given(states(), desired_accesses())
def test_steps_of_presence_keep_their_order(state: CurrentCluster, desired: DesiredAccess) -> None:
    plan = presence(start(state, desired), desired)
    adds = [
        number
        for number in positions(plan, steps.PatchServiceAccounts.action)
        if any(one.add for one in plan[number].changes)
    ]
    writes = positions(
        plan,
        steps.MintCredential.action,
        steps.RecordCredential.action,
        steps.WritePullSecrets.action,
        steps.ActivateCredential.action,
    )
    assert not adds or not writes or max(writes) < min(adds)
    assert comes_before(
        plan,
        (steps.MintCredential.action, steps.RecordCredential.action),
        (steps.WritePullSecrets.action, steps.ActivateCredential.action),
    )
    assert comes_before(plan, (steps.WritePullSecrets.action,), (steps.ActivateCredential.action,))
    assert comes_before(plan, (steps.WritePullSecrets.action, steps.ActivateCredential.action), ENDS)
    assert comes_before(plan, ENDS, (steps.RevokeCredentials.action,))
    assert_ends_well(plan)


def assert_ends_well(plan: Sequence[Any]) -> None:
    """Entries go before the secrets that they name, and a journal when all else is done."""
    for number in positions(plan, steps.DeletePullSecrets.action):
        name = plan[number].secrets[0].name
        later = [
            one for step in plan[number:] if step.action == steps.PatchServiceAccounts.action for one in step.changes
        ]
        assert not any(name in one.remove for one in later)
    assert positions(plan, steps.DeleteJournal.action) in ([], [len(plan) - 1])


def absence(simulated: SimulatedCluster, desired: DesiredAccess) -> tuple[Any, ...]:
    return plan_absence(ClusterAccess(simulated.state, (desired,))).steps


@given(states(), desired_accesses(), st.integers(0, 12))
def test_access_that_ended_is_ended_wherever_a_run_was_killed(
    state: CurrentCluster, desired: DesiredAccess, at: int
) -> None:
    simulated = SimulatedCluster(state)
    plan = absence(simulated, desired)
    assert_ends_well(plan)
    assert comes_before(plan, ENDS, (steps.RevokeCredentials.action,))
    simulated_clusters = walk(simulated, plan)
    killed = simulated_clusters[min(at, len(simulated_clusters) - 1)]
    ended = walk(killed, absence(killed, desired))[-1]
    assert actions(absence(ended, desired)) == []
    assert_others_kept(simulated, ended)
    assert {one.fingerprint for one in known(simulated)} <= {one.fingerprint for one in known(ended)} | ended.revoked


@given(states(), st.sampled_from(["direct", "operator"]))
def test_absence_revokes_only_if_no_owned_secret_remains(state: CurrentCluster, method: str) -> None:
    simulated = SimulatedCluster(state)
    ended = walk(simulated, absence(simulated, access(method)))[-1]
    if ended.revoked:
        assert all(
            not owned(ended.of("kiwi").of(f"docr-{one}-kiwi"), "kiwi", one).keys() & simulated.state.alive
            for one in ("direct", "operator")
        )
