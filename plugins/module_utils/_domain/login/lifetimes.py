# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lifetime that a manifest asks for, as options of docr_credentials."""

from __future__ import annotations

from datetime import timedelta

from ..durations import format_duration

# The option expires_in has minutes, must be longer than longest_push, and has at most four digits for the hours.
_LEAST = timedelta(minutes=2)
_MOST = timedelta(hours=9999)
_LONGEST_PUSH = timedelta(hours=1)


def lifetime_options(seconds: int) -> dict[str, str]:
    """`expires_in` and `longest_push` for a lifetime in seconds; without options the lifetime is the module's.

    A lifetime ends in whole minutes, and a push may take half of the lifetime.
    """
    if not seconds:
        return {}
    lifetime = max(_LEAST, min(timedelta(minutes=seconds // 60), _MOST))
    longest_push = min(_LONGEST_PUSH, lifetime / 2)
    return {"expires_in": format_duration(lifetime), "longest_push": format_duration(longest_push)}
