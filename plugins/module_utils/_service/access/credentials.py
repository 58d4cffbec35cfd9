# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credentials of one registry in one cluster on their way through the journal.

What is minted stands in the journal before anything else happens with it, and until it is revoked. So only a token
that was minted in the very instant of a crash is not known to the next run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ..._domain.access.journal import JOURNAL_NAMESPACE, Journal, journal_name, write_journal
from ..._domain.access.ownership import JOURNAL, labels_of
from ..._domain.access.plan import policy_of
from ..._domain.access.state import Access
from ..._domain.clusters.objects import Secret
from ..._domain.credentials.rotation import Credential
from ..._domain.errors import Denied, DocrError
from ..._domain.times import format_time
from ..flow.tokens import check_token, revoke_token
from ..flow.wait import PollSettings
from ..ports.credentials import CredentialApi
from ..ports.kube import Kube

# A token that has just been minted may not be known everywhere at once.
_NEWS_TIMEOUT_S = 10.0


@dataclass
class Credentials:
    """Keeps the journal; `credential` is the one that secrets are to carry, None until it is minted."""

    api: CredentialApi
    kube: Kube
    registry: str
    journal: Journal
    secret: Secret | None
    credential: Credential | None = None
    revoked: list[str] = field(default_factory=list)

    def mint(self, access: Access, patience: PollSettings) -> None:
        """Mint one, note it, and see that the image host takes it; what cannot be noted or used is revoked again."""
        policy = policy_of(access)
        minted = self.api.mint_docker_credentials(access.registry, read_write=False, expiry_s=policy.expiry_s)
        now = self.api.now()
        expires_at = now + timedelta(seconds=policy.expiry_s) if policy.expiry_s else None
        credential = Credential(minted.config, now, expires_at)
        try:
            self.save(self.journal.add(credential))
            self._prove(credential, patience)
        except DocrError as error:
            self._give_up(credential, error)
            raise
        self.credential = credential

    def save(self, journal: Journal) -> None:
        """Write the journal. Conflict when somebody else has written it since it was read, another run for instance."""
        content = write_journal(journal, labels_of(self.registry, JOURNAL))
        if self.secret is None:
            self.secret = self.kube.create_secret(JOURNAL_NAMESPACE, journal_name(self.registry), content)
        else:
            self.secret = self.kube.replace_secret(self.secret, content)
        self.journal = journal

    def promote(self) -> None:
        """Make the credential that all secrets carry the current one, and all others old."""
        if self.credential is not None:
            promoted = self.journal.promote(self.credential, self.api.now())
            if promoted != self.journal:
                self.save(promoted)

    def revoke(self, credentials: Iterable[Credential]) -> None:
        """Take credentials back, and strike them from the journal where there is one."""
        for one in credentials:
            self._revoke(one)
        if self.secret is not None:
            self.save(self.journal.without(self.revoked))

    def drop(self) -> None:
        """Delete the journal."""
        if self.secret is not None:
            self.kube.delete_secret(self.secret)
            self.secret = None

    def _prove(self, credential: Credential, patience: PollSettings) -> None:
        refusals: list[Denied] = []

        def is_taken() -> bool:
            try:
                check_token(self.api, credential.login)
            except Denied as error:
                refusals.append(error)
                return False
            return True

        seen = replace(patience, timeout_s=min(patience.timeout_s, _NEWS_TIMEOUT_S)).poll(is_taken, bool)
        if not seen.is_done:
            raise Denied(
                f"use the credential that was minted for the registry {self.registry}",
                refusals[-1].answer,
                "it is revoked again; see that another run did not replace it, and that registry_host is the image host"
                " of the API that minted it",
            )

    def _give_up(self, credential: Credential, cause: DocrError) -> None:
        """Revoke what was minted in vain; where that fails too, say what is left and why it was not kept."""
        try:
            self._revoke(credential)
        except DocrError as error:
            left = f"the token was minted for {self.registry} at {format_time(credential.minted_at)}"
            advice = f"{error.advice}: {left}, and is not used, since this went wrong first: {cause}"
            raise type(error)(error.operation, error.answer, advice) from cause

    def _revoke(self, credential: Credential) -> None:
        revoke_token(self.api, credential.login)
        self.revoked.append(credential.fingerprint)
