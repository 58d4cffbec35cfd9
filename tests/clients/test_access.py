# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The permissions of clients, and what clients print when a permission is missing."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from clients.conftest import Draw
from docr_sandbox.testing import Sandbox
from support.image_clients import Shell
from support.image_moves import CLIENTS, push, push_words
from support.login_module import revoke

LOGIN = {
    "crane": ("auth", "login"),
    "regctl": ("registry", "login"),
    "oras": ("login", "--plain-http=false"),
    "skopeo": ("login",),
    "cosign": ("login",),
    "helm": ("registry", "login"),
}


def log_in_words(client: str, host: str, token: str) -> list[str]:
    user = "--user" if client == "regctl" else "--username"
    word = "--pass" if client == "regctl" else "--password"
    return [*LOGIN[client], host, user, token, word, token]


def token_of(credentials: dict[str, Any]) -> str:
    (entry,) = credentials["auths"].values()
    user, _colon, password = base64.b64decode(entry["auth"]).decode().partition(":")
    assert user == password
    return user


@pytest.mark.parametrize("client", ["regctl", "oras", "skopeo", "helm"])
def test_a_login_is_tried_on_the_host_before_it_is_kept(shell: Shell, client: str) -> None:
    shell.write_docker_config({})
    shell.run(client, *log_in_words(client, shell.host, shell.sandbox.token))
    refused = shell.refused(client, *log_in_words(client, shell.host, "dop_v1_of_nobody")).lower()
    assert "unauthorized" in refused or "invalid username/password" in refused


@pytest.mark.parametrize("client", CLIENTS)
def test_minted_credentials_for_reading_pull_but_do_not_push(shell: Shell, draw: Draw, client: str) -> None:
    image = draw()
    reference = push(shell, client, image, "plum/app")
    shell.write_docker_config(shell.credentials("plum", read_write=False))
    assert image.digest in shell.run("crane", "digest", reference)
    said = shell.refused(client, *push_words(client, draw("v8", 4), f"{shell.host}/plum/app:v8")).lower()
    assert "unauthorized" in said or "denied" in said
    assert shell.tags("plum", "app") == {"v7": image.digest}


def test_minted_credentials_for_writing_end_with_their_time_and_when_they_are_revoked(shell: Shell, draw: Draw) -> None:
    shell.log_in(token_of(shell.credentials("plum", read_write=True, expiry_seconds=7200)))
    reference = push(shell, "oras", draw(), "plum/app")
    shell.sandbox.advance(7300)
    assert "unauthorized" in shell.refused("crane", "digest", reference).lower()

    token = token_of(shell.credentials("plum", read_write=True))
    shell.log_in(token).run("crane", "tag", reference, "kept")
    revoke(shell.sandbox, token)
    assert "unauthorized" in shell.refused("crane", "tag", reference, "late").lower()
    assert set(shell.tags("plum", "app")) == {"v7", "kept"}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_repository_beyond_the_tier_is_refused_in_the_hosts_own_words(
    sandbox: Sandbox, tmp_path: Path, draw: Draw, client: str
) -> None:
    sandbox.seed({"tier": "starter", "registries": [{"name": "quince"}]})
    shell = Shell(sandbox, tmp_path).log_in(sandbox.token)
    image = draw()
    push(shell, client, image, "quince/first")
    said = shell.refused(client, *push_words(client, image, f"{shell.host}/quince/second:v7"))
    assert "registry contains 1 repositories, limit is 1" in said
    assert set(shell.repositories("quince")) == {"first"}
    push(shell, client, draw("v8", 4), "quince/first")
