# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docr_gc decides in which situation: the table of docs/gc.md, and a test of every line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import Refused
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.collection import GarbageCollection
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.decision import (
    Decision,
    GcHistory,
    decide,
    refuse_what_may_not_wait,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.rules import (
    FAIL,
    IDLE,
    WAIT,
    RuleBook,
    Rules,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import parse_time
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.options import parse_calendar

# Sundays from 03:00 to 07:00 in Berlin, which is 02:00 to 06:00 UTC before the 29th of March.
CALENDAR = parse_calendar(
    [{"days": ["sunday"], "start": "03:00", "duration": "4h", "time_zone": "Europe/Berlin"}], ["2026-03-15"]
)[0]
RULES = Rules(CALENDAR, timedelta(hours=20))
EARLY, LATE, MONDAY = (
    parse_time(at) for at in ("2026-03-08T02:30:00Z", "2026-03-08T05:40:00Z", "2026-03-09T10:00:00Z")
)


def run(started: str, ended: str, status: str = "succeeded") -> GarbageCollection:
    """A collection of the registry, by its times of a day in March, such as `01 02:10`."""
    at, until = (f"2026-03-{time.replace(' ', 'T')}:00Z" for time in (started, ended))
    return GarbageCollection(f"id-{started}", "kiwi", status, at, until, 5, 4096, None)


WEEK_AGO = run("01 02:10", "01 02:25")


@dataclass(frozen=True)
class Situation:
    """One line of the table: words, what was read, the rules, the service's time, and the decision that must come.

    `starts` and `cancels` are the write; `is_refused` where the task fails and nothing was started.
    """

    words: str
    decision: str
    history: GcHistory
    rules: Rules = RULES
    now: datetime = EARLY
    starts: bool = False
    cancels: bool = False
    is_refused: bool = False

    def decided(self) -> Decision:
        """What the collection decides."""
        return decide(self.history, self.rules, self.now)

    def refusal(self) -> str:
        """What it refuses with; empty where it does not."""
        try:
            refuse_what_may_not_wait([self.decided()], RuleBook(self.rules))
        except Refused as error:
            return str(error)
        return ""


def had(*history: GarbageCollection, **more: object) -> GcHistory:
    """What was read of a registry."""
    return replace(GcHistory("kiwi", history), **more)  # type: ignore[arg-type]


RUNNING = run("08 02:10", "08 02:12", "scanning manifests")
SLOW = run("01 02:10", "01 04:40")
PUSHED = parse_time("2026-03-08T02:20:00Z")
QUIET = replace(RULES, quiet_period=timedelta(minutes=30))

SITUATIONS = (
    Situation("the window is open, nothing ran since it opened", "collected", had(WEEK_AGO), starts=True),
    Situation("the window is open, the registry has never been collected", "collected", had(), starts=True),
    Situation("one succeeded since this window opened", "recent", had(run("08 02:05", "08 02:20"), WEEK_AGO)),
    Situation(
        "one started less than `min_interval` ago, however it ended", "recent",
        had(run("07 20:00", "07 20:30", "failed")),
    ),
    Situation(
        "one failed in this window, longer ago than `min_interval`", "collected",
        had(run("08 02:02", "08 02:20", "failed")), replace(RULES, min_interval=timedelta(minutes=10)), starts=True,
    ),
    Situation("no window is open", "outside_window", had(WEEK_AGO), now=MONDAY),
    Situation(
        "no window is open, `outside_window: fail`", "outside_window", had(WEEK_AGO),
        replace(RULES, outside_window=FAIL), MONDAY, is_refused=True,
    ),
    Situation(
        "no window is open, `outside_window: wait`, the next one is within the longest wait", "collected",
        had(WEEK_AGO), replace(RULES, outside_window=WAIT, outside_window_timeout=timedelta(days=14)), MONDAY,
        starts=True,
    ),
    Situation(
        "no window is open, `outside_window: wait`, the next one is too far", "outside_window", had(WEEK_AGO),
        replace(RULES, outside_window=WAIT), MONDAY, is_refused=True,
    ),
    Situation("what is left of the window is too short, nothing known", "too_late", had(), now=LATE),
    Situation("what is left of the window is shorter than the longest of the last ten", "too_late", had(SLOW),
              now=parse_time("2026-03-08T04:00:00Z")),
    Situation("no window is as long as the longest of the last ten", "too_late", had(run("01 02:10", "01 07:10"))),
    Situation(
        "the same, and two windows or more have passed without a collection", "collected",
        had(run("01 02:10", "01 07:10")), now=parse_time("2026-03-29T02:30:00Z"), starts=True,
    ),
    Situation(
        "the same in the second half of a window", "too_late", had(run("01 02:10", "01 07:10")),
        now=parse_time("2026-03-29T03:30:00Z"),
    ),
    Situation("the registry holds no image and never had a collection", "empty", had(is_empty=True)),
    Situation("an image was pushed during the `quiet_period`", "busy", had(WEEK_AGO, last_push=PUSHED), QUIET),
    Situation(
        "an image was pushed longer ago", "collected", had(WEEK_AGO, last_push=PUSHED), QUIET,
        parse_time("2026-03-08T02:50:00Z"), starts=True,
    ),
    Situation("`force`, whatever the window, the interval and pushes", "collected", had(run("09 09:50", "09 09:55")),
              replace(QUIET, force=True), MONDAY, starts=True),
    Situation("one is running, whichever client started it", "adopted", had(RUNNING, WEEK_AGO)),
    Situation("one is running in an undocumented status", "adopted", had(replace(RUNNING, status="polishing"))),
    Situation("one is running, `force`", "adopted", had(RUNNING), replace(RULES, force=True)),
    Situation("one is running that the list does not show", "adopted", had(WEEK_AGO, active=RUNNING)),
    Situation("the registry is created earlier in the same play, in check mode", "expected", had(exists=False)),
    Situation("`state: idle`, nothing is running", "idle", had(WEEK_AGO), replace(RULES, state=IDLE)),
    Situation("`state: idle`, one is running, whichever client started it", "cancelled", had(RUNNING),
              replace(RULES, state=IDLE), cancels=True),
    Situation("`state: idle`, one is being cancelled already", "adopted", had(replace(RUNNING, status="cancelling")),
              replace(RULES, state=IDLE)),
)  # fmt: skip


def table() -> str:
    """The lines of the table, as Markdown."""
    return "\n".join(["| situation | decision | what is done | what is said |", "| --- | --- | --- | --- |", *_lines()])


def _lines() -> Iterator[str]:
    for one in SITUATIONS:
        decision = one.decided()
        done = "the task fails" if one.is_refused else "nothing"
        if decision.step is not None:
            later = " when it opens" if decision.not_before else ""
            done = {"start_garbage_collection": f"one is started{later}"}.get(decision.step.action, "it is cancelled")
        elif one.decision == "adopted":
            done = "it is followed"
        yield f"| {one.words} | `{decision.word}` | {done} | {decision.reason} |"
