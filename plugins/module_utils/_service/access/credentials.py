# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credentials of one registry in one cluster: minted, recorded in the journal, verified, and revoked.

A credential is recorded in the journal right after it is minted, and until it is revoked. So the next run knows every
credential, except a credential that was minted in the instant of a crash. A credential is in use only when it is
verified, and is recorded as old before it is revoked. So no run writes a credential that may be revoked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ..._domain.access.cluster_access import RegistryAccess
from ..._domain.access.journal import JOURNAL_NAMESPACE, Journal, journal_name, write_journal
from ..._domain.access.ownership import JOURNAL, labels_of
from ..._domain.access.pull_secrets import pull_secret
from ..._domain.clusters.objects import Secret, SecretContent
from ..._domain.credentials.docker import DockerCredentials, lost_credential
from ..._domain.credentials.rotation import Credential
from ..._domain.errors import BadAnswer, Conflict, Denied, DocrError, RateLimited
from ..._domain.times import format_time
from ..flow.rate_limit import RateLimitWaits
from ..flow.tokens import revoke_token
from ..flow.verification import CredentialCheck
from ..flow.wait import Clock, PollSettings
from ..ports.credentials import CredentialApi
from ..ports.kube import Kube

# A token that has just been minted may not be known everywhere at once.
_NEWS_TIMEOUT_S = 10.0


@dataclass
class Credentials:
    """Writes the journal of one registry; `credential` is the credential in use, None until it is minted."""

    check: CredentialCheck
    kube: Kube
    access: RegistryAccess
    clock: Clock
    journal: Journal = field(init=False)
    secret: Secret | None = field(init=False)
    credential: Credential | None = field(init=False)
    revoked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journal = self.access.journal
        self.secret = self.access.current.journal_secret
        self.credential = self.access.credential

    @property
    def _api(self) -> CredentialApi:
        return self.check.api

    @property
    def content(self) -> SecretContent:
        """The content of the pull secrets with the credential in use; ValueError where no credential was minted."""
        if self.credential is None:
            raise ValueError(f"no credential of {self.access.registry} was minted")
        return pull_secret(self.access.registry, self.access.desired.method, self.credential)

    def mint(self, poll_settings: PollSettings) -> None:
        """Mint a credential, record it, verify it, and record that it is verified.

        A credential that cannot be recorded or is not accepted is revoked again. A credential whose check gets no
        answer stays recorded as new, and the next run verifies it.
        """
        policy = self.access.desired.required_policy
        minted = self._mint(poll_settings)
        now = self._api.now()
        expires_at = now + timedelta(seconds=policy.expiry_s) if policy.expiry_s else None
        credential = Credential(minted.config, now, expires_at)
        self._require_own_host(credential)
        try:
            self.save(self.journal.add(credential))
        except DocrError as error:
            self._give_up(credential, error)
            raise
        self._verify(credential, poll_settings)
        self.save(self.journal.judge(credential.fingerprint, is_accepted=True, now=now))
        self.credential = credential

    def _mint(self, poll_settings: PollSettings) -> DockerCredentials:
        """Mint; after a wait for the rate limit only where no other run wrote the journal in the meantime."""
        registry, policy = self.access.registry, self.access.desired.required_policy
        known = frozenset(one.fingerprint for one in self.journal.entries)
        waits = RateLimitWaits(self._api.rate_limit_wait_s, poll_settings.clock)
        while True:
            since = self._api.now()
            try:
                return self._api.mint_docker_credentials(
                    registry, read_write=False, expiry_s=policy.expiry_s, known=known
                )
            except RateLimited as error:
                if not waits.wait(error):
                    # Reading many clusters again would use up the limit once more.
                    error.retry_after_s = None
                    raise
            except DocrError as error:
                if not error.may_have_taken_effect:
                    raise
                # No run can find a credential of a lost answer.
                left = lost_credential(registry, since, policy.expiry_s)
                raise type(error)(error.operation, error.answer, f"{error.advice}; {left}") from None
            found = self.kube.fetch_secret(JOURNAL_NAMESPACE, journal_name(registry))
            if found != self.secret:
                raise Conflict(
                    f"mint a credential for the registry {registry} and the cluster {self.access.cluster.name}",
                    f"another run wrote the journal {JOURNAL_NAMESPACE}/{journal_name(registry)} during the wait for"
                    " the rate limit",
                    "run the task again",
                )

    def save(self, journal: Journal) -> None:
        """Write the journal. Raises Conflict when another writer, such as another run, wrote the journal since."""
        registry = self.access.registry
        content = write_journal(journal, labels_of(registry, JOURNAL))
        if self.secret is None:
            self.secret = self.kube.create_secret(JOURNAL_NAMESPACE, journal_name(registry), content)
        else:
            self.secret = self.kube.replace_secret(self.secret, content)
        self.journal = journal

    def promote(self) -> None:
        """Record that all secrets carry the credential in use: the others become old."""
        if self.credential is not None:
            promoted = self.journal.promote(self.credential, self._api.now())
            if promoted != self.journal:
                self.save(promoted)

    def revoke(self, credentials: Iterable[Credential]) -> None:
        """Revoke credentials, and remove them from the journal where there is one.

        The journal records first that the credentials are old: a credential that is revoked is never in use again.
        """
        doomed = tuple(credentials)
        retired = self.journal.retire({one.fingerprint for one in doomed}, self._api.now())
        if self.secret is not None and retired != self.journal:
            self.save(retired)
        for one in doomed:
            self._revoke(one)
        if self.secret is not None:
            self.save(self.journal.without(self.revoked))

    def drop(self) -> None:
        """Delete the journal."""
        if self.secret is not None:
            self.kube.delete_secret(self.secret)
            self.secret = None

    def _require_own_host(self, credential: Credential) -> None:
        """Raise BadAnswer for a credential that names another image host, where no kubelet would find it."""
        host = credential.login.host
        if host not in self._api.image_hosts:
            error = BadAnswer(
                f"use the credential that was minted for the registry {self.access.registry}",
                f"the credential is for the host {host!r:.100}",
                "check that registry_host is the image host of this API, and that no proxy answers for the API",
            )
            self._give_up(credential, error)
            raise error

    def _verify(self, credential: Credential, poll_settings: PollSettings) -> None:
        """Raise Denied for a credential that is not accepted, which is revoked, and another error without an answer."""
        settings = replace(poll_settings, timeout_s=min(poll_settings.timeout_s, _NEWS_TIMEOUT_S))
        seen = settings.poll(
            lambda: self.check.try_check(credential.login, self.access.registry),
            lambda accepted: accepted is not False,
        )
        if isinstance(seen.value, DocrError):
            self._leave_unverified(credential, seen.value)
        if not seen.value:
            error = Denied(
                f"use the credential that was minted for the registry {self.access.registry}",
                "the credential is not accepted",
                "the credential is revoked again; check whether another run replaced the credential, and that"
                " registry_host is the image host of the API that minted the credential",
            )
            self.save(self.journal.judge(credential.fingerprint, is_accepted=False, now=self._api.now()))
            self._give_up(credential, error)
            self.save(self.journal.without(self.revoked))
            raise error

    def _leave_unverified(self, credential: Credential, cause: DocrError) -> None:
        left = type(cause)(
            f"verify the credential {credential.fingerprint} that was minted for the registry"
            f" {self.access.registry} and the cluster {self.access.cluster.name}",
            cause.answer,
            f"{cause.advice}: the pull secrets and the credential in them stay as they are, and the next run verifies"
            " the new credential; where this host never reaches the image host, set verify_credentials to api",
        )
        left.has_written = True
        raise left from None

    def _give_up(self, credential: Credential, cause: DocrError) -> None:
        """Revoke a credential that cannot be used; where that fails too, the error names what is left and why."""
        try:
            self._revoke(credential)
        except DocrError as error:
            left = f"the token was minted for {self.access.registry} at {format_time(credential.minted_at)}"
            advice = f"{error.advice}: {left}, and is not used, because of the first error: {cause}"
            left_over = type(error)(error.operation, error.answer, advice)
            left_over.has_written = True
            raise left_over from cause

    def _revoke(self, credential: Credential) -> None:
        revoke_token(self._api, credential.login, self.clock)
        self.revoked.append(credential.fingerprint)
