# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_credentials with a fault at each call: no lost login, and no unknown credential without a message."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.fault_matrix import Scenario, Share, check_matrix, module
from support.image_host import minted
from support.login_module import alive, fingerprint, run, seed, tokens

LOGIN: dict[str, Any] = {"registry": "kiwi", "expires_in": "90m", "longest_push": "40m"}

LONG: dict[str, Any] = {"registry": "kiwi", "expires_in": "30h", "longest_push": "5m", "read_write": True}


def config_file() -> Path:
    return Path(os.environ["DOCKER_CONFIG"]) / "config.json"


def no_login(sandbox: Sandbox) -> None:
    sandbox.reset()
    seed(sandbox)
    shutil.rmtree(config_file().parent, ignore_errors=True)


def old_login(sandbox: Sandbox) -> None:
    """A login that is too old for the longest push, and still good."""
    no_login(sandbox)
    assert run(sandbox, config_file())["changed"]
    sandbox.advance(55 * 60)


def good_login(sandbox: Sandbox) -> None:
    no_login(sandbox)
    assert run(sandbox, config_file())["changed"]


def replaced_login(sandbox: Sandbox) -> None:
    """A login and the one before, which no push needs any more."""
    no_login(sandbox)
    for is_writable in (False, True):
        assert run(sandbox, config_file(), **(LONG | {"read_write": is_writable}))["changed"]
    sandbox.advance(5 * 60)


def known(sandbox: Sandbox) -> set[str]:
    """The good credentials of the file."""
    return {fingerprint(token)[:12] for token in tokens(config_file()).values()} & set(alive(sandbox))


def has_login(sandbox: Sandbox) -> bool:
    """Whether the file has a login, which then must be good."""
    found = tokens(config_file()).get(sandbox.registry_host)
    assert found is None or fingerprint(found)[:12] in known(sandbox)
    return found is not None


def has_login_and_first(sandbox: Sandbox) -> tuple[bool, bool]:
    """Whether the file has a login, and whether the first credential of all is good."""
    return has_login(sandbox), minted(sandbox)[0]["is_valid"]


def strays(sandbox: Sandbox) -> int:
    return len(set(alive(sandbox)) - known(sandbox))


SCENARIOS: Mapping[str, Scenario] = {
    "log in": Scenario(no_login, module("docr_credentials", **LOGIN), has_login, True, strays),
    "renew a login": Scenario(
        old_login, module("docr_credentials", **LOGIN), has_login_and_first, (True, True), strays
    ),
    "revoke the former login": Scenario(
        replaced_login, module("docr_credentials", **LONG), has_login_and_first, (True, False), strays
    ),
    "end a login": Scenario(
        good_login,
        module("docr_credentials", registry="kiwi", state="absent"),
        has_login_and_first,
        (False, False),
        strays,
    ),
}


@pytest.mark.parametrize("kind", SCENARIOS)
def test_fault_is_one_error_and_the_next_run_heals(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    is_long: bool,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "ci"))
    share = Share(list(SCENARIOS).index(kind), len(SCENARIOS))
    check_matrix(sandbox, SCENARIOS[kind], record_property, is_long=is_long, share=share)
