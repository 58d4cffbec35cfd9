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
from string import ascii_lowercase, ascii_uppercase
from typing import Any
from urllib.parse import quote

MASK = "********"
# Shorter texts are no tokens, and would be masked in ordinary words.
_SHORTEST = 8
# What a secret looks like where a server cut the text: tokens of DigitalOcean, base64 of such a token as in the `auth`
# of a Docker config, and base64 of JSON, which is the content of pull secrets, journals and the tokens of Kubernetes.
# The lines after the first are a part of the secret too.
_LOOKS_SECRET = re.compile(
    r"(?i:do[opr]_v1_\w+)(?:\s+[0-9a-f]{16,})*"
    r"|(?:ZG9wX3Yx[\w+/=-]*|eyJ[\w+/=.-]{12,})(?:\s+(?=\S*[0-9A-Z])[\w+/=-]{24,})*",
    re.ASCII,
)
# What a server that wraps lines puts into a secret; the second form is a line break in JSON.
_BREAK = re.compile(r"(?:\s|\\[nrt])+")
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


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
        return _LOOKS_SECRET.sub(MASK, self._mask_wrapped(text))

    def _mask_wrapped(self, text: str) -> str:
        """A text without the secrets that a server wrapped over lines, or wrote in other case (tokens are hexadecimal).

        Other threads may add secrets meanwhile.
        """
        places = _solid_places(text)
        solid = "".join(text[place] for place in places).translate(_LOWER)
        hidden: set[int] = set()
        for known in tuple(self._known):
            plain = _BREAK.sub("", known).translate(_LOWER)
            start = solid.find(plain) if len(plain) >= _SHORTEST else -1
            while start >= 0:
                end = start + len(plain)
                hidden.update(range(places[start], places[end - 1] + 1))
                start = solid.find(plain, end)
        shown = "".join("\0" if place in hidden else character for place, character in enumerate(text))
        return re.sub("\0+", MASK, shown)

    def _add_entry(self, entry: dict[str, Any]) -> None:
        for name in ("auth", "password", "identitytoken", "registrytoken"):
            value = entry.get(name)
            if isinstance(value, str):
                self.add(value)
        login = _decoded(entry.get("auth") if isinstance(entry.get("auth"), str) else "")
        _user, _colon, password = login.partition(":")
        self.add(login, password)


def mask_parts(value: Any) -> Any:
    """A result of any depth, without what looks like a part of a secret, and without halves of characters.

    JSON of a service may have half of a character (a surrogate), and Ansible takes no result with such a text.
    """
    if isinstance(value, str):
        return _LOOKS_SECRET.sub(MASK, value.encode(errors="backslashreplace").decode())
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


def _solid_places(text: str) -> list[int]:
    """Where the characters of a text stand that are no line breaks and no blanks."""
    places: list[int] = []
    start = 0
    for gap in _BREAK.finditer(text):
        places += range(start, gap.start())
        start = gap.end()
    return [*places, *range(start, len(text))]


def _decoded(text: str | None) -> str:
    try:
        return base64.b64decode(text or "", validate=True).decode()
    except ValueError:
        return ""
