# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo of the README, run from a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_demo_collects_garbage_then_changes_nothing_and_leaves_nothing() -> None:
    foreign = {"DIGITALOCEAN_ACCESS_TOKEN": "dop_v1_of_a_real_account", "DIGITALOCEAN_API_URL": "https://192.0.2.7"}
    done = subprocess.run(
        [sys.executable, "tools/demo.py"],
        cwd=ROOT,
        env={**os.environ, **foreign},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    collected, again = done.stdout.partition("Sunday")[2].split("== Sunday again: a second run changes nothing")
    assert "changed: planton.digitalocean.docr : Collect garbage within maintenance windows" in collected
    assert "nothing changed" in again
    assert "2.00 GiB  orchard-us, orchard-eu  succeeded, 3.00 GiB freed" in again
    assert "0 registries left" in again
    recorded = [
        line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("   changed: ")
    ]
    assert recorded
    assert [line for line in recorded if line not in done.stdout.splitlines()] == []
