# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state file: what a restart restores, also after a killed server."""

from __future__ import annotations

import hashlib
import json
import stat
import time
from pathlib import Path

import pytest

from docr_sandbox.failures import CommandError
from docr_sandbox.state_file import SavedState, StateKeeper, read_state
from docr_sandbox.testing import Sandbox, SandboxError
from docr_sandbox.tls import Authority

REGISTRY = {"name": "harbour", "region": "syd1", "subscription_tier_slug": "basic"}

SHOP = {"name": "shop", "repositories": [{"name": "web", "manifests": [{"tags": ["v1"], "size_bytes": 900}]}]}


def _registry_names(sandbox: Sandbox, token: str) -> list[str]:
    status, _, body = sandbox.request("GET", "/v2/registries", token=token)
    assert status == 200, body
    return [registry["name"] for registry in json.loads(body)["registries"]]


def _wait_until(state: Path, text: str) -> None:
    deadline = time.monotonic() + 5
    while text not in state.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, f"{text} never reached the state file"
        time.sleep(0.02)


def test_a_restart_keeps_account_tokens_ca_ports_and_images(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox.start(tmp_path / "first", state_file=state) as first:
        assert first.request("POST", "/v2/registries", REGISTRY)[0] == 201
        minted = first.mint(scopes=["registry:read"])
        first.seed({"tier": "professional", "registries": [SHOP]})
        before = (first.url, first.registry_host, first.token, Path(first.ca_file).read_text())
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    command = ["--state-file", str(state)]
    with Sandbox.start(tmp_path / "second", port=None, arguments=command) as second:
        assert (second.url, second.registry_host, second.token, Path(second.ca_file).read_text()) == before
        assert _registry_names(second, minted) == ["harbour", "shop"]
        content = second.folder.parent / "state.json.content"
        digest = second.account()["registries"][1]["repositories"]["web"]["manifests"].popitem()[0]
        assert f"sha256:{hashlib.sha256((content / digest.replace(':', '-')).read_bytes()).hexdigest()}" == digest


def test_a_server_killed_without_warning_leaves_a_state_file_that_works(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox.start(tmp_path / "first", state_file=state) as first:
        assert first.request("POST", "/v2/registries", REGISTRY)[0] == 201
        _wait_until(state, "harbour")
        first.request("POST", "/v2/registries/validate-name", {"name": "other"})
        first.process.kill()
        first.process.wait()
    with Sandbox.start(tmp_path / "second", state_file=state) as second:
        assert _registry_names(second, second.token) == ["harbour"]


def test_option_port_wins_over_the_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with (
        Sandbox.start(tmp_path / "first", state_file=state) as first,
        Sandbox.start(tmp_path / "second", port=0, state_file=state) as second,
    ):
        assert first.url != second.url


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "JSONDecodeError"),
        ('{"version": 3, "port": 4711', "JSONDecodeError"),
        ("[]", "TypeError"),
        ('{"port": 4711}', "KeyError: 'version'"),
        ('{"version": 3, "port": 4711, "ca": {"certificate": "c"}, "world": {}}', "KeyError: 'key'"),
        ('{"version": 2}', "version 2; this sandbox reads version 3"),
    ],
)
def test_damaged_state_file_is_refused_with_its_path(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)
    with pytest.raises(CommandError, match=reason) as caught:
        read_state(path)
    assert str(path) in str(caught.value)


def test_state_file_with_an_invalid_ca_or_world_stops_the_start(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    authority = Authority.new()
    for saved in (
        SavedState(0, 0, Authority("no certificate", authority.key), {}),
        SavedState(0, 0, authority, {"registries": "nonsense"}),
    ):
        state.write_text(saved.to_json())
        with pytest.raises(SandboxError, match=r"State file .* is damaged .* Delete it to start with an empty account"):
            Sandbox.start(tmp_path / "run", state_file=state)


def test_state_file_is_written_only_after_a_change(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    world = {"registries": ["one"]}
    authority = Authority.new()
    taken = []

    def snapshot() -> SavedState:
        taken.append(1)
        return SavedState(4711, 4712, authority, world)

    keeper = StateKeeper(path, snapshot)
    keeper.save()
    first = path.stat()
    keeper.save()
    assert len(taken) == 1, "no request, so no snapshot"
    keeper.touch()
    keeper.save()
    assert (len(taken), path.stat().st_ino) == (2, first.st_ino)
    world["registries"].append("two")
    keeper.touch()
    keeper.save()
    found = read_state(path)
    assert found is not None
    assert found.world == {"registries": ["one", "two"]}
