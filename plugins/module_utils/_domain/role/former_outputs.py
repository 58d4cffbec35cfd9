# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outputs of an earlier run, which count where a run of some stages read nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from ..times import format_time

# The decision of a collection where the stage gc did not run.
NOT_RUN = "not_run"

# What only DigitalOcean knows of a registry. The address follows from the name.
ONLY_READ = ("region", "created_at", "storage_usage_bytes", "storage_usage_bytes_updated_at")

# What the stage registry says of a login.
OF_A_LOGIN = ("docker_config_path", "credential_expiration_time")

_OF_THIS_COLLECTION = ("enabled", "type", "decision", "note")
# What the summary shows.
_SHOWN_OF_A_WINDOW = ("opens_at_local", "time_zone")
_SHOWN_OF_A_CLUSTER = ("name", "method")
_OF_THIS_RUN_IN_A_CLUSTER = {"added": False, "changed": False}


def with_former(
    output: Mapping[str, Any], former: object, *, has_clusters: bool, has_logins: bool = True
) -> dict[str, Any]:
    """The outputs of a registry, with the values of an earlier run for stages that this run did not run.

    `former` is what an earlier inclusion of the role or, in AWX, an earlier job of the workflow left. A user can set
    the variable too, so a value of another shape is left out. `has_clusters` says whether this run read the clusters,
    and `has_logins` whether this run wrote logins.
    """
    merged = dict(output)
    if not isinstance(former, Mapping):
        return merged
    # A registry to be created has no region yet where DigitalOcean chooses the region, and the storage 0.
    if output["region"] is None and output["storage_usage_bytes"] is None:
        merged |= {key: _scalar(former.get(key)) for key in ONLY_READ}
    if output["subscription_tier"] is None:
        merged["subscription_tier"] = _scalar(former.get("subscription_tier"))
    if not has_logins:
        merged |= {key: _scalar(former.get(key)) for key in OF_A_LOGIN}
    collection, clusters = former.get("garbage_collection"), former.get("clusters")
    if output["garbage_collection"]["decision"] == NOT_RUN and isinstance(collection, Mapping):
        merged["garbage_collection"] = {
            key: value if key in _OF_THIS_COLLECTION else _as_text(collection.get(key))
            for key, value in output["garbage_collection"].items()
        }
        if not _is_window(merged["garbage_collection"]["next_window"]):
            merged["garbage_collection"]["next_window"] = None
    if not has_clusters and isinstance(clusters, list) and all(_is_cluster(one) for one in clusters):
        merged["clusters"] = [_as_text(one) | _OF_THIS_RUN_IN_A_CLUSTER for one in clusters]
    return merged


def _is_window(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(value.get(key), str) for key in _SHOWN_OF_A_WINDOW)


def _is_cluster(value: object) -> bool:
    return isinstance(value, Mapping) and all(key in value for key in _SHOWN_OF_A_CLUSTER)


def _scalar(value: object) -> Any:
    return None if isinstance(value, Mapping | list | tuple) else _as_text(value)


def _as_text(value: Any, *, is_local: bool = False) -> Any:
    """A value with texts in the place of dates: ansible-core 2.19 and newer read the times of an artifact as dates.

    A time is in UTC, except for a local time, which keeps its offset.
    """
    if isinstance(value, Mapping):
        return {key: _as_text(one, is_local=str(key).endswith("_local")) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(one) for one in value]
    if isinstance(value, datetime):
        if is_local:
            return value.isoformat(timespec="seconds")
        return format_time(value if value.tzinfo else value.replace(tzinfo=timezone.utc))
    return value.isoformat() if isinstance(value, date) else value
