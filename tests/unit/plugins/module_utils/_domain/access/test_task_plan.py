# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for all clusters of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    ClusterAccess,
    CurrentCluster,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.desired import (
    AccessEntry,
    DesiredState,
    resolve_entries,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.methods import secret_name
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.task_plan import (
    ClusterReading,
    NotRead,
    TaskPlan,
    plan_inside,
    plan_outside,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.cluster import Cluster
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import (
    InvalidInput,
    Refused,
    Unreachable,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.names import NameRef
from support import access_states
from support.access_states import DIRECT, PEAR, RENEWED, SETTLED, actions, everywhere, named, theirs

TEAM = ("kiwi", "plum")
ALL = tuple(Cluster(f"id-of-{name}", name, "syd1", "running", False, ()) for name in ("orchard", "meadow", "grove"))
ORCHARD, MEADOW, GROVE = ALL
KEYS = tuple(f"the cluster {one.name} ({one.id})" for one in ALL)


def entry(clusters: str, method: str = "direct", registries: str = "kiwi") -> AccessEntry:
    """Names of clusters and registries, with blanks between."""
    return AccessEntry(
        tuple(NameRef(f"registries[{number}]", name) for number, name in enumerate(registries.split())),
        tuple(NameRef(f"clusters[{number}]", name) for number, name in enumerate(clusters.split())),
        method=method,
        policy=None if method == "one_click" else RENEWED,
    )


def state(name: str, **more: object) -> CurrentCluster:
    return replace(access_states.cluster(**more), name=name)  # type: ignore[arg-type]


def plan_of(
    desired: DesiredState, *current: CurrentCluster | ClusterReading, names: tuple[str, ...] | None = TEAM
) -> TaskPlan:
    read = readings(desired, dict(zip(KEYS, current, strict=False)))
    return plan_inside(plan_outside(ALL, names, desired), read, desired)


def readings(
    desired: DesiredState, current: Mapping[str, CurrentCluster | ClusterReading], clusters: tuple[Cluster, ...] = ALL
) -> dict[str, ClusterReading]:
    """What was read by address, where each cluster has the access that the entries desire for it."""
    accesses = {one.address.key: one.accesses for one in resolve_entries(clusters, desired).clusters}
    return {
        key: ClusterAccess(found, accesses.get(key, ())) if isinstance(found, CurrentCluster) else found
        for key, found in current.items()
    }


def test_the_integration_comes_first_and_then_each_cluster() -> None:
    desired = DesiredState((entry("orchard meadow"), entry("grove", "one_click")))
    found = plan_of(desired, state("orchard", accounts=named()), state("meadow"), state("grove"))
    assert actions(found.one_click.steps) == ["add_registries"]
    assert found.steps[0].target == "grove"
    assert [step.target for step in found.steps[1:]] == ["orchard"] * 4 + ["meadow"] * 3
    assert {key: len(plan.steps) for key, plan in found.clusters.items()} == dict(zip(KEYS, (4, 3, 0), strict=True))
    assert found.failed == {}


def test_a_diff_shows_each_registry_of_each_cluster_before_and_after() -> None:
    desired = DesiredState((entry("orchard", registries="kiwi"), entry("grove", "one_click")))
    found = plan_of(desired, state("orchard", noted=SETTLED), state("meadow"), state("grove"))
    assert list(found.before) == list(found.after) == ["grove (id-of-grove)", f"kiwi in {KEYS[0]}"]
    assert found.before[f"kiwi in {KEYS[0]}"]["secrets"] == {}
    assert found.after[f"kiwi in {KEYS[0]}"]["secrets"] == {DIRECT: "3 (fig, kube-system, pear)"}


def test_clusters_of_one_name_are_shown_each() -> None:
    twin = replace(MEADOW, name="orchard")
    keys = [KEYS[0], "the cluster orchard (id-of-meadow)"]
    twins = DesiredState((entry("0f6cd1b0-7a31-4d3c-9a0e-5f1c2b3a4d5e orchard"),))
    first = replace(ORCHARD, id="0f6cd1b0-7a31-4d3c-9a0e-5f1c2b3a4d5e", name="orchards")
    keys[0] = f"the cluster orchards ({first.id})"
    current = readings(twins, {key: state("orchard") for key in keys}, (first, twin))
    found = plan_inside(plan_outside((first, twin), TEAM, twins), current, twins)
    assert list(found.after) == [f"kiwi in {key}" for key in keys]


def test_diff_of_one_click_shows_the_end_of_a_former_method() -> None:
    left = state("grove", secrets=everywhere(), accounts=named(DIRECT), noted=SETTLED)
    found = plan_of(DesiredState((entry("grove", "one_click"),)), state("orchard"), state("meadow"), left)
    assert f"kiwi in {KEYS[2]}" in found.after
    assert actions(found.clusters[KEYS[2]].steps)[-1] == "delete_journal"


def test_a_cluster_that_cannot_be_read_or_served_does_not_stop_the_others() -> None:
    trouble = Unreachable("reach the cluster orchard", "no route", "see whether it is there")
    held = state("meadow", secrets=[theirs(PEAR)])
    found = plan_of(DesiredState((entry("orchard meadow grove"),)), trouble, held, state("grove"))
    assert list(found.clusters) == [KEYS[1], KEYS[2]]
    assert list(found.failed) == list(KEYS[:2])
    assert found.failed[KEYS[0]] is trouble
    assert isinstance(found.failed[KEYS[1]], Refused)
    assert {step.target for step in found.steps} == {"meadow", "grove"}


def test_cluster_that_was_not_read_has_no_steps() -> None:
    found = plan_of(DesiredState((entry("orchard", "one_click"),), wait_for_secrets="never"))
    assert (actions(found.steps), found.clusters, found.failed) == (["add_registries"], {}, {})


def test_access_that_ends_is_planned_in_each_cluster() -> None:
    had = state("orchard", secrets=everywhere(), accounts=named(DIRECT), noted=SETTLED)
    found = plan_of(DesiredState((entry("orchard meadow"),), "absent"), had, state("meadow"), names=None)
    assert actions(found.clusters[KEYS[0]].steps)[0] == "patch_service_accounts"
    assert not found.clusters[KEYS[1]].changed


def test_check_mode_warns_about_clusters_that_it_does_not_read() -> None:
    desired = DesiredState((entry("orchard", registries="kiwi plum"), entry("grove", "one_click")))
    found = plan_of(desired, NotRead(), NotRead(), NotRead())
    step = found.clusters[KEYS[0]].steps[0]
    assert step.shape() == {
        "action": "read_cluster",
        "target": "orchard",
        "message": "read the cluster orchard, and give the cluster the desired access to kiwi, plum",
    }
    assert "no token for the cluster orchard, so the changes inside the cluster are not known" in found.warnings[0]
    assert found.notes == ("Check mode mints no token for the cluster grove, so its secrets were not checked.",)
    assert not found.clusters[KEYS[2]].changed


def test_all_errors_are_reported_at_once_and_each_error_once() -> None:
    desired = DesiredState((entry("nobody", registries="pear"), entry("nowhere", "one_click", "pear")))
    with pytest.raises(InvalidInput) as planned:
        plan_of(desired)
    with pytest.raises(InvalidInput) as refused:
        plan_of(desired, state("orchard"))
    whats = [one.what for one in planned.value.field_errors]
    assert whats == ["there is no cluster 'nobody'", "there is no cluster 'nowhere'", "there is no registry 'pear'"]
    assert refused.value.field_errors == planned.value.field_errors


def test_names_without_a_cluster_stop_no_other_cluster() -> None:
    found = plan_of(DesiredState((entry("nobody orchard"), entry("grove nowhere", "one_click"))), state("orchard"))
    assert list(found.failed) == ["clusters[0]", "clusters[1]"]
    team = "the team has grove, meadow, orchard"
    assert [str(one) for one in found.failed.values()] == [
        f"Could not find the cluster of clusters[0]: there is no cluster 'nobody'; {team}.",
        f"Could not find the cluster of clusters[1]: there is no cluster 'nowhere'; {team}.",
    ]
    assert {step.target for step in found.steps} == {"grove", "orchard"}


@pytest.mark.parametrize("status", ["provisioning", "error", "deleting", "deleted"])
@pytest.mark.parametrize("aim", ["present", "absent"])
@pytest.mark.parametrize("method", ["direct", "one_click"])
def test_cluster_without_a_control_plane_stops_no_other_cluster(method: str, aim: str, status: str) -> None:
    closed = replace(ORCHARD, state=status, registries=("kiwi",) if aim == "absent" else ())
    desired = DesiredState((entry("orchard", method), entry("meadow")), aim)
    outside = plan_outside((closed, MEADOW), TEAM, desired)
    found = plan_inside(outside, readings(desired, {KEYS[1]: state("meadow")}, (closed, MEADOW)), desired)
    assert outside.closed == {KEYS[0]}
    assert not any(step.target == "orchard" for step in found.steps)
    assert list(found.clusters) == [KEYS[1]]
    if status in ("provisioning", "error"):
        assert list(found.failed) == [KEYS[0]]
        assert f"the cluster is in the state '{status}', which allows no change" in str(found.failed[KEYS[0]])
    else:
        assert found.failed == {}
        assert "The cluster orchard" in " ".join((*found.warnings, *found.notes))


def test_unread_or_expected_registries_do_not_count_as_missing() -> None:
    desired = DesiredState((entry("orchard", registries="pear"),))
    assert plan_of(desired, names=None).desired[0].address.key == KEYS[0]
    found = plan_of(replace(desired, expected=("pear",)))
    assert found.desired[0].accesses[0].secret == secret_name("direct", "pear")


def test_task_recreates_pods_only_with_the_option() -> None:
    pod = access_states.pod(created_days_ago=1)
    had = state("orchard", secrets=everywhere(), accounts=named(), noted=SETTLED, pods=[pod])
    asked = [
        plan_of(DesiredState((entry("orchard"),), recreates_pods=one), had).steps[-1].action for one in (False, True)
    ]
    assert asked == ["patch_service_accounts", "recreate_pods"]
