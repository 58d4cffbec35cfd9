# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API's times, which are RFC 3339 with up to nine fractional digits."""

from __future__ import annotations

import re
from datetime import datetime, timezone

_RFC3339 = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<zone>[Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)


def parse_time(text: str) -> datetime:
    """A time in UTC, cut to microseconds; raises ValueError for what is not RFC 3339."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no RFC 3339 time")
    zone = "+00:00" if match["zone"] in "Zz" else match["zone"]
    # Python 3.10 reads neither Z nor any number of fractional digits but three and six.
    fraction = (match["fraction"] or "").ljust(6, "0")[:6]
    return datetime.fromisoformat(f"{match['seconds'].upper()}.{fraction}{zone}").astimezone(timezone.utc)


def format_time(moment: datetime) -> str:
    """A time as the API writes it, in UTC to the second."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
