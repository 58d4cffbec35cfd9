# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a kubelet reads in pull secrets, and which logins the kubelet tries for an image.

The rules are those of k8s.io/kubernetes/pkg/credentialprovider; tests/clusters/test_kubelet_logins.py compares this
file with the kubelet's own code.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import unquote

from ..clusters.objects import PULL_SECRET_KEY, PULL_SECRET_TYPE, SecretContent
from ..credentials.docker import DockerCredentials

# The secrets that a kubelet reads: types, and the key of the data. The second type is of Docker before 1.7.
PULL_SECRET_KEYS: Mapping[str, str] = {PULL_SECRET_TYPE: PULL_SECRET_KEY, "kubernetes.io/dockercfg": ".dockercfg"}

_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_HOST = re.compile(r"[A-Za-z0-9\-._*]*(:[0-9]*)?")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3})?")
_PADDED = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)")
_SURROGATE = re.compile("[\ud800-\udfff]")

_Pairs = list[tuple[str, Any]]


class UnreadableSecret(ValueError):
    """A secret that makes a kubelet fail every pull of a pod that names the secret; the text has no token."""


@dataclass(frozen=True)
class KubeletLogin:
    """An entry of a Docker config: its key as written, what the kubelet makes of the key, and the login."""

    key: str
    host: str
    path: str
    credentials: DockerCredentials

    def is_for_host(self, host: str) -> bool:
        """Whether the key names a host; each part of the key between dots may have globs."""
        own, own_port = _split_port(self.host)
        other, port = _split_port(host)
        patterns, parts = own.split("."), other.split(".")
        if own_port != port or len(patterns) != len(parts):
            return False
        return all(_fits(pattern, part) for pattern, part in zip(patterns, parts, strict=True))

    def serves(self, path: str) -> bool:
        """Whether the key's path begins an image's path (`/acme/web`): texts are compared, not parts of a path."""
        return path.startswith(self.path)


def read_logins(content: SecretContent) -> tuple[KubeletLogin, ...] | None:
    """The logins of a secret; None for a secret that a kubelet passes over. Raises UnreadableSecret."""
    key = PULL_SECRET_KEYS.get(content.type, "")
    text = base64.b64decode(content.data.get(key, ""))
    if not text:
        return None
    try:
        raw = json.loads(text.decode("utf-8", "replace"), object_pairs_hook=_Object, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        raise UnreadableSecret(f"its {key} is not a Docker config in JSON") from None
    config = raw if key != PULL_SECRET_KEY else _auths(raw)
    return tuple(_read_entries(_pairs(config, f"its {key} is not a Docker config")))


def find_logins(contents: Iterable[SecretContent], host: str, path: str) -> tuple[DockerCredentials, ...]:
    """The logins that a kubelet tries for an image with these secrets. Raises UnreadableSecret for all images."""
    found = [one for content in contents for one in read_logins(content) or ()]
    return tuple(one.credentials for one in found if one.is_for_host(host) and one.serves(path))


class _Object(_Pairs):
    """A JSON object as its pairs: Go takes names in any case, and the last of equal names."""


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _pairs(raw: Any, fault: str) -> _Pairs:
    if raw is None:
        return []
    if not isinstance(raw, _Object):
        raise UnreadableSecret(fault)
    return raw


def _auths(raw: Any) -> _Object:
    """The `auths` of a Docker config; parts of other types than Go expects make the whole config unreadable."""
    entries = _Object()
    for name, value in _pairs(raw, f"its {PULL_SECRET_KEY} is not a Docker config"):
        if _is_name(name, "auths"):
            entries += _pairs(value, "its auths is not a map")
        elif _is_name(name, "httpheaders"):
            for _header, text in _pairs(value, "its HttpHeaders is not a map"):
                _text(text, "", "its HttpHeaders holds another value than texts")
    return entries


def _read_entries(pairs: _Pairs) -> Iterator[KubeletLogin]:
    # Of entries with equal keys the last counts, but each entry must be readable.
    for key, credentials in {name: _read_entry(name, entry) for name, entry in pairs}.items():
        address = re.sub(r"^https?://", "", key, count=1)
        split = _split_address(address)
        if split is None:
            continue
        host, path = split
        if path.startswith(("/v1/", "/v2/")):
            path = path[3:]
        again = _split_address(f"{host}{'' if path == '/' else path}")
        if again is not None:
            yield KubeletLogin(key, *again, credentials)


def _read_entry(key: str, entry: Any) -> DockerCredentials:
    fields = {"username": "", "password": "", "email": "", "auth": ""}
    for name, value in _pairs(entry, f"its entry {key} is not a map"):
        known = next((one for one in fields if _is_name(name, one)), None)
        if known is not None:
            fields[known] = _text(value, fields[known], f"the {known} of its entry {key} is not a text")
    if not fields["auth"]:
        return DockerCredentials(fields["username"], fields["password"])
    user, colon, token = _decode(fields["auth"], key).partition(":")
    if not colon:
        raise UnreadableSecret(f"the auth of its entry {key} is not a user and a password")
    return DockerCredentials(user, token)


def _decode(auth: str, key: str) -> str:
    """Go's base64 passes over line ends, and the kubelet takes texts with and without padding."""
    text = re.sub(r"[\r\n]", "", auth)
    if (_PADDED if auth.strip().endswith("=") else _BASE64).fullmatch(text) is None:
        raise UnreadableSecret(f"the auth of its entry {key} is not base64")
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)).decode("utf-8", "replace")


def _text(value: Any, before: str, fault: str) -> str:
    if value is None:
        return before
    if not isinstance(value, str):
        raise UnreadableSecret(fault)
    return _clean(value)


def _clean(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _is_name(name: str, expected: str) -> bool:
    return len(name) == len(expected) and name.casefold() == expected


def _split_address(address: str) -> tuple[str, str] | None:
    """Host and path of an address without its scheme, as Go's url.Parse reads them.

    None for an address that Go refuses, and for a host that can be no image host.
    """
    if any(char < " " or char == "\x7f" for char in address):
        return None
    rest, _hash, fragment = address.partition("#")
    authority, slash, path = rest.partition("?")[0].partition("/")
    user, _at, host = authority.rpartition("@")
    if any(_NO_ESCAPE.search(part) for part in (user, path, fragment)):
        return None
    if _USER.fullmatch(user) is None or _HOST.fullmatch(host) is None:
        return None
    return host, unquote(f"{slash}{path}", errors="replace")


def _split_port(host: str) -> tuple[str, str]:
    name, _colon, port = host.partition(":")
    return name, port


def _fits(pattern: str, part: str) -> bool:
    return re.fullmatch(".*".join(re.escape(one) for one in pattern.split("*")), part) is not None
