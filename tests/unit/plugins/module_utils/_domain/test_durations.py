# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations as users write and read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.durations import (
    format_duration,
    format_elapsed,
    format_period,
    parse_duration,
    parse_period,
)

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "minutes"), [("4h", 240), ("90m", 90), ("4h30m", 270), ("0m", 0), ("24h", 1440), ("20h", 1200)]
)
def test_a_duration_is_hours_and_minutes(text: str, minutes: int) -> None:
    assert parse_duration(text) == minutes * MINUTE
    assert parse_duration(format_duration(minutes * MINUTE)) == minutes * MINUTE


@pytest.mark.parametrize("text", ["", "4", "h", "4h30", "30m4h", "-4h", "4.5h", "4 h", "240", "4H", "9" * 30 + "h"])
def test_an_invalid_duration_is_refused_with_a_valid_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 4h, 90m or 4h30m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("2d5m", timedelta(days=2, minutes=5)),
        ("0m", timedelta()),
        ("99999d", timedelta(days=99_999)),
    ],
)
def test_a_period_is_days_hours_and_minutes(text: str, period: timedelta) -> None:
    assert (parse_period(text), format_period(period)) == (period, text)


def test_a_period_is_written_in_the_largest_units() -> None:
    assert format_period(parse_period("36h90m")) == "1d13h30m"


@pytest.mark.parametrize("text", ["", "30", "d", "12h1d", "-1d", "1.5d", "1 d", "1D", "1d ", "4w", "9" * 30 + "d"])
def test_an_invalid_period_is_refused_with_a_valid_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 30d, 12h or 1d12h"):
        parse_period(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (45.9, "45s"), (200, "3m20s"), (7502, "2h05m"), (90_000, "25h00m")]
)
def test_a_measured_duration_is_written_to_the_second(seconds: float, text: str) -> None:
    assert format_elapsed(timedelta(seconds=seconds)) == text
