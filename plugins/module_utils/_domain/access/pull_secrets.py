# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pull secrets: what they are called, what they hold, and whose they are."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from ..clusters.objects import PULL_SECRET_KEY, PULL_SECRET_TYPE, Secret, SecretContent
from ..credentials.rotation import Credential
from ..times import format_time, parse_time
from .methods import DIRECT, ONE_CLICK, OPERATOR

# Where DigitalOcean's operator looks for secrets to copy.
OPERATOR_NAMESPACE = "kube-system"
_SOURCE = "digitalocean.com/dosecret-identifier"
_COPY = "digitalocean.com/copy-identifier"

# What marks an object as this collection's own: only such are changed or deleted.
_MARKS = "docr.project-planton.org"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_MANAGER = "planton.digitalocean"
_REGISTRY = f"{_MARKS}/registry"
_METHOD = f"{_MARKS}/method"
JOURNAL = "journal"
_FINGERPRINT = f"{_MARKS}/fingerprint"
_MINTED_AT = f"{_MARKS}/minted-at"
_EXPIRES_AT = f"{_MARKS}/expires-at"
NEVER = "never"
_LABEL_LENGTH = 63


def secret_name(method: str, registry: str) -> str:
    """The name of the secrets of a method, another one for each: DigitalOcean's, and ours.

    The operator makes a label of it, which may have 63 characters.
    """
    if method == ONE_CLICK:
        return registry
    name = f"docr-{method}-{registry}"
    if len(name) <= _LABEL_LENGTH:
        return name
    digest = hashlib.sha256(registry.encode()).hexdigest()[:8]
    return f"{name[: _LABEL_LENGTH - len(digest) - 1].rstrip('-')}-{digest}"


def doctl_name(registry: str) -> str:
    """The name of the secret that `doctl registry kubernetes-manifest` makes."""
    return f"registry-{registry}"


def secret_names(registry: str) -> tuple[str, ...]:
    """The names of all secrets that serve a registry, whoever makes them; what a role allows by `resourceNames`."""
    return (*(secret_name(method, registry) for method in (DIRECT, OPERATOR, ONE_CLICK)), doctl_name(registry))


def labels_of(registry: str, method: str) -> Mapping[str, str]:
    """The marks of what is ours."""
    return {_MANAGED_BY: _MANAGER, _REGISTRY: registry, _METHOD: method}


def is_ours(secret: Secret, registry: str, method: str) -> bool:
    """Whether this collection made it, for this registry and by this method."""
    return all(secret.labels.get(name) == value for name, value in labels_of(registry, method).items())


def is_copy(secret: Secret, identifier: str) -> bool:
    """Whether DigitalOcean's operator made it, from the secret that names itself so."""
    return secret.labels.get(_COPY) == identifier


def is_source(secret: Secret, identifier: str) -> bool:
    """Whether DigitalOcean's operator copies it under this name."""
    return secret.namespace == OPERATOR_NAMESPACE and secret.annotations.get(_SOURCE) == identifier


def pull_secret(registry: str, method: str, credential: Credential) -> SecretContent:
    """What each copy holds; expiry, time of minting and fingerprint can be read without the token."""
    return SecretContent(
        type=PULL_SECRET_TYPE,
        data={PULL_SECRET_KEY: base64.b64encode(credential.config.encode()).decode()},
        labels=labels_of(registry, method),
        annotations={
            **({_SOURCE: secret_name(method, registry)} if method == OPERATOR else {}),
            _FINGERPRINT: credential.fingerprint,
            _MINTED_AT: format_time(credential.minted_at),
            _EXPIRES_AT: NEVER if credential.expires_at is None else format_time(credential.expires_at),
        },
    )


def carries(secret: Secret, content: SecretContent) -> bool:
    """Whether a copy holds this, whatever labels and annotations others added."""
    present = secret.content
    return (
        present.type == content.type
        and dict(present.data) == dict(content.data)
        and content.labels.items() <= present.labels.items()
        and content.annotations.items() <= present.annotations.items()
    )


def holds_later(secret: Secret, content: SecretContent) -> bool:
    """Whether a copy holds a credential that another run minted, not before that of this content."""
    present = secret.annotations
    return (
        present.get(_MINTED_AT, "") >= content.annotations[_MINTED_AT]
        and present.get(_FINGERPRINT) != content.annotations[_FINGERPRINT]
    )


def merge_content(secret: Secret, content: SecretContent) -> SecretContent:
    """The content with the labels and annotations that others added to a copy."""
    return SecretContent(
        content.type,
        content.data,
        {**secret.labels, **content.labels},
        {**secret.annotations, **content.annotations},
    )


def credential_in(secret: Secret) -> Credential:
    """The credential that one of our copies holds; raises ValueError, without the token, for one that was edited."""
    try:
        config = base64.b64decode(secret.content.data[PULL_SECRET_KEY], validate=True).decode()
        expires_at = secret.annotations[_EXPIRES_AT]
        credential = Credential(
            config=config,
            minted_at=parse_time(secret.annotations[_MINTED_AT]),
            expires_at=None if expires_at == NEVER else parse_time(expires_at),
        )
        is_whole = credential.fingerprint == secret.annotations[_FINGERPRINT]
    except (KeyError, ValueError, json.JSONDecodeError):
        is_whole = False
    if not is_whole:
        raise ValueError("it is not as it was written")
    return credential
