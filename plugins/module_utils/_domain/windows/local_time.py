# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Local times as instants, also where clocks change."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)


def first_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When a local time is, in UTC.

    A time that does not exist, since clocks skip it, is the first instant after the gap; one that exists twice is the
    first of both.
    """
    local = datetime.combine(day, at)
    early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1))
    if early.astimezone(zone).replace(tzinfo=None) == local:
        return early
    # In a gap (PEP 495) fold 0 counts with the offset before it and gives the later instant: the gap is between.
    return _change_between(late, early, zone)


def spans_of_days(first: date, last: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """When the local date is one of these days, both included: from each first instant, in UTC, up to the second.

    No span for days that clocks skip, and none where `last` is before `first`.
    """
    if last < first:
        return []
    begins, set_back, begins_again = _midnights(first, zone)
    ends, set_back_at_end, ends_again = _midnights(last + _DAY, zone)
    spans = [(begins, set_back), (begins_again, ends), (set_back_at_end, ends_again)]
    return [(start, end) for start, end in spans if start < end]


def _midnights(day: date, zone: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    """When a local day begins, when clocks are set back over its midnight, and when it begins again.

    All three are one instant but in the few places where that happens, as in St. John's at 00:01 until 2010.
    """
    begins = first_instant(day, time(), zone)
    again = datetime.combine(day, time(), zone).replace(fold=1).astimezone(timezone.utc)
    if again <= begins:  # Midnight comes once, or (then it is earlier) is skipped.
        return begins, begins, begins
    return begins, _change_between(begins, again, zone), again


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant, to the second, from which another offset than that of `before` counts."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + ((after - before) // 2) // _SECOND * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
