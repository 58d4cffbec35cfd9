# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line of the result of ``make bench``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the result; ``is_met`` is ``None`` where there is no aim."""

    name: str
    value: float
    unit: str
    aim: str | None = None
    ratio_to: str | None = None
    is_met: bool | None = None


def most(name: str, value: float, unit: str, limit: float, ratio_to: str | None = None) -> Row:
    """Make a row whose value should be at most ``limit``."""
    return Row(name, round(value, 3), unit, f"<= {limit:g}", ratio_to, value <= limit)


def show(row: Row) -> None:
    """Print one line of the table."""
    verdict = {True: "met", False: "MISSED", None: ""}[row.is_met]
    print(
        f"{row.name:<46} {row.value:>9g} {row.unit:<6} {row.aim or '':<8} {verdict:<7} {row.ratio_to or ''}".rstrip(),
        flush=True,
    )
