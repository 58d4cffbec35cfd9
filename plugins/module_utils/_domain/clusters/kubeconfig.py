# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubeconfigs as other tools write them, read as client-go v0.37 reads them (`tools/clientcmd`)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from ..addresses import PORT_RANGE, has_bad_port

_SECTIONS = {"clusters": "cluster", "contexts": "context", "users": "user"}
_LONGEST_LABEL = 63
# Clients differ in what they make of these characters in an address.
_FOREIGN = re.compile(r"[\s\\<>\"^`{|}]")
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


class UnusableKubeconfig(Exception):
    """A part of a kubeconfig cannot be used. The text names the part and never quotes a secret."""

    def __init__(self, why: str, advice: str = "correct the kubeconfig, or name another context") -> None:
        self.advice = advice
        super().__init__(why)


@dataclass(frozen=True)
class KubeEntry:
    """A cluster, a context or a user. Relative paths in `fields` count from `folder`; None is the current folder.

    `is_readable` is False for an entry without fields, which is an error of the contexts that name the entry.
    """

    kind: str
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    folder: str | None = None
    is_readable: bool = True

    @property
    def words(self) -> str:
        """What messages call the entry."""
        return f"the {self.kind} {self.name}"

    def text(self, key: str) -> str | None:
        """The text of a field; None for a field that is missing or empty."""
        value = self.fields.get(key)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise UnusableKubeconfig(f"the field {key} of {self.words} is not a text")
        return value

    def data(self, key: str) -> bytes | None:
        """The bytes of a field in base64; None for a field that is missing or empty."""
        text = self.text(key)
        if text is None:
            return None
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise UnusableKubeconfig(f"the field {key} of {self.words} is not base64") from None


@dataclass(frozen=True)
class Kubeconfig:
    """The entries of one or several files by section and name, and the name of the current context."""

    entries: Mapping[str, Mapping[str, KubeEntry]]
    current: str | None

    def choose(self, context: str | None) -> tuple[KubeEntry, KubeEntry]:
        """Cluster and user of a context, None for the current context."""
        name = context or self.current
        if name is None:
            raise UnusableKubeconfig("the kubeconfig names no current context", "name a context")
        chosen = self._find("contexts", name)
        cluster, user = chosen.text("cluster"), chosen.text("user")
        if cluster is None:
            raise UnusableKubeconfig(f"{chosen.words} names no cluster")
        if user is None:
            raise UnusableKubeconfig(f"{chosen.words} names no user, so requests would be anonymous")
        return self._find("clusters", cluster), self._find("users", user)

    def _find(self, section: str, name: str) -> KubeEntry:
        found = self.entries[section].get(name)
        if found is None:
            raise UnusableKubeconfig(f"the {_SECTIONS[section]} {name} is missing")
        if not found.is_readable:
            raise UnusableKubeconfig(f"the file is not a kubeconfig: {found.words} has no fields")
        return found


def merge_kubeconfigs(documents: Sequence[tuple[Any, str | None]]) -> Kubeconfig:
    """Read documents, each with the folder of its file; the first entry of a name and the first current context win.

    Two entries of one name in one file are refused, as client-go refuses them (`tools/clientcmd/api/v1/conversion.go`).
    """
    entries: dict[str, dict[str, KubeEntry]] = {section: {} for section in _SECTIONS}
    current: str | None = None
    for document, folder in documents:
        if document is None:  # an empty file, which client-go reads too
            continue
        if not isinstance(document, Mapping):
            raise UnusableKubeconfig("the file is not a kubeconfig")
        for section, kind in _SECTIONS.items():
            for entry in _read_section(document, section, kind, folder):
                entries[section].setdefault(entry.name, entry)
        current = current or KubeEntry("file", "kubeconfig", document).text("current-context")
    return Kubeconfig(entries, current)


def _read_section(document: Mapping[str, Any], section: str, kind: str, folder: str | None) -> list[KubeEntry]:
    listed = document.get(section) or []
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise UnusableKubeconfig(f"the file is not a kubeconfig: {section} is not a list of entries with names")
    found: list[KubeEntry] = []
    for one in listed:
        name, fields = one.get("name"), one.get(kind)
        if name is None:
            raise UnusableKubeconfig(f"an entry of {section} has no name")
        if any(entry.name == str(name) for entry in found):
            why = f"the file has two entries with the name {name} in {section}, of which the user may mean either"
            raise UnusableKubeconfig(why, "remove one of the entries, or give the entries different names")
        is_readable = fields is None or isinstance(fields, Mapping)
        found.append(KubeEntry(kind, str(name), (is_readable and fields) or {}, folder, is_readable))
    return found


@dataclass(frozen=True)
class ServerEntry:
    """An API server: an https address without a slash at its end, and how its certificate is verified.

    `ca_file` is a path as the kubeconfig has the path, `ca_data` is PEM. Without both the system's trust counts.
    """

    address: str
    ca_file: str | None
    ca_data: bytes | None
    is_unverified: bool
    tls_server_name: str | None
    proxy: ProxyAddress | None


def parse_server(cluster: KubeEntry, has_certificate: bool) -> ServerEntry:
    """The API server of a cluster; `has_certificate` says whether the user has a client certificate."""
    ca_data = cluster.data("certificate-authority-data")
    ca_file = None if ca_data else cluster.text("certificate-authority")
    is_unverified = cluster.fields.get("insecure-skip-tls-verify") or False
    if not isinstance(is_unverified, bool):
        raise UnusableKubeconfig(f"the field insecure-skip-tls-verify of {cluster.words} is not true or false")
    if is_unverified and (ca_data or ca_file):
        # client-go refuses this too (rest.TLSConfigFor): one of both is a mistake.
        why = f"{cluster.words} has a certificate authority and insecure-skip-tls-verify"
        raise UnusableKubeconfig(why, "remove insecure-skip-tls-verify, so that the certificate is verified")
    server = cluster.text("server")
    if server is None:
        raise UnusableKubeconfig(f"{cluster.words} names no server")
    proxy = cluster.text("proxy-url")
    return ServerEntry(
        address=server_address(server, bool(ca_data or ca_file or is_unverified or has_certificate)),
        ca_file=ca_file,
        ca_data=ca_data or None,
        is_unverified=is_unverified,
        tls_server_name=cluster.text("tls-server-name"),
        proxy=None if proxy is None else parse_proxy(proxy, f"the proxy-url of {cluster.words}"),
    )


def server_address(server: str, uses_tls: bool) -> str:
    """The https address of an API server, without a slash at its end.

    An address without a scheme is https where the kubeconfig says something about TLS (`rest.DefaultServerURL`).
    Plain HTTP is refused: client-go sends no credentials there.
    """
    text = server.strip()
    scheme, separator, rest = text.partition("://")
    if not separator:
        rest = text
        if not uses_tls:
            why = f"the server {_place(rest)} has no scheme"
            raise UnusableKubeconfig(why, "write the address of the server with https://")
    elif scheme.lower() != "https":
        why = f"the server {scheme}://{_place(rest)} is not https, and credentials are sent over TLS only"
        raise UnusableKubeconfig(why, "write an https address")
    address = f"https://{rest}"
    _require_address(address, f"the server {_place(rest)}")
    parts = urlsplit(address)
    if "@" in parts.netloc:
        raise UnusableKubeconfig(f"the address of the server {_place(rest)} holds a login", "write the login in users")
    return f"https://{parts.netloc}{parts.path.rstrip('/')}"


def _place(rest: str) -> str:
    """Host and port of the part after the scheme, without a login, a path or a query."""
    for end in "/?#":
        rest = rest.partition(end)[0]
    return rest.rpartition("@")[2]


def _require_address(address: str, words: str) -> None:
    """Raise UnusableKubeconfig for an address without a host, or with a port out of range."""
    try:
        host, is_bad_port = urlsplit(address).hostname, has_bad_port(address)
    except ValueError:
        raise UnusableKubeconfig(f"{words} is not an address") from None
    if not host or _FOREIGN.search(address) or not address.isprintable() or not _has_labels(host):
        raise UnusableKubeconfig(f"{words} is not an address")
    if is_bad_port:
        raise UnusableKubeconfig(f"the port of {words} is not {PORT_RANGE}")


def _has_labels(host: str) -> bool:
    """Whether the parts of a host name have lengths that a name server knows; an IPv6 address has no such parts."""
    return ":" in host or all(0 < len(label) <= _LONGEST_LABEL for label in host.removesuffix(".").split("."))


@dataclass(frozen=True)
class ProxyAddress:
    """A proxy: scheme, host with port, and the login `user:password` that the proxy requires, percent-encoded."""

    scheme: str
    place: str
    login: str | None = field(default=None, repr=False)

    @property
    def user(self) -> str | None:
        """The user name of the login."""
        return None if self.login is None else unquote(self.login.partition(":")[0])

    @property
    def password(self) -> str | None:
        """The password of the login."""
        return None if self.login is None else unquote(self.login.partition(":")[2])

    @property
    def url(self) -> str:
        """The address without the login."""
        return f"{self.scheme}://{self.place}"

    @property
    def is_socks(self) -> bool:
        """Whether the proxy speaks SOCKS."""
        return self.scheme.startswith("socks")


def parse_proxy(text: str, words: str) -> ProxyAddress:
    """The address of a proxy, whose login is percent-encoded; `words` say where the address stands."""
    scheme, separator, rest = text.strip().partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _PROXY_SCHEMES:
        raise UnusableKubeconfig(f"{words} is not an address with http://, https:// or socks5://")
    _require_address(f"{scheme}://{rest}", words)
    netloc = urlsplit(f"{scheme}://{rest}").netloc
    login, at, place = netloc.rpartition("@")
    return ProxyAddress(scheme, place, login if at else None)
