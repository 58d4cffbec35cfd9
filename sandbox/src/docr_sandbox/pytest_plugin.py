# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pytest fixtures for a sandbox, and the verdict of the check against DigitalOcean's description over a whole run.

Loaded by itself wherever docr-sandbox is installed. Where the description lies, the environment variable
``DIGITALOCEAN_OPENAPI`` says, else the ini option ``docr_sandbox_openapi`` (globs relative to the root folder, of
which the first that finds a file counts).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from docr_sandbox.contract.description import find_description
from docr_sandbox.contract.report import ContractSummary, reports_in, sum_reports
from docr_sandbox.testing import Sandbox

OPENAPI = "DIGITALOCEAN_OPENAPI"
REPORT = "DOCR_SANDBOX_CONTRACT_REPORT"

_owned_reports = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
_earlier_reports = pytest.StashKey[frozenset[Path]]()


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One running sandbox for the whole run (one for each worker of pytest-xdist)."""
    with Sandbox.start(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """The run's sandbox with an empty account."""
    sandbox_server.reset()
    return sandbox_server


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option."""
    parser.addini("docr_sandbox_openapi", "DigitalOcean's OpenAPI description: globs relative to the root folder")


def pytest_configure(config: pytest.Config) -> None:
    """Tell every sandbox of this run, in whatever process, where the description lies and where to report to."""
    if not os.environ.get(OPENAPI):
        found = find_description(config.rootpath, str(config.getini("docr_sandbox_openapi") or ""))
        if found is not None:
            os.environ[OPENAPI] = str(found)
    if not os.environ.get(REPORT):
        folder_of_run = tempfile.TemporaryDirectory(prefix="docr-contract-")
        config.stash[_owned_reports] = folder_of_run
        os.environ[REPORT] = folder_of_run.name
    # A runner of several pytest runs may let them share one folder.
    config.stash[_earlier_reports] = reports_in(Path(os.environ[REPORT]))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget the reports of this run; pytest can be called several times in one process."""
    folder = config.stash.get(_owned_reports, None)
    if folder is not None:
        os.environ.pop(REPORT, None)
        folder.cleanup()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which an exchange broke the description."""
    if _is_worker(session.config) or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return
    if _summary(session.config).violations:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print how many exchanges were checked, or that none were."""
    if _is_worker(config):
        return
    summary = _summary(config)
    if not os.environ.get(OPENAPI):
        terminalreporter.write_line(
            f"contract: not checked, since no description was found ({OPENAPI} names none); see sandbox/README.md"
        )
    elif summary.exchanges:
        terminalreporter.section("contract with DigitalOcean's description")
        for line in summary.lines():
            terminalreporter.write_line(line, red=bool(summary.violations))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _summary(config: pytest.Config) -> ContractSummary:
    earlier = config.stash[_earlier_reports]
    return sum_reports(reports_in(Path(os.environ[REPORT])) - earlier)
