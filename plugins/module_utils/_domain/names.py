# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names as a user wrote them, and names in messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# What a message shows of a value at most.
SHOWN_LENGTH = 80
_MOST_NAMES_SHOWN = 10
# The API's tokens: personal, of OAuth, and for the renewal of OAuth's (digitalocean-api.md).
_TOKEN = re.compile(r"(do[a-z]_v1_)[0-9A-Za-z]{8,}")


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


def shown(value: object) -> str:
    """Text of a user as a message shows the text: quoted, on one line, at most 80 characters, and without tokens.

    A token that a user pasted into a wrong field must not reach the log.
    """
    text = repr(_TOKEN.sub(r"\1********", str(value)))
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}...'"
