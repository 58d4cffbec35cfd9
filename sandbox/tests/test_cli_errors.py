# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of the command."""

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


def test_port_in_use_is_reported_with_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert _refusal("serve", "--port", str(port)) == (
            f"Port {port} on 127.0.0.1 is in use: give another --port, or 0 for a free port."
        )


def test_address_of_another_machine_is_refused() -> None:
    assert _refusal("serve", "--host", "192.0.2.7").startswith("Cannot listen on 192.0.2.7 port 0: ")


@pytest.mark.parametrize("port", ["-1", "65536", "https", "8.5"])
def test_invalid_port_is_a_usage_error(port: str) -> None:
    done = _run("serve", f"--port={port}")
    assert done.returncode == 2
    assert f"{port!r} is not a port" in done.stderr


def test_missing_folder_is_reported_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "no" / "sandbox.env"
    expected = f"Cannot write {path.with_name('sandbox-ca.pem')}: No such file or directory."
    assert _refusal("serve", "--env-file", str(path)) == expected


def test_invalid_openapi_description_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text('{"paths": []}')
    assert str(path) in _refusal("serve", "--openapi", str(path))


def test_seed_without_an_address_names_the_options(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text("registries: []")
    assert _refusal("seed", str(path), environment={}) == (
        "The sandbox's URL is missing: source the env file of docr-sandbox serve, or give --url and --ca."
    )


def test_seed_reports_an_unreachable_sandbox(tmp_path: Path) -> None:
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
def test_unreadable_seed_file_gives_an_error_of_one_line(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(content)
    refusal = _refusal("seed", str(path), "--url", "https://127.0.0.1:1")
    assert words in refusal
    assert "\n" not in refusal


def test_seed_reports_all_errors_of_its_file_together(tmp_path: Path, sandbox: Sandbox) -> None:
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
