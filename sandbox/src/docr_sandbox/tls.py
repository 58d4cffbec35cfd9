# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's own certificate authority, the server's certificate, and the CA bundle that clients get."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SERVER_NAMES = ("localhost", "127.0.0.1", "::1")
LIFETIME = timedelta(days=14)
_KEY_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)

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
    def new(cls, *further_names: str) -> Authority:
        """Make a CA with a fresh key, for certificates of ``SERVER_NAMES`` and ``further_names`` only, for some days.

        Clients trust the CA beside those of the system, so a stolen key must not open other hosts.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "docr-sandbox")])
        usage = {one: one in ("digital_signature", "key_cert_sign", "crl_sign") for one in _KEY_USAGES}
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.NameConstraints(_subtrees((*SERVER_NAMES, *further_names)), None), critical=True)
        )
        certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return cls(certificate.decode(), plain.decode())

    def serves(self, names: Iterable[str]) -> bool:
        """Whether the CA may sign for the names, and for another day at least. A CA that cannot be read serves too:
        ``server_context`` then says what is wrong."""
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate.encode())
            allowed = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
        except x509.ExtensionNotFound:
            return False
        except ValueError:
            return True
        is_young = certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1)
        return is_young and set(_subtrees((*SERVER_NAMES, *names))) <= set(allowed or ())

    def server_context(self, *further_names: str) -> ssl.SSLContext:
        """A server's TLS context with a fresh certificate for ``SERVER_NAMES`` and ``further_names``.

        Raises ``ValueError`` when the PEM texts are not a CA and its key.
        """
        authority = trustme.CA.from_pem(self.certificate.encode(), self.key.encode())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        names = dict.fromkeys((*SERVER_NAMES, *further_names))
        authority.issue_cert(*names).configure_cert(context)
        return context


def _subtrees(names: Iterable[str]) -> list[x509.GeneralName]:
    """The names as a CA may be limited to them: DNS names, and networks of one address."""
    found: list[x509.GeneralName] = []
    for name in dict.fromkeys(names):
        try:
            found.append(x509.IPAddress(ipaddress.ip_network(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


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
