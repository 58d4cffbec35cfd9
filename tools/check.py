# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the project's checks and say what took how long: ``tools/check.py [-v] [--long] [STAGE ...]``.

Every stage runs, whatever came of those before it. Where CI is set, what was skipped counts as failed.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
import time
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from audit import UNANSWERED
from docr_sandbox.contract import description
from docr_sandbox.contract.report import ContractSummary, reports_in, sum_reports
from stages import LONG_STAGES, ROOT, STAGES, Outcome, Stage, Workplace, scratch_folder

DESCRIPTION = "DIGITALOCEAN_OPENAPI"
# What a machine may lack by design: DigitalOcean's description is not ours to ship, and the index of vulnerabilities
# is a service of others.
MAY_BE_ABSENT = (DESCRIPTION, UNANSWERED)


def find_description() -> str | None:
    """Find DigitalOcean's OpenAPI file: the one that DIGITALOCEAN_OPENAPI names, else where pytest's setting points."""
    named = os.environ.get(DESCRIPTION)
    if named:
        return named
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = description.find_description(ROOT, settings["tool"]["pytest"]["ini_options"]["docr_sandbox_openapi"])
    return None if found is None else str(found)


def describe_contract(contract: ContractSummary, description: str | None) -> str:
    """Say what the check against DigitalOcean's description found, or that it did not take place."""
    if description is None:
        return (
            "The check against DigitalOcean's description did NOT take place: no description was found. "
            f"Name the file in {DESCRIPTION}."
        )
    lines = [f"violation: {violation}" for violation in contract.kept]
    lines += [f"exempted {times} times: {reason}" for reason, times in contract.exempted.most_common()]
    lines += [
        f"{contract.exchanges:,} exchanges checked against DigitalOcean's description, {contract.violations} violations"
    ]
    return "\n".join(lines)


def run_stage(stage: Stage, place: Workplace, in_ci: bool) -> tuple[Outcome, str]:
    """Run one stage; return its outcome, and its line with the output where the stage failed."""
    started = time.monotonic()
    outcome = stage.run(place)
    seconds = time.monotonic() - started
    counted = f"{outcome.passed} passed, {outcome.failed} failed, {len(outcome.skipped)} skipped"
    failed = is_failure(outcome, in_ci)
    line = f"{stage.name:<13}{'FAILED' if failed else 'ok':<7}{seconds:6.1f} s  {counted:<38}  {stage.what}"
    if outcome.failed and not place.verbose:
        line += f"\n{outcome.output.rstrip()}\n"
    return outcome, line


def run_stages(stages: Sequence[Stage], place: Workplace, in_ci: bool, cores: int) -> list[Outcome]:
    """Run stages beside each other, and print the line of each when the stage ends; outcomes are in the given order.

    The slowest stages stand last in the table, so the stages are begun from the end. The slowest stages wait for clocks
    and servers most of the time, so a stage more runs at once than there are cores.
    """
    outcomes: dict[str, Outcome] = {}
    with ThreadPoolExecutor(cores + 1) as pool:
        running = {pool.submit(run_stage, stage, place, in_ci): stage.name for stage in reversed(stages)}
        for done in as_completed(running):
            outcomes[running[done]], line = done.result()
            print(line, flush=True)
    return [outcomes[stage.name] for stage in stages]


def slowest_tests(scratch: Path, most: int = 10) -> list[str]:
    """The slowest tests of all stages, by the reports of pytest."""
    cases = [
        (float(case.get("time") or 0), f"{case.get('classname')}.{case.get('name')}")
        for report in scratch.glob("*.xml")
        for case in ET.parse(report).getroot().iter("testcase")
    ]
    return [f"{seconds:6.1f} s  {name}" for seconds, name in sorted(cases, reverse=True)[:most]]


@dataclass(frozen=True)
class TestCount:
    """How many assert statements and test functions there are, and how many of the functions have a long form."""

    asserts: int
    functions: int
    long: int


def count_tests() -> TestCount:
    """Count below tests and sandbox/tests."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for folder in ("tests", "sandbox/tests")
        for path in (ROOT / folder).rglob("*.py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    tests = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    long = [node for node in tests if "pytest.mark.long" in map(ast.unparse, node.decorator_list)]
    return TestCount(sum(isinstance(node, ast.Assert) for node in nodes), len(tests), len(long))


def is_failure(outcome: Outcome, in_ci: bool) -> bool:
    """A stage fails by a failed check; in CI by a skipped one too, but for those that a machine may lack."""
    return outcome.failed > 0 or (in_ci and any(not may_be_absent(reason) for reason in outcome.skipped))


def may_be_absent(reason: str) -> bool:
    """Whether a check may be skipped in CI for that reason."""
    return any(name in reason for name in MAY_BE_ABSENT)


def report(outcomes: list[Outcome], contract_failed: bool, in_ci: bool, seconds: float) -> bool:
    """Print what was skipped and the closing line; return whether all is well."""
    skipped = [reason for outcome in outcomes for reason in outcome.skipped]
    for reason in skipped:
        print(f"skipped: {reason}")
    failed = sum(outcome.failed for outcome in outcomes) + int(contract_failed)
    print(f"{seconds:.0f} s in all")
    print(f"{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed, {len(skipped)} skipped", flush=True)
    return not contract_failed and not any(is_failure(outcome, in_ci) for outcome in outcomes)


def name_stages(parser: argparse.ArgumentParser, arguments: argparse.Namespace, names: Sequence[str]) -> Sequence[str]:
    """The stages to run; ends the program where a stage that was named does not exist or has no such tests.

    `names` are the stages that run without --long.
    """
    unknown = sorted(set(arguments.stages) - {*names, *LONG_STAGES})
    if unknown:
        parser.error(f"no such stage: {', '.join(unknown)}; there are {', '.join(names)}")
    only_long = sorted(set(arguments.stages) - set(names)) if not arguments.long else []
    if only_long:
        parser.error(f"only with --long: {', '.join(only_long)}")
    short = sorted(set(arguments.stages) - set(LONG_STAGES)) if arguments.long else []
    if short:
        parser.error(f"no long tests in: {', '.join(short)}; long tests are in {', '.join(LONG_STAGES)}")
    return arguments.stages or (LONG_STAGES if arguments.long else names)


def main() -> int:
    """Run the stages that were named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [stage.name for stage in STAGES if not stage.is_long]
    parser.add_argument(
        "stages",
        nargs="*",
        metavar="STAGE",
        help=f"any of: {', '.join(names)}; with --long: {', '.join(LONG_STAGES)}; all by default",
    )
    parser.add_argument("--long", action="store_true", help="run the long form of the tests that have a long form")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what the tools print while they run")
    arguments = parser.parse_args()
    wanted = name_stages(parser, arguments, names)
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    description = find_description()
    started = time.monotonic()
    with scratch_folder() as scratch:
        reports = Path(scratch) / "contract"
        reports.mkdir()
        place = Workplace(Path(scratch), arguments.verbose, arguments.long)
        place.environment["DOCR_SANDBOX_CONTRACT_REPORT"] = str(reports)
        if description is not None:
            place.environment[DESCRIPTION] = description
        chosen = [stage for stage in STAGES if stage.name in wanted]
        outcomes = run_stages(chosen, place, in_ci, os.cpu_count() or 1)
        contract = sum_reports(reports_in(reports))
        for line in slowest_tests(Path(scratch)):
            print(f"slow: {line}")
    print(describe_contract(contract, description))
    count = count_tests()
    print(f"{count.asserts} assert statements in {count.functions} test functions")
    if not arguments.long:
        print(f"{count.long} test functions have a long form, which make test-long runs")
    well = report(outcomes, contract.violations > 0, in_ci, time.monotonic() - started)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
