# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the tests.

With --long, tests with the marker ``long`` run in their long form. With --way, each task of the collection runs in the
process of the controller or as a module.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from canaries import files_with_secrets
from docr_sandbox.testing import Sandbox
from support.fault_matrix import PROPERTY
from support.ways import WAY_VARIABLE, WAYS

# Files made to hold secrets: what the sandbox gives its clients, what tests hand to modules and clients, the database
# of a control plane, and the environment of a job as ansible-runner records the environment.
HOLDS_SECRETS = (
    *(
        "sandbox.env",
        "*config.json",
        "auth.json",
        "plum.json",
        "*kubeconfig*",
        "*state.json",
        "connection.json",
        "mine.yml",
    ),
    *("*.wal", "*.snap", "db", "command"),
)


@pytest.fixture(scope="session")
def sandbox_server(sandbox_server: Sandbox) -> Sandbox:
    """The sandbox of the run, for clients that trust the CA of the sandbox alone.

    A run of a module takes 60 ms, and would read the 140 certificates of the system in 20 ms more.
    """
    start = "-----BEGIN CERTIFICATE-----"
    bundle = Path(sandbox_server.ca_file)
    own = bundle.with_name("own-ca.pem")
    own.write_text(start + bundle.read_text(encoding="utf-8").rpartition(start)[2], encoding="utf-8")
    for name, value in sandbox_server.exports.items():
        if value == str(bundle):
            sandbox_server.exports[name] = str(own)
    return sandbox_server


@pytest.fixture(scope="session", autouse=True)
def _no_token_in_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No file that a test leaves holds a token of the sandbox, except the files made to hold tokens."""
    yield
    assert files_with_secrets(tmp_path_factory.getbasetemp(), HOLDS_SECRETS) == []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.addoption("--long", action="store_true", help="run the long form of tests that have a short form too")
    parser.addoption("--way", choices=WAYS, help="run every task of the collection in this way")


def pytest_configure(config: pytest.Config) -> None:
    """Let plays and the runs of modules take the way of the option."""
    way = config.getoption("--way", None)
    if way:
        os.environ[WAY_VARIABLE] = way


@pytest.fixture
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form of a test is to run."""
    return bool(request.config.getoption("--long"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many cases of the fault matrix ran, which tests record under PROPERTY."""
    matrices = [
        (report.nodeid.partition("[")[2].rstrip("]") or report.nodeid, value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if matrices:
        terminalreporter.section(PROPERTY)
        for kind, (cases, failed) in matrices:
            terminalreporter.write_line(f"{kind}: {cases} cases, {failed} runs failed and the next runs healed them")
        terminalreporter.write_line(f"all: {sum(cases for _kind, (cases, _failed) in matrices)} cases")
