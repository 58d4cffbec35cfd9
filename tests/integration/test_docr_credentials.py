# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_credentials against the sandbox: the file, the note, the tokens, each read back by a second path."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from docr_sandbox.testing import Sandbox
from support.image_host import minted, push_index
from support.login_module import (
    CHECK,
    LIST,
    MINT,
    NOON,
    REVOKE,
    TOKEN_MARKS,
    alive,
    aside,
    config,
    entry,
    fingerprint,
    login,
    mode,
    note,
    opens,
    revoke,
    run,
    seed,
    steps,
    tokens,
)
from support.modules import writes

OTHERS = (
    '{"psFormat": "x", "auths": {"z.test": {"auth": "ejp6"}, "a.test": {"auth": "YTpi", "email": "ü"}}, '
    '"credHelpers": {"b.test": "ecr-login"}, "aliases": {"builder": "buildx"}}'
)


@pytest.fixture
def path(sandbox: Sandbox, tmp_path: Path) -> Path:
    seed(sandbox)
    return tmp_path / "home" / ".docker" / "config.json"


@pytest.fixture
def lax_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_first_login_is_minted_checked_written_and_noted_and_the_second_run_keeps_it(
    sandbox: Sandbox, path: Path
) -> None:
    first = run(sandbox, path)
    assert sandbox.calls() == [LIST, MINT, *CHECK]
    token = login(sandbox, path)
    assert (first["changed"], steps(first)) == (True, ["log_in"])
    assert [one["is_this_login"] for one in first["credentials"].pop("clients")] == [True, True]
    assert first["credentials"] == {
        "registry": "kiwi",
        "host": sandbox.registry_host,
        "path": str(path),
        "read_write": False,
        "fingerprint": fingerprint(token),
        "minted_at": NOON,
        "expires_at": "2031-05-06T13:30:00Z",
    }
    assert config(path) == {"auths": {sandbox.registry_host: entry(token)}}
    (minted_one,) = minted(sandbox)
    assert minted_one["expires_at"].startswith("2031-05-06T13:30:00")
    assert "registry:update" not in minted_one["scopes"]

    sandbox.clear_log()
    before = path.stat()
    second = run(sandbox, path)
    second["credentials"].pop("clients")
    assert (second["changed"], second["actions"], second["credentials"]) == (False, [], first["credentials"])
    assert sandbox.calls() == [LIST, *CHECK]
    assert path.stat() == before


def test_file_folder_and_note_are_private_and_the_note_holds_no_token(
    sandbox: Sandbox, path: Path, lax_umask: None
) -> None:
    run(sandbox, path, read_write=True)
    assert (mode(path), mode(path.parent)) == ("0600", "0700")
    assert mode(path.with_name("config.json.docr.json")) == "0600"
    assert sorted(one.name for one in path.parent.iterdir()) == ["config.json", "config.json.docr.json"]
    assert not any(mark in note(path) for mark in TOKEN_MARKS)
    (noted,) = json.loads(note(path))["hosts"][sandbox.registry_host]["credentials"]
    assert noted == {
        "registry": "kiwi",
        "read_write": True,
        "fingerprint": fingerprint(login(sandbox, path)),
        "minted_at": NOON,
        "expires_at": "2031-05-06T13:30:00Z",
        "retired_at": None,
    }


def test_a_file_that_others_could_read_becomes_private_also_where_the_login_stays(
    sandbox: Sandbox, path: Path, lax_umask: None
) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(OTHERS, encoding="utf-8")
    path.chmod(0o644)
    run(sandbox, path)
    assert mode(path) == "0600"
    path.chmod(0o664)
    predicted = run(sandbox, path, check=True)
    assert mode(path) == "0664"
    done = run(sandbox, path)
    assert (mode(path), steps(done), len(minted(sandbox))) == ("0600", ["protect_file"], 1)
    assert predicted == done
    assert run(sandbox, path)["changed"] is False


def test_all_other_content_of_the_file_keeps_its_order(sandbox: Sandbox, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(OTHERS, encoding="utf-8")
    run(sandbox, path)
    expected = json.loads(OTHERS)
    expected["auths"][sandbox.registry_host] = entry(login(sandbox, path))
    assert json.dumps(config(path)) == json.dumps(expected)
    run(sandbox, path, state="absent")
    assert json.dumps(config(path)) == json.dumps(json.loads(OTHERS))
    assert [one.name for one in path.parent.iterdir()] == ["config.json"]


def test_a_symbolic_link_is_followed_and_stays(sandbox: Sandbox, path: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "docker.json"
    path.parent.mkdir(parents=True)
    path.symlink_to(real)
    result = run(sandbox, path)
    assert path.is_symlink()
    assert (result["credentials"]["path"], mode(real)) == (str(real), "0600")
    assert real.with_name("docker.json.docr.json").exists()
    assert run(sandbox, real)["changed"] is False
    run(sandbox, path, state="absent")
    assert (path.is_symlink(), real.exists()) == (True, False)


@pytest.mark.parametrize("with_variable", [False, True])
def test_without_a_path_it_is_the_file_that_docker_reads(
    sandbox: Sandbox, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_variable: bool
) -> None:
    monkeypatch.setenv("HOME", str(path.parent.parent))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    if with_variable:
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "own"))
    expected = tmp_path / "own" / "config.json" if with_variable else path
    assert run(sandbox, None)["credentials"]["path"] == str(expected)
    assert list(tokens(expected)) == [sandbox.registry_host]


def test_a_login_with_less_time_than_the_longest_push_is_replaced_and_running_pushes_continue(
    sandbox: Sandbox, path: Path
) -> None:
    run(sandbox, path, read_write=True)
    first = login(sandbox, path)
    sandbox.advance(50 * 60 - 9)
    assert run(sandbox, path, read_write=True)["changed"] is False
    sandbox.advance(10)
    predicted = run(sandbox, path, read_write=True, check=True)
    done = run(sandbox, path, read_write=True)
    assert predicted["actions"] == done["actions"]
    assert "expires at 2031-05-06T13:30:00Z, and a push may take 40m" in done["actions"][0]["message"]
    second = login(sandbox, path)
    assert done["credentials"]["expires_at"] == "2031-05-06T14:20:01Z"
    assert (aside(sandbox, path), opens(sandbox, first), opens(sandbox, second)) == ([first], True, True)
    push_index(sandbox, "kiwi/team/app", "v3", login=first)
    # It ends by itself, and nobody has to do anything about it.
    sandbox.advance(40 * 60)
    assert run(sandbox, path, read_write=True)["changed"] is False
    assert alive(sandbox) == [fingerprint(second)[:12]]
    sandbox.advance(60 * 60)
    run(sandbox, path, read_write=True)
    assert aside(sandbox, path) == []


def test_a_credential_that_was_replaced_early_is_revoked_after_the_longest_push(sandbox: Sandbox, path: Path) -> None:
    options: dict[str, Any] = {"expires_in": "5h", "longest_push": "25m"}
    run(sandbox, path, read_write=True, **options)
    first = login(sandbox, path)
    done = run(sandbox, path, **options)
    assert "since the current login can push" in done["actions"][0]["message"]
    second = login(sandbox, path)
    assert opens(sandbox, first)
    sandbox.advance(25 * 60 - 9)
    assert run(sandbox, path, **options)["changed"] is False
    sandbox.advance(9)
    sandbox.clear_log()
    predicted = run(sandbox, path, check=True, **options)
    assert writes(sandbox) == []
    done = run(sandbox, path, **options)
    assert predicted == done
    assert (steps(done), writes(sandbox)) == (["revoke_credentials"], [REVOKE])
    assert (tokens(path), opens(sandbox, first)) == ({sandbox.registry_host: second}, False)
    assert run(sandbox, path, **options)["changed"] is False


def test_a_credential_that_lives_longer_than_expires_in_is_replaced(sandbox: Sandbox, path: Path) -> None:
    run(sandbox, path, expires_in="20h")
    done = run(sandbox, path)
    assert "since the current login expires at 2031-05-07T08:00:00Z, which is too late" in done["actions"][0]["message"]
    assert done["credentials"]["expires_at"] == "2031-05-06T13:30:00Z"


def test_a_login_that_was_revoked_elsewhere_is_replaced_and_removed(sandbox: Sandbox, path: Path) -> None:
    run(sandbox, path)
    first = login(sandbox, path)
    revoke(sandbox, first)
    predicted = run(sandbox, path, check=True)
    assert writes(sandbox) == []
    done = run(sandbox, path)
    assert predicted["actions"] == done["actions"]
    assert done["actions"][0]["message"].endswith("since the image host does not accept the current login")
    assert list(tokens(path)) == [sandbox.registry_host]
    assert alive(sandbox) == [fingerprint(login(sandbox, path))[:12]]


def test_a_read_write_login_pushes_and_a_read_only_one_pulls_and_is_refused_a_push(
    sandbox: Sandbox, path: Path
) -> None:
    run(sandbox, path, read_write=True)
    *_images, index = push_index(sandbox, "kiwi/team/app", "v3", login=login(sandbox, path))
    run(sandbox, path)
    reader = login(sandbox, path)
    query = {"scope": "repository:kiwi/team/app:pull"}
    bearer = requests.get(
        f"{sandbox.url}/v2/registry/auth", params=query, auth=(reader, reader), verify=sandbox.ca_file, timeout=9
    ).json()["token"]
    pulled = requests.get(
        f"https://{sandbox.registry_host}/v2/kiwi/team/app/manifests/v3",
        headers={"Authorization": f"Bearer {bearer}"},
        verify=sandbox.ca_file,
        timeout=9,
    )
    assert (pulled.status_code, pulled.headers["Docker-Content-Digest"]) == (200, index)
    with pytest.raises(requests.HTTPError, match="401"):
        push_index(sandbox, "kiwi/team/app", "v4", login=reader)


def test_check_mode_writes_nothing_mints_nothing_and_predicts(sandbox: Sandbox, path: Path) -> None:
    predicted = run(sandbox, path, read_write=True, check=True)
    assert (writes(sandbox), minted(sandbox), path.parent.parent.exists()) == ([], [], False)
    done = run(sandbox, path, read_write=True)
    unknown = {"fingerprint": None, "minted_at": None, "expires_at": None}
    assert predicted == done | {"credentials": done["credentials"] | unknown}
    assert done["diff"] == {
        "before": {"path": str(path), "mode": None, "login": None},
        "after": {
            "path": str(path),
            "mode": "0600",
            "login": {
                "registry": "kiwi",
                "read_write": True,
                "fingerprint": "new",
                "expires_at": "1h30m after its minting",
            },
        },
    }


@pytest.mark.parametrize("client", ["docker", "podman"])
def test_the_result_names_the_login_that_each_client_uses(
    sandbox: Sandbox, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    monkeypatch.setenv("HOME", str(path.parent.parent))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps({"auths": {sandbox.registry_host: entry("other")}}))
    runtime = tmp_path / "run" / "containers" / "auth.json"
    if client == "docker":
        runtime.parent.mkdir(parents=True)
        runtime.write_text(json.dumps({"auths": {sandbox.registry_host: entry("other")}}), encoding="utf-8")
    result = run(sandbox, None, client=client)
    host = sandbox.registry_host
    assert result["credentials"]["clients"] == [
        {"clients": "docker", "source": "DOCKER_AUTH_CONFIG", "entry": host, "is_this_login": False},
        {
            "clients": "podman, skopeo and buildah",
            "source": str(runtime),
            "entry": host,
            "is_this_login": client == "podman",
        },
    ]
    if client == "podman":
        assert (result["credentials"]["path"], result["warnings"]) == (str(runtime), [])
        return
    assert len(result["warnings"]) == 2
    assert f"docker will not use the login of {path}: the entry {host} of DOCKER_AUTH_CONFIG" in result["warnings"][0]
    assert f"podman, skopeo and buildah will not use the login of {path}: the entry {host} of {runtime}" in str(
        result["warnings"][1]
    )


@pytest.mark.parametrize("value", ["~/own", "own"])
def test_a_variable_with_a_path_that_no_client_resolves_alike_is_refused(
    sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", value)
    refused = run(sandbox, None)
    assert f"DOCKER_CONFIG: the environment variable has the relative path {value}, and " in refused["msg"]
    assert sandbox.calls() == []


def test_a_byte_order_mark_is_read_and_not_written(sandbox: Sandbox, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('{"auths": {"z.test": {"auth": "YTpi"}}}', encoding="utf-8-sig")
    assert run(sandbox, path)["changed"] is True
    assert set(tokens(path)) == {"z.test", sandbox.registry_host}
