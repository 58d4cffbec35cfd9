# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of pull secrets, and the credential that a pull secret holds."""

from __future__ import annotations

import base64

from ..clusters.objects import PULL_SECRET_KEY, PULL_SECRET_TYPE, Secret, SecretContent
from ..credentials.rotation import Credential
from ..times import format_time, parse_time
from .methods import OPERATOR, secret_name
from .ownership import MARKS, SOURCE, labels_of

_FINGERPRINT = f"{MARKS}/fingerprint"
_MINTED_AT = f"{MARKS}/minted-at"
_EXPIRES_AT = f"{MARKS}/expires-at"
NEVER = "never"
# A time of another year was written by another writer, and a calculation with the time may overflow.
_YEARS = range(2000, 3000)


def pull_secret(registry: str, method: str, credential: Credential) -> SecretContent:
    """The content of every pull secret; annotations show expiry, time of minting and fingerprint without the token."""
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
    """Whether a secret has this content; labels and annotations of other tools do not count."""
    current = secret.content
    return (
        current.type == content.type
        and dict(current.data) == dict(content.data)
        and content.labels.items() <= current.labels.items()
        and content.annotations.items() <= current.annotations.items()
    )


def config_in(secret: Secret) -> str:
    """The Docker config of a pull secret as text; empty for a secret without a readable Docker config."""
    try:
        return base64.b64decode(secret.content.data[PULL_SECRET_KEY], validate=True).decode()
    except (KeyError, ValueError):
        return ""


def merge_content(secret: Secret, content: SecretContent) -> SecretContent:
    """The content together with the labels and annotations that other tools added to the secret."""
    return SecretContent(
        content.type,
        content.data,
        {**secret.labels, **content.labels},
        {**secret.annotations, **content.annotations},
    )


def credential_in(secret: Secret) -> Credential:
    """The credential in a secret of ours; raises ValueError, without the token, for a secret that was edited."""
    try:
        config = base64.b64decode(secret.content.data[PULL_SECRET_KEY], validate=True).decode()
        expires_at = secret.annotations[_EXPIRES_AT]
        credential = Credential(
            config=config,
            minted_at=parse_time(secret.annotations[_MINTED_AT]),
            expires_at=None if expires_at == NEVER else parse_time(expires_at),
        )
        is_intact = (
            credential.fingerprint == secret.annotations[_FINGERPRINT]
            and credential.minted_at.year in _YEARS
            and (credential.expires_at is None or credential.expires_at.year in _YEARS)
        )
    except (KeyError, ValueError, OverflowError, RecursionError):
        is_intact = False
    if not is_intact:
        raise ValueError("the secret was edited")
    return credential


def intact_credential(secret: Secret) -> Credential | None:
    """The credential in a secret of ours; None for a secret that another writer edited.

    The next run writes an edited secret again, and its content holds nothing to revoke.
    """
    try:
        return credential_in(secret)
    except ValueError:
        return None
