# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names as a user wrote them, and names in messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_MOST_NAMES_SHOWN = 10


@dataclass(frozen=True)
class NameRef:
    """A name as somebody gave it, and the path of the field where it stands (`integrations[0].clusters[1]`)."""

    where: str
    name: str


def join_names(names: Iterable[str]) -> str:
    """Names for a message, in their order; of many only the first and the number of the others."""
    every = tuple(names)
    rest = len(every) - _MOST_NAMES_SHOWN
    return ", ".join(every[:_MOST_NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
