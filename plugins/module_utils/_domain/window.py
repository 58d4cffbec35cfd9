# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""Maintenance windows: the hours of a week, in UTC, in which a registry may be made read-only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from typing import Any

from .errors import Fault

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_DAY = timedelta(days=1)
_DURATION = re.compile(r"(?=\d)(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,5})m)?", re.ASCII)
_START = re.compile(r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)", re.ASCII)


@dataclass(frozen=True)
class MaintenanceWindow:
    """A window as it comes back each week. `days` as datetime.weekday() counts them, those on which it opens."""

    days: frozenset[int]
    start: time
    duration: timedelta


@dataclass(frozen=True)
class Window:
    """One opening: open from `opens_at` on, closed again at `closes_at`; both in UTC."""

    opens_at: datetime
    closes_at: datetime


def parse_duration(text: str) -> timedelta:
    """Hours, minutes or both: "4h", "90m", "4h30m". Raises ValueError with what is right."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("write hours and minutes, such as 4h, 90m or 4h30m")
    return timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))


def format_duration(duration: timedelta) -> str:
    """The shortest text that parse_duration reads as this duration."""
    hours, minutes = divmod(int(duration.total_seconds()) // 60, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "") or "0h"


def parse_windows(
    raw: Sequence[Mapping[str, Any]], option: str
) -> tuple[tuple[MaintenanceWindow, ...], tuple[Fault, ...]]:
    """Windows of `days`, `start` and `duration`, and all that is wrong with them; `option` is their place."""
    if not raw:
        return (), (Fault(option, "the list is empty, so nothing would ever start", "name at least one window"),)
    faults: list[Fault] = []
    windows = [_parse_window(one, f"{option}[{number}]", faults) for number, one in enumerate(raw)]
    return () if faults else tuple(windows), tuple(faults)


def current_window(windows: Sequence[MaintenanceWindow], now: datetime) -> Window | None:
    """The window that is open at `now`; of several the earliest opening and the latest closing."""
    is_open = [one for one in _openings(windows, now, -1, 0) if one.opens_at <= now < one.closes_at]
    if not is_open:
        return None
    return Window(min(one.opens_at for one in is_open), max(one.closes_at for one in is_open))


def next_window(windows: Sequence[MaintenanceWindow], now: datetime) -> Window | None:
    """The first window to open after `now`, the longest of those that open together; None without windows."""
    coming = [one for one in _openings(windows, now, 0, 7) if one.opens_at > now]
    return min(coming, key=lambda one: (one.opens_at, now - one.closes_at), default=None)


def _openings(windows: Sequence[MaintenanceWindow], now: datetime, first: int, last: int) -> Iterator[Window]:
    """The openings of some days, counted from today in UTC."""
    today = datetime.combine(now.astimezone(timezone.utc).date(), time(), timezone.utc)
    for offset in range(first, last + 1):
        day = today + offset * _DAY
        for window in windows:
            if day.weekday() in window.days:
                opens_at = day.replace(hour=window.start.hour, minute=window.start.minute)
                yield Window(opens_at, opens_at + window.duration)


def _parse_window(raw: Mapping[str, Any], path: str, faults: list[Fault]) -> MaintenanceWindow:
    days = [day.strip().lower() for day in raw["days"]]
    if not days:
        faults.append(Fault(f"{path}.days", "the list is empty", f"use some of {', '.join(DAYS)}"))
    for number, day in enumerate(days):
        if day not in DAYS:
            faults.append(Fault(f"{path}.days[{number}]", f"{day!r} is no day", f"use {', '.join(DAYS)}"))
    return MaintenanceWindow(
        frozenset(DAYS.index(day) for day in days if day in DAYS),
        _parse_start(raw["start"], f"{path}.start", faults),
        _parse_length(raw["duration"], f"{path}.duration", faults),
    )


def _parse_start(text: str, where: str, faults: list[Fault]) -> time:
    match = _START.fullmatch(text)
    if match is None:
        # YAML reads 22:30 without quotes as the number 1350.
        faults.append(Fault(where, f"{text!r} is no time of day", 'write "HH:MM" in UTC, with quotes, such as "03:00"'))
        return time()
    return time(int(match["hour"]), int(match["minute"]))


def _parse_length(text: str, where: str, faults: list[Fault]) -> timedelta:
    try:
        duration = parse_duration(text)
    except ValueError as error:
        faults.append(Fault(where, f"{text!r} is no duration", str(error)))
        return timedelta()
    if not timedelta() < duration <= _DAY:
        faults.append(Fault(where, f"a window cannot last {text}", "use more than 0 and at most 24h"))
    return duration
