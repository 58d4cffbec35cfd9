# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command says when it cannot do what was asked."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from docr_sandbox.testing import Sandbox


def _run(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "docr_sandbox", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=environment,
    )


def _refusal(*arguments: str, environment: dict[str, str] | None = None) -> str:
    done = _run(*arguments, environment=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    return done.stderr.removeprefix("docr-sandbox: ").rstrip("\n")


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert _refusal("serve", "--port", str(port)) == (
            f"Port {port} on 127.0.0.1 is taken: give another --port, or 0 for a free one."
        )


def test_a_host_that_is_not_ours_is_refused() -> None:
    assert _refusal("serve", "--host", "192.0.2.7").startswith("Cannot listen on 192.0.2.7 port 0: ")


@pytest.mark.parametrize("port", ["-1", "65536", "https", "8.5"])
def test_a_port_that_is_none_is_a_wrong_command_line(port: str) -> None:
    done = _run("serve", f"--port={port}")
    assert done.returncode == 2
    assert f"{port!r} is not a port" in done.stderr


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no" / "sandbox.env"
    expected = f"Cannot write {path.with_name('sandbox-ca.pem')}: No such file or directory."
    assert _refusal("serve", "--env-file", str(path)) == expected


def test_a_description_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text('{"paths": []}')
    assert str(path) in _refusal("serve", "--openapi", str(path))


def test_seeding_without_a_sandbox_says_how_to_name_one(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text("registries: []")
    assert _refusal("seed", str(path), environment={}) == (
        "No sandbox named: source the env file of docr-sandbox serve, or give --url and --ca."
    )


def test_seeding_a_sandbox_that_is_gone_says_so(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text("registries: []")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    refusal = _refusal("seed", str(path), "--url", f"https://127.0.0.1:{port}")
    assert refusal.startswith(f"Cannot reach the sandbox at https://127.0.0.1:{port}: ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("registries: [", "is not YAML: while parsing"),
        ("- a\n- b", "must be a mapping"),
        ("", "must be a mapping"),
    ],
)
def test_a_seed_file_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(content)
    refusal = _refusal("seed", str(path), "--url", "https://127.0.0.1:1")
    assert words in refusal
    assert "\n" not in refusal


def test_all_faults_of_a_seed_file_are_told_at_once(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(json.dumps({"registries": [{"name": "plum", "size": 3}, {"region": "nyc3"}], "clutsers": []}))
    refusal = _refusal("seed", str(path), environment=sandbox.environment)
    assert refusal.count("\n- ") == 3
    assert "clutsers" in refusal
    assert sandbox.account()["registries"] == []


def test_the_sample_seed_file_fills_an_account(sandbox: Sandbox) -> None:
    sample = Path(__file__).parents[1] / "examples" / "seed.yaml"
    done = _run("seed", str(sample), environment=sandbox.environment)
    assert (done.returncode, done.stdout) == (0, f"Seeded from {sample}.\n")
    answer = json.loads(sandbox.request("GET", "/v2/kubernetes/clusters")[2])
    assert len(answer["kubernetes_clusters"]) == 2
