# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as failed in a run of all checks, and the closing lines."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from threading import Barrier, Event

import pytest

import check
import stages
from docr_sandbox.contract.report import ContractSummary

REPORT = """<testsuites><testsuite>
<testcase classname="a" name="one"/>
<testcase classname="a" name="two"><failure message="no"/></testcase>
<testcase classname="a" name="three"><error message="broken"/></testcase>
<testcase classname="a" name="four"><skipped message="no engine here"/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("outcome", "in_ci", "fails"),
    [
        (stages.Outcome(passed=3), True, False),
        (stages.Outcome(passed=3, failed=1), False, True),
        (stages.Outcome(passed=3, skipped=("no engine here",)), False, False),
        (stages.Outcome(passed=3, skipped=("no engine here",)), True, True),
        (stages.Outcome(passed=3, skipped=("DIGITALOCEAN_OPENAPI names no file",)), True, False),
    ],
)
def test_a_skipped_part_fails_the_run_in_ci_only(outcome: stages.Outcome, in_ci: bool, fails: bool) -> None:
    assert check.is_failure(outcome, in_ci) is fails


def test_junit_report_is_counted_with_the_reasons_of_what_was_skipped(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(REPORT, encoding="utf-8")
    outcome = stages.read_junit(path, 1, "words")
    assert outcome == stages.Outcome(1, 2, ("a.four: no engine here",), "words")


def test_a_run_in_which_every_module_skips_itself_is_skipped_with_their_reasons(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    skipped = """<skipped message="collection skipped">('/x/t.py', 9, "Skipped: it's DIGITALOCEAN_OPENAPI")</skipped>"""
    path.write_text(f'<testsuite><testcase classname="" name="t">{skipped}</testcase></testsuite>', encoding="utf-8")
    outcome = stages.read_junit(path, 5, "2 skipped")
    assert outcome == stages.Outcome(skipped=(".t: it's DIGITALOCEAN_OPENAPI",))
    assert not check.is_failure(outcome, in_ci=True)
    path.write_text("<testsuite></testsuite>", encoding="utf-8")
    assert stages.read_junit(path, 5, "no tests ran").failed == 1


def test_a_run_that_broke_off_or_failed_without_a_failed_test_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    assert stages.read_junit(path, 0, "nothing").failed == 1
    path.write_text('<testsuite><testcase classname="a" name="one"/></testsuite>', encoding="utf-8")
    assert stages.read_junit(path, 3, "internal error").failed == 1


def test_a_run_without_a_description_says_that_the_check_did_not_take_place() -> None:
    assert "did NOT take place" in check.describe_contract(ContractSummary(), None)


def test_a_run_with_a_description_names_exchanges_violations_and_exemptions() -> None:
    contract = ContractSummary(1234, 1, ["GET /v2/x: status 418"], Counter({"known wrong": 7}))
    said = check.describe_contract(contract, "description.json")
    assert "1,234 exchanges checked against DigitalOcean's description, 1 violations" in said
    assert "violation: GET /v2/x: status 418" in said
    assert "exempted 7 times: known wrong" in said


def test_a_failed_run_ends_with_its_counts(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [stages.Outcome(passed=5), stages.Outcome(passed=1, failed=2, skipped=("no engine here",))]
    assert check.report(outcomes, True, False, 12.3) is False
    assert capsys.readouterr().out.splitlines()[-1] == "6 passed, 3 failed, 1 skipped"


def test_a_stage_more_than_there_are_cores_runs_at_once_and_the_last_stage_begins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    three_run = Barrier(3, timeout=10)
    running: list[str] = []
    most: list[int] = []

    def stage(name: str, passed: int, seconds: float) -> stages.Stage:
        def run(_place: stages.Workplace) -> stages.Outcome:
            running.append(name)
            three_run.wait()
            # Longer than a thread needs to begin another stage, so that four stages at once are seen.
            Event().wait(seconds)
            most.append(len(running))
            running.remove(name)
            return stages.Outcome(passed=passed)

        return stages.Stage(name, run, "a stage")

    chosen = [stage(f"s{number}", number, 0.2 * number) for number in range(1, 7)]
    outcomes = check.run_stages(chosen, stages.Workplace(Path()), in_ci=False, cores=2)
    assert [outcome.passed for outcome in outcomes] == [1, 2, 3, 4, 5, 6]
    assert max(most) == 3
    # The stages end in the order of their seconds, of the three that were begun first and of the three others.
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["s4", "s5", "s6", "s1", "s2", "s3"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["unit", "tpyes"], "no such stage: tpyes; there are format, lint, types"),
        (["--long", "unit"], "no long tests in: unit; long tests are in clusters, cores"),
        (["cores"], "only with --long: cores"),
    ],
)
def test_a_stage_that_does_not_exist_or_has_no_long_tests_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    monkeypatch.setattr("sys.argv", ["check.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        check.main()
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_only_stages_with_long_tests_are_long_stages() -> None:
    folders = {
        path.relative_to(stages.ROOT / "tests").parts[0]
        for path in (stages.ROOT / "tests").rglob("test_*.py")
        if "@pytest.mark.long\n" in path.read_text(encoding="utf-8")
    }
    long = {stage.name for stage in stages.STAGES if stage.is_long}
    assert long == {"cores"}
    assert (folders - {"unit"}) | long == set(stages.LONG_STAGES)


def test_the_slowest_tests_are_named_with_their_seconds(tmp_path: Path) -> None:
    cases = "".join(f'<testcase classname="a" name="t{number}" time="{number}"/>' for number in range(12))
    (tmp_path / "x.xml").write_text(f"<testsuite>{cases}</testsuite>", encoding="utf-8")
    slowest = check.slowest_tests(tmp_path)
    assert len(slowest) == 10
    assert slowest[0].split() == ["11.0", "s", "a.t11"]


def test_assert_statements_test_functions_and_long_forms_are_counted() -> None:
    count = check.count_tests()
    assert count.asserts > count.functions > 900
    assert 0 < count.long < 20
