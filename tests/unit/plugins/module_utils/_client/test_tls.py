# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS context of several threads: what urllib3 sets at each connection is set once.

OpenSSL copies the protocols into a new connection while another thread may set the protocols. Of 120,000 connections by
six threads, 8 began with a broken message, so that no test of threads would fail each time.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import trustme

from ansible_collections.planton.digitalocean.plugins.module_utils._client.bounds import bound
from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.connection import open_door
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._client.tls import share
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.kubeconfig import KubeEntry

PROTOCOLS = b"\x00\x09\x08http/1.1"


def hello(context: ssl.SSLContext) -> bytes:
    """The first message of a connection."""
    sent = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname="plum.example.com").do_handshake()
    return sent.read()


def context_of_api_servers() -> ssl.SSLContext:
    told = {
        "server": "https://plum.example.com",
        "certificate-authority-data": base64.b64encode(trustme.CA().cert_pem.bytes()).decode(),
    }
    user = KubeEntry("user", "plum", {"token": "x"})
    door = open_door(KubeEntry("cluster", "plum", told), user, Settings(token=""))
    found: ssl.SSLContext = door.pool.conn_kw["ssl_context"]
    return found


def context_of_sessions() -> ssl.SSLContext:
    adapter = bound(requests.Session(), 7).get_adapter("https://plum.example.com")
    found: ssl.SSLContext = adapter.poolmanager.connection_from_url("https://plum.example.com").conn_kw["ssl_context"]
    return found


@pytest.mark.parametrize("make", [context_of_api_servers, context_of_sessions])
def test_protocols_are_not_set_again(make: Callable[[], ssl.SSLContext]) -> None:
    context = make()
    context.set_alpn_protocols(["h2"])
    assert PROTOCOLS in hello(context)


def test_each_ca_file_is_loaded_once(tmp_path: Path) -> None:
    context = share(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    paths = [tmp_path / "first.pem", tmp_path / "second.pem"]
    for path in paths:
        trustme.CA().cert_pem.write_to_path(str(path))
        context.load_verify_locations(path, None, None)
    assert context.cert_store_stats()["x509_ca"] == 2
    paths[0].unlink()
    context.load_verify_locations(paths[0], None, None)
    with pytest.raises(OSError, match="No such file"):
        context.load_verify_locations(tmp_path / "third.pem", None, None)
