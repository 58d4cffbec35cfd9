# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_image_info with a fault at each call: what a run does not know, the run says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.fault_matrix import READ_TIMEOUT_S, Scenario, Share, check_matrix
from support.modules import run_module

PLATFORMS = ["linux/amd64", "linux/arm64"]
WEB = {"name": "web", "manifests": [{"tags": ["v1"], "size_bytes": 7000, "platforms": PLATFORMS, "attestations": True}]}
MAIL = {"name": "jobs/mail", "manifests": [{"tags": ["v2"], "size_bytes": 300}, {"size_bytes": 40}]}
TEAM = {"tier": "professional", "registries": [{"name": "kiwi", "region": "syd1", "repositories": [WEB, MAIL]}]}
# An index with two platforms and two attestations, and the two images of the other repository.
WHOLE = {"repositories": 2, "images": 3, "manifests": 7, "untagged_manifests": 5, "damaged": 0}


class Reading:
    """Runs with a cache that is empty before each case, and keeps the last result."""

    def __init__(self, cache: Path, options: Mapping[str, Any]) -> None:
        self._cache, self._options = cache, options
        self._last: Mapping[str, Any] = {}

    def prepare(self, sandbox: Sandbox) -> None:
        """Begin anew."""
        sandbox.reset()
        sandbox.seed(TEAM)
        shutil.rmtree(self._cache, ignore_errors=True)

    def run(self, sandbox: Sandbox) -> Mapping[str, Any]:
        """A result with warnings counts as a failed run, since something is not known."""
        given = {"read_timeout": READ_TIMEOUT_S, "rate_limit_wait": 2, "cache_path": str(self._cache), **self._options}
        self._last = run_module(sandbox, "docr_image_info", registry="kiwi", **given)
        told = self._last.get("warnings", ())
        return {**self._last, "failed": True, "msg": told[0]} if told else self._last

    def look(self, _sandbox: Sandbox) -> object:
        """The numbers of the last result, and what is protected."""
        found = self._last.get("summary", {})
        return {key: found.get(key) for key in WHOLE}, self._last.get("protected", [])


KINDS: Mapping[str, Mapping[str, Any]] = {"list images": {}, "explain a manifest": {"why": [f"sha256:{7:064x}"]}}


@pytest.mark.parametrize("kind", KINDS)
def test_fault_is_one_error_and_the_next_run_is_whole(
    sandbox: Sandbox, tmp_path: Path, kind: str, is_long: bool, record_property: Callable[[str, object], None]
) -> None:
    reading = Reading(tmp_path / "cache", KINDS[kind])
    scenario = Scenario(reading.prepare, reading.run, reading.look, (WHOLE, []))
    share = Share(list(KINDS).index(kind), len(KINDS))
    check_matrix(sandbox, scenario, record_property, is_long=is_long, share=share)
