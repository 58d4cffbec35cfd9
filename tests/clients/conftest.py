# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account with two registries, and a command line that is logged in to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docr_sandbox.testing import Sandbox
from support.buildx_images import TwoPlatforms, two_platforms
from support.image_clients import Shell

Draw = Callable[..., TwoPlatforms]


@pytest.fixture
def shell(sandbox: Sandbox, tmp_path: Path) -> Shell:
    """The account's own token may do everything in the registries ``cherry`` and ``plum``."""
    sandbox.seed({"tier": "professional", "registries": [{"name": "cherry"}, {"name": "plum", "region": "syd1"}]})
    return Shell(sandbox, tmp_path).log_in(sandbox.token)


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Makes images on disk; those of two seeds have nothing in common."""

    def make(tag: str = "v7", seed: int = 3) -> TwoPlatforms:
        return two_platforms(tmp_path / f"image-{seed}", tag, seed)

    return make
