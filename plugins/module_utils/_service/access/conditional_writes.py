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
from dataclasses import dataclass
from typing import TypeVar

from ..._domain.access.cluster_access import AccountChange, SecretWrite
from ..._domain.access.pull_secrets import carries, merge_content
from ..._domain.clusters.objects import Pod, Secret, SecretContent, ServiceAccount
from ..._domain.errors import Conflict, DocrError, NotFound, Refused
from ..flow.wait import Clock
from ..ports.kube import Kube

T = TypeVar("T")
R = TypeVar("R")

# Each attempt fails because another writer was faster. With the pauses, a write is given up after some 15 seconds.
_ATTEMPTS = 20
_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 1.0
# How often an answer may be missing before the write fails.
_UNSURE = 2


@dataclass(frozen=True)
class ConditionalWrites:
    """Writes into one cluster; the pauses between attempts pass on `clock`."""

    kube: Kube
    clock: Clock

    def write_secret(
        self,
        write: SecretWrite,
        name: str,
        content: SecretContent,
        may_change: Callable[[Secret], bool],
        require_no_later: Callable[[Secret], None],
    ) -> None:
        """Write the secret into a namespace, unless the namespace is gone.

        Raises Refused for a secret that is not ours, and what `require_no_later` raises for a secret that another
        writer changed since the read.
        """
        known = write.current.resource_version if write.current else ""

        def attempt(present: Secret | None) -> None:
            try:
                if present is None:
                    self.kube.create_secret(write.namespace, name, content)
                    return
                self._require_owned(present, may_change)
                if present.resource_version != known:
                    require_no_later(present)
                if not carries(present, content):
                    self._replace(present, merge_content(present, content))
            except NotFound as error:
                if present is not None:
                    attempt(None)
                elif any(one.name == write.namespace and not one.is_terminating for one in self.kube.list_namespaces()):
                    raise _is_there(error) from None

        self._persist(write.current, attempt, lambda: self.kube.fetch_secret(write.namespace, name))

    def change_account(self, change: AccountChange) -> None:
        """Add and remove entries of a service account, unless the account is gone."""

        def attempt(account: ServiceAccount | None) -> None:
            if account is None:
                return
            names = change.names_of(account)
            if names == account.pull_secrets:
                return
            try:
                self._require_change(change, self.kube.set_pull_secrets(account, names))
            except NotFound as error:
                if self.kube.fetch_service_account(account.namespace, account.name) is not None:
                    raise _is_there(error) from None

        first = change.account
        self._persist(first, attempt, lambda: self.kube.fetch_service_account(first.namespace, first.name))

    def delete_secret(self, secret: Secret, may_change: Callable[[Secret], bool]) -> None:
        """Delete a secret that is ours; a secret that is gone, or that another writer took over, is left alone."""

        def attempt(present: Secret | None) -> None:
            if present is None or not may_change(present):
                return
            try:
                self.kube.delete_secret(present)
            except NotFound as error:
                left = self.kube.fetch_secret(secret.namespace, secret.name)
                if left is not None and left.uid == present.uid:
                    raise _is_there(error) from None

        self._persist(secret, attempt, lambda: self.kube.fetch_secret(secret.namespace, secret.name))

    def delete_pod(self, pod: Pod) -> None:
        """Delete a pod, unless the pod is gone or another pod has its name."""
        with suppress(NotFound, Conflict):
            self.kube.delete_pod(pod)

    def _persist(self, first: T | None, attempt: Callable[[T | None], R], reread: Callable[[], T | None]) -> R:
        """The result of `attempt`; after a conflict or a missing answer, the object is read and attempted again."""
        present, unsure = first, 0
        for number in range(_ATTEMPTS):
            try:
                return attempt(present)
            except DocrError as error:
                unsure += not isinstance(error, Conflict)
                if unsure > _UNSURE or not (isinstance(error, Conflict) or error.may_have_taken_effect):
                    raise
                last = error
            self.clock.sleep(min(_FIRST_PAUSE_S * 2**number, _LONGEST_PAUSE_S))
            present = reread()
        raise last

    def _replace(self, present: Secret, content: SecretContent) -> None:
        """Replace the content of a secret of ours; a secret that cannot be changed is deleted and created again.

        Kubernetes allows no other way. The secret is deleted only where the API server would create the secret, and
        nothing holds the deletion up, so the secret is missing for the time of one request.
        """
        try:
            self.kube.replace_secret(present, content)
            return
        except Refused as error:
            # The secret is marked immutable, or has another type.
            if "field is immutable" not in (error.answer.message or ""):
                raise
        if present.finalizers:
            raise Refused(
                f"renew the immutable secret {present.namespace}/{present.name} in the cluster {self.kube.name}",
                f"its finalizers ({', '.join(present.finalizers)}) hold up the deletion that the renewal requires",
                "delete the secret and let its finalizers end, then run the task again",
            )
        with suppress(Conflict):  # The name is taken, which the API server says only when all else is well.
            self.kube.create_secret(present.namespace, present.name, content, owners=present.owners, is_trial=True)
        self.kube.delete_secret(present)
        self.kube.create_secret(present.namespace, present.name, content, owners=present.owners)

    def _require_change(self, change: AccountChange, answer: ServiceAccount) -> None:
        """Raise Refused where the API server stored another list than was sent, as a mutating webhook makes it do."""
        if change.names_of(answer) != answer.pull_secrets:
            raise Refused(
                f"patch the service account {answer.namespace}/{answer.name} in the cluster {self.kube.name}",
                "the API server accepted the patch and stored other pull secrets",
                "find the admission webhook or policy that changes service accounts",
            )

    def _require_owned(self, secret: Secret, may_change: Callable[[Secret], bool]) -> None:
        if not may_change(secret):
            raise Refused(
                f"write the secret {secret.namespace}/{secret.name} in the cluster {self.kube.name}",
                "another writer created a secret of the same name, which this collection did not make",
                "find out what uses the secret and delete the secret, or leave out its namespace",
            )


def _is_there(error: NotFound) -> Refused:
    """The error where the answer was 404, as an admission webhook may give it, and the object is there all the same."""
    return Refused(error.operation, error.answer, "find the admission webhook or proxy that answers 404")
