# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for one-click integrations, and the check that clusters list the result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.one_click import (
    DesiredIntegrations,
    Integration,
    known_registries,
    lacking,
    missing_registries,
    needs_registry_names,
    plan_integration,
    predict_clusters,
    shape_integrations,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.cluster import Cluster
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.names import NameRef
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Plan

TEAM = ("kiwi", "plum", "quince")


def cluster(name: str, *registries: str, state: str = "running") -> Cluster:
    return Cluster(f"id-of-{name}", name, "syd1", state, bool(registries), registries)


def silent(name: str) -> Cluster:
    """Integrated, but it does not say with what."""
    return Cluster(f"id-of-{name}", name, "syd1", "running", True, None)


def desired(*pairs: tuple[str, str], state: str = "present", expected: tuple[str, ...] = ()) -> DesiredIntegrations:
    """Each pair an entry: names of clusters and of registries, with blanks between."""
    entries = tuple(
        Integration(
            tuple(NameRef(f"integrations[{number}].clusters[{at}]", name) for at, name in enumerate(clusters.split())),
            tuple(NameRef(f"integrations[{number}].registries[{at}]", name) for at, name in enumerate(names.split())),
        )
        for number, (clusters, names) in enumerate(pairs)
    )
    return DesiredIntegrations(entries, state, expected)


def writes(plan: Plan[Any]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(step.action, tuple(step.clusters), step.registries) for step in plan.steps]


def faults(clusters: tuple[Cluster, ...], names: tuple[str, ...] | None, want: DesiredIntegrations) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        plan_integration(clusters, names, want)
    return [str(fault) for fault in caught.value.field_errors]


def test_clusters_that_lack_the_same_registries_share_one_write() -> None:
    clusters = (cluster("orchard"), cluster("meadow", "quince"), cluster("grove", "kiwi"), cluster("unasked"))
    plan = plan_integration(clusters, TEAM, desired(("orchard meadow grove", "kiwi plum")))
    assert writes(plan) == [
        ("add_registries", ("id-of-orchard", "id-of-meadow"), ("kiwi", "plum")),
        ("add_registries", ("id-of-grove",), ("plum",)),
    ]
    assert plan.steps[0].message == "add the registries kiwi, plum to the clusters orchard, meadow"
    assert plan.steps[1].shape() == {
        "action": "add_registries",
        "target": "grove",
        "message": "add the registry plum to the cluster grove",
    }


def test_entries_are_merged_for_each_cluster_whatever_its_name_or_id_was_called() -> None:
    uuid = "0f6cd1b0-7a31-4d3c-9a0e-5f1c2b3a4d5e"
    orchard = replace(cluster("orchard"), id=uuid)
    plan = plan_integration((orchard,), TEAM, desired(("orchard", "kiwi"), (uuid, "plum kiwi"), ("orchard", "plum")))
    assert writes(plan) == [("add_registries", (uuid,), ("kiwi", "plum"))]


def test_integrations_that_are_not_desired_are_left_alone() -> None:
    clusters = (cluster("orchard", "quince"), cluster("meadow", "kiwi"))
    assert writes(plan_integration(clusters, TEAM, desired(("orchard", "plum")))) == [
        ("add_registries", ("id-of-orchard",), ("plum",))
    ]
    assert not plan_integration(clusters, TEAM, desired(("orchard", "plum"), state="absent")).changed


def test_removal_includes_only_listed_registries_and_may_name_a_deleted_registry() -> None:
    clusters = (cluster("orchard", "kiwi", "felled"), cluster("meadow", "felled"))
    plan = plan_integration(clusters, None, desired(("orchard meadow", "felled plum"), state="absent"))
    assert writes(plan) == [("remove_registries", ("id-of-orchard", "id-of-meadow"), ("felled",))]
    assert plan.steps[0].message == "remove the registry felled from the clusters orchard, meadow"
    assert plan.after == {"orchard (id-of-orchard)": ["kiwi"], "meadow (id-of-meadow)": []}


@pytest.mark.parametrize(
    ("have", "state", "expected"),
    [
        (cluster("orchard", "kiwi"), "present", False),
        (cluster("orchard"), "present", True),
        (cluster("orchard", "kiwi"), "absent", False),
        (cluster("orchard"), "absent", False),
        (silent("orchard"), "present", True),
        (silent("orchard"), "absent", True),
        (cluster("elsewhere"), "present", True),
        (cluster("elsewhere"), "absent", False),
    ],
)
def test_registry_names_are_read_only_if_the_plan_depends_on_them(have: Cluster, state: str, expected: bool) -> None:
    assert needs_registry_names((have,), desired(("orchard", "kiwi"), state=state)) is expected


@pytest.mark.parametrize(
    ("names", "known"),
    [(("kiwi",), ("kiwi",)), (("kiwi", "plum"), None), ((), None), (None, None)],
    ids=["one registry", "several", "none", "not read"],
)
def test_silent_cluster_is_integrated_with_the_only_registry(
    names: tuple[str, ...] | None, known: tuple[str, ...] | None
) -> None:
    assert known_registries(silent("orchard"), names) == known


def test_silent_cluster_is_unchanged_if_the_only_registry_is_desired() -> None:
    assert not plan_integration((silent("orchard"),), ("kiwi",), desired(("orchard", "kiwi"))).changed


@pytest.mark.parametrize("state", ["present", "absent"])
def test_silent_cluster_with_several_registries_is_written_with_a_note(state: str) -> None:
    plan = plan_integration((silent("orchard"),), TEAM, desired(("orchard", "plum"), state=state))
    assert [step.registries for step in plan.steps] == [("plum",)]
    assert plan.after == {"orchard (id-of-orchard)": None}
    assert "does not say which registries the cluster orchard has" in plan.notes[0]


@pytest.mark.parametrize("state", ["provisioning", "error", "deleting", "deleted"])
def test_cluster_without_a_control_plane_is_left_out(state: str) -> None:
    clusters = (cluster("meadow"), cluster("orchard", state=state))
    plan = plan_integration(clusters, TEAM, desired(("meadow orchard", "plum")))
    assert [list(step.clusters.values()) for step in plan.steps] == [["meadow"]]
    is_leaving = state in ("deleting", "deleted")
    assert list(plan.errors) == ([] if is_leaving else ["id-of-orchard"])
    assert any(f"orchard (id-of-orchard) is in the state '{state}'" in one for one in plan.warnings) is is_leaving


@pytest.mark.parametrize("state", ["provisioning", "error", "deleting", "deleted"])
def test_cluster_without_a_control_plane_is_accepted_if_nothing_is_written(state: str) -> None:
    have = cluster("orchard", "plum", state=state)
    assert not plan_integration((have,), None, desired(("orchard", "plum"))).changed


@pytest.mark.parametrize(
    ("state", "outcome"),
    [("deleting", "left"), ("deleted", "left"), ("provisioning", "refused"), ("error", "refused")],
)
def test_removal_leaves_clusters_that_are_deleting_alone(state: str, outcome: str) -> None:
    have, want = cluster("orchard", "plum", state=state), desired(("orchard", "plum"), state="absent")
    if outcome == "refused":
        plan = plan_integration((have,), None, want)
        assert (plan.steps, list(plan.errors)) == ((), ["id-of-orchard"])
    else:
        plan = plan_integration((have,), None, want)
        assert not plan.changed
        assert plan.notes == (f"The cluster orchard is {state} and loses its integration with plum.",)


@pytest.mark.parametrize("state", ["degraded", "upgrading", "pondering"])
def test_other_states_are_tried_with_a_warning(state: str) -> None:
    plan = plan_integration((cluster("orchard", state=state),), TEAM, desired(("orchard", "plum")))
    assert plan.changed
    assert plan.warnings == (f"The cluster orchard is {state}, so the change may fail or be late.",)


def test_all_errors_are_reported_at_once_with_their_places() -> None:
    clusters = (cluster("orchard", state="error"), cluster("twin"), replace(cluster("twin"), id="id-of-other"))
    texts = faults(clusters, ("kiwi",), desired(("twin nobody", "kiwi pear"), ("orchard", "apple")))
    assert [text.partition(":")[0] for text in texts] == [
        "integrations[0].registries[1]",
        "integrations[1].registries[0]",
    ]
    assert "there is no registry 'pear'; the team has kiwi" in texts[0]


def test_an_expected_registry_counts_as_existing_for_the_plan_only() -> None:
    want = desired(("orchard", "pear"), expected=("pear",))
    assert plan_integration((cluster("orchard"),), ("kiwi",), want).changed
    assert [fault.where for fault in missing_registries(want, ("kiwi",))] == ["integrations[0].registries[0]"]


def test_expected_registry_that_a_cluster_lists_already_is_noted() -> None:
    want = desired(("orchard", "pear"), expected=("pear",))
    plan = plan_integration((cluster("orchard", "pear"),), ("kiwi",), want)
    assert not plan.changed
    assert "already lists pear, which does not exist yet" in plan.notes[0]
    assert plan_integration((cluster("orchard", "pear"),), ("kiwi", "pear"), want).notes == ()


@pytest.mark.parametrize(
    ("seen", "state", "phrases"),
    [
        (cluster("orchard", "kiwi", "plum"), "present", ()),
        (cluster("orchard", "kiwi"), "present", ("cluster orchard (id-of-orchard) does not list registry plum yet",)),
        (silent("orchard"), "present", ()),
        (cluster("meadow"), "present", ("cluster orchard (id-of-orchard) does not list registry plum yet",)),
        (cluster("orchard", "kiwi", "plum"), "absent", ("cluster orchard (id-of-orchard) still lists registry plum",)),
        (cluster("orchard", "kiwi"), "absent", ()),
        (cluster("meadow"), "absent", ()),
    ],
)
def test_registries_that_are_not_listed_yet_are_reported_by_cluster(
    seen: Cluster, state: str, phrases: tuple[str, ...]
) -> None:
    before = cluster("orchard", *(("kiwi", "plum") if state == "absent" else ()))
    plan = plan_integration((before,), TEAM, desired(("orchard", "plum"), state=state))
    assert lacking((seen,), plan.steps, TEAM) == phrases


def test_result_has_added_removed_and_all_registries() -> None:
    clusters = (cluster("orchard", "kiwi"), silent("meadow"))
    plan = plan_integration(clusters, TEAM, desired(("orchard meadow", "plum")))
    shaped = shape_integrations(predict_clusters(clusters, plan.steps, TEAM), plan.steps, TEAM)
    assert shaped == [
        {
            "cluster": {"id": "id-of-orchard", "name": "orchard", "region": "syd1"},
            "registries": ["kiwi", "plum"],
            "added": ["plum"],
            "removed": [],
        },
        {
            "cluster": {"id": "id-of-meadow", "name": "meadow", "region": "syd1"},
            "registries": None,
            "added": ["plum"],
            "removed": [],
        },
    ]


some_registries = st.lists(st.sampled_from(TEAM), unique=True).map(tuple)
some_clusters = st.dictionaries(st.sampled_from("abcde"), some_registries, min_size=1)


@given(
    some_clusters,
    st.lists(st.tuples(st.sampled_from("abcde"), some_registries.filter(bool)), min_size=1),
    st.sampled_from(["present", "absent"]),
)
def test_second_plan_is_empty_and_only_desired_integrations_change(
    have: dict[str, tuple[str, ...]], entries: list[tuple[str, tuple[str, ...]]], state: str
) -> None:
    clusters = tuple(cluster(name, *registries) for name, registries in have.items())
    pairs = [(name, " ".join(registries)) for name, registries in entries if name in have]
    want = desired(*pairs, state=state)
    plan = plan_integration(clusters, TEAM, want)
    after = predict_clusters(clusters, plan.steps, TEAM)
    assert not lacking(after, plan.steps, TEAM)
    assert not plan_integration(after, TEAM, want).changed
    listed = {(name, registry) for name, registries in pairs for registry in registries.split()}
    for old, new in zip(clusters, after, strict=True):
        touched = set(old.registries or ()) ^ set(new.registries or ())
        assert {(old.name, registry) for registry in touched} <= listed
