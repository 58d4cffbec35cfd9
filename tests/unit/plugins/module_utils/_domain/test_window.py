# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: what is open, what opens next, and what is no window."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import parse_time
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.window import (
    DAYS,
    MaintenanceWindow,
    Window,
    current_window,
    format_duration,
    next_window,
    parse_duration,
    parse_windows,
)

MINUTE = timedelta(minutes=1)


def windows(*raw: tuple[str, str, str]) -> tuple[MaintenanceWindow, ...]:
    entries = [{"days": days.split(), "start": start, "duration": duration} for days, start, duration in raw]
    parsed, faults = parse_windows(entries, "maintenance_windows")
    assert faults == ()
    return parsed


def opening(opens_at: str, closes_at: str) -> Window:
    return Window(parse_time(f"2026-{opens_at}:00Z"), parse_time(f"2026-{closes_at}:00Z"))


SUNDAY = windows(("sunday", "03:00", "4h"))
FIRST, SECOND = opening("03-01T03:00", "03-01T07:00"), opening("03-08T03:00", "03-08T07:00")
SATURDAY_NIGHT = windows(("saturday", "22:15", "5h30m"))
NIGHT = opening("02-28T22:15", "03-01T03:45")
TWO = windows(("tuesday", "01:00", "4h"), ("Tuesday friday", "03:30", "150m"))
ALWAYS = windows((" ".join(DAYS), "00:00", "24h"))


@pytest.mark.parametrize(
    ("week", "now", "current", "coming"),
    [
        (SUNDAY, "2026-03-01T02:59:59Z", None, FIRST),
        (SUNDAY, "2026-03-01T03:00:00Z", FIRST, SECOND),
        (SUNDAY, "2026-03-01T06:59:59.9Z", FIRST, SECOND),
        (SUNDAY, "2026-03-01T07:00:00Z", None, SECOND),
        (SUNDAY, "2026-03-01T04:30:00+02:00", None, FIRST),
        (SATURDAY_NIGHT, "2026-03-01T03:44:00Z", NIGHT, opening("03-07T22:15", "03-08T03:45")),
        (SATURDAY_NIGHT, "2026-03-01T03:45:00Z", None, opening("03-07T22:15", "03-08T03:45")),
        (TWO, "2026-03-03T02:00:00Z", opening("03-03T01:00", "03-03T05:00"), opening("03-03T03:30", "03-03T06:00")),
        (TWO, "2026-03-03T04:00:00Z", opening("03-03T01:00", "03-03T06:00"), opening("03-06T03:30", "03-06T06:00")),
        (TWO, "2026-03-03T05:30:00Z", opening("03-03T03:30", "03-03T06:00"), opening("03-06T03:30", "03-06T06:00")),
        (ALWAYS, "2026-12-31T23:59:00Z", opening("12-31T00:00", "12-31T23:59"), None),
        ((), "2026-03-01T04:00:00Z", None, None),
    ],
)  # fmt: skip
def test_the_open_window_and_the_next_one(
    week: tuple[MaintenanceWindow, ...], now: str, current: Window | None, coming: Window | None
) -> None:
    if week is ALWAYS:  # over the end of the year
        new_year = datetime(2027, 1, 1, tzinfo=UTC)
        current = current and Window(current.opens_at, new_year)
        coming = Window(new_year, new_year + timedelta(days=1))
    assert current_window(week, parse_time(now)) == current
    assert next_window(week, parse_time(now)) == coming


WEEKS = st.lists(
    st.builds(
        MaintenanceWindow,
        st.frozensets(st.integers(0, 6), min_size=1, max_size=3),
        st.builds(time, st.integers(0, 23), st.integers(0, 59)),
        st.integers(1, 24 * 60).map(lambda minutes: minutes * MINUTE),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
NOWS = st.integers(0, 21 * 24 * 60).map(lambda minutes: datetime(2026, 2, 16, tzinfo=UTC) + minutes * MINUTE)


def opens_at(week: tuple[MaintenanceWindow, ...], minute: datetime) -> list[Window]:
    """The windows that open in exactly this minute."""
    return [
        Window(minute, minute + one.duration)
        for one in week
        if minute.weekday() in one.days and (minute.hour, minute.minute) == (one.start.hour, one.start.minute)
    ]


@given(WEEKS, NOWS)
def test_windows_are_those_of_a_walk_minute_by_minute(week: tuple[MaintenanceWindow, ...], now: datetime) -> None:
    walked = [one for back in range(24 * 60) for one in opens_at(week, now - back * MINUTE) if one.closes_at > now]
    expected = Window(walked[-1].opens_at, max(one.closes_at for one in walked)) if walked else None
    assert current_window(week, now) == expected
    coming = next(found for ahead in range(1, 7 * 24 * 60 + 1) if (found := opens_at(week, now + ahead * MINUTE)))
    assert next_window(week, now) == max(coming, key=lambda one: one.closes_at)


@pytest.mark.parametrize(
    ("text", "minutes"), [("4h", 240), ("90m", 90), ("4h30m", 270), ("0m", 0), ("24h", 1440), ("20h", 1200)]
)
def test_a_duration_is_hours_and_minutes(text: str, minutes: int) -> None:
    assert parse_duration(text) == minutes * MINUTE
    assert parse_duration(format_duration(minutes * MINUTE)) == minutes * MINUTE


@pytest.mark.parametrize("text", ["", "4", "h", "4h30", "30m4h", "-4h", "4.5h", "4 h", "240", "4H", "9" * 30 + "h"])
def test_what_is_no_duration_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(ValueError, match="such as 4h, 90m or 4h30m"):
        parse_duration(text)


def test_all_faults_of_windows_come_at_once_with_their_places() -> None:
    raw: list[dict[str, Any]] = [
        {"days": ["sunday"], "start": "03:00", "duration": "4h"},
        {"days": [], "start": "1350", "duration": "0h"},
        {"days": ["monday", "sun"], "start": "24:00", "duration": "24h1m"},
        {"days": ["friday"], "start": "3:00", "duration": "fourhours"},
    ]
    parsed, faults = parse_windows(raw, "maintenance_windows")
    assert parsed == ()
    assert [(fault.where, fault.what) for fault in faults] == [
        ("maintenance_windows[1].days", "the list is empty"),
        ("maintenance_windows[1].start", "'1350' is no time of day"),
        ("maintenance_windows[1].duration", "a window cannot last 0h"),
        ("maintenance_windows[2].days[1]", "'sun' is no day"),
        ("maintenance_windows[2].start", "'24:00' is no time of day"),
        ("maintenance_windows[2].duration", "a window cannot last 24h1m"),
        ("maintenance_windows[3].start", "'3:00' is no time of day"),
        ("maintenance_windows[3].duration", "'fourhours' is no duration"),
    ]


def test_no_window_at_all_is_a_fault() -> None:
    assert [fault.where for fault in parse_windows([], "maintenance_windows")[1]] == ["maintenance_windows"]
