# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_credentials against a service that refuses or gives wrong answers, and with unusable files."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.image_host import minted, nobody
from support.login_module import (
    LIST,
    MINT,
    REVOKE,
    alive,
    aside,
    entry,
    fingerprint,
    login,
    note,
    opens,
    run,
    seed,
    tokens,
)
from support.modules import writes


@pytest.fixture
def path(sandbox: Sandbox, tmp_path: Path) -> Path:
    seed(sandbox)
    return tmp_path / "ci" / "config.json"


def listing(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir()) if path.parent.exists() else []


def test_a_token_without_the_scope_to_mint_is_an_error_without_leftovers(sandbox: Sandbox, path: Path) -> None:
    token = sandbox.mint(scopes=["registry:read"])
    denied = run(sandbox, path, token=token)
    assert (denied["failed"], denied["changed"], denied["error"]["status"]) == (True, False, 403)
    assert "Could not mint credentials of the registry kiwi: 403" in denied["msg"]
    assert "use a token with the scope registry:read and registry:update" in denied["msg"]
    assert (listing(path), minted(sandbox)) == ([], [])
    # To look, to say what would be done, and to end a login, reading is enough.
    assert run(sandbox, path, token=token, check=True)["changed"] is True
    run(sandbox, path)
    assert run(sandbox, path, token=token)["changed"] is False
    run(sandbox, path, token=token, state="absent")
    assert (listing(path), alive(sandbox)) == ([], [])


@pytest.mark.parametrize(
    "fault",
    [{"status": 500, "after_effect": True}, {"drop": True, "after_effect": True}, {"status": 200, "body": "html"}],
    ids=["500", "dropped", "html"],
)
def test_a_mint_with_a_lost_answer_is_sent_once_and_the_possible_leftover_is_reported_until_it_expires(
    sandbox: Sandbox, path: Path, fault: dict[str, Any]
) -> None:
    sandbox.fault(path="*/docker-credentials", times=9, **fault)
    failed = run(sandbox, path)
    sandbox.clear_faults()
    left = "a credential of kiwi may exist that was minted at about 2031-05-06T12:00:00Z and is valid for 1h30m"
    assert (failed["failed"], sandbox.calls()) == (True, [LIST, MINT])
    assert left in failed["msg"]
    assert "the control panel lists the credential by that time under API, Tokens" in failed["msg"]
    assert listing(path) == ["config.json.docr.json"]
    (warning,) = run(sandbox, path, check=True)["warnings"]
    assert left in warning
    healed = run(sandbox, path)
    assert (healed["warnings"], healed["changed"]) == ([warning], True)
    assert run(sandbox, path)["warnings"] == []
    sandbox.advance(90 * 60)
    assert alive(sandbox) == []


def test_a_mint_that_is_refused_leaves_no_note(sandbox: Sandbox, path: Path) -> None:
    sandbox.fault(path="*/docker-credentials", status=422)
    assert run(sandbox, path)["error"]["status"] == 422
    assert listing(path) == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 401}, "denied"),
        ({"status": 503}, "server_fault"),
        ({"drop": True}, "interrupted"),
        ({"status": 302}, "bad_answer"),
    ],
    ids=str,
)
def test_a_new_credential_that_the_image_host_rejects_is_revoked_and_the_former_login_stays(
    sandbox: Sandbox, path: Path, fault: dict[str, Any], kind: str
) -> None:
    run(sandbox, path)
    before, noted = path.read_bytes(), note(path)
    sandbox.fault(path="/v2/registry/auth", **fault)
    failed = run(sandbox, path, read_write=True)
    assert (failed["failed"], failed["changed"], failed["error"]["kind"]) == (True, False, kind)
    assert failed["msg"].startswith(f"Could not log in to the image host {sandbox.registry_host}")
    assert (path.read_bytes(), note(path)) == (before, noted)
    assert alive(sandbox) == [fingerprint(login(sandbox, path))[:12]]


def test_a_good_login_that_a_gateway_before_the_image_host_denies_is_set_aside_and_revoked_later(
    sandbox: Sandbox, path: Path
) -> None:
    run(sandbox, path)
    first = login(sandbox, path)
    sandbox.fault(path="/v2/registry/auth", status=401)
    assert run(sandbox, path)["changed"] is True
    assert aside(sandbox, path) == [first]
    sandbox.advance(41 * 60)
    assert run(sandbox, path)["actions"][0]["action"] == "revoke_credentials"
    assert alive(sandbox) == [fingerprint(login(sandbox, path))[:12]]


def test_a_credential_that_can_be_neither_checked_nor_revoked_is_kept_for_the_next_run(
    sandbox: Sandbox, path: Path
) -> None:
    run(sandbox, path)
    first = login(sandbox, path)
    sandbox.fault(path="/v2/registry/auth", status=503, times=2)
    sandbox.fault(path="/v1/oauth/revoke", status=503, times=9)
    assert "failed" in run(sandbox, path, read_write=True)
    (left,) = aside(sandbox, path)
    assert (opens(sandbox, left), login(sandbox, path)) == (True, first)
    assert "failed" in run(sandbox, path)
    sandbox.clear_faults()
    healed = run(sandbox, path)
    assert healed["actions"][0]["message"].endswith("which an interrupted run left")
    assert (healed["warnings"], tokens(path)) == ([], {sandbox.registry_host: first})
    assert alive(sandbox) == [fingerprint(first)[:12]]


def test_an_unreachable_image_host_fails_before_the_login_is_written(sandbox: Sandbox, path: Path) -> None:
    failed = run(sandbox, path, registry_host=nobody())
    assert (failed["error"]["kind"], listing(path), alive(sandbox)) == ("unreachable", [], [])


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 403}, {"drop": True}], ids=["500", "403", "dropped"])
def test_a_removal_that_is_not_sure_of_the_revocation_keeps_all(
    sandbox: Sandbox, path: Path, fault: dict[str, Any]
) -> None:
    run(sandbox, path)
    before, noted = path.read_bytes(), note(path)
    sandbox.fault(path="/v1/oauth/revoke", **fault)
    failed = run(sandbox, path, state="absent")
    assert (failed["failed"], failed["error"]["operation"]) == (True, "revoke the credentials that were minted")
    assert (path.read_bytes(), note(path)) == (before, noted)
    assert run(sandbox, path, state="absent")["changed"] is True
    assert (listing(path), alive(sandbox)) == ([], [])


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}], ids=["500", "dropped"])
def test_a_revocation_with_a_lost_answer_is_checked_at_the_image_host(
    sandbox: Sandbox, path: Path, fault: dict[str, Any]
) -> None:
    run(sandbox, path)
    sandbox.fault(path="/v1/oauth/revoke", after_effect=True, **fault)
    sandbox.clear_log()
    done = run(sandbox, path, state="absent")
    assert (done["changed"], writes(sandbox), listing(path), alive(sandbox)) == (True, [REVOKE], [], [])


def while_it_mints(sandbox: Sandbox, path: Path, change: str) -> dict[str, Any]:
    """The result of a run during whose minting another process writes the file."""
    sandbox.fault(path="*/docker-credentials", delay=2)
    results: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: results.append(run(sandbox, path)))
    sandbox.clear_log()
    thread.start()
    while not path.with_name("config.json.docr.json").exists():
        time.sleep(0.02)
    path.write_text(change, encoding="utf-8")
    thread.join()
    return results[0]


def test_a_login_that_docker_writes_for_another_host_at_the_same_time_stays(sandbox: Sandbox, path: Path) -> None:
    done = while_it_mints(sandbox, path, json.dumps({"auths": {"z.test": {"auth": "YTpi"}}, "psFormat": "x"}))
    assert done["changed"] is True
    assert list(tokens(path)) == ["z.test", sandbox.registry_host]


def test_a_login_that_docker_writes_for_the_host_at_the_same_time_stays_and_the_new_credential_is_revoked(
    sandbox: Sandbox, path: Path
) -> None:
    somebody = {"auths": {sandbox.registry_host: entry("somebody")}}
    failed = while_it_mints(sandbox, path, json.dumps(somebody))
    assert (failed["error"]["kind"], failed["changed"]) == ("conflict", False)
    assert f"another program changed its entry {sandbox.registry_host} at the same time" in failed["msg"]
    assert (tokens(path), alive(sandbox)) == ({sandbox.registry_host: "somebody"}, [])
    assert listing(path) == ["config.json"]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b'{"auths": {"z.test": {"auth": "ZG9wX3Yx"}}',
            "as a Docker config: the content is not JSON; fix or remove the file",
        ),
        (b'["ZG9wX3Yx"]', "as a Docker config: the content or its auths is not a JSON object"),
        (b'{"auths": "\xff"}', "the content is not UTF-8"),
    ],
)
def test_an_unreadable_file_stays_unchanged_and_is_not_shown(
    sandbox: Sandbox, path: Path, state: str, content: bytes, message: str
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    failed = run(sandbox, path, state=state)
    assert (failed["error"]["kind"], path.read_bytes(), minted(sandbox)) == ("file_error", content, [])
    assert message in failed["msg"]


def test_an_unreadable_note_stays_unchanged(sandbox: Sandbox, path: Path) -> None:
    run(sandbox, path)
    path.with_name("config.json.docr.json").write_text("{}", encoding="utf-8")
    failed = run(sandbox, path)
    assert (
        f"Could not read the note beside {path}: the content is not a note of this module; remove the note"
        in failed["msg"]
    )
    assert len(minted(sandbox)) == 1


@pytest.mark.parametrize("in_the_way", ["file", "folder", "loop"])
def test_a_path_where_no_file_can_be_fails_before_anything_is_minted(
    sandbox: Sandbox, path: Path, in_the_way: str
) -> None:
    if in_the_way == "file":
        path.parent.write_text("", encoding="utf-8")
    elif in_the_way == "folder":
        path.mkdir(parents=True)
    else:
        path.parent.mkdir()
        path.symlink_to(path)
    failed = run(sandbox, path)
    assert (failed["error"]["kind"], failed["changed"], minted(sandbox)) == ("file_error", False, [])
    assert str(path.parent) in failed["msg"]


def test_leftovers_of_a_killed_run_beside_the_file_are_revoked_and_removed(sandbox: Sandbox, path: Path) -> None:
    run(sandbox, path)
    first = path.read_text(encoding="utf-8")
    run(sandbox, path, read_write=True)
    second = login(sandbox, path)
    # As if the second had been killed before its first change of the file came into place.
    lost = {"auths": {f"{fingerprint(second)}.{sandbox.registry_host.replace(':', '-')}.docr.invalid": entry(second)}}
    path.with_name(".config.json.docr-x.tmp").write_text(json.dumps(lost), encoding="utf-8")
    path.with_name(".config.json.docr-y.tmp").write_bytes(b'{"auths": {"\xc3')
    path.write_text(first, encoding="utf-8")
    predicted = run(sandbox, path, check=True)
    assert len(alive(sandbox)) == 2
    done = run(sandbox, path)
    assert predicted["actions"] == done["actions"]
    assert [one["action"] for one in done["actions"]] == ["revoke_credentials", "remove_temporary_files"]
    assert (listing(path), opens(sandbox, second)) == (["config.json", "config.json.docr.json"], False)
    assert run(sandbox, path)["changed"] is False
