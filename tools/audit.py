# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit of the locked packages for known vulnerabilities, by pip-audit and the package index that pip-audit asks.

pip-audit ends well where the index knows nothing of a package, so the answers are counted here. A version with a known
vulnerability is asked for first: an index that reports none for that version says nothing about the other packages.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from locks import REQUIREMENTS, LockUnusableError, lock_named, provide

# Vulnerabilities that the project accepts for now: each with id, package, reason and the date of the decision.
IGNORED = REQUIREMENTS / "ignored-vulnerabilities.yml"
IGNORED_KEYS = {"id", "package", "reason", "date"}
# CVE-2019-11324 and later ones.
WITNESS = "urllib3==1.24.1"
AUDITED = ("dev", "upkeep")
LIMIT_S = 300
# Begins the reason of an audit that did not take place.
UNANSWERED = "the audit of known vulnerabilities did not take place"


class AuditUnansweredError(Exception):
    """The index gave no usable answer; the text gives the reason."""


@dataclass(frozen=True)
class Audit:
    """What an audit found: how many packages the index knew, complaints (one a line), and what the index left out."""

    known: int
    complaints: tuple[str, ...]
    unknown: tuple[str, ...]


def read_ignored() -> Sequence[Mapping[str, Any]]:
    """The vulnerabilities that the project accepts for now."""
    return list(yaml.safe_load(IGNORED.read_text(encoding="utf-8")) or ())


def judge(dependencies: Sequence[Mapping[str, Any]], ignored: Sequence[Mapping[str, Any]]) -> Audit:
    """Read the list `dependencies` of pip-audit's report.

    An entry of the ignore list that fits no vulnerability is a complaint, so that the list stays short.
    """
    known = [one for one in dependencies if "vulns" in one]
    unknown = tuple(str(one["name"]) for one in dependencies if "vulns" not in one)
    complaints: list[str] = []
    used: set[tuple[str, str]] = set()
    for one in known:
        for found in one["vulns"]:
            fits = {(one["name"], name) for name in (found["id"], *found.get("aliases", ()))}
            fits &= {(entry["package"], entry["id"]) for entry in ignored}
            used |= fits
            if not fits:
                fixed = ", ".join(found.get("fix_versions", ())) or "no version yet"
                complaints.append(f"{one['name']} {one['version']} has {found['id']}, fixed in {fixed}")
    answered = {one["name"] for one in known}
    complaints += [
        f"{IGNORED.name}: {entry['package']} no longer has {entry['id']}: remove the entry"
        for entry in ignored
        if entry["package"] not in unknown and (entry["package"], entry["id"]) not in used
    ]
    return Audit(len(answered), tuple(complaints), unknown)


def ask(program: Path, requirements: Path) -> Sequence[Mapping[str, Any]]:
    """What pip-audit reports of a requirements file; raises AuditUnansweredError where there is no report."""
    command = [str(program), "--disable-pip", "--no-deps", "--progress-spinner=off", "--format=json", "-r"]
    try:
        done = subprocess.run(
            [*command, str(requirements)], capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
        return list(json.loads(done.stdout)["dependencies"])
    except subprocess.TimeoutExpired:
        raise AuditUnansweredError(f"the index did not answer within {LIMIT_S} s") from None
    except (json.JSONDecodeError, KeyError, TypeError):
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise AuditUnansweredError(f"pip-audit printed no report, and said: {said[:300]}") from None


def audit() -> Audit:
    """Audit the locks of AUDITED; raises AuditUnansweredError where the index does not know the witness."""
    try:
        program = provide("upkeep") / "bin" / "pip-audit"
    except LockUnusableError as error:
        raise AuditUnansweredError(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="docr-audit-") as folder:
        witness = Path(folder) / "witness.txt"
        witness.write_text(f"{WITNESS}\n", encoding="utf-8")
        if not judge(ask(program, witness), ()).complaints:
            raise AuditUnansweredError(f"the index reports no vulnerability of {WITNESS}, which has several")
    found = [one for name in AUDITED for one in ask(program, lock_named(name).path)]
    return judge(found, read_ignored())
