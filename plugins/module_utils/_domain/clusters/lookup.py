# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find a cluster by its name or ID."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from ..field_errors import FieldError
from ..names import NameRef, join_names, shown
from .cluster import Cluster

_HYPHENATED_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_cluster_id(text: str) -> bool:
    """Whether a text is a cluster ID: as in doctl, a UUID with hyphens (digitalocean-api.md 3.1)."""
    return _HYPHENATED_UUID.fullmatch(text) is not None


def resolve_clusters(
    clusters: Sequence[Cluster], names: Iterable[NameRef]
) -> tuple[Mapping[str, Cluster], tuple[FieldError, ...]]:
    """The cluster for each name, and an error for each name that no cluster or several clusters have.

    Names compare exactly and need not be unique. A deleted cluster counts only where no other cluster has the name.
    """
    found: dict[str, Cluster] = {}
    errors: list[FieldError] = []
    for one in names:
        matches = _matches(clusters, one.name)
        if len(matches) == 1:
            found[one.name] = matches[0]
        elif matches:
            errors.append(_ambiguous(one, matches))
        else:
            errors.append(_unknown(one, clusters))
    return found, tuple(errors)


def _matches(clusters: Sequence[Cluster], name: str) -> list[Cluster]:
    if is_cluster_id(name):
        return [cluster for cluster in clusters if cluster.id.lower() == name.lower()]
    named = [cluster for cluster in clusters if cluster.name == name]
    return [cluster for cluster in named if cluster.state != "deleted"] or named


def _ambiguous(name: NameRef, matches: Sequence[Cluster]) -> FieldError:
    ids = join_names(f"{cluster.id} ({cluster.region}, {cluster.state})" for cluster in matches)
    return FieldError(
        name.where, f"{len(matches)} clusters have the name {shown(name.name)}: {ids}", "use the ID of a cluster"
    )


def _unknown(name: NameRef, clusters: Sequence[Cluster]) -> FieldError:
    if is_cluster_id(name.name):
        what = f"there is no cluster with the ID {name.name}"
    else:
        what = f"there is no cluster {shown(name.name)}"
    existing = sorted({cluster.name for cluster in clusters})
    if not existing:
        return FieldError(name.where, what, "the team of the token has no clusters")
    near = get_close_matches(name.name, existing, n=3)
    if near:
        return FieldError(name.where, what, f"did you mean {' or '.join(repr(one) for one in near)}?")
    return FieldError(name.where, what, f"the team has {join_names(existing)}")
