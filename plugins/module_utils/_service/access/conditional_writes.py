# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes into a cluster beside which others write: what was read may be old, so each is told from the answer.

A write carries the version of what was read. On a conflict the object is read again and judged again; what has gone in
the meantime, or is on its way out with its namespace, needs nothing more.
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

# Each time another writer was faster, so this is the number of writers that one can stand against.
ATTEMPTS = 100
# So often an answer may stay out, after which it is not chance any more.
_UNSURE = 2


def write_secret(
    kube: Kube, write: SecretWrite, name: str, content: SecretContent, may_change: Callable[[Secret], bool]
) -> Secret | None:
    """Give a namespace the secret; None when the namespace has gone.

    Raises Refused for one that is not ours, or that another run has given a later credential in the meantime.
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
    """Add and remove entries of a service account, and give it as it is then; None when it has gone."""

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
    """Delete a secret that is ours; one that has gone, or that became somebody else's, is left alone."""

    def attempt(present: Secret | None) -> None:
        if present is not None and may_change(present):
            with suppress(NotFound):
                kube.delete_secret(present)

    _persist(secret, attempt, lambda: kube.fetch_secret(secret.namespace, secret.name))


def delete_pod(kube: Kube, pod: Pod) -> bool:
    """Delete a pod; False when it is gone, or another one has its name."""
    try:
        kube.delete_pod(pod)
    except (NotFound, Conflict):
        return False
    return True


def _persist(first: T | None, attempt: Callable[[T | None], R], reread: Callable[[], T | None]) -> R:
    """What `attempt` makes of the object, read again after each conflict and where no answer told what became of it."""
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
    """Raise Refused where another run is ahead of this one, since it may have revoked what would be written."""
    if holds_later(secret, content):
        raise Refused(
            f"write the secret {secret.namespace}/{secret.name} in the cluster {kube.name}",
            "another run has given it a later credential in the meantime",
            "let one run end before the next one, then run the task again",
        )


def _replace(kube: Kube, present: Secret, content: SecretContent) -> Secret:
    """Give a secret of ours other content; one that cannot be changed is made anew."""
    try:
        return kube.replace_secret(present, content)
    except Refused as error:
        # Somebody has marked it so, or has made it with another type.
        if "field is immutable" not in (error.answer.message or ""):
            raise
    kube.delete_secret(present)
    return kube.create_secret(present.namespace, present.name, content)


def _require_owned(kube: Kube, secret: Secret, may_change: Callable[[Secret], bool]) -> None:
    if not may_change(secret):
        raise Refused(
            f"write the secret {secret.namespace}/{secret.name} in the cluster {kube.name}",
            "a secret of that name appeared that this collection did not make",
            "see whose it is and delete it, or leave out its namespace",
        )
