# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows and blackout days as users write them."""

from __future__ import annotations

import os
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.names import shown
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.calendar import (
    Blackout,
    Calendar,
    MaintenanceWindow,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.options import (
    known_zones,
    parse_calendar,
)

NIGHT: dict[str, Any] = {
    "days": ["Saturday ", "sunday"],
    "start": "23:30",
    "duration": "168h",
    "time_zone": "Asia/Tokyo",
}


def test_windows_and_blackout_days_become_values() -> None:
    calendar, faults = parse_calendar([NIGHT, NIGHT | {"time_zone": None}], ["2026-12-24", "2026-12-30/2027-01-02"])
    tokyo = MaintenanceWindow(frozenset({5, 6}), time(23, 30), timedelta(days=7), "Asia/Tokyo")
    utc = MaintenanceWindow(frozenset({5, 6}), time(23, 30), timedelta(days=7), "UTC")
    days = (Blackout(date(2026, 12, 24), date(2026, 12, 24)), Blackout(date(2026, 12, 30), date(2027, 1, 2)))
    assert (calendar, faults) == (Calendar((tokyo, utc), days), ())


def test_all_errors_are_reported_at_once_with_their_places() -> None:
    raw: list[dict[str, Any]] = [
        NIGHT,
        {"days": [], "start": "1350", "duration": "0h"},
        {"days": ["monday", "sun"], "start": "24:00", "duration": "168h1m"},
        {"days": ["friday"], "start": "3:00", "duration": "fourhours", "time_zone": "Europe/Berlim"},
    ]
    faults = parse_calendar(raw, ["24.12.2026", "2026-02-30", "2026-12-30/2026-12-29", "2026-12-24"], "overrides[2].")[
        1
    ]
    assert [(fault.where.removeprefix("overrides[2]."), fault.what) for fault in faults] == [
        ("maintenance_windows[1].days", "the list is empty"),
        ("maintenance_windows[1].start", "'1350' is not a time of day"),
        ("maintenance_windows[1].duration", "a window cannot last 0h"),
        ("maintenance_windows[2].days[1]", "'sun' is no day"),
        ("maintenance_windows[2].start", "'24:00' is not a time of day"),
        ("maintenance_windows[2].duration", "a window cannot last 168h1m"),
        ("maintenance_windows[3].start", "'3:00' is not a time of day"),
        ("maintenance_windows[3].duration", "'fourhours' is not a duration"),
        ("maintenance_windows[3].time_zone", "there is no time zone 'Europe/Berlim'"),
        ("blackout_dates[0]", "'24.12.2026' is no date and no range of dates"),
        ("blackout_dates[1]", "'2026-02-30' is no date and no range of dates"),
        ("blackout_dates[2]", "2026-12-30/2026-12-29 ends before it begins"),
    ]


# Files beside the zones, and other writings of their names that some systems load: right/... counts leap seconds.
MORE = ["posixrules", "Factory", "zone.tab", "right/Europe/Berlin", "posix/Europe/Berlin", "UTC ", "é" * 300, "\ud800"]


@pytest.mark.parametrize(
    "name", ["../UTC", "/etc/localtime", "Europe", "localtime", "a\0b", "Mars/Olympus", "CEST", *MORE]
)
def test_an_unknown_time_zone_is_an_error_and_no_exception(name: str) -> None:
    (fault,) = parse_calendar([NIGHT | {"time_zone": name}], [])[1]
    assert (fault.where, fault.what) == ("maintenance_windows[0].time_zone", f"there is no time zone {shown(name)}")


@pytest.mark.parametrize(("name", "near"), [("europe/berlin", "Europe/Berlin"), ("Asia/Tokio", "Asia/Tokyo")])
def test_a_time_zone_that_is_nearly_right_names_the_right_one(name: str, near: str) -> None:
    assert parse_calendar([NIGHT | {"time_zone": name}], [])[1][0].advice == f"did you mean {near}?"


def test_the_default_time_zone_requires_no_list_of_all_time_zones() -> None:
    known_zones.cache_clear()
    default = {name: value for name, value in NIGHT.items() if name != "time_zone"}
    (calendar, faults) = parse_calendar([default, NIGHT | {"time_zone": "UTC"}], [])
    assert [window.zone for window in calendar.windows] == ["UTC", "UTC"]
    assert not faults
    assert known_zones.cache_info().misses == 0


@pytest.fixture
def no_data(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host without time zone data, neither of the system nor of the package tzdata."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath(to=[])
    known_zones.cache_clear()
    yield
    zoneinfo.reset_tzpath()
    known_zones.cache_clear()


@pytest.mark.parametrize("name", ["Asia/Tokyo", "UTC", "Europe/Berlim"])
def test_without_time_zone_data_the_package_is_named_and_no_name_is_called_wrong(no_data: None, name: str) -> None:
    (fault,) = parse_calendar([NIGHT | {"time_zone": name}], [])[1]
    assert fault.what == f"the time zone {name!r} cannot be looked up: there is no time zone data"
    assert "pip install tzdata" in fault.advice


def test_an_empty_list_of_windows_is_an_error() -> None:
    assert [fault.where for fault in parse_calendar([], [])[1]] == ["maintenance_windows"]


def test_without_time_zone_data_every_window_is_refused_with_what_to_install() -> None:
    code = """
import sys, zoneinfo
sys.modules["tzdata"] = None
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.options import parse_calendar
_, faults = parse_calendar([{"days": ["sunday"], "start": "03:00", "duration": "4h", "time_zone": "Asia/Tokyo"}], [])
print([fault.advice for fault in faults])
"""
    environment = {**os.environ, "PYTHONTZPATH": ""}
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    advice = "install the Python package tzdata where this runs (pip install tzdata)"
    assert told.stdout.strip() == str([advice]), told.stderr
