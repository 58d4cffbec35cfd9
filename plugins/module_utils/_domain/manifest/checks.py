# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with the text of a manifest's field beyond its form: a fault's what and advice, or None."""

from __future__ import annotations

from ..field_errors import FieldError
from ..windows.options import parse_calendar

Wrong = tuple[str, str]

_WINDOW = {"days": ["monday"], "start": "03:00", "duration": "1h"}
_MINUTES_OF_DAY = 24 * 60


def start_fault(text: str) -> Wrong | None:
    """Of the time of day at which a maintenance window opens."""
    return _window_fault("start", text)


def window_length_fault(text: str) -> Wrong | None:
    """Of how long a maintenance window is open."""
    return _window_fault("duration", text)


def zone_fault(text: str) -> Wrong | None:
    """Of a time zone's name."""
    return _window_fault("time_zone", text)


def blackout_fault(text: str) -> Wrong | None:
    """Of a date or a range of dates."""
    return _first(parse_calendar([_WINDOW], [text])[1])


def meant_time(value: object) -> str | None:
    """How to write the time of day that YAML read as a number: 22:30 is 1350 to it."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MINUTES_OF_DAY:
        return None
    return f'quote it: "{value // 60:02}:{value % 60:02}"'


def meant_duration(value: object) -> str | None:
    """How to write a duration that is a plain number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return "write hours and minutes, such as 4h, 90m or 4h30m"


def meant_period(value: object) -> str | None:
    """How to write a period that is a plain number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return "write days, hours and minutes, such as 30d, 12h or 1d12h"


def _window_fault(part: str, text: str) -> Wrong | None:
    return _first(parse_calendar([{**_WINDOW, part: text}], [])[1])


def _first(faults: tuple[FieldError, ...]) -> Wrong | None:
    return (faults[0].what, faults[0].advice) if faults else None
