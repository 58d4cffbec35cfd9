# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds clusters with pull secrets as values, for the tests of decisions."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    AccountChange,
    CurrentCluster,
    CurrentRegistry,
    DesiredAccess,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import (
    CURRENT,
    JOURNAL_NAMESPACE,
    Journal,
    journal_name,
    write_journal,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.methods import secret_name
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.ownership import JOURNAL, labels_of
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.pull_secrets import pull_secret
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    PULL_SECRET_KEY,
    PULL_SECRET_TYPE,
    Namespace,
    Pod,
    Secret,
    SecretContent,
    ServiceAccount,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.selection import Where
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import (
    Credential,
    RotationPolicy,
)

NOW = datetime(2026, 7, 9, 16, 20, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RENEWED = RotationPolicy(20 * DAY, 3 * HOUR)
ENDLESS = RotationPolicy(None, 3 * HOUR)
FORCED = RotationPolicy(20 * DAY, 3 * HOUR, force=True)

SYSTEM, PEAR, FIG, BOG = "kube-system", "pear", "fig", "bog"
DIRECT, OPERATOR, ONE_CLICK = "docr-direct-kiwi", "docr-operator-kiwi", "kiwi"
COPY_LABEL = "digitalocean.com/copy-identifier"


def config(token: str) -> str:
    login = base64.b64encode(f"{token}:{token}".encode()).decode()
    return json.dumps({"auths": {"images.quay:7443": {"auth": login}}})


def credential(token: str = "t-1", age_days: float = 3, left_days: float | None = 57) -> Credential:
    """A credential that was minted some days ago and ends in some days, or never."""
    ends = None if left_days is None else NOW + left_days * DAY
    return Credential(config(token), NOW - age_days * DAY, ends)


FIRST, SECOND, ETERNAL = credential(), credential("t-2", 1, 59), credential("t-3", 100, None)
STALE, EXPIRED = credential("t-4", 21, 39), credential("t-5", 61, -1)


def ours(place: str, found: Credential = FIRST, method: str = "direct", registry: str = "kiwi") -> Secret:
    """A secret as this collection writes it."""
    return Secret(place, secret_name(method, registry), pull_secret(registry, method, found), uid=f"uid-{place}")


def copied(place: str, found: Credential = FIRST, name: str = OPERATOR) -> Secret:
    """A copy as DigitalOcean's operator makes it of a secret in kube-system."""
    return Secret(place, name, SecretContent(PULL_SECRET_TYPE, data_of(found), {COPY_LABEL: name}))


def theirs(place: str, name: str = DIRECT, kind: str = PULL_SECRET_TYPE) -> Secret:
    """A secret that another tool made."""
    return Secret(place, name, SecretContent(kind, data_of(credential("t-theirs"))))


def edited(secret: Secret, token: str = "t-edited") -> Secret:
    """The same with another token put into it by hand."""
    return replace(secret, content=replace(secret.content, data=data_of(credential(token))))


def data_of(found: Credential) -> dict[str, str]:
    return {PULL_SECRET_KEY: base64.b64encode(found.config.encode()).decode()}


def account(place: str, *names: str, name: str = "default") -> ServiceAccount:
    return ServiceAccount(place, name, names)


def journal(*entries: tuple[Credential, str] | tuple[Credential, str, datetime]) -> Journal:
    found = Journal()
    for one in entries:
        found = found.add(*one)
    return found


def journal_secret(found: Journal, registry: str = "kiwi") -> Secret:
    return Secret(
        JOURNAL_NAMESPACE, journal_name(registry), write_journal(found, labels_of(registry, JOURNAL)), uid="uid-journal"
    )


def by_name(secrets: Iterable[Secret]) -> dict[str, dict[str, Secret]]:
    """Secrets by name, and by namespace."""
    found: dict[str, dict[str, Secret]] = {}
    for one in secrets:
        found.setdefault(one.name, {})[one.namespace] = one
    return found


def registry_state(
    secrets: Iterable[Secret] = (),
    noted: Journal | None = None,
    chosen: Iterable[str] = (SYSTEM, PEAR, FIG),
    is_accepted: bool | None = True,
    registry: str = "kiwi",
) -> CurrentRegistry:
    """What a cluster holds for one registry; with a journal if something is noted."""
    secret = None if noted is None else journal_secret(noted, registry)
    return CurrentRegistry(by_name(secrets), frozenset(chosen), noted or Journal(), secret, is_accepted)


def cluster(
    secrets: Iterable[Secret] = (),
    accounts: Sequence[ServiceAccount] = (),
    noted: Journal | None = None,
    *,
    chosen: Iterable[str] = (SYSTEM, PEAR, FIG),
    is_accepted: bool | None = True,
    integrated: Iterable[str] = (),
    pods: Sequence[Pod] = (),
) -> CurrentCluster:
    """A cluster with three namespaces and one that is terminating, and what it holds for the registry kiwi."""
    return CurrentCluster(
        name="orchard",
        now=NOW,
        namespaces=(Namespace(SYSTEM), Namespace(PEAR), Namespace(FIG), Namespace(BOG, is_terminating=True)),
        accounts=tuple(accounts),
        registries={"kiwi": registry_state(secrets, noted, chosen, is_accepted)},
        pods=tuple(pods),
        integrated=frozenset(integrated),
    )


def access(
    method: str = "direct", policy: RotationPolicy | None = RENEWED, registry: str = "kiwi", **where: object
) -> DesiredAccess:
    """The desired access to a registry; `where` are fields of Where."""
    chosen = Where(**where)  # type: ignore[arg-type]
    return DesiredAccess(registry, method, chosen, None if method == "one_click" else policy)


def everywhere(found: Credential = FIRST) -> list[Secret]:
    """The secrets of the method direct in all namespaces."""
    return [ours(place, found) for place in (SYSTEM, PEAR, FIG)]


def named(*names: str) -> list[ServiceAccount]:
    """The default accounts of all namespaces, with these entries."""
    return [account(place, *names) for place in (SYSTEM, PEAR, FIG)]


def actions(steps: Iterable[Any]) -> list[str]:
    return [step.action for step in steps]


def changes(step: Any) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """The accounts of a step that patches, with what they get and lose."""
    found: Sequence[AccountChange] = step.changes
    return [(f"{one.account.namespace}/{one.account.name}", one.add, one.remove) for one in found]


SETTLED = journal((FIRST, CURRENT))
SOURCE = [ours(SYSTEM, method="operator")]
COPIED = [*SOURCE, copied(PEAR), copied(FIG)]


def pod(*names: str, account: str = "default", created_days_ago: float | None = 1, **more: Any) -> Pod:
    """A pod in the namespace pear that a controller would make again; it was made with these pull secrets."""
    made = None if created_days_ago is None else NOW - created_days_ago * DAY
    given = {"name": "web-1", "controller": "ReplicaSet/web", "namespace": PEAR} | more
    return Pod(service_account=account, pull_secrets=names, created_at=made, **given)
