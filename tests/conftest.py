# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option --long: tests with the marker ``long`` have a short form, which runs without the option."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--long", action="store_true", help="run the long form of tests that have a short form too")


@pytest.fixture
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form of a test is to run."""
    return bool(request.config.getoption("--long"))
