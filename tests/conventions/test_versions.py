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


def promised(client: str) -> tuple[str, str]:
    """The lowest version of a client that the collection promises to work with, and the version that ends the range."""
    match = re.search(
        rf"^{client}>=([\d.]+),<([\d.]+)$",
        (ROOT / "requirements/runtime.txt").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert match
    return match.group(1), match.group(2)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def pins_of(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / "requirements" / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("client", CLIENTS)
def test_tests_run_with_the_lowest_client_that_is_promised_and_with_a_client_within_the_range(client: str) -> None:
    lowest, end = promised(client)
    assert pins_of("locks/lowest.txt")[client] == lowest
    assert numbers(lowest) <= numbers(pins_of("dev.txt")[client]) < numbers(end)


def test_tests_run_with_the_lowest_ansible_core_and_tzdata_that_are_promised() -> None:
    pins = pins_of("locks/lowest.txt")
    assert f">={pins['ansible-core']}" == RUNTIME["requires_ansible"]
    assert f"tzdata>={pins['tzdata']}\n" in (ROOT / "requirements/runtime.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("client", CLIENTS)
def test_documentation_names_the_versions_that_are_required(client: str) -> None:
    core = RUNTIME["requires_ansible"].removeprefix(">=").removesuffix(".0")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"ansible-core {core}" in readme
    lowest, end = promised(client)
    assert f"{client} {lowest} or newer" in readme
    assert f"{client} {lowest} and {pins_of('dev.txt')[client]}" in readme
    named = [
        (name_of(path), f"{match.group(1)} {match.group(2)}")
        for path in [*python_files("plugins"), ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for match in re.finditer(rf"{client}\s*>=\s*([\d.]+\d)(?:,\s*<\s*([\d.]+))?", path.read_text(encoding="utf-8"))
    ]
    assert named
    assert [place for place in named if place[1] != f"{lowest} {end}"] == []


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
