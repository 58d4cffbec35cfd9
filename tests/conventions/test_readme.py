# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's tables of token scopes and of tiers are those of the code."""

from __future__ import annotations

import re

from ansible_collections.planton.digitalocean.plugins.module_utils._client.operations import OPERATIONS
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.tiers import REGISTRY_LIMITS
from conventions.source import ROOT
from docr_sandbox.model.tiers import TIERS

MIB = 1024**2


def table(name: str) -> list[list[str]]:
    """The cells of a table between its marks, without the heading."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", text, re.DOTALL)
    assert match
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in match.group(1).splitlines()[2:]]


def test_the_readme_lists_every_token_scope_and_no_other() -> None:
    listed = [scope for row in table("scopes") for scope in re.findall(r"`(\w+:\w+)`", row[0])]
    assert sorted(listed) == sorted({scope for operation in OPERATIONS for scope in operation.scopes})


def size(count: int) -> str:
    return f"{count // MIB} MiB" if count < 1024 * MIB else f"{count // MIB // 1024} GiB"


def test_the_readme_shows_the_prices_and_limits_of_every_tier() -> None:
    expected = []
    for tier in TIERS.values():
        shown = tier.to_json()
        more = f"{shown['storage_overage_price_in_cents'] / 100:.2f}" if tier.overage else "not possible"
        expected.append(
            [
                f"`{tier.slug.upper()}`",
                str(tier.price // 100),
                str(REGISTRY_LIMITS[tier.slug]),
                str(tier.repositories or "unlimited"),
                size(tier.storage),
                more,
                size(shown["included_bandwidth_bytes"]),
            ]
        )
    assert table("tiers") == expected
