# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a collection is due now: the interval is over, a window is open and long enough, no image is pushed.

A collection that seems too long for every window is tried all the same after two skipped windows. Else a single long
collection would end all collections of the registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..durations import format_duration, format_elapsed
from ..times import format_time
from ..windows.calendar import Calendar, Window, current_window, next_window
from .collection import GarbageCollection
from .rules import TYPES, Rules

COLLECT = "collect"
RECENT = "recent"
OUTSIDE_WINDOW = "outside_window"
TOO_LATE = "too_late"
BUSY = "busy"

USUAL_LENGTH = timedelta(minutes=30)
_LOOKED_AT = 10  # history of the same type
_OUTLIER_FROM = 4  # from so many collections on, the longest counts as an outlier
TRIED_AFTER = 2  # skipped windows
_MOST_COUNTED = 100
_OPENINGS_LOOKED_AT = 30


@dataclass(frozen=True)
class Due:
    """One word and one sentence; the time of the next attempt, and the open window.

    `skipped_windows` is the number of windows that passed since the last start, with the open window, where the word is
    TOO_LATE.
    """

    word: str
    reason: str
    retry_at: datetime | None = None
    window: Window | None = None
    skipped_windows: int = 0


def find_due(history: Sequence[GarbageCollection], last_push: datetime | None, rules: Rules, now: datetime) -> Due:
    """Whether a registry with this history, newest first, is collected at `now`; `last_push` is its newest image's."""
    window = current_window(rules.calendar, now)
    if rules.force:
        return Due(COLLECT, "The collection is forced; windows and interval do not apply.", None, window)
    recent = _recent_reason(history, rules.min_interval, window, now)
    if recent is not None:
        return Due(RECENT, recent)
    length = expected_length(history, rules.type)
    if window is None:
        retry_at, when = _next_chance(rules.calendar, now, length)
        return Due(OUTSIDE_WINDOW, f"The time is outside every maintenance window; {when}.", retry_at)
    words = ""
    if now + length > window.closes_at:
        late = _too_late(history, rules, window, now, length)
        if late is not None:
            return late
        words = (
            f" A collection may take {format_elapsed(length)} and run on when the window closes, and is tried since"
            f" {TRIED_AFTER} windows or more have passed without a collection."
        )
    if last_push is not None and rules.quiet_period is not None and now - last_push < rules.quiet_period:
        quiet_at = last_push + rules.quiet_period
        fits = quiet_at + length <= window.closes_at
        retry_at = quiet_at if fits else _next_chance(rules.calendar, now, length)[0]
        reason = (
            f"An image was pushed at {format_time(last_push)}, less than {format_duration(rules.quiet_period)} ago."
        )
        return Due(BUSY, reason, retry_at)
    reason = f"The maintenance window is open until {format_time(window.closes_at)}.{words}"
    return Due(COLLECT, reason, None, window)


def _too_late(
    history: Sequence[GarbageCollection], rules: Rules, window: Window, now: datetime, length: timedelta
) -> Due | None:
    """Why too little of the window is left; None where the collection is tried all the same."""
    skipped = _count_skipped(history, rules.calendar, window)
    retry_at, when = _next_chance(rules.calendar, now, length)
    is_first_half = window.closes_at - now >= (window.closes_at - window.opens_at) / 2
    # Without a collection ever, the number of windows that passed is not known.
    is_tried = skipped >= TRIED_AFTER or (not history and retry_at is None)
    if is_tried and is_first_half:
        return None
    left = format_elapsed(window.closes_at - now)
    trial = (
        "run the task in the first half of a window, where the collection is tried"
        if is_tried
        else f"after {TRIED_AFTER} windows without a collection, the collection is tried in the first half of a window"
    )
    reason = f"A collection may take {format_elapsed(length)}, and the window closes in {left}; {when}; {trial}."
    return Due(TOO_LATE, reason, retry_at, None, skipped + 1)


def _count_skipped(history: Sequence[GarbageCollection], calendar: Calendar, window: Window) -> int:
    """The number of windows that opened since the last start and before the open window, at most 100."""
    last = max((one.started_at for one in history if one.started_at is not None), default=None)
    if last is None:
        return 0
    count = 0
    following = next_window(calendar, last)
    while following is not None and following.opens_at < window.opens_at and count < _MOST_COUNTED:
        count += 1
        following = next_window(calendar, following.opens_at)
    return count


def expected_length(history: Sequence[GarbageCollection], type_: str) -> timedelta:
    """The longest of the last ten that succeeded, of that type or of none that the service tells; else half an hour.

    Of four or more, the longest is an outlier and does not count. From the start to the end, so that the wait for write
    tokens is in it. One that failed or was cancelled says nothing about how long one takes.
    """
    same = [
        collection for collection in history if collection.has_succeeded and collection.type in (None, TYPES[type_])
    ]
    lengths = [collection.length for collection in same if collection.length is not None]
    longest_first = sorted(lengths[:_LOOKED_AT], reverse=True)
    if len(longest_first) >= _OUTLIER_FROM:
        return longest_first[1]
    return longest_first[0] if longest_first else USUAL_LENGTH


def _recent_reason(
    history: Sequence[GarbageCollection], min_interval: timedelta, window: Window | None, now: datetime
) -> str | None:
    for collection in history:
        ended_at, started_at = collection.changed_at, collection.started_at
        if window is not None and collection.has_succeeded and ended_at is not None and ended_at >= window.opens_at:
            opened = format_time(window.opens_at)
            return f"A collection succeeded at {collection.updated_at}, since this window opened at {opened}."
        # One that failed counts too: it kept the registry read-only all the same.
        if started_at is not None and now - started_at < min_interval:
            return (
                f"The last collection started at {collection.created_at}, "
                f"less than {format_duration(min_interval)} ago,"
                f" and ended as {collection.status}."
            )
    return None


def _next_chance(calendar: Calendar, now: datetime, length: timedelta) -> tuple[datetime | None, str]:
    """The next opening that is long enough, and words for the opening."""
    first = window = next_window(calendar, now)
    for number in range(_OPENINGS_LOOKED_AT):
        if window is None:
            break
        if window.closes_at - window.opens_at >= length:
            words = "the next window" if number == 0 else "the next window that is long enough"
            return window.opens_at, f"{words} opens at {format_time(window.opens_at)}"
        window = next_window(calendar, window.opens_at)
    if first is None:
        return None, "there is none"
    return (
        None,
        f"no window is {format_elapsed(length)} long, which recent collections took; make a window longer",
    )
