# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The env file: its lines, and real clients in a shell that sourced the file."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from docr_sandbox.env_file import Address, exports, write_env_file
from docr_sandbox.testing import Sandbox, read_exports

ADDRESS = Address(
    registry_host="localhost:4712",
    url="https://127.0.0.1:4711",
    revoke_url="https://localhost:4711/v1/oauth/revoke",
    ca_file=Path("/tmp/a folder; it's odd/ca.pem"),
    token="dop_v1_0815",
)


def test_env_file_quotes_folder_names_for_the_shell(tmp_path: Path) -> None:
    write_env_file(tmp_path / "x.env", ADDRESS)
    script = f'set -eu; . "{tmp_path}/x.env"; printf "%s|%s" "$SSL_CERT_FILE" "$DIGITALOCEAN_OAUTH_REVOKE_URL"'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown == f"{ADDRESS.ca_file}|{ADDRESS.revoke_url}"
    assert read_exports(tmp_path / "x.env") == exports(ADDRESS)


def test_env_file_replaces_an_older_file_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    target = tmp_path / "x.env"
    target.write_text("old")
    target.chmod(0o644)
    write_env_file(target, ADDRESS)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["x.env"]


def test_printed_address_hides_the_token() -> None:
    assert ADDRESS.token not in repr(ADDRESS)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"https_proxy": "http://proxy.corp:3128"}, "127.0.0.1,localhost,::1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "localhost, .corp"}, "localhost,.corp,127.0.0.1,::1"),
        ({"ALL_PROXY": "socks5://p:1", "no_proxy": ".corp"}, ".corp,127.0.0.1,localhost,::1"),
    ],
)
def test_no_proxy_is_exported_only_when_a_proxy_is_set(environment: dict[str, str], expected: str | None) -> None:
    found = exports(ADDRESS, environment)
    assert (found.get("NO_PROXY"), found.get("no_proxy")) == (expected, expected)


def _in_sourced_shell(sandbox: Sandbox, script: str) -> str:
    command = f'. "{sandbox.folder}/sandbox.env"; {script}'
    done = subprocess.run(["bash", "-euc", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_in_a_sourced_shell_reaches_the_account(sandbox: Sandbox) -> None:
    script = 'curl -sS --fail -H "Authorization: Bearer $DIGITALOCEAN_ACCESS_TOKEN" "$DIGITALOCEAN_API_URL/v2/account"'
    assert json.loads(_in_sourced_shell(sandbox, script))["account"]["status"] == "active"


def test_python_requests_in_a_sourced_shell_reaches_the_account(sandbox: Sandbox) -> None:
    program = (
        "import os, requests; e = os.environ; "
        "print(requests.get(e['DIGITALOCEAN_API_URL'] + '/v2/registries', "
        "headers={'Authorization': 'Bearer ' + e['DIGITALOCEAN_TOKEN']}).json()['registries'])"
    )
    assert _in_sourced_shell(sandbox, f'{sys.executable} -c "{program}"').strip() == "[]"


def test_the_standard_library_in_a_sourced_shell_reaches_the_control_side(sandbox: Sandbox) -> None:
    program = (
        "import os, urllib.request as u; print(u.urlopen(os.environ['DOCR_SANDBOX_URL'] + '/_sandbox/ready').status)"
    )
    assert _in_sourced_shell(sandbox, f'{sys.executable} -c "{program}"').strip() == "200"
