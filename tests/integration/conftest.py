# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that take `way` run in the controller's process, and in their long form also as modules."""

from __future__ import annotations

import pytest

from support.ways import WAYS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that wait longest, so that no process of tests waits for them when the others have ended."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with the fixture `way` in the ways of its form."""
    if "way" in metafunc.fixturenames:
        metafunc.parametrize("way", WAYS if metafunc.config.getoption("--long") else WAYS[:1])
