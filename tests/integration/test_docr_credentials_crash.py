# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_credentials killed before each request and each change of a file: the next run succeeds and finds each token."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support import module_server
from support.login_module import MINT, alive, fingerprint, login, mode, run, seed, tokens
from support.modules import PACKAGE

# Kills its own process before the n-th request or change of a file below a folder.
KILLER = """
import os, signal, sys
folder, left = {folder!r}, {number}

def hook(event, args):
    global left
    changes = event in ("tempfile.mkstemp", "os.rename", "os.remove", "os.mkdir", "os.chmod")
    if event == "http.client.send" or changes and (isinstance(args[0], int) or folder in str(args[0])):
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

sys.addaudithook(hook)
"""
MODULE = f"{PACKAGE}.docr_credentials"
OPTIONS = {"registry": "kiwi", "expires_in": "90m", "longest_push": "40m"}


def was_killed(sandbox: Sandbox, path: Path, number: int, **options: Any) -> bool:
    """Run the module and kill it at a point; False where it ended before that."""
    arguments = {"_ansible_remote_tmp": "/tmp", "path": str(path), **OPTIONS, **options}
    killer = KILLER.format(folder=str(path.parent), number=number)
    output, errors = module_server.start(MODULE, arguments, sandbox.environment, killer).wait()
    assert errors == ""
    return output == ""


def stray(sandbox: Sandbox, path: Path) -> set[str]:
    """The living tokens that no run can find in the file."""
    known = {fingerprint(token)[:12] for token in tokens(path).values()}
    return set(alive(sandbox)) - known


def check_healed(sandbox: Sandbox, path: Path, healed: dict[str, Any], lost: set[str]) -> None:
    """All is as if nobody had been killed, but for one token that was minted in that instant, which is told."""
    assert "failed" not in healed, healed["msg"]
    assert len(lost) <= 1
    if lost:
        (warning,) = healed["warnings"]
        assert warning.startswith("A run ended while it minted a credential, so a credential of kiwi may exist that")
        assert "the control panel lists the credential by that time" in warning
    assert sorted(one.name for one in path.parent.iterdir()) == ["config.json", "config.json.docr.json"]
    assert mode(path) == "0600"
    assert fingerprint(login(sandbox, path))[:12] in alive(sandbox)


@pytest.fixture
def folder(sandbox: Sandbox, tmp_path: Path) -> Path:
    seed(sandbox)
    return tmp_path


def test_after_a_first_login_killed_at_any_call_the_next_run_succeeds(sandbox: Sandbox, folder: Path) -> None:
    before: set[str] = set()
    losses = points = 0
    for points in count():
        path = folder / str(points) / "config.json"
        if not was_killed(sandbox, path, points):
            break
        healed = run(sandbox, path)
        lost = stray(sandbox, path) - before
        check_healed(sandbox, path, healed, lost)
        assert mode(path.parent) == "0700"
        losses += len(lost)
        before = set(alive(sandbox))
    assert points > 16
    assert losses == 2  # before the file that is to hold it is opened, and before it is written


def test_a_renewal_killed_at_any_call_keeps_a_valid_login_and_the_next_run_succeeds(
    sandbox: Sandbox, folder: Path
) -> None:
    path = folder / "config.json"
    run(sandbox, path)
    before: set[str] = set()
    losses = points = 0
    for points in count():
        sandbox.advance(55 * 60)
        if not was_killed(sandbox, path, points):
            break
        assert fingerprint(login(sandbox, path))[:12] in alive(sandbox)
        healed = run(sandbox, path)
        lost = stray(sandbox, path) - before
        check_healed(sandbox, path, healed, lost)
        losses += len(lost)
        before = stray(sandbox, path)
    assert points > 14
    assert losses == 2


def test_a_revocation_killed_anywhere_is_finished_by_the_next_run(sandbox: Sandbox, folder: Path) -> None:
    path = folder / "config.json"
    options = {"expires_in": "30h", "longest_push": "5m"}
    points = 0
    run(sandbox, path, **options)
    for points in count():
        kind: dict[str, Any] = {**options, "read_write": points % 2 == 0}
        run(sandbox, path, **kind)
        sandbox.advance(5 * 60)
        if not was_killed(sandbox, path, points, **kind):
            break
        check_healed(sandbox, path, run(sandbox, path, **kind), stray(sandbox, path))
        assert set(tokens(path)) == {sandbox.registry_host}
    assert points > 6


def test_a_removal_killed_anywhere_is_finished_by_the_next_run(sandbox: Sandbox, folder: Path) -> None:
    path = folder / "config.json"
    points = 0
    for points in count():
        run(sandbox, path)
        run(sandbox, path, read_write=True)
        if not was_killed(sandbox, path, points, state="absent"):
            break
        healed = run(sandbox, path, state="absent")
        assert "failed" not in healed, healed["msg"]
        assert (alive(sandbox), list(path.parent.iterdir())) == ([], [])
    assert points > 6
    assert (alive(sandbox), list(path.parent.iterdir())) == ([], [])


def test_started_five_times_at_once_one_mints_and_the_others_use_it(sandbox: Sandbox, folder: Path) -> None:
    path = folder / "config.json"
    with ThreadPoolExecutor(5) as pool:
        results = [one.result() for one in [pool.submit(run, sandbox, path) for _run in range(5)]]
    assert sorted(one["changed"] for one in results) == [False] * 4 + [True]
    assert len({one["credentials"]["fingerprint"] for one in results}) == 1
    assert (sandbox.calls().count(MINT), len(alive(sandbox))) == (1, 1)
