# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is committed runs anywhere: it names no path of one machine and no package index."""

from __future__ import annotations

import re

import pytest

from conventions.source import listed_files, name_of

MACHINE_PATH = re.compile(r"(?<![\w.:/<}*-])/(?:work|root|home|Users|opt)/[\w.]+")
PACKAGE_INDEX = re.compile(r"\b(?:pypi\.org|pythonhosted\.org|proxy\.golang\.org|registry\.npmjs\.org)\b|--index-url")


def findings(name: str, text: str) -> list[str]:
    return [
        f"{name}:{number}: {match.group()}"
        for number, line in enumerate(text.splitlines(), 1)
        for pattern in (MACHINE_PATH, PACKAGE_INDEX)
        for match in pattern.finditer(line)
    ]


def test_no_file_names_a_machine_path_or_a_package_index() -> None:
    found: list[str] = []
    for path in listed_files():
        if path.name != "test_places.py":
            found += findings(name_of(path), path.read_text(encoding="utf-8", errors="replace"))
    assert found == []


@pytest.mark.parametrize("text", ["cd /home/mary/docr", 'open("/root/x")', "see https://pypi.org/project/pydo"])
def test_a_machine_path_or_an_index_is_found(text: str) -> None:
    assert len(findings("README.md", text)) == 1
