# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes into a cluster in which other writers write at the same time.

A write carries the version of the object that was read. After a conflict the object is read and judged again. An object
that was deleted since, or whose namespace is terminating, requires no write.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from ..._domain.access.cluster_access import AccountChange, SecretWrite
from ..._domain.access.pull_secrets import carries, holds_later, merge_content
from ..._domain.clusters.objects import Pod, Secret, SecretContent, ServiceAccount
from ..._domain.errors import Conflict, DocrError, NotFound, Refused
from ..ports.kube import Kube

T = TypeVar("T")
R = TypeVar("R")

# Each attempt fails because another writer was faster, so the number limits how many writers a write can outlast.
ATTEMPTS = 100
# How often an answer may be missing before the write fails.
_UNSURE = 2


def write_secret(
    kube: Kube, write: SecretWrite, name: str, content: SecretContent, may_change: Callable[[Secret], bool]
) -> Secret | None:
    """Write the secret into a namespace; returns None when the namespace is gone.

    Raises Refused for a secret that is not ours, or to which another run wrote a later credential since the read.
    """
    known = write.current.resource_version if write.current else ""

    def attempt(present: Secret | None) -> Secret | None:
        try:
            if present is None:
                return kube.create_secret(write.namespace, name, content)
            _require_owned(kube, present, may_change)
            if present.resource_version != known:
                require_no_later(kube, present, content)
            return present if carries(present, content) else _replace(kube, present, merge_content(present, content))
        except NotFound:
            return None if present is None else attempt(None)

    return _persist(write.current, attempt, lambda: kube.fetch_secret(write.namespace, name))


def change_account(kube: Kube, change: AccountChange) -> ServiceAccount | None:
    """Add and remove entries of a service account; returns the account afterwards, None when the account is gone."""

    def attempt(account: ServiceAccount | None) -> ServiceAccount | None:
        if account is None:
            return None
        names = change.names_of(account)
        try:
            return account if names == account.pull_secrets else kube.set_pull_secrets(account, names)
        except NotFound:
            return None

    first = change.account
    return _persist(first, attempt, lambda: kube.fetch_service_account(first.namespace, first.name))


def delete_secret(kube: Kube, secret: Secret, may_change: Callable[[Secret], bool]) -> None:
    """Delete a secret that is ours; a secret that is gone, or that another writer took over, is left alone."""

    def attempt(present: Secret | None) -> None:
        if present is not None and may_change(present):
            with suppress(NotFound):
                kube.delete_secret(present)

    _persist(secret, attempt, lambda: kube.fetch_secret(secret.namespace, secret.name))


def delete_pod(kube: Kube, pod: Pod) -> bool:
    """Delete a pod; returns False when the pod is gone, or another pod has its name."""
    try:
        kube.delete_pod(pod)
    except (NotFound, Conflict):
        return False
    return True


def _persist(first: T | None, attempt: Callable[[T | None], R], reread: Callable[[], T | None]) -> R:
    """The result of `attempt`; after a conflict or a missing answer, the object is read and attempted again."""
    present, unsure = first, 0
    for _attempt in range(ATTEMPTS):
        try:
            return attempt(present)
        except DocrError as error:
            unsure += not isinstance(error, Conflict)
            if unsure > _UNSURE or not (isinstance(error, Conflict) or error.may_have_taken_effect):
                raise
            last = error
        present = reread()
    raise last


def require_no_later(kube: Kube, secret: Secret, content: SecretContent) -> None:
    """Raise Refused where another run wrote a later credential: the run may have revoked the credential to write."""
    if holds_later(secret, content):
        raise Refused(
            f"write the secret {secret.namespace}/{secret.name} in the cluster {kube.name}",
            "another run wrote a later credential first",
            "let one run end before the next run starts, then run the task again",
        )


def _replace(kube: Kube, present: Secret, content: SecretContent) -> Secret:
    """Replace the content of a secret of ours; a secret that cannot be changed is deleted and created again."""
    try:
        return kube.replace_secret(present, content)
    except Refused as error:
        # The secret is marked immutable, or has another type.
        if "field is immutable" not in (error.answer.message or ""):
            raise
    kube.delete_secret(present)
    return kube.create_secret(present.namespace, present.name, content)


def _require_owned(kube: Kube, secret: Secret, may_change: Callable[[Secret], bool]) -> None:
    if not may_change(secret):
        raise Refused(
            f"write the secret {secret.namespace}/{secret.name} in the cluster {kube.name}",
            "another writer created a secret of the same name, which this collection did not make",
            "find out what uses the secret and delete the secret, or leave out its namespace",
        )
