# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's own certificate authority, the server's certificate, and the CA bundle that clients get."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import trustme

SERVER_NAMES = ("localhost", "127.0.0.1", "::1")

# Variables that users set for a CA of their own; the bundle of the sandbox must still hold that CA.
_BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Authority:
    """A CA as PEM texts. ``key`` is secret."""

    certificate: str
    key: str = field(repr=False)

    @classmethod
    def new(cls) -> Authority:
        """Make a CA with a fresh key."""
        made = trustme.CA(organization_name="docr-sandbox")
        return cls(made.cert_pem.bytes().decode(), made.private_key_pem.bytes().decode())

    def server_context(self, *further_names: str) -> ssl.SSLContext:
        """A server's TLS context with a fresh certificate for ``SERVER_NAMES`` and ``further_names``.

        Raises ``ValueError`` when the PEM texts are not a CA and its key.
        """
        authority = trustme.CA.from_pem(self.certificate.encode(), self.key.encode())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        names = dict.fromkeys((*SERVER_NAMES, *further_names))
        authority.issue_cert(*names).configure_cert(context)
        return context


def client_bundle(certificate: str, environment: Mapping[str, str] = os.environ) -> str:
    """The CA certificates in the files that this machine trusts, and the sandbox's ``certificate``, as PEM text."""
    found = [block for path in _trusted_files(environment) for block in _CERTIFICATE.findall(_read(path))]
    return "\n".join(dict.fromkeys((*found, certificate.strip()))) + "\n"


def _trusted_files(environment: Mapping[str, str]) -> Iterable[Path]:
    """The files named by the environment, then the first system bundle there is."""
    yield from (Path(environment[name]) for name in _BUNDLE_VARIABLES if environment.get(name))
    for name in (ssl.get_default_verify_paths().openssl_cafile, *_SYSTEM_BUNDLES):
        if Path(name).is_file():
            yield Path(name)
            return


def _read(path: Path) -> str:
    # A variable may name a folder, or the deleted bundle of another sandbox; the sandbox starts all the same.
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
