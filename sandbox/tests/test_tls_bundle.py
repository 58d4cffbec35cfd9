# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA, and the bundle of certificates for clients."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import pytest

from docr_sandbox.tls import Authority, client_bundle


def _certificate() -> str:
    return Authority.new().certificate.strip()


def test_bundle_has_the_certificates_of_each_variable_and_the_sandbox_once(tmp_path: Path) -> None:
    mine, theirs, company = _certificate(), _certificate(), _certificate()
    (tmp_path / "go.pem").write_text(f"# a comment\n{theirs}\n{company}\n")
    (tmp_path / "requests.pem").write_text(f"{company}\n{mine}\n")
    environment = {
        "SSL_CERT_FILE": str(tmp_path / "go.pem"),
        "REQUESTS_CA_BUNDLE": str(tmp_path / "requests.pem"),
        "CURL_CA_BUNDLE": "",
    }
    bundle = client_bundle(mine, environment)
    assert [bundle.count(certificate) for certificate in (mine, theirs, company)] == [1, 1, 1]


def test_the_bundle_holds_the_system_certificates() -> None:
    system = ssl.get_default_verify_paths().openssl_cafile
    if not Path(system).is_file():
        pytest.skip(f"this machine has no {system}")
    first = re.search("-----BEGIN.+?-----END CERTIFICATE-----", Path(system).read_text(), re.DOTALL)
    assert first
    assert first.group() in client_bundle(_certificate(), {})


def test_bundle_ignores_variables_with_a_folder_or_a_missing_file(tmp_path: Path) -> None:
    mine = _certificate()
    environment = {"SSL_CERT_FILE": str(tmp_path), "REQUESTS_CA_BUNDLE": str(tmp_path / "gone.pem")}
    assert mine in client_bundle(mine, environment)


def test_a_restarted_authority_signs_for_clients_of_the_first(tmp_path: Path) -> None:
    first = Authority.new()
    again = Authority(first.certificate, first.key)
    trust = ssl.create_default_context(cadata=first.certificate)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
    server = again.server_context().wrap_bio(outgoing, incoming, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    names = {value for _, value in client.getpeercert()["subjectAltName"]}  # type: ignore[index, str-unpack]
    assert names == {"localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"}


def test_printed_authority_hides_the_key() -> None:
    authority = Authority.new()
    assert "PRIVATE KEY" in authority.key
    assert "PRIVATE KEY" not in repr(authority)


def test_invalid_key_is_refused() -> None:
    with pytest.raises(ValueError, match=r"PEM|key"):
        Authority(_certificate(), "not a key").server_context()
