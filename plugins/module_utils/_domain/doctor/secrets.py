# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pull secrets of a cluster: the logins of each secret, its registry, and the method that made the secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..access.methods import DIRECT, ONE_CLICK, OPERATOR, doctl_name, secret_name
from ..access.ownership import is_marked
from ..access.pull_secrets import credential_in
from ..clusters.objects import Secret, SecretContent
from ..credentials.rotation import Credential
from .kubelet import PULL_SECRET_KEYS, KubeletLogin, UnreadableSecret, read_logins

DOCTL = "doctl"
OTHER = "other"
# What messages call the ways in which secrets come to be.
MAKERS: Mapping[str, str] = {
    DIRECT: "docr_doks_integration, method direct",
    OPERATOR: "docr_doks_integration, method operator",
    ONE_CLICK: "the one-click integration",
    DOCTL: "doctl",
    OTHER: "another tool",
}
# The paths of keys that begin the name of an image; no image has a tag, a digest or a capital letter in its path.
_NAME_PATH = re.compile(r"[a-z0-9._/-]*")


@dataclass(frozen=True)
class ParsedContent:
    """A secret's logins for the image host.

    `fault` says why a kubelet finds no login in the secret; with `is_breaking`, pods that name the secret pull no image
    at all. `passwordless` are the keys for the image host without a password, `unfit` the keys that look like the image
    host's and fit no image. `others` is the number of entries for other hosts.
    """

    logins: tuple[KubeletLogin, ...] = ()
    fault: str | None = None
    is_breaking: bool = False
    passwordless: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    others: int = 0

    @property
    def is_for_other_hosts(self) -> bool:
        """Whether the secret has to do with other hosts only."""
        return bool(self.others) and not (self.logins or self.passwordless or self.unfit)


@dataclass(frozen=True, slots=True)
class IndexedSecret:
    """One secret. `registry` is the one that it was made for, as far as its marks and its name tell, in this `method`.

    `is_marked`: it says of itself that it is ours. `credential` is the one that we wrote; None where it is not ours,
    and where it was edited.
    """

    secret: Secret
    parsed: ParsedContent
    registry: str | None
    method: str
    is_marked: bool
    credential: Credential | None


@dataclass(frozen=True)
class SecretIndex:
    """The pull secrets by namespace and name, and the credentials of this collection, by their fingerprints."""

    secrets: Mapping[tuple[str, str], IndexedSecret]
    credentials: Mapping[str, Credential]

    def find(self, namespace: str, name: str) -> IndexedSecret | None:
        """A secret; None where the secret does not exist."""
        return self.secrets.get((namespace, name))


def why_refused(indexed: IndexedSecret) -> str:
    """Why the image host does not accept the tokens of a secret, as a clause."""
    tokens = [one.credentials.token for one in indexed.parsed.logins]
    if any(one != one.strip() for one in tokens):
        return "the token begins or ends with a line break or a blank"
    return "the token is unknown, expired or revoked"


def index_secrets(secrets: Iterable[Secret], host: str, registries: Sequence[str]) -> SecretIndex:
    """Index secrets; `registries` are the registries whose pull secrets are known by name."""
    parsed: dict[tuple[str, str], ParsedContent] = {}
    by_name = dict(_names(registries))
    indexed_secrets = {}
    credentials = {}
    for secret in secrets:
        indexed = _read(secret, _parse_content(secret.content, host, parsed), by_name)
        indexed_secrets[secret.namespace, secret.name] = indexed
        if indexed.credential is not None:
            credentials[indexed.credential.fingerprint] = indexed.credential
    return SecretIndex(indexed_secrets, credentials)


def _names(registries: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """What secrets are called: by name, for which registry and in which method. The last of a name wins."""
    for registry in registries:
        yield doctl_name(registry), (registry, DOCTL)
    for method in (ONE_CLICK, OPERATOR, DIRECT):
        for registry in registries:
            yield secret_name(method, registry), (registry, method)


def _read(secret: Secret, parsed: ParsedContent, by_name: Mapping[str, tuple[str, str]]) -> IndexedSecret:
    registry, method = by_name.get(secret.name, (None, OTHER))
    has_marks = registry is not None and is_marked(secret, registry, method)
    if not has_marks and parsed.is_for_other_hosts:
        # A secret of a user for another host may have the name of a registry.
        registry, method = None, OTHER
    credential = None
    if has_marks:
        try:
            credential = credential_in(secret)
        except ValueError:
            credential = None
    return IndexedSecret(secret, parsed, registry, method, has_marks, credential)


def _parse_content(content: SecretContent, host: str, known: dict[tuple[str, str], ParsedContent]) -> ParsedContent:
    """Copies are many and the same, so each is read once."""
    key = PULL_SECRET_KEYS.get(content.type)
    if key is None:
        return ParsedContent(fault=f"its type is {content.type}, which no kubelet reads")
    text = content.data.get(key, "")
    if (key, text) not in known:
        known[key, text] = _parse(content, host, key)
    return known[key, text]


def _parse(content: SecretContent, host: str, key: str) -> ParsedContent:
    try:
        found = read_logins(content)
    except UnreadableSecret as fault:
        return ParsedContent(fault=str(fault), is_breaking=True)
    if not found:
        return ParsedContent(fault=f"its {key} has no entry that a kubelet reads")
    own = [one for one in found if one.is_for_host(host) and _may_serve(one.path)]
    others = [one for one in found if one not in own]
    unfit = tuple(one.key for one in others if _resembles(one, host))
    return ParsedContent(
        logins=tuple(one for one in own if one.credentials.token),
        passwordless=tuple(one.key for one in own if not one.credentials.token),
        unfit=unfit,
        others=len(others) - len(unfit),
    )


def _may_serve(path: str) -> bool:
    """A kubelet passes over the versions of the API in a key only with a slash behind them."""
    return _NAME_PATH.fullmatch(path) is not None and path not in ("/v1", "/v2")


def _resembles(login: KubeletLogin, host: str) -> bool:
    return host.casefold() in login.key.casefold() or set(login.host) <= {"*", "."}
