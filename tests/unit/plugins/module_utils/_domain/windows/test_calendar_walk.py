# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows against a walk minute by minute, in all time zones and around changes of their clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.calendar import (
    Blackout,
    Calendar,
    MaintenanceWindow,
    Window,
    current_window,
    next_window,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MINUTES = 24 * 60
BACK, AHEAD = 9, 24  # days that the walk covers
LENGTH = (BACK + AHEAD) * MINUTES


@lru_cache(maxsize=512)
def clocks(zone: str, day: date) -> list[int]:
    """What a clock on the wall shows in each minute of a day of UTC, as minutes since the year 1."""
    midnight, place = datetime.combine(day, time(), UTC), ZoneInfo(zone)
    shown = ((midnight + minute * MINUTE).astimezone(place) for minute in range(MINUTES))
    return [clock.toordinal() * MINUTES + clock.hour * 60 + clock.minute for clock in shown]


def openings(window: MaintenanceWindow, blackouts: Sequence[Blackout], first: date) -> list[tuple[int, range]]:
    """Each beginning of openness and the minutes that follow it, as minutes since `first` began in UTC."""
    wall = [shown for day in range(BACK + AHEAD) for shown in clocks(window.zone, first + day * DAY)]
    off = {day for one in blackouts for day in range(one.first.toordinal(), one.last.toordinal() + 1)}
    # Without the day in which the walk begins: nothing that opens then is still open when it matters.
    starts = {
        day * MINUTES + window.start.hour * 60 + window.start.minute
        for day in range(wall[0] // MINUTES + 1, wall[-1] // MINUTES + 2)
        if date.fromordinal(day).weekday() in window.days
    }
    found = []
    latest = list(accumulate(wall, max))
    for minute in range(1, LENGTH):
        for _start in starts.intersection(range(latest[minute - 1] + 1, latest[minute] + 1)):
            end = min(minute + window.duration // MINUTE, LENGTH)
            free = [wall[at] // MINUTES not in off for at in range(minute, end)]
            begins = [n for n, is_free in enumerate(free) if is_free and (n == 0 or not free[n - 1])]
            closed = [free.index(False, n) if False in free[n:] else len(free) for n in begins]
            found += [(minute + n, range(minute + n, minute + m)) for n, m in zip(begins, closed, strict=True)]
    return found


@lru_cache(maxsize=512)
def changes(zone: str, year: int) -> list[datetime]:
    """The first minutes in which clocks show another time of day than the minutes before them let expect."""
    days = [date(year, 1, 1) + number * DAY for number in range(366)]
    shown = [datetime.combine(day, time(), UTC).astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    changed = [day for day, before, after in zip(days, shown, shown[1:], strict=False) if before != after]
    return [
        datetime.combine(day, time(), UTC) + minute * MINUTE
        for day in changed
        for minute, (before, after) in enumerate(pairwise(clocks(zone, day) + clocks(zone, day + DAY)[:1]), 1)
        if after - before != 1
    ]


# "localtime" and the like name no place.
ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
# Where clocks went back over midnight, skipped a day, midnight or half an hour, or change twice in a spring.
ODD = ["America/St_Johns", "America/Moncton", "Antarctica/Casey", "Pacific/Apia", "Pacific/Kiritimati", "Asia/Beirut"]
ODD += ["America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Africa/Cairo", "America/Scoresbysund"]
LENGTHS = st.one_of(st.integers(1, 600), st.sampled_from([MINUTES, 7 * MINUTES]), st.integers(1, 7 * MINUTES))
WEEKDAYS = st.frozensets(st.integers(0, 6), min_size=1, max_size=3)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A time near a change of clocks, a window that opens about then, often another one, and blackout days."""
    zone, year = draw(st.one_of(st.sampled_from(ODD), st.sampled_from(ZONES))), draw(st.integers(1990, 2037))
    change = draw(st.sampled_from(changes(zone, year) or [datetime(year, 6, 1, 12, tzinfo=UTC)]))
    shown = (change - MINUTE).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    start = shown + draw(st.integers(-90, 90)) * MINUTE
    days = draw(st.one_of(st.just(frozenset[int]()), WEEKDAYS)) | {start.weekday()}
    windows = [MaintenanceWindow(days, start.time(), draw(LENGTHS) * MINUTE, zone)]
    if draw(st.booleans()):
        second = st.builds(time, st.integers(0, 23), st.integers(0, 59))
        place = st.one_of(st.just(zone), st.sampled_from(ZONES))
        windows.append(MaintenanceWindow(draw(WEEKDAYS), draw(second), draw(LENGTHS) * MINUTE, draw(place)))
    off = st.builds(
        lambda first, length: Blackout(shown.date() + first * DAY, shown.date() + (first + length) * DAY),
        st.one_of(st.integers(-1, 1), st.integers(-9, 9)),
        st.sampled_from([0, 0, 1, 2, 12]),
    )
    minutes = st.one_of(st.integers(-180, 300), st.integers(-6 * MINUTES, 3 * MINUTES))
    return Calendar(tuple(windows), tuple(draw(st.lists(off, max_size=2)))), change + draw(minutes) * MINUTE


def closing(is_open: set[int], since: int) -> int:
    """The first minute that is not open any more, at most 14 days on; the walk's last if it ends before that."""
    return next(
        minute for minute in range(since, LENGTH + 1) if minute not in is_open or minute == since + 14 * MINUTES
    )


def minutes_of(window: Window | None, first: date) -> tuple[int, int] | None:
    if window is None:
        return None
    midnight = datetime.combine(first, time(), UTC)
    (opens, early), (closes, late) = (divmod(at - midnight, MINUTE) for at in (window.opens_at, window.closes_at))
    assert (early, late) == (timedelta(), timedelta())
    # What the walk does not see cannot be told from its end.
    return opens, min(closes, LENGTH)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(situations())
def test_the_open_and_the_next_window_agree_with_a_walk_minute_by_minute(
    situation: tuple[Calendar, datetime],
) -> None:
    calendar, now = situation
    first, present = now.date() - BACK * DAY, BACK * MINUTES + now.hour * 60 + now.minute
    zones, is_open, held = dict[int, set[str]](), set[int](), list[int]()
    for window in calendar.windows:
        for begins, minutes in openings(window, calendar.blackouts, first):
            zones.setdefault(begins, set()).add(window.zone)
            is_open.update(minutes)
            held += [begins] if present in minutes else []

    current, coming = current_window(calendar, now), next_window(calendar, now)
    assert minutes_of(current, first) == ((max(held), closing(is_open, present)) if held else None)
    assert current is None or current.zone in zones[max(held)]
    later = min((begins for begins in zones if begins > present), default=None)
    if later is None:
        assert coming is None or coming.opens_at >= now + AHEAD * DAY - DAY
        return
    assert minutes_of(coming, first) == (later, closing(is_open, later))
    assert coming is not None
    assert coming.zone in zones[later]
