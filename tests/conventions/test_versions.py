# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A version stands in one place; where people read it too, it is the same."""

from __future__ import annotations

import re

import yaml

from conventions.source import PLUGINS, ROOT, listed_files, name_of, python_files

GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
RUNTIME = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
PIN = re.compile(r"^([A-Za-z][\w.-]*)==([\w.]+)", re.MULTILINE)


def promised_pydo() -> str:
    """The lowest pydo that the collection promises to work with."""
    match = re.search(
        r"^pydo>=([\d.]+)$", (ROOT / "requirements/runtime.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert match
    return match.group(1)


def test_the_tests_run_with_the_lowest_pydo_that_is_promised() -> None:
    pins = dict(PIN.findall((ROOT / "requirements/dev.txt").read_text(encoding="utf-8")))
    assert pins["pydo"] == promised_pydo()


def test_documentation_names_the_versions_that_are_required() -> None:
    core = RUNTIME["requires_ansible"].removeprefix(">=").removesuffix(".0")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"ansible-core {core}" in readme
    assert f"pydo {promised_pydo()}" in readme
    named = [
        (name_of(path), version)
        for path in python_files("plugins")
        for version in re.findall(r"pydo\s*>=\s*([\d.]+\d)", path.read_text(encoding="utf-8"))
    ]
    assert named
    assert [place for place in named if place[1] != promised_pydo()] == []


def test_only_the_requirements_pin_versions() -> None:
    pinned = [
        f"{name_of(path)}: {match.group()}"
        for path in listed_files()
        if path.suffix in {".py", ".toml", ".md", ".yml", ".yaml", ".sh", ".cfg"}
        for match in re.finditer(r"\b(pydo|ansible-core|pytest|ruff|mypy)==\d[\w.]*", path.read_text(encoding="utf-8"))
    ]
    assert pinned == []


def test_the_collection_names_its_own_version_once() -> None:
    spelled = [
        (name_of(path), version)
        for path in sorted(PLUGINS.rglob("*.py"))
        for version in re.findall(
            r'^\w*VERSION\w* *(?::[^=]*)?= *"([\d.]+)"', path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert [place for place in spelled if place[1] != GALAXY["version"]] == []
