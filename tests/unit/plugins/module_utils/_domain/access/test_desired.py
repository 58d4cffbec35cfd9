# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired access of each cluster, from the entries of the input."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.desired import (
    AccessEntry,
    ClusterAddress,
    DesiredCluster,
    DesiredState,
    resolve_entries,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.cluster import Cluster
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.names import NameRef
from support.access_states import ENDLESS, RENEWED, access

FILE, OTHER = "farm.kubeconfig", "barn.kubeconfig"


def cluster(name: str, state: str = "running") -> Cluster:
    return Cluster(f"id-of-{name}", name, "syd1", state, False, ())


def name_refs(path: str, names: str) -> tuple[NameRef, ...]:
    return tuple(NameRef(f"{path}[{number}]", name) for number, name in enumerate(names.split()))


def entry(
    clusters: str = "", registries: str = "kiwi", method: str = "direct", number: int = 0, **more: object
) -> AccessEntry:
    """Names of clusters and registries, with blanks between."""
    path = f"integrations[{number}]."
    found = AccessEntry(
        name_refs(f"{path}registries", registries),
        name_refs(f"{path}clusters", clusters),
        method=method,
        policy=None if method == "one_click" else RENEWED,
    )
    return replace(found, **more)  # type: ignore[arg-type]


ORCHARD, MEADOW = cluster("orchard"), cluster("meadow")
BOTH = (ORCHARD, MEADOW)


def accesses_of(*entries: AccessEntry) -> list[tuple[str, list[tuple[str, str]]]]:
    resolved = resolve_entries(BOTH, DesiredState(entries))
    found, faults = resolved.clusters, resolved.errors
    assert faults == ()
    return [(cluster.address.key, [(one.registry, one.method) for one in cluster.accesses]) for cluster in found]


def faults(desired: DesiredState, *clusters: Cluster) -> list[str]:
    return [str(one) for one in resolve_entries(clusters or BOTH, desired).errors]


def test_entries_are_merged_for_each_cluster_in_the_order_of_the_input() -> None:
    assert accesses_of(
        entry("meadow orchard", "kiwi"),
        entry("orchard", "plum", "one_click", 1),
        entry("orchard", "kiwi", number=2),
    ) == [
        ("the cluster meadow (id-of-meadow)", [("kiwi", "direct")]),
        ("the cluster orchard (id-of-orchard)", [("kiwi", "direct"), ("plum", "one_click")]),
    ]


def test_contexts_are_distinguished_by_file_and_name() -> None:
    assert accesses_of(
        entry(kubeconfig=FILE, contexts=("barn", None)),
        entry(registries="plum", number=1, kubeconfig=FILE, contexts=("barn",)),
        entry(number=2, kubeconfig=OTHER, contexts=("barn", None)),
    ) == [
        (f"the context barn of {FILE}", [("kiwi", "direct"), ("plum", "direct")]),
        (f"the current context of {FILE}", [("kiwi", "direct")]),
        (f"the context barn of {OTHER}", [("kiwi", "direct")]),
        (f"the current context of {OTHER}", [("kiwi", "direct")]),
    ]


def test_context_keeps_its_kubeconfig_and_name() -> None:
    desired = DesiredState((entry(kubeconfig=FILE, contexts=("barn", None)),))
    named, current = resolve_entries((), desired).clusters
    assert named.address == ClusterAddress("barn", kubeconfig=FILE, context="barn")
    assert current.address == ClusterAddress(f"current context of {FILE}", kubeconfig=FILE)


@pytest.mark.parametrize(
    "second",
    [
        entry("orchard", method="operator", number=1),
        entry("orchard", method="one_click", number=1),
        entry("orchard", number=1, policy=ENDLESS),
        entry("id-of-meadow orchard", number=1, where=access(namespaces=("ci",)).where),
    ],
    ids=["another method", "one click", "another policy", "other namespaces"],
)
def test_two_different_entries_for_one_registry_in_one_cluster_are_an_error(second: AccessEntry) -> None:
    second = replace(second, clusters=second.clusters[-1:])
    (fault,) = faults(DesiredState((entry("orchard", "plum kiwi"), second)))
    twice = "the cluster orchard (id-of-orchard) gets access to the registry kiwi from two entries that differ"
    assert fault == f"integrations[1].registries[0]: {twice}; keep one entry"


def test_unknown_clusters_are_errors_and_known_clusters_are_resolved() -> None:
    found = resolve_entries(BOTH, DesiredState((entry("orchrd meadow"),)))
    assert [cluster.address.name for cluster in found.clusters] == ["meadow"]
    told = "integrations[0].clusters[0]: there is no cluster 'orchrd'; did you mean 'orchard'"
    assert str(found.unknown[0]).startswith(told)


@pytest.mark.parametrize(
    ("methods", "state", "waits", "changed", "expected"),
    [
        (["direct"], "present", "never", [], True),
        (["direct"], "absent", "changed", [], True),
        (["one_click"], "present", "always", [], True),
        (["one_click"], "present", "changed", ["id-of-orchard"], True),
        (["one_click"], "present", "changed", ["id-of-meadow"], False),
        (["one_click"], "present", "never", ["id-of-orchard"], False),
        (["one_click"], "absent", "always", ["id-of-orchard"], False),
        (["one_click", "operator"], "absent", "never", [], True),
    ],
)
def test_cluster_is_read_only_if_its_access_requires_it(
    methods: list[str], state: str, waits: str, changed: list[str], expected: bool
) -> None:
    work = DesiredCluster(ClusterAddress("orchard", ORCHARD), tuple(access(method) for method in methods))
    assert work.must_be_read(DesiredState((), state, wait_for_secrets=waits), changed) is expected


def test_pods_to_recreate_require_a_read_of_an_unchanged_cluster() -> None:
    work = DesiredCluster(ClusterAddress("orchard", ORCHARD), (access("one_click"),))
    assert work.must_be_read(DesiredState((), recreates_pods=True), []) is True


def test_missing_registries_are_errors_for_every_method() -> None:
    desired = DesiredState(
        (entry("orchard", "kiwi pear"), entry("orchard", "fig", "one_click", 1)), expected=("apple",)
    )
    assert [one.where for one in desired.missing_registries(("kiwi",))] == [
        "integrations[0].registries[1]",
        "integrations[1].registries[0]",
    ]
    assert replace(desired, state="absent").missing_registries(()) == ()


def test_integration_has_only_the_entries_of_one_click() -> None:
    desired = DesiredState((entry("orchard"), entry("meadow", "plum", "one_click", 1)), "absent", ("apple",))
    found = desired.one_click
    assert [[one.name for one in integration.registries] for integration in found.integrations] == [["plum"]]
    assert (found.state, found.expected) == ("absent", ("apple",))
    assert len(replace(desired, state="present").missing_registries(())) == 2
    assert (desired.is_present, replace(desired, state="present").is_present) == (False, True)
