# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_credentials refuses files of other programs, leaves the files unchanged, and gives the fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.image_host import minted
from support.login_module import LIST, login, opens, run, seed


@pytest.fixture
def path(sandbox: Sandbox, tmp_path: Path) -> Path:
    seed(sandbox)
    return tmp_path / "home" / ".docker" / "config.json"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"credsStore": "desktop"}, "its credsStore makes Docker keep the login of"),
        ({"credHelpers": {"HOST": "pass"}}, "its credHelpers makes Docker keep the login of"),
        ({"auths": {"HOST": {"auth": "YTpi"}}}, "was not written by this module"),
        ({"auths": {"https://HOST/v2/": {"auth": "YTpi"}}}, "was not written by this module"),
        ({"auths": {"HOST": {"identitytoken": "x"}}}, "was not written by this module"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_a_file_that_docker_would_not_read_or_that_has_another_login_is_refused_and_untouched(
    sandbox: Sandbox, path: Path, document: dict[str, Any], message: str, check: bool
) -> None:
    path.parent.mkdir(parents=True)
    text = json.dumps(document).replace("HOST", sandbox.registry_host)
    path.write_text(text, encoding="utf-8")
    refused = run(sandbox, path, check=check)
    assert (refused["failed"], refused["changed"], refused["error"]["kind"]) == (True, False, "invalid_input")
    assert message in refused["msg"]
    assert "set another path, and set DOCKER_CONFIG to its folder" in refused["msg"]
    assert (path.read_text(encoding="utf-8"), minted(sandbox)) == (text, [])
    assert [one.name for one in path.parent.iterdir()] == ["config.json"]


def test_a_path_that_leads_to_no_file_is_told_to_be_no_file(sandbox: Sandbox, path: Path, tmp_path: Path) -> None:
    path.mkdir(parents=True)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    for wrong in (path, tmp_path / "loop", tmp_path / "file" / "config.json", Path("/dev/full")):
        assert "; name a file in a folder with path, or with" in run(sandbox, wrong)["msg"]
    assert minted(sandbox) == []


def test_a_second_registry_is_refused_in_the_same_file_and_accepted_in_another_file(
    sandbox: Sandbox, path: Path
) -> None:
    run(sandbox, path)
    before = path.read_bytes()
    refused = run(sandbox, path, registry="plum")
    assert f"it holds a login of kiwi for {sandbox.registry_host}" in refused["msg"]
    assert "or remove the login with state=absent and registry=kiwi" in refused["msg"]
    assert (path.read_bytes(), len(minted(sandbox))) == (before, 1)
    other = path.with_name("plum.json")
    assert run(sandbox, other, registry="plum")["credentials"]["registry"] == "plum"
    run(sandbox, path, state="absent")
    assert run(sandbox, path, registry="plum")["changed"] is True


def test_after_a_logout_by_docker_there_is_a_login_again(sandbox: Sandbox, path: Path) -> None:
    run(sandbox, path)
    path.write_text(json.dumps({"auths": {sandbox.registry_host: {}}}), encoding="utf-8")
    done = run(sandbox, path)
    assert done["changed"] is True
    assert "was removed from" in done["notes"][0]
    assert opens(sandbox, login(sandbox, path))
    assert run(sandbox, path)["notes"] == []


def test_a_missing_registry_is_an_error_before_any_write(sandbox: Sandbox, path: Path) -> None:
    for check in (True, False):
        refused = run(sandbox, path, registry="fig", check=check)
        assert refused["msg"] == "Nothing was changed: registry: the team has no registry fig; the team has kiwi, plum."
    assert (sandbox.calls(), path.parent.exists()) == ([LIST, LIST], False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"expires_in": "40m"},
            "expires_in: 40m is no longer than longest_push, 40m; a credential must be valid for longer than a push",
        ),
        ({"expires_in": "soon"}, "expires_in: 'soon' is not a duration"),
        ({"longest_push": "90"}, "longest_push: '90' is not a duration"),
        ({"registry": "Kiwi"}, "registry: 'Kiwi' is not a registry name"),
        ({"path": "config.json"}, "path: config.json is relative"),
    ],
)
def test_wrong_options_are_errors_before_any_call(
    sandbox: Sandbox, path: Path, options: dict[str, Any], message: str
) -> None:
    given = dict(options)
    place = Path(given.pop("path", path))
    assert message in run(sandbox, place, **given)["msg"]
    assert sandbox.calls() == []
