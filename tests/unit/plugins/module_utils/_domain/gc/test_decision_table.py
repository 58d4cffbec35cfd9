# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every line of the table of decisions is what the code decides, and stands in the documentation as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from support.gc_decision_table import SITUATIONS, Situation, table

ROOT = Path(__file__).resolve().parents[6]
DOCUMENT = ROOT / "docs/gc.md"
BEGIN = "<!-- decisions: written by WRITE_DECISIONS=1 pytest tests/unit -k decisions -->\n"
END = "\n<!-- end of decisions -->"


@pytest.mark.parametrize("one", SITUATIONS, ids=lambda one: one.words)
def test_decisions_are_those_of_the_table(one: Situation) -> None:
    decision = one.decided()
    assert decision.word == one.decision
    action = decision.step.action if decision.step is not None else None
    assert action == (
        "start_garbage_collection" if one.starts else "cancel_garbage_collection" if one.cancels else None
    )
    assert bool(one.refusal()) is one.is_refused


def test_decisions_of_every_kind_stand_in_the_table() -> None:
    source = (ROOT / "plugins/modules/docr_gc.py").read_text(encoding="utf-8")
    documented = yaml.safe_load(source.partition('RETURN = r"""')[2].partition('"""')[0])
    told = " ".join(documented["garbage_collections"]["contains"]["decision"]["description"])
    words = {one.decision for one in SITUATIONS}
    assert [word for word in words if f"C({word})" not in told] == []
    assert told.count("C(") - told.count("C(null)") == len(words)


def test_decisions_in_the_documentation_are_the_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    if os.environ.get("WRITE_DECISIONS"):
        before, after = text.partition(BEGIN)[0], text.partition(END)[2]
        DOCUMENT.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")
    assert f"{BEGIN}{table()}{END}" in DOCUMENT.read_text(encoding="utf-8")
