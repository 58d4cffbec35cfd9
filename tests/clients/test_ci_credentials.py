# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image clients with the config file that docr_credentials writes, also while the file holds a replaced login."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clients.conftest import Draw
from support.image_clients import Shell
from support.image_moves import CLIENTS, pulled, push, push_words
from support.modules import run_module


def config_of(shell: Shell) -> Path:
    return shell.home / ".docker" / "config.json"


def log_in(shell: Shell, **options: Any) -> bool:
    """Let the module do it; whether it changed anything."""
    path = str(config_of(shell))
    result = run_module(shell.sandbox, "docr_credentials", registry="plum", path=path, **options)
    assert "failed" not in result, result["msg"]
    return bool(result["changed"])


@pytest.mark.parametrize("client", CLIENTS)
def test_a_read_write_login_can_push_and_a_read_only_login_cannot(
    shell: Shell, draw: Draw, tmp_path: Path, client: str
) -> None:
    image = draw()
    shell.write_docker_config({})
    log_in(shell, read_write=True)
    reference = push(shell, client, image, "plum/team/app")
    log_in(shell)
    assert pulled(shell, client, reference, tmp_path / "pulled") >= set(image.sizes)
    for options in ({}, {"state": "absent"}):
        log_in(shell, **options)
        said = shell.refused(client, *push_words(client, draw("v8", 4), f"{shell.host}/plum/team/app:v8")).lower()
        assert any(word in said for word in ("unauthorized", "denied", "authentication required"))
    assert shell.tags("plum", "team/app") == {"v7": image.digest}


def test_another_client_that_writes_the_file_keeps_the_login_and_the_former_credentials(
    shell: Shell, draw: Draw
) -> None:
    shell.write_docker_config({})
    log_in(shell, read_write=True)
    log_in(shell)
    before = json.loads(config_of(shell).read_text(encoding="utf-8"))["auths"]
    assert len(before) == 2
    shell.run("crane", "auth", "login", "z.test", "--username", "fig", "--password", "date")
    after = json.loads(config_of(shell).read_text(encoding="utf-8"))["auths"]
    assert {key: after[key] for key in before} == before
    assert log_in(shell) is False
    log_in(shell, state="absent")
    assert list(json.loads(config_of(shell).read_text(encoding="utf-8"))["auths"]) == ["z.test"]


def test_a_login_that_a_client_has_written_is_not_replaced(shell: Shell) -> None:
    shell.write_docker_config({})
    shell.run("crane", "auth", "login", shell.host, "--username", "fig", "--password", shell.sandbox.token)
    result = run_module(shell.sandbox, "docr_credentials", registry="plum", path=str(config_of(shell)))
    assert f"its entry {shell.host} was not written by this module" in result["msg"]
    shell.run("crane", "auth", "logout", shell.host)
    assert log_in(shell) is True


def test_skopeo_uses_the_login_that_the_module_names(shell: Shell, draw: Draw, tmp_path: Path) -> None:
    shell.write_docker_config({})
    log_in(shell, read_write=True)
    words = push_words("skopeo", draw(), f"{shell.host}/plum/team/app:v7")
    shell.run("skopeo", *words)
    document = json.loads(config_of(shell).read_text(encoding="utf-8"))
    document["auths"][f"{shell.host}/plum"] = {"auth": "ZmlnOmRhdGU="}
    shell.write_docker_config(document)
    result = run_module(shell.sandbox, "docr_credentials", registry="plum", path=str(config_of(shell)), read_write=True)
    assert result["changed"] is False
    assert f"skopeo and buildah will not use the login of {config_of(shell)}: the entry" in result["warnings"][0]
    assert [one["is_this_login"] for one in result["credentials"]["clients"]] == [True, False]
    assert "authentication required" in shell.refused("skopeo", *words)
    shell.run("crane", "manifest", f"{shell.host}/plum/team/app:v7")
