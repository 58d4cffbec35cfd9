# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields of an answer of which a missing or wrong value would be read as another object, or as none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def required_text(raw: Mapping[str, Any], key: str) -> str:
    """The text under a key. Raises KeyError where the key is missing, ValueError for another type and an empty text."""
    value = raw[key]
    if not isinstance(value, str) or not value:
        raise ValueError(f"no text under {key}")
    return value


def text_list(raw: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    """The texts under a key; None where the key is missing or null. Raises ValueError for everything else."""
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"no list of texts under {key}")
    return tuple(value)
