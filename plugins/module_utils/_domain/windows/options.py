# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maintenance windows and blackout days as users write them, and what can be wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ..durations import parse_duration
from ..field_errors import REQUIRED, FieldError
from ..names import shown
from .calendar import LONGEST, UTC, Blackout, Calendar, MaintenanceWindow

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_START = re.compile(r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)", re.ASCII)
_DATES = re.compile(r"(?P<first>\d{4}-\d\d-\d\d)(?:/(?P<last>\d{4}-\d\d-\d\d))?", re.ASCII)
# Files of the tz database's folder that name no place.
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})


def parse_calendar(
    windows: Sequence[Mapping[str, Any]], blackouts: Sequence[str], where: str = ""
) -> tuple[Calendar, tuple[FieldError, ...]]:
    """Windows of `days`, `start`, `duration` and `time_zone`, and blackout days, and all that is wrong with them.

    An error names an option with `where` before the option's name.
    """
    faults: list[FieldError] = []
    option = f"{where}maintenance_windows"
    if not windows:
        faults.append(
            FieldError(option, "the list is empty, so nothing would ever start", "name at least one window", REQUIRED)
        )
    parsed = [_parse_window(one, f"{option}[{number}]", faults) for number, one in enumerate(windows)]
    days = [_parse_blackout(one, f"{where}blackout_dates[{number}]", faults) for number, one in enumerate(blackouts)]
    return Calendar(tuple(parsed), tuple(one for one in days if one is not None)), tuple(faults)


def _parse_window(raw: Mapping[str, Any], path: str, faults: list[FieldError]) -> MaintenanceWindow:
    days = [day.strip().lower() for day in raw["days"]]
    if not days:
        faults.append(FieldError(f"{path}.days", "the list is empty", f"use some of {', '.join(DAYS)}", REQUIRED))
    for number, day in enumerate(days):
        if day not in DAYS:
            faults.append(FieldError(f"{path}.days[{number}]", f"{shown(day)} is no day", f"use {', '.join(DAYS)}"))
    return MaintenanceWindow(
        frozenset(DAYS.index(day) for day in days if day in DAYS),
        _parse_start(raw["start"], f"{path}.start", faults),
        _parse_length(raw["duration"], f"{path}.duration", faults),
        _parse_zone(raw.get("time_zone") or UTC, f"{path}.time_zone", faults),
    )


def _parse_start(text: str, where: str, faults: list[FieldError]) -> time:
    match = _START.fullmatch(text)
    if match is None:
        # YAML reads 22:30 without quotes as the number 1350.
        advice = 'write "HH:MM" with quotes, such as "03:00"'
        faults.append(FieldError(where, f"{shown(text)} is not a time of day", advice))
        return time()
    return time(int(match["hour"]), int(match["minute"]))


def _parse_length(text: str, where: str, faults: list[FieldError]) -> timedelta:
    try:
        duration = parse_duration(text)
    except ValueError as error:
        faults.append(FieldError(where, f"{shown(text)} is not a duration", str(error)))
        return timedelta()
    if not timedelta() < duration <= LONGEST:
        faults.append(FieldError(where, f"a window cannot last {text}", "use more than 0 and at most 168h"))
    return duration


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """The names of the tz database; empty, or nearly empty, where the time zone data are missing."""
    return frozenset(available_timezones() - _NO_PLACES)


def _is_default_zone(name: str) -> bool:
    """Whether this is UTC, and the host has UTC. A list of all names opens each of the 600 files of the tz database."""
    if name != UTC:
        return False
    try:
        ZoneInfo.no_cache(UTC)
    except ZoneInfoNotFoundError:
        return False
    return True


def _parse_zone(name: str, where: str, faults: list[FieldError]) -> str:
    if _is_default_zone(name):
        return name
    known = known_zones()
    # Loading alone would take more: names in any letters on some file systems, and right/..., which count leap seconds.
    if name in known:
        return name
    if "Europe/Berlin" not in known:
        what = f"the time zone {shown(name)} cannot be looked up: there is no time zone data"
        faults.append(FieldError(where, what, "install the Python package tzdata where this runs (pip install tzdata)"))
        return UTC
    folded = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), folded, 1)
    advice = f"did you mean {folded[near[0]]}?" if near else "write its tz name, such as Europe/Berlin"
    faults.append(FieldError(where, f"there is no time zone {shown(name)}", advice))
    return UTC


def _parse_blackout(text: str, where: str, faults: list[FieldError]) -> Blackout | None:
    match = _DATES.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        first = date.fromisoformat(match["first"])
        last = date.fromisoformat(match["last"] or match["first"])
    except ValueError:
        advice = "write 2026-12-24, or a range with both ends as 2026-12-24/2027-01-02"
        faults.append(FieldError(where, f"{shown(text)} is no date and no range of dates", advice))
        return None
    if last < first:
        faults.append(FieldError(where, f"{text} ends before it begins", "write the earlier date first"))
        return None
    return Blackout(first, last)
