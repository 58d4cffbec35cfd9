# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pull secrets of a cluster: the logins of each secret, its registry, and the method that made the secret."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ..access.methods import DIRECT, ONE_CLICK, OPERATOR, doctl_name, secret_name
from ..access.ownership import is_marked
from ..access.pull_secrets import credential_in
from ..clusters.objects import PULL_SECRET_KEY, PULL_SECRET_TYPE, Secret, SecretContent
from ..credentials.docker import DockerCredentials, parse_docker_credentials
from ..credentials.rotation import Credential

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
# Of Docker before 1.7; kubelets still read it.
_OLD_TYPE = "kubernetes.io/dockercfg"
_OLD_KEY = ".dockercfg"


@dataclass(frozen=True)
class SecretLogin:
    """A login for the image host: for one registry, or for all registries where `registry` is empty."""

    registry: str
    credentials: DockerCredentials


@dataclass(frozen=True)
class ParsedContent:
    """A secret's logins for the image host; `fault` says why the secret is not a pull secret."""

    logins: tuple[SecretLogin, ...] = ()
    fault: str | None = None


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
    credential = None
    if has_marks:
        try:
            credential = credential_in(secret)
        except ValueError:
            credential = None
    return IndexedSecret(secret, parsed, registry, method, has_marks, credential)


def _parse_content(content: SecretContent, host: str, known: dict[tuple[str, str], ParsedContent]) -> ParsedContent:
    """Copies are many and the same, so each is read once."""
    keys = {PULL_SECRET_TYPE: PULL_SECRET_KEY, _OLD_TYPE: _OLD_KEY}
    if content.type not in keys:
        return ParsedContent(fault=f"its type is {content.type}, which no kubelet reads")
    key = keys[content.type]
    text = str(content.data.get(key, ""))
    if (key, text) not in known:
        try:
            raw = json.loads(base64.b64decode(text, validate=True))
            entries = raw["auths"] if key == PULL_SECRET_KEY else raw
            known[key, text] = ParsedContent(tuple(_logins(entries, host)))
        except (ValueError, KeyError, TypeError, AttributeError):
            known[key, text] = ParsedContent(fault=f"its {key} is not a Docker config")
    return known[key, text]


def _logins(entries: Mapping[str, Any], host: str) -> Iterator[SecretLogin]:
    for key, entry in entries.items():
        place, _slash, path = re.sub(r"^https?://", "", str(key)).partition("/")
        path = re.sub(r"^v[12](/|$)", "", path)
        credentials = _credentials(entry) if fnmatchcase(host, place) else None
        if credentials is not None:
            yield SecretLogin(path.partition("/")[0], credentials)


def _credentials(entry: Mapping[str, Any]) -> DockerCredentials | None:
    if entry.get("auth"):
        return parse_docker_credentials({"auths": {"": entry}})
    token = str(entry.get("password") or "")
    return DockerCredentials(str(entry.get("username") or ""), token) if token else None
