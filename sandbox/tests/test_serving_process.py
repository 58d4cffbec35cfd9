# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real server process: its start, its answers and its end."""

from __future__ import annotations

import email.utils
import http.client
import signal
import socket
import ssl
import stat
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from docr_sandbox.testing import Sandbox


def _connect(sandbox: Sandbox, host: str | None = None) -> http.client.HTTPSConnection:
    address = urllib.parse.urlsplit(sandbox.url)
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    return http.client.HTTPSConnection(host or str(address.hostname), address.port, timeout=10, context=context)


def test_serve_prints_its_addresses_and_files(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    started = time.monotonic()
    with Sandbox.start(tmp_path) as sandbox:
        record_property("start_to_first_answer_s", round(time.monotonic() - started, 2))
        ca_file = tmp_path / "sandbox-ca.pem"
        assert sandbox.output.splitlines() == [
            f"docr-sandbox listens on {sandbox.url}, for images on {sandbox.registry_host} (CA file {ca_file})",
            f"Point this shell's clients at it: source {tmp_path}/sandbox.env",
        ]
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert (modes["sandbox.env"], modes["sandbox-ca.pem"]) == (0o600, 0o644)
        assert "PRIVATE" not in Path(sandbox.ca_file).read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_while_clients_are_connected(
    tmp_path: Path, number: signal.Signals, record_property: Callable[[str, object], None]
) -> None:
    with Sandbox.start(tmp_path) as sandbox:
        kept_alive = _connect(sandbox)
        kept_alive.request("GET", "/_sandbox/ready")
        kept_alive.getresponse().read()
        half_open = socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])))
        asked = time.monotonic()
        sandbox.process.send_signal(number)
        status = sandbox.process.wait(5)
        record_property("signal_to_end_s", round(time.monotonic() - asked, 2))
        assert status == 0
        assert "rror" not in sandbox.output
        kept_alive.close()
        half_open.close()


def test_every_answer_has_one_date_header_with_the_sandbox_clock(sandbox: Sandbox) -> None:
    sandbox.set_clock("2031-05-06T07:08:09Z")
    connection = _connect(sandbox)
    connection.request("GET", "/v2/account", headers={"Authorization": f"Bearer {sandbox.token}"})
    dates = connection.getresponse().headers.get_all("Date") or []
    connection.close()
    assert len(dates) == 1
    assert email.utils.parsedate_to_datetime(dates[0]).isoformat()[:18] == "2031-05-06T07:08:0"


def test_the_revoke_address_is_on_another_host_name_and_answers(sandbox: Sandbox) -> None:
    address = urllib.parse.urlsplit(sandbox.revoke_url)
    assert (address.hostname, urllib.parse.urlsplit(sandbox.url).hostname) == ("127.0.0.1", "localhost")
    token = sandbox.mint(scopes=["registry:read"])
    connection = _connect(sandbox, address.hostname)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", address.path, f"token={token}", headers)
    assert connection.getresponse().status == 200
    connection.close()
    assert sandbox.request("GET", "/v2/registries", token=token)[0] == 401


def test_serve_listens_on_the_given_host(tmp_path: Path) -> None:
    with Sandbox.start(tmp_path, arguments=["--host", "localhost"]) as sandbox:
        assert sandbox.url.startswith("https://localhost:")
        assert sandbox.revoke_url.startswith("https://127.0.0.1:")
        assert sandbox.control("GET", "ready") is not None


def test_ca_file_without_an_env_file_is_deleted_at_the_end(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox.start(tmp_path / "run", state_file=state) as sandbox:
        assert Path(sandbox.ca_file).is_file()
    assert Path(sandbox.ca_file).is_file(), "a CA file beside an env file stays, since a restart may use it"
