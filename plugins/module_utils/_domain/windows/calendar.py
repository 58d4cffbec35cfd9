# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maintenance windows: when a registry may be read-only, in local time, without the blackout days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from ..times import format_time
from .local_time import first_instant, spans_of_days

UTC = "UTC"
LONGEST = timedelta(days=7)

_DAY = timedelta(days=1)
_JOINED = timedelta(days=14)  # how far ahead windows that follow each other count as one
_AHEAD = timedelta(days=400)  # how far ahead an opening is looked for


@dataclass(frozen=True)
class MaintenanceWindow:
    """A window as it comes back each week. `days` as datetime.weekday() counts them, those on which it opens.

    `zone` is a tz name; `duration` is elapsed time, whatever clocks do meanwhile.
    """

    days: frozenset[int]
    start: time
    duration: timedelta
    zone: str = UTC


@dataclass(frozen=True)
class Blackout:
    """Days on which no window is open, both included, in the time zone of each window."""

    first: date
    last: date


@dataclass(frozen=True)
class Calendar:
    """All windows of a registry, and the blackout days, on which no window is open."""

    windows: tuple[MaintenanceWindow, ...]
    blackouts: tuple[Blackout, ...] = ()


@dataclass(frozen=True)
class Window:
    """One opening from `opens_at` to `closes_at`, both in UTC; `zone` is the time zone of the window."""

    opens_at: datetime
    closes_at: datetime
    zone: str = UTC


def current_window(calendar: Calendar, now: datetime) -> Window | None:
    """The window that is open at `now`: of several, the window that opened last, until all of them are closed."""
    pieces = _pieces(calendar, now - LONGEST, now + _JOINED)
    is_open = [one for one in pieces if one.opens_at <= now < one.closes_at]
    if not is_open:
        return None
    latest = max(is_open, key=lambda one: one.opens_at)
    return Window(latest.opens_at, _end_of_openness(pieces, now, now + _JOINED), latest.zone)


def next_window(calendar: Calendar, now: datetime) -> Window | None:
    """The first window to open after `now`, also while one is open; None if there is none within 400 days."""
    start, last = now, now + _AHEAD
    while start < last:
        # A few weeks at a time: mostly the first holds one, and a long range of blackout days costs little.
        end = min(start + 2 * _JOINED, last)
        coming = [one for one in _pieces(calendar, start - LONGEST, end) if start < one.opens_at <= end]
        if coming:
            first = min(coming, key=lambda one: one.opens_at)
            pieces = _pieces(calendar, first.opens_at - LONGEST, first.opens_at + _JOINED)
            return Window(
                first.opens_at, _end_of_openness(pieces, first.opens_at, first.opens_at + _JOINED), first.zone
            )
        start = end
    return None


def shape_window(window: Window | None) -> dict[str, str] | None:
    """A window as results show it: in UTC, and in its own time zone."""
    if window is None:
        return None
    zone = ZoneInfo(window.zone)
    return {
        "opens_at": format_time(window.opens_at),
        "closes_at": format_time(window.closes_at),
        "time_zone": window.zone,
        "opens_at_local": window.opens_at.astimezone(zone).isoformat(timespec="seconds"),
        "closes_at_local": window.closes_at.astimezone(zone).isoformat(timespec="seconds"),
    }


def _end_of_openness(pieces: Sequence[Window], at: datetime, horizon: datetime) -> datetime:
    """When the windows close that are open at `at` or follow without a break."""
    end = at
    while end < horizon:
        further = max((one.closes_at for one in pieces if one.opens_at <= end < one.closes_at), default=end)
        if further == end:
            break
        end = further
    return min(end, horizon)


def _pieces(calendar: Calendar, first: datetime, last: datetime) -> list[Window]:
    """The openings that begin between two instants, without the blackout days."""
    return [
        piece
        for window in calendar.windows
        for opening in _openings(window, first, last)
        for piece in _without_blackouts(opening, calendar.blackouts)
    ]


def _openings(window: MaintenanceWindow, first: datetime, last: datetime) -> Iterator[Window]:
    zone = ZoneInfo(window.zone)
    # Local dates differ from those in UTC by a day at most, and a gap can move a start to the next.
    day = first.astimezone(timezone.utc).date() - 2 * _DAY
    end = last.astimezone(timezone.utc).date() + 2 * _DAY
    while day <= end:
        if day.weekday() in window.days:
            opens_at = first_instant(day, window.start, zone)
            yield Window(opens_at, opens_at + window.duration, window.zone)
        day += _DAY


def _without_blackouts(opening: Window, blackouts: Sequence[Blackout]) -> list[Window]:
    zone, pieces = ZoneInfo(opening.zone), [opening]
    # Only days near it: most dates of a long list are far off, and a range may end on the last date there is.
    earliest, latest = opening.opens_at.date() - 2 * _DAY, opening.closes_at.date() + 2 * _DAY
    for blackout in blackouts:
        for begins, ends in spans_of_days(max(blackout.first, earliest), min(blackout.last, latest), zone):
            pieces = [part for piece in pieces for part in _cut(piece, begins, ends)]
    return pieces


def _cut(piece: Window, begins: datetime, ends: datetime) -> Iterator[Window]:
    """What is left of a piece without the time between two instants."""
    if ends <= piece.opens_at or piece.closes_at <= begins:
        yield piece
        return
    if piece.opens_at < begins:
        yield Window(piece.opens_at, begins, piece.zone)
    if ends < piece.closes_at:
        yield Window(ends, piece.closes_at, piece.zone)
