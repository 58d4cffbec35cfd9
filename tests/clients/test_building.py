# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that builds the clients: what it builds again, what it finds, and what it says when it cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import go_programs
import oci_clients

MISSING = oci_clients.Client("missing", "example.invalid/missing", "v1.2.3", "cmd/missing")


@pytest.fixture
def cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    go_programs.find_go()  # before the cache moves: a toolchain that must be fetched stays for other runs
    monkeypatch.setenv("DOCR_CACHE", str(tmp_path))
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setitem(oci_clients.CLIENTS, "missing", MISSING)
    return tmp_path / "clients"


def test_a_program_that_was_built_before_is_found_again(cache_folder: Path) -> None:
    MISSING.place.parent.mkdir(parents=True)
    MISSING.place.touch()
    assert oci_clients.provide("missing") == MISSING.place
    assert cache_folder in MISSING.place.parents


@pytest.mark.parametrize("change", [{"version": "v1.2.4"}, {"tags": "netgo"}, {"package": "cmd/other"}])
def test_another_recipe_is_another_program(change: dict[str, str]) -> None:
    assert replace(MISSING, **change).place != MISSING.place


def test_a_failed_build_gives_the_reason_and_leaves_no_files(cache_folder: Path) -> None:
    with pytest.raises(go_programs.Unavailable, match=r"build failed: .*module lookup disabled by GOPROXY=off"):
        oci_clients.provide("missing")
    assert [path.name for path in cache_folder.iterdir()] == [".missing.lock"]


@pytest.mark.parametrize(
    ("said", "is_enough"),
    [
        ("go version go1.26.7 linux/amd64", True),
        ("go version go1.27 darwin/arm64", True),
        ("go version go1.26.6 linux/amd64", False),
        ("go version go1.9 linux/amd64", False),
        ("", False),
    ],
)
def test_an_older_toolchain_is_not_taken(tmp_path: Path, said: str, is_enough: bool) -> None:
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\necho '{said}'\n", encoding="utf-8")
    go.chmod(0o755)
    assert go_programs.is_new_enough(str(go)) is is_enough
