# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: what is open and what opens next."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import parse_time
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.calendar import (
    Blackout,
    Calendar,
    MaintenanceWindow,
    Window,
    current_window,
    next_window,
    shape_window,
)

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
WEEK = Calendar((weekly("sun", "03:00", 168),))
LATER = Calendar((weekly("sun", "00:00", 120),), (Blackout(date(2026, 3, 1), date(2026, 3, 4)),))
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
        # One that lasts until it opens again.
        (WEEK, "03-08T02:59", opening("03-01T03:00", "03-22T02:59"), opening("03-08T03:00", "03-22T03:00")),
        # What a blackout takes the beginning of opens after it, however long ago that was.
        (LATER, "02-28T12:00", None, opening("03-05T00:00", "03-06T00:00")),
        (LATER, "03-04T12:00", None, opening("03-05T00:00", "03-06T00:00")),
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
        ("Africa/Casablanca", "02:30", "2018-03-25", "2018-03-25T02:00:00Z"),
        ("Africa/Casablanca", "02:30", "2018-05-13", "2018-05-13T01:30:00Z"),  # comes twice
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


ON = "America/St_Johns"  # clocks went back over midnight: from Sunday 00:01 to Saturday 23:01


@pytest.mark.parametrize(
    ("zone", "start", "off", "opens_at", "closes_at"),
    [
        # What is blacked out is each minute of the date, also those that come after the next day has begun.
        (ON, "2010-11-06T22:00", "2010-11-06", "2010-11-07T02:30", "2010-11-07T02:31"),
        (ON, "2010-11-06T22:00", "2010-11-07", "2010-11-07T00:30", "2010-11-07T02:30"),
        (ON, "2010-11-06T22:00", "2010-11-08", "2010-11-07T00:30", "2010-11-07T06:30"),
        ("America/Sao_Paulo", "2018-11-03T22:00", "2018-11-03", "2018-11-04T03:00", "2018-11-04T07:00"),
        # A day that was skipped takes nothing and parts nothing.
        ("Pacific/Apia", "2011-12-29T20:00", "2011-12-30", "2011-12-30T06:00", "2011-12-30T12:00"),
        ("Pacific/Apia", "2011-12-29T20:00", "2011-12-31", "2011-12-30T06:00", "2011-12-30T10:00"),
    ],
)
def test_a_blackout_day_is_the_minutes_of_its_local_date_and_no_others(
    zone: str, start: str, off: str, opens_at: str, closes_at: str
) -> None:
    begins, blackout = datetime.fromisoformat(start), date.fromisoformat(off)
    window = MaintenanceWindow(frozenset({begins.weekday()}), begins.time(), timedelta(hours=6), zone)
    calendar = Calendar((window,), (Blackout(blackout, blackout),))
    expected = Window(parse_time(f"{opens_at}:00Z"), parse_time(f"{closes_at}:00Z"), zone)
    assert next_window(calendar, parse_time(f"{opens_at}:00Z") - MINUTE) == expected
    assert current_window(calendar, parse_time(f"{closes_at}:00Z") - MINUTE) == expected


LATE = Window(parse_time("2027-04-04T03:00:00Z"), parse_time("2027-04-04T07:00:00Z"))


@pytest.mark.parametrize(
    ("first", "last", "coming"),
    [
        (date.min, date(2026, 3, 7), SECOND),
        (date(2026, 3, 9), date.max, SECOND),
        (date(2026, 3, 1), date.max, None),
        # A long one is looked beyond, up to 400 days: the Sunday after it is the 399th, or the 406th.
        (date(2026, 3, 1), date(2027, 3, 31), LATE),
        (date(2026, 3, 1), date(2027, 4, 5), None),
    ],
)  # fmt: skip
def test_a_long_blackout_is_looked_beyond(first: date, last: date, coming: Window | None) -> None:
    calendar = Calendar(SUNDAY.windows, (Blackout(first, last),))
    assert next_window(calendar, parse_time("2026-03-01T12:00:00Z")) == coming


def test_years_of_single_blackout_days_are_looked_beyond() -> None:
    days = [date(2026, 3, 1) + number * DAY for number in range(390)]
    calendar = Calendar(SUNDAY.windows, tuple(Blackout(day, day) for day in days))
    coming = next_window(calendar, parse_time("2026-03-01T12:00:00Z"))
    assert coming == Window(parse_time("2027-03-28T03:00:00Z"), parse_time("2027-03-28T07:00:00Z"))


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
