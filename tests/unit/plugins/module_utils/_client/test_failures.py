# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of libraries' errors: the innermost cause, without names of classes."""

from __future__ import annotations

import http.client
import socket
import ssl

import pytest
import requests
import urllib3
from azure.core.exceptions import ServiceRequestError
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from ansible_collections.planton.digitalocean.plugins.module_utils._client.failures import (
    cause_words,
    proxy_failure,
    tls_failure,
)

POOL = urllib3.HTTPSConnectionPool("kiwi", 443)
CONNECTION = HTTPConnection("kiwi", 443)
REFUSED = NewConnectionError(CONNECTION, "Failed to establish a new connection: [Errno 111] Connection refused")
TIMED_OUT = ConnectTimeoutError(CONNECTION, "Connection to kiwi timed out. (connect timeout=2)")
TUNNEL = ProxyError(
    "Unable to connect to proxy", OSError("Tunnel connection failed: 407 Proxy Authentication Required")
)
UNTRUSTED = SSLError(ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"))
PLAIN = SSLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1032)"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (REFUSED, "Failed to establish a new connection: Connection refused"),
        (MaxRetryError(POOL, "/v2", REFUSED), "Failed to establish a new connection: Connection refused"),
        (requests.ConnectionError(MaxRetryError(POOL, "/v2", TUNNEL)), "Tunnel connection failed: 407 Proxy"),
        (ProtocolError("aborted", http.client.RemoteDisconnected("Remote end closed")), "Remote end closed"),
        (ProtocolError("broken", http.client.IncompleteRead(b"abc", 97)), "3 bytes read, 97 more expected"),
        (ProtocolError("aborted", ConnectionResetError(104, "Connection reset by peer")), "Connection reset by peer"),
        (ReadTimeoutError(POOL, "/v2", "Read timed out."), "Read timed out."),
        (MaxRetryError(POOL, "/v2", TIMED_OUT), "Connection to kiwi timed out"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (MaxRetryError(POOL, "/v2", PLAIN), "wrong version number"),
    ],
)
def test_words_of_a_cause(error: Exception, words: str) -> None:
    told = cause_words(error)
    assert told.startswith(words)
    assert "Error" not in told
    assert "Connection(" not in told


def test_failure_of_a_proxy_and_of_tls_is_found_at_any_depth() -> None:
    wrapped = ServiceRequestError("x", error=requests.exceptions.ProxyError(MaxRetryError(POOL, "/", TUNNEL)))
    failed = proxy_failure(wrapped, "http://fern:3128")
    assert failed is not None
    assert "the proxy http://fern:3128 refused to connect to the server (Tunnel connection failed: 407" in failed.why
    assert "http://USER:PASSWORD@HOST:PORT" in failed.advice
    assert proxy_failure(REFUSED, None) is None
    assert tls_failure(REFUSED) is None
    found = [tls_failure(MaxRetryError(POOL, "/", one)) for one in (UNTRUSTED, PLAIN)]
    assert [one is not None and one.is_untrusted for one in found] == [True, False]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("self-signed certificate in certificate chain", "its certificate is not trusted"),
        ("Hostname mismatch, certificate is not valid for 'oak'.", "the certificate of the server is for another name"),
        ("IP address mismatch, certificate is not valid for '10.0.0.1'.", "the certificate of the server is for"),
        ("certificate has expired", "the certificate of the server is not valid at this time"),
        ("certificate is not yet valid", "the certificate of the server is not valid at this time"),
        ("CA cert does not include key usage extension", "a certificate lacks an extension that RFC 5280 requires"),
        ("Missing Authority Key Identifier", "a certificate lacks an extension that RFC 5280 requires"),
    ],
)
def test_failure_of_a_certificate_is_named(told: str, why: str) -> None:
    text = f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {told} (_ssl.c:1032)"
    found = tls_failure(MaxRetryError(POOL, "/", SSLError(ssl.SSLCertVerificationError(1, text))))
    assert found is not None
    assert found.why.startswith(why)
    assert found.is_untrusted is why.endswith("not trusted")
