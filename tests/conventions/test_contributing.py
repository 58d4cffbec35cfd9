# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of features in CONTRIBUTING names places that exist, and every feature package."""

from __future__ import annotations

import re

from conventions.source import PLUGINS, ROOT

TABLE = re.compile(r"<!-- features -->\n(.*?)<!-- end of features -->", re.DOTALL)


def rows() -> list[list[str]]:
    match = TABLE.search((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert match
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in match.group(1).splitlines()[2:]]


def test_every_place_in_the_table_exists() -> None:
    places = [place for row in rows() for cell in row[2:] for place in re.findall(r"`([^`]+)`", cell)]
    assert len(places) >= len(rows()) * 4
    missing = [
        place for place in places if not (ROOT / place).exists() and not (PLUGINS / "module_utils" / place).exists()
    ]
    assert missing == []


def test_every_feature_package_of_the_domain_has_a_row() -> None:
    packages = {path.parent.name for path in (PLUGINS / "module_utils/_domain").glob("*/__init__.py")}
    assert packages
    assert packages - {row[1] for row in rows()} == set()
