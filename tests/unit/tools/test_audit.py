# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A known vulnerability is a complaint; a package that the index does not know is counted apart."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from audit import IGNORED_KEYS, UNANSWERED, AuditUnansweredError, ask, judge, read_ignored
from check import is_failure
from stages import Outcome

FOUND = {"id": "PYSEC-2019-133", "aliases": ["CVE-2019-11324"], "fix_versions": ["1.24.2"]}
HARMED = {"name": "urllib3", "version": "1.24.1", "vulns": [FOUND]}
WELL = {"name": "attrs", "version": "26.1.0", "vulns": []}
UNKNOWN = {"name": "kiwi", "skip_reason": "Dependency not found on PyPI and could not be audited: kiwi (1.0)"}


def ignoring(name: str, package: str = "urllib3") -> dict[str, Any]:
    return {"id": name, "package": package, "reason": "not used", "date": date(2026, 11, 28)}


def test_a_known_vulnerability_is_a_complaint_that_names_the_fixed_version() -> None:
    found = judge([HARMED, WELL, UNKNOWN], [])
    assert found.complaints == ("urllib3 1.24.1 has PYSEC-2019-133, fixed in 1.24.2",)
    assert (found.known, found.unknown) == (2, ("kiwi",))


@pytest.mark.parametrize("name", ["PYSEC-2019-133", "CVE-2019-11324"])
def test_an_ignored_vulnerability_is_no_complaint(name: str) -> None:
    assert judge([HARMED], [ignoring(name)]).complaints == ()


@pytest.mark.parametrize("entry", [ignoring("CVE-2000-1"), ignoring("CVE-2019-11324", "attrs")], ids=["id", "package"])
def test_an_entry_that_fits_nothing_is_a_complaint(entry: dict[str, Any]) -> None:
    complaints = judge([HARMED, WELL], [entry]).complaints
    assert len(complaints) == 2
    assert complaints[1].endswith(f"{entry['package']} no longer has {entry['id']}: remove the entry")


def test_an_entry_of_a_package_that_the_index_does_not_know_stays() -> None:
    assert judge([UNKNOWN], [ignoring("CVE-2000-1", "kiwi")]).complaints == ()


@pytest.mark.parametrize("program", ["true", "false"])
def test_a_program_without_a_report_is_an_audit_that_did_not_take_place(program: str, tmp_path: Path) -> None:
    with pytest.raises(AuditUnansweredError, match="pip-audit printed no report, and said: nothing"):
        ask(Path(program), tmp_path)


def test_an_audit_that_did_not_take_place_fails_no_run() -> None:
    assert not is_failure(Outcome(skipped=(f"{UNANSWERED}: no route",)), in_ci=True)


def test_each_entry_of_the_ignore_list_has_a_reason_and_a_date() -> None:
    for entry in read_ignored():
        assert set(entry) == IGNORED_KEYS
        assert isinstance(entry["date"], date)
        assert len(entry["reason"]) > 20
