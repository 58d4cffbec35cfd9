# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pull secrets: what they are called, what they hold, and whose they are."""

from __future__ import annotations

import base64
import json

from ..clusters.objects import PULL_SECRET_KEY, PULL_SECRET_TYPE, Secret, SecretContent
from ..credentials.rotation import Credential
from ..times import format_time, parse_time
from .methods import OPERATOR
from .ownership import MARKS, SOURCE, labels_of
from .secret_names import secret_name

_FINGERPRINT = f"{MARKS}/fingerprint"
_MINTED_AT = f"{MARKS}/minted-at"
_EXPIRES_AT = f"{MARKS}/expires-at"
NEVER = "never"


def pull_secret(registry: str, method: str, credential: Credential) -> SecretContent:
    """What each copy holds; expiry, time of minting and fingerprint can be read without the token."""
    return SecretContent(
        type=PULL_SECRET_TYPE,
        data={PULL_SECRET_KEY: base64.b64encode(credential.config.encode()).decode()},
        labels=labels_of(registry, method),
        annotations={
            **({SOURCE: secret_name(method, registry)} if method == OPERATOR else {}),
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
