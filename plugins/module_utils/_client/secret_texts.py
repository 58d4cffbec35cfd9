# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The secrets that a run knows, in every form in which a server may repeat them.

A webhook, an API server or a proxy may quote what it refuses. So each client notes a secret here before the secret is
sent and as soon as the secret is received, and every text that leaves the module is masked.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

MASK = "********"
# Shorter texts are no tokens, and would be masked in ordinary words.
_SHORTEST = 8
# What a secret looks like where a server cut the text: tokens of DigitalOcean, base64 of such a token as in the `auth`
# of a Docker config, and base64 of JSON, which is the content of pull secrets, journals and the tokens of Kubernetes.
_LOOKS_SECRET = re.compile(r"do[opr]_v1_\w+|ZG9wX3Yx[\w+/=-]*|eyJ[\w+/=.-]{12,}", re.ASCII)


def _ignore(_text: str) -> None:
    """Tell nobody."""


@dataclass
class SecretTexts:
    """The secrets of one run; `on_new` is called with each form of each secret. Several threads may add secrets."""

    on_new: Callable[[str], object] = field(default=_ignore, repr=False)
    _known: set[str] = field(default_factory=set, repr=False)

    def add(self, *secrets: str | None) -> None:
        """Note secrets as plain texts."""
        for secret in secrets:
            for form in _forms(secret or ""):
                if form not in self._known:
                    self._known.add(form)
                    self.on_new(form)

    def add_document(self, text: str | None) -> None:
        """Note a Docker config with its logins, or a journal with the Docker configs in the journal."""
        self.add(text)
        try:
            document = json.loads(text or "")
            entries = list(document.get("auths", {}).values())
            configs = [one["config"] for one in document.get("credentials", ())]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        for entry in entries:
            if isinstance(entry, dict):
                self._add_entry(entry)
        for config in configs:
            if isinstance(config, str):
                self.add_document(config)

    def add_secret_data(self, data: Any) -> None:
        """Note the data of a Kubernetes secret, whose values are base64."""
        for value in data.values() if isinstance(data, dict) else ():
            if isinstance(value, str):
                self.add(value)
                self.add_document(_decoded(value))

    def mask(self, text: str) -> str:
        """A text without the secrets, and without what looks like a part of a secret."""
        for known in sorted(self._known, key=len, reverse=True):
            text = text.replace(known, MASK)
        return _LOOKS_SECRET.sub(MASK, text)

    def _add_entry(self, entry: dict[str, Any]) -> None:
        for name in ("auth", "password", "identitytoken", "registrytoken"):
            value = entry.get(name)
            if isinstance(value, str):
                self.add(value)
        login = _decoded(entry.get("auth") if isinstance(entry.get("auth"), str) else "")
        _user, _colon, password = login.partition(":")
        self.add(login, password)


def mask_parts(value: Any) -> Any:
    """A result of any depth, without what looks like a part of a secret."""
    if isinstance(value, str):
        return _LOOKS_SECRET.sub(MASK, value)
    if isinstance(value, dict):
        return {mask_parts(key): mask_parts(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_parts(one) for one in value]
    return value


def _forms(secret: str) -> Iterator[str]:
    text = secret.strip()
    if len(text) < _SHORTEST:
        return
    encoded = base64.b64encode(text.encode(errors="replace")).decode()
    quoted = json.dumps(text)[1:-1]
    yield from dict.fromkeys((text, encoded, quoted, quote(text, safe="")))


def _decoded(text: str | None) -> str:
    try:
        return base64.b64decode(text or "", validate=True).decode()
    except ValueError:
        return ""
