# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of a user in messages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.methods import rotation_error
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.durations import duration_fault
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.names import shown
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.name import name_fault
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.options import parse_calendar

TOKEN = f"dop_v1_{'b' * 64}"


def start_fault(text: str) -> tuple[str, str] | None:
    window = {"days": [text], "start": text, "duration": text, "time_zone": text}
    return " ".join(one.what for one in parse_calendar([window], [text])[1]), ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("orchard images", "'orchard images'"),
        (7, "'7'"),
        ("two\nlines", "'two\\nlines'"),
        ("\x1b[31mred", "'\\x1b[31mred'"),
        ("k" * 200, f"'{'k' * 79}...'"),
        (TOKEN, "'dop_v1_********'"),
        (f"Bearer {TOKEN}", "'Bearer dop_v1_********'"),
        (f"{'k' * 60}doo_v1_{'f' * 64}", f"'{'k' * 60}doo_v1_********'"),
        ("dor_v1_0123456789ABCDEF", "'dor_v1_********'"),
        ("do_v1_images", "'do_v1_images'"),
    ],
)
def test_a_value_is_shown_on_one_line_short_and_without_tokens(value: object, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize("fault", [name_fault, duration_fault, rotation_error, start_fault])
@pytest.mark.parametrize("value", [TOKEN, "k" * 200_000, f"9d {TOKEN}"])
def test_an_error_shows_no_token_and_no_endless_value(
    fault: Callable[[str], tuple[str, str] | None], value: str
) -> None:
    found = fault(value)
    assert found is not None
    assert "b" * 64 not in found[0]
    assert len(found[0]) < 600
