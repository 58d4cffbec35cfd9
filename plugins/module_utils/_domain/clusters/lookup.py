# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what people call a cluster, its name or its id, to the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from ..field_errors import FieldError
from ..names import NameRef, join_names
from .cluster import Cluster

_HYPHENATED_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_cluster_id(text: str) -> bool:
    """Whether this is an id rather than a name: doctl's rule, a UUID with hyphens (digitalocean-api.md 3.1)."""
    return _HYPHENATED_UUID.fullmatch(text) is not None


def resolve_clusters(
    clusters: Sequence[Cluster], asked: Iterable[NameRef]
) -> tuple[Mapping[str, Cluster], tuple[FieldError, ...]]:
    """The cluster for each name that was asked for, and a fault for each place whose name fits none or several.

    Names compare exactly and need not be unique. A cluster that is already deleted counts only where no other one
    has the name.
    """
    found: dict[str, Cluster] = {}
    faults: list[FieldError] = []
    for one in asked:
        matches = _matches(clusters, one.name)
        if len(matches) == 1:
            found[one.name] = matches[0]
        elif matches:
            faults.append(_ambiguous(one, matches))
        else:
            faults.append(_unknown(one, clusters))
    return found, tuple(faults)


def _matches(clusters: Sequence[Cluster], name: str) -> list[Cluster]:
    if is_cluster_id(name):
        return [cluster for cluster in clusters if cluster.id.lower() == name.lower()]
    named = [cluster for cluster in clusters if cluster.name == name]
    return [cluster for cluster in named if cluster.state != "deleted"] or named


def _ambiguous(asked: NameRef, matches: Sequence[Cluster]) -> FieldError:
    ids = join_names(f"{cluster.id} ({cluster.region}, {cluster.state})" for cluster in matches)
    return FieldError(
        asked.where, f"{len(matches)} clusters are called {asked.name!r}: {ids}", "give the id of the one meant"
    )


def _unknown(asked: NameRef, clusters: Sequence[Cluster]) -> FieldError:
    if is_cluster_id(asked.name):
        what = f"there is no cluster with the id {asked.name}"
    else:
        what = f"there is no cluster {asked.name!r}"
    names = sorted({cluster.name for cluster in clusters})
    if not names:
        return FieldError(asked.where, what, "the team of the token has no clusters")
    near = get_close_matches(asked.name, names, n=3)
    if near:
        return FieldError(asked.where, what, f"did you mean {' or '.join(repr(name) for name in near)}?")
    return FieldError(asked.where, what, f"the team has {join_names(names)}")
