# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and ids of clusters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.cluster import Cluster
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.lookup import (
    is_cluster_id,
    resolve_clusters,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.names import NameRef, join_names

ID_A = "0f6cd1b0-7a31-4d3c-9a0e-5f1c2b3a4d5e"
ID_B = "1b2e3f40-8b42-4e4d-8b1f-6a2d3c4b5e6f"
ID_C = "2c3f4a51-9c53-4f5e-9c2a-7b3e4d5c6f7a"
ORCHARD = Cluster(ID_A, "orchard", "syd1", "running", False, None)
MEADOW_SYD = Cluster(ID_B, "meadow", "syd1", "running", False, None)
MEADOW_BLR = Cluster(ID_C, "meadow", "blr1", "upgrading", False, None)
ALL = (ORCHARD, MEADOW_SYD, MEADOW_BLR)


def resolve_one(name: str, clusters: tuple[Cluster, ...] = ALL) -> Cluster | str:
    """The cluster, or the fault as text."""
    found, faults = resolve_clusters(clusters, [NameRef("clusters[7]", name)])
    return found[name] if found else str(faults[0])


@pytest.mark.parametrize(
    ("name", "cluster"),
    [("orchard", ORCHARD), (ID_B, MEADOW_SYD), (ID_C.upper(), MEADOW_BLR)],
    ids=["name", "id of an ambiguous name", "id in capitals"],
)
def test_a_name_or_an_id_finds_its_cluster(name: str, cluster: Cluster) -> None:
    assert resolve_one(name) == cluster


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "meadow",
            (
                f"{ID_B} (syd1, running), {ID_C} (blr1, upgrading)",
                "2 clusters have the name 'meadow'",
                "use the ID of a cluster",
            ),
        ),
        ("orchad", ("there is no cluster 'orchad'", "did you mean 'orchard'?")),
        ("Orchard", ("there is no cluster 'Orchard'", "did you mean 'orchard'?")),
        ("zzz", ("there is no cluster 'zzz'", "the team has meadow, orchard")),
        ("9" + ID_A[1:], (f"there is no cluster with the ID 9{ID_A[1:]}",)),
        (ID_A.replace("-", ""), ("there is no cluster '0f6cd1b0",)),
    ],
    ids=["ambiguous", "misspelt", "other case", "nothing near", "unknown id", "id without hyphens is a name"],
)
def test_unknown_or_ambiguous_name_is_an_error_with_its_place_and_alternatives(
    name: str, words: tuple[str, ...]
) -> None:
    fault = resolve_one(name)
    assert isinstance(fault, str)
    assert fault.startswith("clusters[7]: ")
    assert [word for word in words if word not in fault] == []


def test_team_without_clusters_is_named_in_the_error() -> None:
    assert resolve_one("orchard", ()) == (
        "clusters[7]: there is no cluster 'orchard'; the team of the token has no clusters"
    )


def test_a_deleted_cluster_does_not_make_its_successors_name_ambiguous() -> None:
    gone = Cluster(ID_C, "orchard", "blr1", "deleted", False, None)
    assert resolve_one("orchard", (gone, ORCHARD)) == ORCHARD
    assert resolve_one("orchard", (gone,)) == gone


def test_every_unknown_name_is_an_error_of_its_own() -> None:
    names = [NameRef("clusters[0]", "meadow"), NameRef("clusters[1]", "orchard"), NameRef("clusters[2]", "zzz")]
    found, faults = resolve_clusters(ALL, names)
    assert dict(found) == {"orchard": ORCHARD}
    assert [fault.where for fault in faults] == ["clusters[0]", "clusters[2]"]


@given(st.uuids())
def test_every_hyphenated_uuid_is_an_id_and_nothing_longer_is(uuid: object) -> None:
    assert is_cluster_id(str(uuid))
    assert not is_cluster_id(f"{uuid}\n")
    assert not is_cluster_id(f"x{uuid}")


@pytest.mark.parametrize(
    ("count", "end"), [(0, ""), (1, "c0"), (10, "c8, c9"), (11, "c8, c9 and 1 more"), (250, "c8, c9 and 240 more")]
)
def test_long_list_of_names_is_shortened_with_the_right_count(count: int, end: str) -> None:
    assert join_names(f"c{number}" for number in range(count)).endswith(end)
