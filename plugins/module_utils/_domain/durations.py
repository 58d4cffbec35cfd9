# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durations as users write and read them."""

from __future__ import annotations

import re
from datetime import timedelta

from .names import shown

_PERIOD = re.compile(r"(?=\d)(?:(?P<days>\d{1,5})d)?(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,5})m)?", re.ASCII)
_DURATION = re.compile(r"(?=\d)(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,5})m)?", re.ASCII)


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


def parse_period(text: str) -> timedelta:
    """Days, hours, minutes or several of them: "30d", "12h", "1d12h". Raises ValueError with what is right."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise ValueError("write days, hours and minutes, such as 30d, 12h or 1d12h")
    return timedelta(**{unit: int(number or 0) for unit, number in match.groupdict().items()})


def format_period(period: timedelta) -> str:
    """The shortest text that parse_period reads as this period."""
    minutes = int(period.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "m"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0m"


def format_elapsed(duration: timedelta) -> str:
    """A duration that was measured, to the second: "45s", "3m20s", "2h05m"."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"


def duration_fault(text: str) -> tuple[str, str] | None:
    """Of any other duration."""
    try:
        parse_duration(text)
    except ValueError as error:
        return f"{shown(text)} is not a duration", str(error)
    return None
