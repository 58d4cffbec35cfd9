# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credentials of a kubeconfig's user: headers, renewed where they end, and a client certificate."""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone
from threading import Lock

from ..._domain.clusters.kubeconfig import KubeEntry, UnusableKubeconfig
from ..._domain.clusters.sign_in import (
    ExecCredential,
    SignIn,
    basic,
    bearer,
    choose_sign_in,
    has_certificate,
    impersonation_headers,
    parse_exec,
    provider_token,
)
from ..errors import reason_of
from ..secret_texts import SecretTexts
from .exec_plugin import run_plugin

# A request that is on its way when the token ends would be refused.
_EARLY_S = 30.0
# Tokens of projected volumes are replaced in place; client-go reads them again each minute.
_REREAD_S = 60.0
_MOST_BYTES = 16 * 1024 * 1024


class KubeCredentials:
    """What a user of a kubeconfig sends; several threads may ask for the headers."""

    def __init__(self, user: KubeEntry, cluster: KubeEntry, secrets: SecretTexts) -> None:
        self._user = user
        self._cluster = cluster
        self._secrets = secrets
        self._means = choose_sign_in(user)
        self._impersonation = impersonation_headers(user)
        self._lock = Lock()
        self._authorization: str | None = None
        self._ends_at: float | None = 0.0  # seconds since 1970, None for never

    @property
    def words(self) -> str:
        """What messages call the credentials."""
        return f"the {self._means.value} of {self._user.words}"

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of a request; raises UnusableKubeconfig where a credential cannot be had."""
        with self._lock:
            if self._ends_at is not None and time.time() > self._ends_at:
                self._sign_in()
            authorization = self._authorization
        return (*((("Authorization", authorization),) if authorization else ()), *self._impersonation)

    def certificate(self) -> tuple[bytes, bytes] | None:
        """The client certificate and its key, both PEM; an exec plug-in may print them."""
        if has_certificate(self._user):
            found = [read_part(self._user, key) for key in ("client-certificate", "client-key")]
            if found[0] and found[1]:
                self._secrets.add(found[1].decode(errors="replace"))
                return found[0], found[1]
        if self._means is not SignIn.EXEC:
            return None
        printed = self._run_plugin()
        return (printed.certificate.encode(), printed.key.encode()) if printed.certificate and printed.key else None

    def _sign_in(self) -> None:
        user = self._user
        if self._means is SignIn.EXEC:
            self._run_plugin()
            return
        self._ends_at = None
        if self._means is SignIn.TOKEN_FILE:
            self._set_token(self._read_token(), f"the tokenFile of {user.words}")
            self._ends_at = time.time() + _REREAD_S
        elif self._means is SignIn.TOKEN:
            self._set_token(user.text("token") or "", f"the token of {user.words}")
        elif self._means is SignIn.PROVIDER:
            token = provider_token(user, datetime.now(tz=timezone.utc))
            self._set_token(token, f"the token of the auth-provider of {user.words}")
        elif self._means is SignIn.BASIC:
            self._authorization = basic(user)
            self._secrets.add(user.text("password"), self._authorization.partition(" ")[2])

    def _read_token(self) -> str:
        """The token in the file; without a readable file the token beside the file, as in client-go."""
        try:
            token = (read_part(self._user, "tokenFile") or b"").decode(errors="replace").strip()
        except UnusableKubeconfig:
            if not self._user.text("token"):
                raise
            token = ""
        token = token or self._user.text("token") or ""
        if not token:
            raise UnusableKubeconfig(f"the tokenFile of {self._user.words} is empty")
        return token

    def _run_plugin(self) -> ExecCredential:
        plugin = parse_exec(self._user)
        printed = run_plugin(plugin, self._cluster, self._secrets)
        self._ends_at = None if printed.expires_at is None else printed.expires_at.timestamp() - _EARLY_S
        if printed.token:
            self._set_token(printed.token, f"the token that {plugin.words} printed")
        return printed

    def _set_token(self, token: str, place: str) -> None:
        self._secrets.add(token)
        self._authorization = bearer(token, place)


def read_part(entry: KubeEntry, key: str) -> bytes | None:
    """The bytes of `key` with `-data`, or else of the file that `key` names; None where the entry has neither."""
    path = entry.text(key)
    data = entry.data(f"{key}-data") or None
    if data is not None or path is None:
        return data
    place = f"the file {path} in the field {key} of {entry.words}"
    full = os.path.join(entry.folder or "", path)
    try:
        if os.path.exists(full) and not os.path.isfile(full):
            raise UnusableKubeconfig(f"{place} is not a regular file")
        with open(full, "rb") as file:
            content = file.read(_MOST_BYTES)
    except FileNotFoundError:
        raise UnusableKubeconfig(f"{place} does not exist") from None
    except (OSError, ValueError) as error:
        raise UnusableKubeconfig(f"{place} cannot be read ({reason_of(error)})") from None
    return content
