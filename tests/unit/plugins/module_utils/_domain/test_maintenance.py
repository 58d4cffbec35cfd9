# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: what is open and what opens next, against a walk minute by minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.maintenance import (
    Blackout,
    Calendar,
    MaintenanceWindow,
    Window,
    current_window,
    next_window,
    shape_window,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import parse_time

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ALL_DAYS = frozenset(range(7))


def weekly(days: str, start: str, hours: float, zone: str = "UTC") -> MaintenanceWindow:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    found = frozenset(names.index(day) for day in days.split()) if days else ALL_DAYS
    return MaintenanceWindow(found, time.fromisoformat(start), timedelta(hours=hours), zone)


def opening(opens_at: str, closes_at: str, zone: str = "UTC") -> Window:
    return Window(parse_time(f"2026-{opens_at}:00Z"), parse_time(f"2026-{closes_at}:00Z"), zone)


SUNDAY = Calendar((weekly("sun", "03:00", 4),))
FIRST, SECOND = opening("03-01T03:00", "03-01T07:00"), opening("03-08T03:00", "03-08T07:00")
TWO = Calendar((weekly("tue", "01:00", 4), weekly("tue fri", "03:30", 2.5)))
NIGHTS = Calendar((weekly("", "22:00", 4),), (Blackout(date(2026, 3, 4), date(2026, 3, 5)),))
LONG = Blackout(date(2026, 1, 1), date(2028, 1, 1))
DAILY = Calendar((weekly("", "00:00", 24),))


@pytest.mark.parametrize(
    ("calendar", "now", "current", "coming"),
    [
        (SUNDAY, "03-01T02:59", None, FIRST),
        (SUNDAY, "03-01T03:00", FIRST, SECOND),
        (SUNDAY, "03-01T06:59", FIRST, SECOND),
        (SUNDAY, "03-01T07:00", None, SECOND),
        # Two that overlap are two openings, and what is open stays open until the last of them closes.
        (TWO, "03-03T02:00", opening("03-03T01:00", "03-03T06:00"), opening("03-03T03:30", "03-03T06:00")),
        (TWO, "03-03T04:00", opening("03-03T03:30", "03-03T06:00"), opening("03-06T03:30", "03-06T06:00")),
        # Blackout days take the part of a night that is theirs, and what follows them opens at midnight.
        (NIGHTS, "03-03T23:00", opening("03-03T22:00", "03-04T00:00"), opening("03-06T00:00", "03-06T02:00")),
        (NIGHTS, "03-04T01:00", None, opening("03-06T00:00", "03-06T02:00")),
        (NIGHTS, "03-06T00:00", opening("03-06T00:00", "03-06T02:00"), opening("03-06T22:00", "03-07T02:00")),
        # One a day without a break: each day is a window of its own, and none closes for as long as anybody looks.
        (DAILY, "03-01T05:00", opening("03-01T00:00", "03-15T05:00"), opening("03-02T00:00", "03-16T00:00")),
        (Calendar(()), "03-01T04:00", None, None),
        (Calendar((weekly("mon", "01:00", 1),), (LONG,)), "03-01T04:00", None, None),
    ],
)  # fmt: skip
def test_the_open_window_and_the_next_one(
    calendar: Calendar, now: str, current: Window | None, coming: Window | None
) -> None:
    moment = parse_time(f"2026-{now}:00Z")
    assert current_window(calendar, moment) == current
    assert next_window(calendar, moment) == coming


@pytest.mark.parametrize(
    ("zone", "start", "day", "opens_at"),
    [
        ("Europe/Berlin", "02:30", "2026-03-29", "2026-03-29T01:00:00Z"),  # skipped: 02:00 to 03:00
        ("Europe/Berlin", "03:00", "2026-03-29", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "02:30", "2026-10-25", "2026-10-25T00:30:00Z"),  # comes twice
        ("America/New_York", "02:15", "2026-03-08", "2026-03-08T07:00:00Z"),
        ("America/New_York", "01:15", "2026-11-01", "2026-11-01T05:15:00Z"),
        ("Australia/Lord_Howe", "02:10", "2026-10-04", "2026-10-03T15:30:00Z"),  # a gap of half an hour
        ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04T14:45:00Z"),
        ("Asia/Kathmandu", "03:00", "2026-03-01", "2026-02-28T21:15:00Z"),
        ("America/Sao_Paulo", "00:20", "2018-11-04", "2018-11-04T03:00:00Z"),  # midnight is skipped
        ("Pacific/Apia", "05:00", "2011-12-30", "2011-12-30T10:00:00Z"),  # the whole day is skipped
        ("Asia/Beirut", "00:00", "2026-03-29", "2026-03-28T22:00:00Z"),
    ],
)
def test_a_start_that_does_not_exist_is_the_first_instant_after_and_one_that_comes_twice_the_first(
    zone: str, start: str, day: str, opens_at: str
) -> None:
    weekday = date.fromisoformat(day).weekday()
    calendar = Calendar((MaintenanceWindow(frozenset({weekday}), time.fromisoformat(start), 5 * MINUTE, zone),))
    coming = next_window(calendar, parse_time(opens_at) - DAY)
    assert coming == Window(parse_time(opens_at), parse_time(opens_at) + 5 * MINUTE, zone)


def test_a_window_is_shown_in_utc_and_where_it_is() -> None:
    shown = shape_window(opening("03-08T03:00", "03-08T07:30", "Asia/Kolkata"))
    assert shown == {
        "opens_at": "2026-03-08T03:00:00Z",
        "closes_at": "2026-03-08T07:30:00Z",
        "time_zone": "Asia/Kolkata",
        "opens_at_local": "2026-03-08T08:30:00+05:30",
        "closes_at_local": "2026-03-08T13:00:00+05:30",
    }
    assert shape_window(None) is None


BACK, AHEAD = 9, 15  # days that the walk covers


@lru_cache(maxsize=64)
def walk(zone: str, first: datetime) -> tuple[datetime, ...]:
    """The wall clock of each minute from `first` on."""
    place = ZoneInfo(zone)
    minutes = range((BACK + AHEAD) * 24 * 60)
    return tuple((first + minute * MINUTE).astimezone(place).replace(tzinfo=None) for minute in minutes)


def pieces(calendar: Calendar, first: datetime) -> Iterator[tuple[int, int]]:
    """What is open, as minutes since `first`, from the beginning of a piece to the minute after it."""
    for window in calendar.windows:
        wall = walk(window.zone, first)
        for number in range((BACK + AHEAD) + 2):
            day = wall[0].date() + number * DAY
            begins = next((i for i, clock in enumerate(wall) if clock >= datetime.combine(day, window.start)), None)
            if day.weekday() not in window.days or not begins:
                continue
            ends = min(begins + window.duration // MINUTE, len(wall))
            free = [
                all(not b.first <= wall[i].date() <= b.last for b in calendar.blackouts) for i in range(begins, ends)
            ]
            for i in range(begins, ends):
                if free[i - begins] and (i == begins or not free[i - begins - 1]):
                    length = next((n for n, is_free in enumerate(free[i - begins :]) if not is_free), ends - i)
                    yield i, i + length


ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "posixrules", "Factory"}))
WINDOWS = st.builds(
    MaintenanceWindow,
    st.frozensets(st.integers(0, 6), min_size=1, max_size=4),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    st.one_of(st.integers(1, 600), st.integers(1, 7 * 24 * 60)).map(lambda minutes: minutes * MINUTE),
    ZONES,
)
# Hours are what changes of clocks fall on, and most come in spring and autumn.
NOWS = st.builds(
    lambda year, month, minute: datetime(year, month, 1, tzinfo=UTC) + minute * MINUTE,
    st.integers(1990, 2037),
    st.sampled_from([1, 3, 3, 4, 5, 9, 10, 10, 11, 12]),
    st.integers(0, 31 * 24 * 60),
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(WINDOWS, min_size=1, max_size=2),
    NOWS,
    st.lists(st.tuples(st.integers(-9, 12), st.integers(0, 5)), max_size=2),
)
def test_windows_are_those_of_a_walk_minute_by_minute(
    windows: list[MaintenanceWindow], now: datetime, off: list[tuple[int, int]]
) -> None:
    blackouts = [Blackout(now.date() + first * DAY, now.date() + (first + length) * DAY) for first, length in off]
    calendar = Calendar(tuple(windows), tuple(blackouts))
    first = datetime.combine(now.date(), time(), UTC) - BACK * DAY
    present = (now - first) // MINUTE
    found = sorted(pieces(calendar, first))
    held = [begins for begins, ends in found if begins <= present < ends]
    current = current_window(calendar, now)
    assert (current and (current.opens_at - first) // MINUTE) == (max(held) if held else None)
    is_open = {minute for begins, ends in found for minute in range(begins, ends)}
    if current is not None:
        closed = next((minute for minute in range(present, max(is_open) + 2) if minute not in is_open), None)
        last = (AHEAD + BACK) * 24 * 60
        if closed is not None and closed < last:
            assert (current.closes_at - first) // MINUTE == min(closed, present + 14 * 24 * 60)
    later = [begins for begins, _ends in found if begins > present]
    coming = next_window(calendar, now)
    if later:
        assert coming is not None
        assert (coming.opens_at - first) // MINUTE == min(later)
    elif coming is not None:
        assert coming.opens_at >= first + (BACK + AHEAD) * DAY - DAY
