# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control side takes no request of a web page or of another machine, and the CA signs for no other host."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from cryptography import x509

from docr_sandbox.api.http import ApiError, Call
from docr_sandbox.control import tokens
from docr_sandbox.control_guard import ControlGuard
from docr_sandbox.testing import Sandbox
from docr_sandbox.tls import LIFETIME, Authority
from docr_sandbox.world import World


def send(sandbox: Sandbox, path: str, body: bytes, **headers: str) -> int:
    """The status of a POST to the control side with the headers of a page, a script or another machine."""
    address = urlsplit(sandbox.url)
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    connection = http.client.HTTPSConnection(address.hostname or "", address.port, timeout=10, context=context)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request("POST", f"/_sandbox/{path}", body=body, headers=given)
        return connection.getresponse().status
    finally:
        connection.close()


JSON = {"Content_Type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (JSON, 200),
        ({"Content_Type": "application/json; charset=utf-8"}, 200),
        (JSON | {"Host": "127.0.0.1:4711"}, 200),
        (JSON | {"Host": "[::1]"}, 200),
        (JSON | {"Origin": "https://localhost:8080"}, 200),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({}, 415),
        (JSON | {"Origin": "https://example.org"}, 403),
        (JSON | {"Origin": "null"}, 403),
        (JSON | {"Origin": "https://localhost.example.org"}, 403),
        (JSON | {"Host": "example.org"}, 403),
        (JSON | {"Host": "127.0.0.1.example.org:443"}, 403),
        (JSON | {"Host": "192.0.2.7"}, 403),
    ],
)
def test_control_side_takes_json_of_this_machine_only(sandbox: Sandbox, headers: dict[str, str], status: int) -> None:
    before = len(sandbox.control("GET", "tokens")["tokens"])
    assert send(sandbox, "tokens", json.dumps({"scopes": ["registry:read"]}).encode(), **headers) == status
    assert len(sandbox.control("GET", "tokens")["tokens"]) == before + (status == 200)


def test_request_without_a_body_requires_no_type_and_no_page_may_send_the_request(sandbox: Sandbox) -> None:
    assert send(sandbox, "reset", b"") == 200
    assert send(sandbox, "reset", b"", Origin="https://example.org") == 403


@pytest.mark.parametrize(
    ("guard", "peer", "host", "is_allowed"),
    [
        (ControlGuard(), "127.0.0.1", "localhost:1", True),
        (ControlGuard(), "::1", "localhost", True),
        (ControlGuard(), "192.0.2.7", "localhost", False),
        (ControlGuard("sandbox.test"), "127.0.0.1", "sandbox.test:4711", True),
        (ControlGuard("sandbox.test"), "192.0.2.7", "sandbox.test:4711", False),
        (ControlGuard("sandbox.test", is_open=True), "192.0.2.7", "Sandbox.test", True),
        (ControlGuard(is_open=True), "192.0.2.7", "192.0.2.9:4711", True),
        (ControlGuard(is_open=True), "192.0.2.7", "example.org", False),
        (ControlGuard(), "127.0.0.1", "", False),
        (ControlGuard(), "127.0.0.1", "[", False),
    ],
)
def test_other_machines_reach_the_control_side_only_if_asked_for(
    guard: ControlGuard, peer: str, host: str, is_allowed: bool
) -> None:
    scope = {"type": "http", "headers": [(b"host", host.encode())], "client": (peer, 4711)}
    if is_allowed:
        guard.require_allowed(scope, b"")
    else:
        with pytest.raises(ApiError) as refused:
            guard.require_allowed(scope, b"")
        assert refused.value.status == 403


def test_host_of_all_addresses_is_announced_with_a_warning(tmp_path: Path) -> None:
    with Sandbox.start(tmp_path / "open", arguments=["--host", "0.0.0.0"]) as sandbox:
        assert "Warning: --host 0.0.0.0 lets other machines reach this sandbox, not its control side" in sandbox.output
        assert sandbox.control("GET", "ready") == {"ready": True}


def test_tokens_can_be_listed_while_another_thread_mints() -> None:
    world = World()
    call = Call(world, None, "", {}, b"", b"")

    def mint() -> None:
        for _number in range(300):
            world.tokens.mint(scopes=["registry:read"])

    threads = [threading.Thread(target=mint) for _number in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        tokens(call)
        world.dump()
    for thread in threads:
        thread.join()
    assert len(tokens(call)["tokens"]) == 601


def test_authority_signs_for_its_own_names_for_some_days() -> None:
    authority = Authority.new("sandbox.test")
    certificate = x509.load_pem_x509_certificate(authority.certificate.encode())
    assert timedelta(days=13) < certificate.not_valid_after_utc - datetime.now(UTC) <= LIFETIME
    assert (authority.serves(["sandbox.test"]), authority.serves(["other.test"])) == (True, False)
    assert Authority.new().serves(["127.0.0.1"])
    old = trustme.CA()
    assert not Authority(old.cert_pem.bytes().decode(), old.private_key_pem.bytes().decode()).serves(["127.0.0.1"])


@pytest.mark.parametrize(("name", "is_trusted"), [("sandbox.test", True), ("api.digitalocean.com", False)])
def test_clients_refuse_a_certificate_of_the_authority_for_another_host(name: str, is_trusted: bool) -> None:
    authority = Authority.new("sandbox.test")
    signer = trustme.CA.from_pem(authority.certificate.encode(), authority.key.encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    signer.issue_cert(name).configure_cert(context)
    trust = ssl.create_default_context(cadata=authority.certificate)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(incoming, outgoing, server_hostname=name)
    server = context.wrap_bio(outgoing, incoming, server_side=True)
    refused = False
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            refused = "permitted subtree" in str(error)
            break
    assert refused is not is_trusted
