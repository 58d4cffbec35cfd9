# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "seconds", "microseconds"),
    [
        ("2026-03-01T03:10:07Z", 7, 0),
        ("2026-03-01T03:10:07.5Z", 7, 500_000),
        ("2026-03-01T03:10:07.123456789Z", 7, 123_456),
        ("2026-03-01t03:10:07.000001z", 7, 1),
        ("2026-03-01T05:40:07+02:30", 7, 0),
        ("2026-02-28T21:10:07.04-06:00", 7, 40_000),
    ],
)
def test_a_time_is_read_in_utc(text: str, seconds: int, microseconds: int) -> None:
    assert parse_time(text) == datetime(2026, 3, 1, 3, 10, seconds, microseconds, tzinfo=UTC)
    assert parse_time(text).utcoffset() == timedelta()


@pytest.mark.parametrize(
    "text",
    ["", "2026-03-01", "2026-03-01T03:10:07", "2026-03-01T03:10Z", "2026-13-01T03:10:07Z", "2026-03-01T03:10:07.Z"],
)
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_a_written_time_is_read_back_to_the_second(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment.replace(microsecond=0)
