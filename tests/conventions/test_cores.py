# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of ansible-core in the README are the versions that tests run on, and the oldest is the one required."""

from __future__ import annotations

import re

import yaml

from ansible_cores import OLDER_CORES
from conventions.source import ROOT


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def test_the_readme_names_the_versions_of_ansible_core_that_ci_tests() -> None:
    pinned = re.search(r"ansible-core==([\d.]+); python_version >=", (ROOT / "requirements/dev.txt").read_text())
    assert pinned is not None
    tested = [*map(minor, OLDER_CORES), minor(pinned.group(1))]
    listed = f"{', '.join(tested[:-1])} and {tested[-1]}"
    assert f"CI tests ansible-core {listed}." in (ROOT / "README.md").read_text(encoding="utf-8")
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["requires_ansible"] == f">={tested[0]}.0"
