# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS: certificates that are read before the first connection, and why a connection failed."""

from __future__ import annotations

import os
import re
import ssl
import tempfile
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

_CERTIFICATES = re.compile(rb"-----BEGIN CERTIFICATE-----[\x00-\x7f]+?-----END CERTIFICATE-----")


class TlsFailure(NamedTuple):
    """Why no TLS connection came about, and what to do about the certificate, where this follows from the failure.

    `is_untrusted` says that a CA that fits would be the fix, `is_of_other_name` that the server would have to be called
    by another name.
    """

    why: str
    is_untrusted: bool = False
    is_of_other_name: bool = False
    advice: str | None = None


# How OpenSSL 1.1 to 3.5 and urllib3 name what went wrong; the first that fits counts.
_FAILURES = (
    (
        ("doesn't match", "Hostname mismatch", "IP address mismatch"),
        TlsFailure("the certificate of the server is for another name", is_of_other_name=True),
    ),
    (
        ("certificate has expired", "certificate is not yet valid"),
        TlsFailure(
            "the certificate of the server is not valid at this time",
            advice="renew the certificate of the server, or correct the clock of this host",
        ),
    ),
    # VERIFY_X509_STRICT, which urllib3 sets with Python 3.13 or newer.
    (
        ("does not include key usage", "Missing Authority Key Id", "Missing Subject Key Id", "not marked critical"),
        TlsFailure(
            "a certificate lacks an extension that RFC 5280 requires",
            advice="create the certificate of the CA again, with the extensions keyUsage and subjectKeyIdentifier",
        ),
    ),
    (("CERTIFICATE_VERIFY_FAILED", "certificate verify failed"), TlsFailure("its certificate is not trusted", True)),
    (
        ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"),
        TlsFailure("the server answered without TLS, as a plain HTTP server does"),
    ),
    (
        ("CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_CERTIFICATE"),
        TlsFailure("the server requires a client certificate that the server trusts"),
    ),
)
_OTHER = TlsFailure("no TLS connection was made")


def explain_tls(error_text: str) -> TlsFailure | None:
    """Why TLS failed, by the text of an error; None for a text that is not about TLS."""
    for marks, failure in _FAILURES:
        if any(mark in error_text for mark in marks):
            return failure
    if "EOF" in error_text:  # the connection ended, at any time
        return None
    return _OTHER if "SSLError" in error_text or "SSL:" in error_text or "[SSL]" in error_text else None


class SharedTls:
    """The settings of a TLS context whose connections are opened by several threads at once.

    urllib3 sets the protocols of a context, and loads the CA certificates, anew for each connection. At that moment
    OpenSSL may copy the settings into the connection of another thread, since Python does not hold its lock during the
    copy. The first message of that connection then holds freed memory, and the server answers "decode error". So each
    setting is made once.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._load = context.load_verify_locations
        self._lock = threading.Lock()
        self._loaded: list[tuple[Any, ...]] = []
        context.set_alpn_protocols(["http/1.1"])
        # urllib3 calls these methods of the context.
        vars(context).update(set_alpn_protocols=self.keep_protocols, load_verify_locations=self.load_verify_locations)

    def keep_protocols(self, protocols: Sequence[str]) -> None:
        """Leave the protocols, which are set."""

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        """Load CA certificates that are not loaded yet; another thread waits until they are."""
        wanted = (cafile, capath, cadata)
        with self._lock:
            if wanted not in self._loaded:
                self._load(cafile, capath, cadata)
                self._loaded.append(wanted)


def share(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, safe for connections of several threads."""
    SharedTls(context)
    return context


def certificates_of(pem: bytes) -> str | None:
    """The certificates in a PEM text, without the comments around the certificates; None for a text without any."""
    found = [match.decode("ascii") for match in _CERTIFICATES.findall(pem)]
    try:
        if found:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata="\n".join(found))
    except (ssl.SSLError, ValueError):
        return None
    return "\n".join(found) or None


def ca_file_error(path: str) -> str | None:
    """What is wrong with a file of certificates, as the end of a sentence; None for a file that OpenSSL reads."""
    try:
        with open(path, "rb"):
            pass
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "holds no certificate in PEM"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None


def load_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes) -> str | None:
    """Give a context a client certificate with its key, both PEM; returns what is wrong with them, None for nothing.

    The library reads files only, so they exist for a moment, in a folder of this user.
    """
    with tempfile.TemporaryDirectory(prefix="docr-") as folder:
        paths = [os.path.join(folder, name) for name in ("certificate.pem", "key.pem")]
        for path, content in zip(paths, (certificate, key), strict=True):
            with open(path, "wb") as file:
                file.write(content)
        try:
            # Without a password OpenSSL would ask the terminal for the password of an encrypted key.
            context.load_cert_chain(paths[0], paths[1], password="")
        except ssl.SSLError as error:
            if "KEY_VALUES_MISMATCH" in str(error):
                return "the key does not belong to the certificate"
            encrypted = b"ENCRYPTED" in key
            return "the key is encrypted" if encrypted else "the certificate or the key is not PEM"
    return None
