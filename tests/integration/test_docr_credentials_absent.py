# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_credentials with the state absent: only the module's credentials are revoked and removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docr_sandbox.testing import Sandbox
from support.login_module import LIST, REVOKE, alive, config, entry, login, revoke, run, seed, steps, tokens
from support.modules import writes


@pytest.fixture
def path(sandbox: Sandbox, tmp_path: Path) -> Path:
    seed(sandbox)
    return tmp_path / "home" / ".docker" / "config.json"


def test_absent_revokes_and_removes_all_credentials_of_the_module(sandbox: Sandbox, path: Path) -> None:
    run(sandbox, path)
    run(sandbox, path, read_write=True)
    assert len(alive(sandbox)) == 2
    sandbox.clear_log()
    predicted = run(sandbox, path, state="absent", check=True)
    assert (writes(sandbox), len(alive(sandbox)), path.exists()) == ([], 2, True)
    done = run(sandbox, path, state="absent")
    assert predicted == done
    assert (done["credentials"], steps(done)) == (None, ["revoke_credentials", "revoke_credentials", "remove_login"])
    assert (writes(sandbox), alive(sandbox), list(path.parent.iterdir())) == ([REVOKE, REVOKE], [], [])
    for check in (False, True):
        again = run(sandbox, path, state="absent", check=check)
        assert (again["changed"], again["actions"], again["credentials"]) == (False, [], None)


def test_absent_keeps_a_file_that_existed_before_the_login(sandbox: Sandbox, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("{}", encoding="utf-8")
    run(sandbox, path)
    run(sandbox, path, state="absent")
    assert config(path) == {"auths": {}}
    assert [one.name for one in path.parent.iterdir()] == ["config.json"]


@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_absent_accepts_a_token_that_has_already_expired(sandbox: Sandbox, path: Path, ended: str) -> None:
    run(sandbox, path)
    token = login(sandbox, path)
    sandbox.clear_log()
    if ended == "expired":
        sandbox.advance(90 * 60)
    else:
        revoke(sandbox, token)
    done = run(sandbox, path, state="absent")
    assert (done["changed"], path.exists(), list(path.parent.iterdir())) == (True, False, [])
    assert sandbox.calls() == ([LIST] if ended == "expired" else [LIST, REVOKE, "GET /v2/account"])


def test_absent_keeps_logins_of_other_registries_and_other_programs(sandbox: Sandbox, path: Path) -> None:
    run(sandbox, path)
    before = path.read_bytes()
    other = run(sandbox, path, registry="plum", state="absent")
    assert (other["changed"], path.read_bytes(), len(alive(sandbox))) == (False, before, 1)
    assert other["notes"] == [
        f"According to its note, {path} holds a login of kiwi for {sandbox.registry_host}. The file is not changed."
    ]
    path.write_text(json.dumps({"auths": {sandbox.registry_host: entry("somebody")}}), encoding="utf-8")
    done = run(sandbox, path, state="absent")
    assert tokens(path) == {sandbox.registry_host: "somebody"}
    assert steps(done) == ["remove_login"]
    assert "was removed from" in done["notes"][0]
    assert "the credential expires at 2031-05-06T13:30:00Z" in done["notes"][0]
    assert "was not written by this module and is left" in done["notes"][1]
    assert run(sandbox, path, state="absent")["changed"] is False
