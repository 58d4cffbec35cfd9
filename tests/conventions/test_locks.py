# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock files agree with the requirements, and whatever installs packages takes them from a lock file."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from conventions.source import ROOT, listed_files, name_of
from locks import FOLDER, Lock, all_locks, is_current, read_requirements

LOCKS = all_locks()
# A package of a lock file with the lines of its hashes.
PACKAGE = re.compile(
    r"^([a-z0-9.-]+)==(\S+)(?: ; [^\\\n]+)? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_was_renewed_after_the_last_change_of_its_requirements(lock: Lock) -> None:
    assert is_current(lock), f"{name_of(lock.path)} is stale: run make lock"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_of_a_lock_has_hashes(lock: Lock) -> None:
    text = lock.path.read_text(encoding="utf-8")
    assert len(PACKAGE.findall(text)) == len(re.findall(r"^[^#\s]", text, re.MULTILINE)) > 0


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_the_exact_versions_of_its_requirements(lock: Lock) -> None:
    locked = {(name, version) for name, version, _hashes in PACKAGE.findall(lock.path.read_text(encoding="utf-8"))}
    pinned = {
        (normal(match.group(1)), match.group(2))
        for line in lock.requirements
        if (match := re.match(r"([\w.-]+)==([\w.]+)", line))
    }
    assert pinned <= locked
    assert {normal(re.split(r"[^\w.-]", line)[0]) for line in lock.requirements} <= {name for name, _version in locked}


def test_there_is_no_lock_that_nothing_renews() -> None:
    assert sorted(FOLDER.iterdir()) == sorted(lock.path for lock in LOCKS)


def test_an_added_requirement_makes_a_lock_stale(tmp_path: Path) -> None:
    changed = tmp_path / "dev.txt"
    changed.write_text((ROOT / "requirements/dev.txt").read_text().replace("-r runtime.txt", "wheel==1.0 # why"))
    lock = LOCKS[0]
    assert lock.name == "dev"
    assert not is_current(replace(lock, requirements=read_requirements(changed)))
    assert "wheel==1.0" in read_requirements(changed)


def test_whatever_installs_packages_asks_for_hashes() -> None:
    # A folder of the checkout has no hash, and ansible-test pins what its own tests need.
    exempt = ("-e ./sandbox", "*arguments")
    calls = [
        (name_of(path), line.strip())
        for path in listed_files()
        if name_of(path).startswith(("tools/", ".ci/", "Makefile"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"""\bpip["',\s]+install""", line) and not line.lstrip().startswith("#")
    ]
    assert len(calls) >= 4
    assert [call for call in calls if "--require-hashes" not in call[1] and not any(e in call[1] for e in exempt)] == []
