# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the user of a kubeconfig signs in, as client-go v0.37 decides (`tools/clientcmd`, `plugin/pkg/client/auth`)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from ..times import parse_time
from .kubeconfig import KubeEntry, UnusableKubeconfig

_EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_KIND = "ExecCredential"
_HEADER_CHARACTERS = re.compile(r"[!#$&'*+.^_`|~0-9A-Za-z-]", re.ASCII)
_SECRET_NAME = re.compile(r"secret|token|passw|key|credential|assertion", re.ASCII | re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?P<name>[\w-]*(?:secret|token|passw|api[-_]?key|assertion|session|\bsig\b|signature)[\w-]*[\"']?\s*[:=]\s*[\"']?)"
    r"(?P<value>[^\s\"',;&]+)",
    re.ASCII | re.IGNORECASE,
)
# A word after the name of a secret is a part of the sentence, such as "the token has expired", or the secret.
_NAMED = re.compile(
    r"(?P<name>[\w-]*(?:secret|token|passw|api[-_]?key)[\w-]*\s+[\"']?)"
    r"(?!(?:is|was|has|have|had|are|and|or|in|on|at|to|of|for|from|with|by|the|a|an|not|no|must|cannot|could|can|will|may|"
    r"expired|expires|invalid|missing|required|rejected|refresh|request|exchange|endpoint|service|source|provider|file|"
    r"server|error|failed|revoked|found|access|id|name|url|uri|type|auth|authentication|verification|does|did)\b)"
    r"(?P<value>[^\s\"',;&]+)",
    re.ASCII | re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"(?P<name>://)(?P<value>[^\s/@]+)(?=@)", re.ASCII)
# Tokens of services that a plug-in may ask, by their beginning.
_WELL_KNOWN = re.compile(
    r"(?P<name>)(?P<value>\b(?:glpat-|gh[pousr]_|github_pat_|dckr_pat_|xox[abprs]-|AKIA|ASIA)[\w-]{8,})", re.ASCII
)
_IN_QUERY = re.compile(
    r"(?P<name>[?&][\w-]*(?:sig|signature|token|key|secret|credential)[\w-]*=)(?P<value>[^\s&\"']+)",
    re.ASCII | re.IGNORECASE,
)
# A shorter value of a variable is no secret, and is a part of ordinary words.
_SHORTEST_VALUE = 4
_BEARER = re.compile(r"(?P<name>\b(?:bearer|basic)\s+)(?P<value>[\w.~+/=-]{8,})", re.ASCII | re.IGNORECASE)
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class SignIn(Enum):
    """The means by which a user signs in beside a client certificate, or the certificate alone."""

    TOKEN = "token"
    TOKEN_FILE = "tokenFile"
    EXEC = "exec"
    PROVIDER = "auth-provider"
    BASIC = "username and password"
    CERTIFICATE = "client certificate"


def choose_sign_in(user: KubeEntry) -> SignIn:
    """The means that counts; raises UnusableKubeconfig for a user without credentials.

    A token file wins over a token, and both win over an exec plug-in.
    """
    has_exec, has_provider = bool(user.fields.get("exec")), bool(user.fields.get("auth-provider"))
    if has_exec and has_provider:
        raise UnusableKubeconfig(f"{user.words} has both exec and auth-provider", "keep exec")
    if user.text("tokenFile"):
        return SignIn.TOKEN_FILE
    if user.text("token"):
        return SignIn.TOKEN
    if has_exec:
        return SignIn.EXEC
    if has_provider:
        return SignIn.PROVIDER
    if user.text("username") or user.text("password"):
        return SignIn.BASIC
    if has_certificate(user):
        return SignIn.CERTIFICATE
    raise UnusableKubeconfig(f"{user.words} has no credentials, so requests would be anonymous")


def has_certificate(user: KubeEntry) -> bool:
    """Whether the user has a client certificate; raises UnusableKubeconfig for a certificate without a key."""
    found = user.text("client-certificate-data") or user.text("client-certificate")
    if found and not (user.text("client-key-data") or user.text("client-key")):
        raise UnusableKubeconfig(f"{user.words} has a client certificate without client-key or client-key-data")
    return bool(found)


def header_value(text: str, place: str) -> str:
    """A value as a header can hold the value; `place` names the value, which no message quotes.

    Headers are bytes: other characters than ASCII go as UTF-8, as Go sends them.
    """
    if any((ord(one) < 32 and one != "\t") or ord(one) == 127 for one in text):
        why = f"{place} holds a line break or another control character"
        raise UnusableKubeconfig(why, "write the value in one line; in YAML a block with `|-` has no line break")
    try:
        return text.encode().decode("latin-1")
    except UnicodeEncodeError:
        raise UnusableKubeconfig(f"{place} holds characters that have no encoding") from None


def bearer(token: str, place: str) -> str:
    """The header for a token."""
    return f"Bearer {header_value(token, place)}"


def basic(user: KubeEntry) -> str:
    """The header for a user name with a password."""
    login = f"{user.text('username') or ''}:{user.text('password') or ''}"
    return "Basic " + base64.b64encode(login.encode(errors="replace")).decode()


def impersonation_headers(user: KubeEntry) -> tuple[tuple[str, str], ...]:
    """The headers of `as`, `as-uid`, `as-groups` and `as-user-extra` (`transport.impersonatingRoundTripper`)."""
    name, uid = user.text("as"), user.text("as-uid")
    groups, extra = user.fields.get("as-groups") or [], user.fields.get("as-user-extra") or {}
    if not name:
        if uid or groups or extra:
            raise UnusableKubeconfig(f"{user.words} has as-uid, as-groups or as-user-extra without as")
        return ()
    pairs = [("Impersonate-User", name, "as"), *([("Impersonate-Uid", uid, "as-uid")] if uid else [])]
    pairs += [("Impersonate-Group", group, "as-groups") for group in _texts(user, "as-groups", groups)]
    if not isinstance(extra, Mapping):
        raise UnusableKubeconfig(f"the field as-user-extra of {user.words} is not a mapping to lists of texts")
    for key, values in extra.items():
        header = f"Impersonate-Extra-{_escaped_key(str(key))}"
        pairs += [(header, value, "as-user-extra") for value in _texts(user, "as-user-extra", values)]
    return tuple((header, header_value(value, f"the field {key} of {user.words}")) for header, value, key in pairs)


def _texts(user: KubeEntry, key: str, values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise UnusableKubeconfig(f"the field {key} of {user.words} holds a value that is not a list of texts")
    return values


def _escaped_key(key: str) -> str:
    return "".join(
        one if _HEADER_CHARACTERS.fullmatch(one) else "".join(f"%{byte:02X}" for byte in one.encode()) for one in key
    )


@dataclass(frozen=True)
class ExecPlugin:
    """A program that prints a credential; a relative command with a slash counts from `folder`."""

    user: str
    command: str
    arguments: tuple[str, ...] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    version: str = _EXEC_VERSIONS[0]
    install_hint: str | None = None
    gives_cluster: bool = False
    folder: str | None = None

    @property
    def words(self) -> str:
        """What messages call the plug-in."""
        return f"the exec plug-in {self.command} of {self.user}"

    def request(self, cluster: KubeEntry) -> str:
        """The value of KUBERNETES_EXEC_INFO."""
        spec: dict[str, Any] = {"interactive": False}
        if self.gives_cluster:
            known = {key: value for key, value in cluster.fields.items() if key != "extensions"}
            config = [
                one.get("extension")
                for one in cluster.fields.get("extensions") or ()
                if isinstance(one, Mapping) and one.get("name") == "client.authentication.k8s.io/exec"
            ]
            spec["cluster"] = known | ({"config": config[0]} if config else {})
        return json.dumps({"apiVersion": self.version, "kind": _KIND, "spec": spec}, default=str)

    def mask(self, line: str, mask: str) -> str:
        """A line of the plug-in without the secrets in its arguments and environment, and without what looks secret."""
        # The name of a variable may not tell that its value is a secret.
        known = [
            value
            for name, value in self.environment.items()
            if len(value) >= _SHORTEST_VALUE or _SECRET_NAME.search(name)
        ]
        for before, argument in zip(("", *self.arguments), self.arguments, strict=False):
            name, equals, value = argument.partition("=")
            if equals and _SECRET_NAME.search(name):
                known.append(value)
            elif before.startswith("-") and "=" not in before and _SECRET_NAME.search(before):
                known.append(argument)
        for value in sorted(filter(None, known), key=len, reverse=True):
            line = line.replace(value, mask)
        return _mask_values(line, mask, (_IN_ADDRESS, _WELL_KNOWN, _BEARER, _ASSIGNED, _NAMED))


def mask_addresses(text: str, mask: str) -> str:
    """A text without logins and signatures in addresses, headers of requests, and well-known tokens."""
    return _mask_values(text, mask, (_IN_ADDRESS, _IN_QUERY, _WELL_KNOWN, _BEARER))


def _mask_values(text: str, mask: str, patterns: Sequence[re.Pattern[str]]) -> str:
    """A text without what the patterns find as `value`; what they find as `name` stays."""
    for pattern in patterns:
        text = pattern.sub(lambda found: found["name"] + mask, text)
    return text


def parse_exec(user: KubeEntry) -> ExecPlugin:
    """The plug-in of a user, which must not ask questions, since a task has no terminal."""
    fields = user.fields["exec"]
    place = f"the field exec of {user.words}"
    if not isinstance(fields, Mapping):
        raise UnusableKubeconfig(f"{place} is not a mapping")
    entry = KubeEntry("exec plug-in", f"of the user {user.name}", fields, user.folder)
    command, version = entry.text("command"), entry.text("apiVersion")
    if command is None or version is None:
        raise UnusableKubeconfig(f"{place} has no {'command' if command is None else 'apiVersion'}")
    if version not in _EXEC_VERSIONS:
        why = f"the exec plug-in {command} of {user.words} has the apiVersion {version}, which clients do not accept"
        raise UnusableKubeconfig(why, f"update the plug-in, and write {_EXEC_VERSIONS[0]} or {_EXEC_VERSIONS[1]}")
    if entry.text("interactiveMode") == "Always":
        why = f"the exec plug-in {command} of {user.words} requires a terminal (interactiveMode: Always)"
        raise UnusableKubeconfig(why, "use a plug-in or a token that requires no terminal")
    environment = fields.get("env") or []
    if not isinstance(environment, list) or not all(_is_variable(one) for one in environment):
        raise UnusableKubeconfig(f"{place} has an env that is not a list of names with texts as values")
    return ExecPlugin(
        user=user.words,
        command=command,
        arguments=tuple(_texts(KubeEntry("exec", "plug-in"), "args", fields.get("args") or [])),
        environment={one["name"]: one.get("value") or "" for one in environment},
        version=version,
        install_hint=entry.text("installHint"),
        gives_cluster=fields.get("provideClusterInfo") is True,
        folder=user.folder,
    )


def _is_variable(one: Any) -> bool:
    return (
        isinstance(one, Mapping)
        and isinstance(one.get("name"), str)
        and bool(one["name"])
        and isinstance(one.get("value") or "", str)
        and not any("\0" in str(part) for part in (one["name"], one.get("value")))
    )


@dataclass(frozen=True)
class ExecCredential:
    """What a plug-in printed: a token, a client certificate with its key (PEM), or both; None means no end."""

    token: str | None = field(default=None, repr=False)
    certificate: str | None = None
    key: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


def parse_exec_credential(printed: str, plugin: ExecPlugin) -> ExecCredential:
    """The credential in the output of a plug-in; raises UnusableKubeconfig, which does not quote the output."""
    try:
        document = json.loads(printed)
    except (ValueError, RecursionError):
        raise UnusableKubeconfig(f"{plugin.words} printed no JSON", _plugin_advice(plugin)) from None
    if not isinstance(document, dict) or document.get("kind") != _KIND:
        raise UnusableKubeconfig(f"{plugin.words} printed no {_KIND}", _plugin_advice(plugin))
    if document.get("apiVersion") != plugin.version:
        told = str(document.get("apiVersion"))[:80]
        why = f"{plugin.words} printed a credential of the apiVersion {told} instead of {plugin.version}"
        raise UnusableKubeconfig(why, "write the apiVersion of the plug-in in the kubeconfig, or update the plug-in")
    status = document.get("status")
    entry = KubeEntry("output", f"of {plugin.words}", status if isinstance(status, dict) else {})
    token, certificate = entry.text("token"), entry.text("clientCertificateData")
    key, expiry = entry.text("clientKeyData"), entry.text("expirationTimestamp")
    if (certificate is None) != (key is None):
        raise UnusableKubeconfig(f"{plugin.words} printed only one of certificate and key", _plugin_advice(plugin))
    if token is None and certificate is None:
        raise UnusableKubeconfig(f"{plugin.words} printed neither a token nor a certificate", _plugin_advice(plugin))
    try:
        ends = None if expiry is None else parse_time(expiry)
    except ValueError:
        raise UnusableKubeconfig(f"{plugin.words} printed an expirationTimestamp that is not a time") from None
    return ExecCredential(token, certificate, key, ends)


def plugin_failure(plugin: ExecPlugin, how: str, last_line: str | None) -> UnusableKubeconfig:
    """The error of a plug-in that was not found or that failed, with the last line that the plug-in wrote."""
    said = f" and wrote: {last_line}" if last_line else ""
    return UnusableKubeconfig(f"{plugin.words} {how}{said}", _plugin_advice(plugin))


def _plugin_advice(plugin: ExecPlugin) -> str:
    if not plugin.install_hint:
        return "run the plug-in on the host of the module, as the user of the task, and correct its configuration"
    hint = " ".join(_TERMINAL.sub("", plugin.install_hint).split())[:400]
    return f"follow the plug-in's installHint ({''.join(one for one in hint if one.isprintable())})"


def provider_token(user: KubeEntry, now: datetime) -> str:
    """The token that kubectl last wrote for an auth-provider; raises UnusableKubeconfig where there is no valid token.

    Kubernetes 1.26 removed the providers gcp and azure. The provider oidc renews a token, which this collection leaves
    to kubectl.
    """
    provider = user.fields["auth-provider"]
    if not isinstance(provider, Mapping):
        raise UnusableKubeconfig(f"the field auth-provider of {user.words} is not a mapping")
    config = provider.get("config")
    entry = KubeEntry("auth-provider", str(provider.get("name")), config if isinstance(config, Mapping) else {})
    place = f"{entry.words} of {user.words}"
    fields = {"gcp": ("access-token", "expiry"), "azure": ("access-token", None), "oidc": ("id-token", None)}
    key, end_key = fields.get(entry.name, (None, None))
    advice = "use an exec plug-in or a token; kubectl has no auth-provider but oidc since Kubernetes 1.26"
    if entry.name == "oidc":
        advice = "run kubectl with this context, which renews the token, or use an exec plug-in"
    token = entry.text(key) if key else None
    if token is None:
        raise UnusableKubeconfig(f"{place} holds no token that can be used", advice)
    end = _end_of(token) if end_key is None else _provider_time(entry.text(end_key))
    if end is not None and end <= now.timestamp():
        raise UnusableKubeconfig(f"the token of {place} has expired", advice)
    return token


def _provider_time(text: str | None) -> float | None:
    try:
        return None if text is None else parse_time(text).timestamp()
    except ValueError:
        return None


def _end_of(token: str) -> float | None:
    """The `exp` of a JSON web token in seconds since 1970; None for any other text."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
