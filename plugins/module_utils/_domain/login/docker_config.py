# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logins in Docker's config file; everything else in the file keeps its content and order.

A credential that is not yet, or no longer, the login is set aside in the same file under a name that no host can have.
So every token is in the file, and the next run can revoke what a killed run left.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..credentials.docker import DockerCredentials, parse_docker_credentials
from ..errors import DocrError

Document = dict[str, Any]


class ConfigFileError(DocrError):
    """A file of the host where the module runs cannot be read or written."""

    kind = "file_error"


@dataclass(frozen=True)
class ConfigFileContent:
    """The text and the permissions of the config file, the note's text, and the texts of killed runs' temporary files.

    None stands for a missing file.
    """

    text: str | None = field(default=None, repr=False)
    mode: int | None = None
    note: str | None = None
    leftovers: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class LoginEntry:
    """An entry for a host; `credentials` is None where the entry is not a user with a password."""

    key: str
    credentials: DockerCredentials | None

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the credentials; empty where there are none."""
        return self.credentials.fingerprint if self.credentials else ""


# The keys that clients of Docker read. Go compares the keys of JSON without regard to case.
_READ_KEYS = ("auths", "credsStore", "credHelpers")
_ENTRY_TEXTS = ("auth", "username", "password", "serveraddress", "identitytoken", "registrytoken")

_IsOfType = Callable[[object], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str | None)


def _is_list_of_texts(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(map(_is_text, value)))


def _is_map(value: object, is_value: _IsOfType = _is_text) -> bool:
    return value is None or (isinstance(value, dict) and all(map(is_value, value.values())))


def _is_map_of_maps(value: object) -> bool:
    return _is_map(value, _is_map)


def _is_proxy(value: object) -> bool:
    texts = ("httpproxy", "httpsproxy", "noproxy", "ftpproxy", "allproxy")
    if not isinstance(value, dict):
        return value is None
    return all(_is_text(one) for key, one in value.items() if key.lower() in texts)


def _is_map_of_proxies(value: object) -> bool:
    return _is_map(value, _is_proxy)


# What Docker requires of its other settings (docker/cli, cli/config/configfile, ConfigFile): null counts as no value.
_TEXT, _TEXTS, _MAP = (_is_text, "a text"), (_is_list_of_texts, "a list of texts"), (_is_map, "a JSON object of texts")
_SETTINGS: Mapping[str, tuple[_IsOfType, str]] = {
    **dict.fromkeys(
        ("psFormat", "imagesFormat", "networksFormat", "pluginsFormat", "volumesFormat", "statsFormat", "detachKeys"),
        _TEXT,
    ),
    **dict.fromkeys(("serviceInspectFormat", "servicesFormat", "tasksFormat", "secretFormat", "configFormat"), _TEXT),
    **dict.fromkeys(("nodesFormat", "currentContext", "credsStore"), _TEXT),
    **dict.fromkeys(("pruneFilters", "cliPluginsExtraDirs"), _TEXTS),
    **dict.fromkeys(("HttpHeaders", "credHelpers", "aliases", "features"), _MAP),
    "plugins": (_is_map_of_maps, "a JSON object of objects of texts"),
    "proxies": (_is_map_of_proxies, "a JSON object of objects of texts"),
}


def parse_docker_config(text: str | None) -> Document:
    """The document; empty for an empty or missing file, as for Docker. Raises ValueError without the text.

    A file that Docker refuses to read, or reads in another way, is refused: a login in the file would not be used.
    """
    if text is None or not text.strip():
        return {}
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_number)
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a text of the content holds half of a character") from None
    except _RefusedContentError as error:
        raise ValueError(str(error)) from None
    except (ValueError, RecursionError):
        raise ValueError("the content is not JSON") from None
    wrong = _find_fault(document)
    if wrong:
        raise ValueError(wrong)
    return dict(document)


class _RefusedContentError(ValueError):
    """Content that Python reads and that Docker refuses, or reads in another way."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        # The key may be a text of any length, and no key of Docker is long.
        raise _RefusedContentError(f"the key {twice[:80]!r} is given twice")
    return found


def _constant(name: str) -> Any:
    raise _RefusedContentError(f"{name} is not JSON")


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _RefusedContentError("the content holds a number that is too large")
    return number


def _find_fault(document: object) -> str:
    """What Docker cannot read in a document, where one entry makes Docker refuse the whole file; empty for nothing."""
    if not isinstance(document, dict) or not isinstance(document.get("auths"), dict | None):
        return "the content or its auths is not a JSON object"
    for key in document:
        meant = next((one for one in _READ_KEYS if one.lower() == key.lower()), key)
        if meant != key:
            return f"the key {key!r} counts as {meant} for Docker; write {meant}"
    for name, (is_of_type, what) in _SETTINGS.items():
        given = [value for key, value in document.items() if key.lower() == name.lower()]
        if not all(map(is_of_type, given)):
            return f"{name} is not {what}, so that Docker refuses the file"
    old = [key for key, value in document.items() if isinstance(value, dict) and _is_text(value.get("auth", 0))]
    if old and "auths" not in document:
        return f"the entry {old[0][:80]!r} stands outside auths, as in a .dockercfg file, which Docker no longer reads"
    unreadable = [key for key, entry in (document.get("auths") or {}).items() if not _is_readable(entry)]
    return f"Docker cannot read the entry {unreadable[0][:80]!r} of auths, and refuses the file" if unreadable else ""


def _is_readable(entry: object) -> bool:
    if not isinstance(entry, dict):
        return entry is None
    fields = {key.lower(): value for key, value in entry.items()}
    if not all(_is_text(fields.get(name)) for name in _ENTRY_TEXTS):
        return False
    auth = re.sub(r"[\r\n]", "", fields.get("auth") or "")
    try:
        user, colon, _password = base64.b64decode(auth, validate=True).decode("latin-1").partition(":")
    except ValueError:
        return False
    return not auth or bool(user and colon)


def format_docker_config(document: Mapping[str, Any]) -> str:
    """The text, indented as Docker writes it."""
    return json.dumps(document, indent="\t", ensure_ascii=False) + "\n"


def list_logins(document: Mapping[str, Any], host: str) -> tuple[LoginEntry, ...]:
    """The entries that Docker may use for a host, without the empty entries that a logout leaves."""
    auths = document.get("auths") or {}
    return tuple(
        LoginEntry(key, _credentials(entry)) for key, entry in auths.items() if entry and _host_of(key) == host
    )


def list_environment_keys(text: str) -> tuple[str, ...]:
    """The hosts in DOCKER_AUTH_CONFIG that Docker takes from there; nothing where Docker ignores the variable.

    Docker knows only `auths` with entries that have only `auth` there, and looks for the exact key (docker/cli,
    cli/config/configfile, parseEnvConfig, and cli/config/memorystore).
    """
    try:
        document = parse_docker_config(text)
    except ValueError:
        return ()
    auths = document.get("auths") or {}
    is_known = set(document) <= {"auths"} and all(entry and set(entry) <= {"auth"} for entry in auths.values())
    return tuple(auths) if is_known and all(entry["auth"] for entry in auths.values()) else ()


def list_set_aside(document: Mapping[str, Any], host: str) -> tuple[DockerCredentials, ...]:
    """The credentials of a host that are set aside in the file."""
    return tuple(_set_aside(document, host))


def aside_key(host: str, credentials: DockerCredentials) -> str:
    """The name under which credentials are set aside; no host can have a name below `invalid` (RFC 2606)."""
    return f"{credentials.fingerprint}{_aside_suffix(host)}"


def helper_of(document: Mapping[str, Any], host: str) -> tuple[str, str] | None:
    """The setting and the program that keep a host's credentials; None when this file keeps them."""
    helpers = document.get("credHelpers")
    if isinstance(helpers, dict):
        for key, helper in helpers.items():
            if _host_of(key) == host:
                # An empty helper means this file, also where credsStore is set.
                return ("credHelpers", str(helper)) if helper else None
    store = document.get("credsStore")
    return ("credsStore", str(store)) if store else None


def change_logins(document: Mapping[str, Any], changes: Mapping[str, DockerCredentials | None]) -> Document:
    """The document with new credentials by key; None removes the entry."""
    auths = dict(document.get("auths") or {})
    for key, credentials in changes.items():
        if credentials is None:
            auths.pop(key, None)
        else:
            pair = f"{credentials.user}:{credentials.token}"
            auths[key] = {"auth": base64.b64encode(pair.encode()).decode()}
    return {**document, "auths": auths} if auths or "auths" in document else dict(document)


def holds_nothing(document: Mapping[str, Any]) -> bool:
    """Whether the document has no login and no setting."""
    return not document.get("auths") and not set(document) - {"auths"}


def _set_aside(document: Mapping[str, Any], host: str) -> Iterator[DockerCredentials]:
    for key, entry in (document.get("auths") or {}).items():
        credentials = _credentials(entry) if key.endswith(_aside_suffix(host)) else None
        if credentials is not None and key == aside_key(host, credentials):
            yield credentials


def _aside_suffix(host: str) -> str:
    return f".{re.sub(r'[^A-Za-z0-9.-]', '-', host)}.docr.invalid"


def _credentials(entry: object) -> DockerCredentials | None:
    try:
        return parse_docker_credentials({"auths": {"": entry}})
    except ValueError:
        return None


def _host_of(key: str) -> str:
    """The host of an entry as Docker reads its key, which may be an address; with a path it is of one registry."""
    bare = re.sub(r"^https?://", "", key).rstrip("/")
    return re.sub(r"/v[12]$", "", bare)
