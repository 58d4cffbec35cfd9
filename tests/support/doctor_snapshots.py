# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters as a doctor sees them, put together by hand for the tests of what it makes of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.methods import secret_name
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.pull_secrets import pull_secret
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    PULL_SECRET_KEY,
    PULL_SECRET_TYPE,
    Container,
    Pod,
    Secret,
    SecretContent,
    ServiceAccount,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.selection import Where
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import Credential
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.images import Image
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.secrets import index_secrets
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.snapshot import (
    ClusterSnapshot,
    DoctorScope,
    TokenAccess,
)

HOST = "images.quay:7443"
NOW = datetime(2026, 5, 17, 11, 30, tzinfo=UTC)
TEAM = ("kiwi", "plum")
SCOPE = DoctorScope(Where(service_accounts=("default", "build-*")), HOST, TEAM, TEAM)
OPENS_KIWI = TokenAccess(True, frozenset({"kiwi"}))
OPENS_PLUM = TokenAccess(True, frozenset({"plum"}))
WRITES_KIWI = TokenAccess(True, frozenset({"kiwi"}), frozenset({"kiwi"}))
OPENS_NOTHING = TokenAccess(True)
DEAD = TokenAccess(False)
MISSING_IMAGE = Image("kiwi", "web", "gone")


def config(token: str, host: str = HOST) -> str:
    return json.dumps({"auths": {host: {"auth": base64.b64encode(f"{token}:{token}".encode()).decode()}}})


def credential(token: str, left_days: float | None = 60, age_days: float = 30) -> Credential:
    """A credential that was minted some days ago and ends in some days, or never."""
    ends = None if left_days is None else NOW + timedelta(days=left_days)
    return Credential(config(token), NOW - timedelta(days=age_days), ends)


def ours(
    token: str = "t-1",
    *,
    method: str = "direct",
    place: str = "pear",
    left_days: float | None = 60,
    age_days: float = 30,
) -> Secret:
    """A secret as this collection writes it."""
    content = pull_secret("kiwi", method, credential(token, left_days, age_days))
    return Secret(place, secret_name(method, "kiwi"), content)


def theirs(
    name: str, token: str = "t-1", *, place: str = "pear", kind: str = PULL_SECRET_TYPE, host: str = HOST
) -> Secret:
    """A secret as anybody else writes it."""
    data = {PULL_SECRET_KEY: base64.b64encode(config(token, host).encode()).decode()}
    return Secret(place, name, SecretContent(kind, data))


def copied(secret: Secret) -> Secret:
    """The same as DigitalOcean's operator copies it for the one-click integration."""
    labels = {"digitalocean.com/copy-identifier": secret.name}
    return replace(secret, content=replace(secret.content, labels=labels))


def edited(secret: Secret, token: str, host: str = HOST) -> Secret:
    """The same with another token put into it."""
    return with_config(secret, config(token, host))


def with_config(secret: Secret, text: str) -> Secret:
    """The same with another text for a Docker config."""
    data = {PULL_SECRET_KEY: base64.b64encode(text.encode()).decode()}
    return replace(secret, content=replace(secret.content, data=data))


def account(*names: str, place: str = "pear", name: str = "default") -> ServiceAccount:
    return ServiceAccount(place, name, names)


def pod(
    *names: str, image: str = "kiwi/web:v7", waiting: str | None = "ImagePullBackOff", message: str = "", **more: Any
) -> Pod:
    """A pod of one container, its image on the host of the team, that waits for it."""
    whole = image.removeprefix("!") if image.startswith("!") else f"{HOST}/{image}"
    container = Container("app", whole, waiting, message)
    return Pod("pear", more.pop("name", "web-1"), more.pop("account", "default"), names, (container,), **more)


def snapshot(
    secrets: Iterable[Secret] = (),
    accounts: Iterable[ServiceAccount] = (),
    pods: Iterable[Pod] = (),
    *,
    scope: DoctorScope = SCOPE,
    access: Mapping[str, TokenAccess] | None = None,
    **more: Any,
) -> ClusterSnapshot:
    """A cluster; `access` is by token, and tokens `t-1`, `t-2` and so on open kiwi where it says nothing of them."""
    asked = {f"t-{number}": OPENS_KIWI for number in range(1, 9)} | dict(access or {})
    spaces = frozenset({"pear", *(one.namespace for one in accounts)})
    return ClusterSnapshot(
        scope=scope,
        now=NOW,
        namespaces=spaces,
        accounts={(one.namespace, one.name): one for one in accounts},
        pods=tuple(pods),
        index=index_secrets(secrets, HOST, TEAM),
        access={credential(token).fingerprint: one for token, one in asked.items()},
        images={
            MISSING_IMAGE: False,
            Image("kiwi", "web", "v7"): True,
            Image("kiwi", "web", "v7", has_host=False): True,
            Image("kiwi", "hub", "v7", has_host=False): False,
        },
        **more,
    )
