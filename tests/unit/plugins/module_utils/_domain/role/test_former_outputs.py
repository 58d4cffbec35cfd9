# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.former_outputs import with_former

OUTPUT: dict[str, Any] = {
    "region": None,
    "created_at": None,
    "storage_usage_bytes": None,
    "storage_usage_bytes_updated_at": None,
    "subscription_tier": None,
    "changed": False,
    "actions": [],
    "garbage_collection": {
        "enabled": True,
        "type": "both",
        "decision": "not_run",
        "last": None,
        "next_window": None,
        "note": None,
    },
    "clusters": [],
}
BERLIN = timezone(timedelta(hours=2))
FORMER: dict[str, Any] = {
    "region": "ams3",
    "created_at": datetime(2031, 5, 8, 17, 0, tzinfo=BERLIN),
    "storage_usage_bytes": 4711,
    "storage_usage_bytes_updated_at": date(2031, 5, 8),
    "subscription_tier": "basic",
    "changed": True,
    "actions": [{"action": "create_registry"}],
    "garbage_collection": {
        "enabled": False,
        "decision": "collected",
        "last": {"created_at": datetime(2031, 5, 8, 15, 0, tzinfo=UTC)},
        "note": "old",
    },
    "clusters": [
        {
            "name": "farm",
            "method": "direct",
            "added": True,
            "changed": True,
            "expires_at": datetime(2031, 6, 1, tzinfo=BERLIN),
        }
    ],
}


def test_values_of_stages_that_did_not_run_come_from_the_former_outputs_as_text() -> None:
    merged = with_former(OUTPUT, FORMER, has_clusters=False)
    assert {key: merged[key] for key in ("region", "created_at", "storage_usage_bytes", "subscription_tier")} == {
        "region": "ams3",
        "created_at": "2031-05-08T15:00:00Z",
        "storage_usage_bytes": 4711,
        "subscription_tier": "basic",
    }
    assert merged["storage_usage_bytes_updated_at"] == "2031-05-08"
    assert (merged["changed"], merged["actions"]) == (False, [])
    assert merged["garbage_collection"] == {
        "enabled": True,
        "type": "both",
        "decision": "not_run",
        "last": {"created_at": "2031-05-08T15:00:00Z"},
        "next_window": None,
        "note": None,
    }
    assert merged["clusters"] == [
        {"name": "farm", "method": "direct", "added": False, "changed": False, "expires_at": "2031-05-31T22:00:00Z"}
    ]


def test_the_local_times_of_a_window_keep_their_offset_where_ansible_read_dates() -> None:
    window = {
        "opens_at": datetime(2031, 5, 18, 1, 0, tzinfo=UTC),
        "opens_at_local": datetime(2031, 5, 18, 3, 0, tzinfo=BERLIN),
        "time_zone": "Europe/Berlin",
    }
    merged = with_former(OUTPUT, {"garbage_collection": {"next_window": window}}, has_clusters=False)
    assert merged["garbage_collection"]["next_window"] == {
        "opens_at": "2031-05-18T01:00:00Z",
        "opens_at_local": "2031-05-18T03:00:00+02:00",
        "time_zone": "Europe/Berlin",
    }


def test_values_of_stages_that_ran_stay() -> None:
    read = OUTPUT | {"region": "nyc3", "subscription_tier": "starter"}
    read["garbage_collection"] = OUTPUT["garbage_collection"] | {"decision": "recent"}
    merged = with_former(read, FORMER, has_clusters=True)
    assert merged == read


@pytest.mark.parametrize(
    "former",
    [
        None,
        "text",
        [],
        7,
        {},
        {"clusters": "farm", "garbage_collection": []},
        {"clusters": [1], "garbage_collection": 7},
        {"clusters": [{"name": "farm"}], "garbage_collection": {"next_window": "soon"}},
        {"clusters": [{"method": "direct"}], "garbage_collection": {"next_window": {"time_zone": "UTC"}}},
        {"garbage_collection": {"next_window": {"opens_at_local": 7, "time_zone": "UTC"}}},
        {"region": ["ams3"], "subscription_tier": {"slug": "basic"}},
    ],
)
def test_former_outputs_of_another_shape_are_left_out(former: object) -> None:
    assert with_former(OUTPUT, former, has_clusters=False) == OUTPUT
