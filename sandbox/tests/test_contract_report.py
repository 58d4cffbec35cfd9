# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of the check: its counts, its file, its sum over many sandboxes, and the result of a pytest run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from docr_sandbox.contract.description import find_description
from docr_sandbox.contract.exchange import Finding, Kind
from docr_sandbox.contract.exemptions import EXEMPTIONS, exemption_for
from docr_sandbox.contract.report import (
    KEPT_VIOLATIONS,
    ContractSummary,
    report_file,
    reports_in,
    sum_reports,
    write_report,
)
from docr_sandbox.testing import Sandbox


def test_reports_of_several_processes_add_up(tmp_path: Path) -> None:
    first, second = ContractSummary(), ContractSummary()
    first.add(["a"], ["r", "r"])
    first.add([], ["s"])
    second.add(["b", "c"], ["r"])
    for summary in (first, second):
        write_report(report_file(tmp_path), summary)
    total = sum_reports(reports_in(tmp_path))
    assert (total.exchanges, total.violations, sorted(total.kept)) == (3, 3, ["a", "b", "c"])
    assert total.exempted == {"r": 3, "s": 1}


def test_report_counts_all_violations_and_keeps_the_first_200(tmp_path: Path) -> None:
    summary = ContractSummary()
    for number in range(KEPT_VIOLATIONS + 5):
        summary.add([str(number)], [])
    write_report(tmp_path / "one.json", summary)
    read = sum_reports([tmp_path / "one.json"])
    assert (read.violations, len(read.kept)) == (KEPT_VIOLATIONS + 5, KEPT_VIOLATIONS)


@pytest.mark.parametrize("exemption", EXEMPTIONS, ids=lambda exemption: f"{exemption.operation} {exemption.detail}")
def test_each_exemption_has_a_reason_with_its_source(exemption: object) -> None:
    reason = getattr(exemption, "reason", "")
    assert len(reason) > 10


def test_an_exemption_covers_its_own_operation_only() -> None:
    plural = "POST /v2/registries/{registry_name}/garbage-collection"
    assert exemption_for(Finding(Kind.REQUEST_BODY, plural, "30 bytes"))
    assert exemption_for(Finding(Kind.REQUEST_BODY, "GET /v2/registries", "30 bytes")) is None
    assert exemption_for(Finding(Kind.STATUS, "GET /v2/registries", "409")) is None


@pytest.mark.skipif(not os.environ.get("DIGITALOCEAN_OPENAPI"), reason="DIGITALOCEAN_OPENAPI names no description")
def test_a_running_sandbox_counts_what_it_answers_and_reports_at_the_end(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with Sandbox.start(tmp_path / "run", arguments=["--contract-report", str(report)]) as sandbox:
        sandbox.request("GET", "/v2/registries")
        sandbox.request("GET", "/v2/nowhere")
        live = sandbox.contract()
    assert live is not None
    assert live["exchanges"] == 2
    assert live["violations"] == []
    assert json.loads(report.read_text()) == live


def test_the_first_pattern_that_finds_a_description_counts(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    patterns = "../shared/apps/*.json ../shared/*.json"
    assert find_description(root, patterns) is None
    for name in ("shared/b.json", "shared/a.json", "shared/apps/c.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
        assert find_description(root, patterns) == (tmp_path / name).resolve()
    assert find_description(root, "") is None


def test_sandbox_without_a_description_has_no_contract_report(tmp_path: Path) -> None:
    with Sandbox.start(tmp_path, environment={"DIGITALOCEAN_OPENAPI": ""}) as sandbox:
        assert sandbox.contract() is None


PASSING_TEST = """
import os
from pathlib import Path
from docr_sandbox.contract.report import ContractSummary, report_file, write_report

def test_passes():
    summary = ContractSummary()
    summary.add({violations!r}, ["a reason"])
    write_report(report_file(Path(os.environ["DOCR_SANDBOX_CONTRACT_REPORT"])), summary)
"""


def _run_pytest(folder: Path, violations: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "DOCR_SANDBOX_CONTRACT_REPORT"}
    (folder / "test_it.py").write_text(PASSING_TEST.format(violations=violations))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env={**inherited, "DIGITALOCEAN_OPENAPI": "/some/description.json", **environment},
    )


def test_a_violation_fails_a_run_whose_tests_all_pass(tmp_path: Path) -> None:
    done = _run_pytest(tmp_path, ["GET /v2/registries: undocumented status: 418"])
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "1 passed" in done.stdout
    assert "contract: 1 exchanges checked, 1 violations, 1 exemptions used" in done.stdout
    assert "GET /v2/registries: undocumented status: 418" in done.stdout


def test_a_run_counts_its_own_reports_only_and_passes_without_violations(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    earlier = ContractSummary()
    earlier.add(["an earlier run's"], [])
    write_report(report_file(reports), earlier)
    done = _run_pytest(tmp_path, [], DOCR_SANDBOX_CONTRACT_REPORT=str(reports))
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert "contract: 1 exchanges checked, 0 violations" in done.stdout


def test_a_run_without_a_description_says_that_nothing_was_checked(tmp_path: Path) -> None:
    done = _run_pytest(tmp_path, [], DIGITALOCEAN_OPENAPI="")
    assert "contract: not checked, since no description was found" in done.stdout
