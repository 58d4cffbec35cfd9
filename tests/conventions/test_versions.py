# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A version stands in one place; where people read it too, it is the same."""

from __future__ import annotations

import re

import pytest
import yaml

from conventions.source import PLUGINS, ROOT, listed_files, name_of, python_files

GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
RUNTIME = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
PIN = re.compile(r"^([A-Za-z][\w.-]*)==([\w.]+)", re.MULTILINE)


CLIENTS = ("pydo", "kubernetes")


def promised(client: str) -> str:
    """The lowest version of a client that the collection promises to work with."""
    match = re.search(
        rf"^{client}>=([\d.]+)$", (ROOT / "requirements/runtime.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert match
    return match.group(1)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_tests_run_with_the_lowest_client_that_is_promised(client: str) -> None:
    pins = dict(PIN.findall((ROOT / "requirements/dev.txt").read_text(encoding="utf-8")))
    assert pins[client] == promised(client)


@pytest.mark.parametrize("client", CLIENTS)
def test_documentation_names_the_versions_that_are_required(client: str) -> None:
    core = RUNTIME["requires_ansible"].removeprefix(">=").removesuffix(".0")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"ansible-core {core}" in readme
    assert f"{client} {promised(client)}" in readme
    named = [
        (name_of(path), version)
        for path in python_files("plugins")
        for version in re.findall(rf"{client}\s*>=\s*([\d.]+\d)", path.read_text(encoding="utf-8"))
    ]
    assert named
    assert [place for place in named if place[1] != promised(client)] == []


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
