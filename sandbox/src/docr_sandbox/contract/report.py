# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the check against DigitalOcean's description found: one sandbox's report, and the sum over many."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docr_sandbox.files import write_atomically

# A broken answer in a loop must not fill the disk; the count goes on.
KEPT_VIOLATIONS = 200


@dataclass
class ContractSummary:
    """Counts of checked exchanges, and every violation as one line of text."""

    exchanges: int = 0
    violations: int = 0
    kept: list[str] = field(default_factory=list)
    exempted: Counter[str] = field(default_factory=Counter)

    def add(self, violations: Iterable[str], exempted: Iterable[str]) -> None:
        """Count one exchange with what was found in it."""
        self.exchanges += 1
        self.exempted.update(exempted)
        for violation in violations:
            self.violations += 1
            if len(self.kept) < KEPT_VIOLATIONS:
                self.kept.append(violation)

    def merge(self, other: ContractSummary) -> None:
        """Add another sandbox's counts."""
        self.exchanges += other.exchanges
        self.violations += other.violations
        self.kept += other.kept
        self.exempted.update(other.exempted)

    def to_dict(self) -> dict[str, Any]:
        """The report's JSON: ``exchanges``, ``violation_count``, ``violations`` (the first 200), ``exempted``."""
        return {
            "exchanges": self.exchanges,
            "violation_count": self.violations,
            "violations": self.kept,
            "exempted": dict(sorted(self.exempted.items())),
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> ContractSummary:
        """The reverse of :meth:`to_dict`."""
        return cls(
            int(fields["exchanges"]),
            int(fields["violation_count"]),
            list(fields["violations"]),
            Counter(fields["exempted"]),
        )

    def lines(self) -> list[str]:
        """The summary for a person."""
        exempted = sum(self.exempted.values())
        head = f"contract: {self.exchanges} exchanges checked, {self.violations} violations, {exempted} exemptions used"
        return [head, *(f"  {times:6} x {reason}" for reason, times in self.exempted.most_common()), *self.kept]


def report_file(place: Path) -> Path:
    """The file to write for ``place``, which may name a folder that collects one report of each process."""
    if place.is_dir():
        return place / f"contract-{os.getpid()}-{os.urandom(4).hex()}.json"
    return place


def write_report(path: Path, summary: ContractSummary) -> None:
    """Write one sandbox's report."""
    write_atomically(path, json.dumps(summary.to_dict(), indent=1) + "\n")


def reports_in(folder: Path) -> frozenset[Path]:
    """The reports that processes left in ``folder``."""
    return frozenset(folder.glob("contract-*.json"))


def sum_reports(files: Iterable[Path]) -> ContractSummary:
    """Add up reports."""
    total = ContractSummary()
    for file in sorted(files):
        total.merge(ContractSummary.from_dict(json.loads(file.read_text(encoding="utf-8"))))
    return total
