# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of the check: counted, written, summed over many sandboxes, and what a run does with it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from docr_sandbox.contract.exchange import Finding, Kind
from docr_sandbox.contract.exemptions import EXEMPTIONS, exemption_for
from docr_sandbox.contract.report import KEPT_VIOLATIONS, ContractSummary, report_file, sum_reports, write_report
from docr_sandbox.testing import Sandbox


def test_reports_of_several_processes_add_up(tmp_path: Path) -> None:
    first, second = ContractSummary(), ContractSummary()
    first.add(["a"], ["r", "r"])
    first.add([], ["s"])
    second.add(["b", "c"], ["r"])
    for summary in (first, second):
        write_report(report_file(tmp_path), summary)
    total = sum_reports(tmp_path)
    assert (total.exchanges, total.violations, sorted(total.kept)) == (3, 3, ["a", "b", "c"])
    assert total.exempted == {"r": 3, "s": 1}


def test_a_flood_of_violations_is_counted_but_not_kept(tmp_path: Path) -> None:
    summary = ContractSummary()
    for number in range(KEPT_VIOLATIONS + 5):
        summary.add([str(number)], [])
    write_report(tmp_path / "one.json", summary)
    read = sum_reports(tmp_path / "one.json")
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


def test_a_sandbox_without_a_description_does_not_claim_to_check(tmp_path: Path) -> None:
    with Sandbox.start(tmp_path, environment={"DIGITALOCEAN_OPENAPI": ""}) as sandbox:
        assert sandbox.contract() is None
