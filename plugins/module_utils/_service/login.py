# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep a login in Docker's config file: read what is there, exchange credentials, end them.

The order of writes is such that a run can be killed anywhere: a credential stands aside in the file before it is used,
the note knows it before it is the login, and the one before goes aside in the same write. What is left then is one that
was minted and not yet written; the note tells since when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from .._domain.credentials.docker import DockerCredentials
from .._domain.errors import Conflict, DocrError
from .._domain.login.docker_config import (
    Document,
    FileFault,
    Snapshot,
    aside_key,
    change_logins,
    format_docker_config,
    holds_nothing,
    list_logins,
    list_set_aside,
    parse_docker_config,
)
from .._domain.login.note import HostNote, MintedCredential, Note, PendingCredential, format_note, parse_note
from .._domain.login.plan import FoundLogin, WantedLogin, reason_to_mint
from .._domain.login.steps import (
    LogIn,
    LoginStep,
    LogoutStep,
    ProtectFile,
    RemoveLogin,
    RemoveTemporaryFiles,
    RevokeCredential,
)
from .._domain.plan import Plan, Step
from .flow.tokens import accepts_token, check_token, revoke_token
from .flow.wait import Clock, poll
from .ports.api import Api
from .ports.files import ConfigFile

Done = Callable[[Step], None]

# Another run mints and writes in seconds, unless the service makes it wait.
_LOCK_TIMEOUT_S = 180.0
_LOCK_INTERVAL_S = 0.1


@dataclass(frozen=True)
class LoginKeeper:
    """The login of one image host in one config file."""

    api: Api
    file: ConfigFile
    host: str

    def fetch_login(self, wanted: WantedLogin, clock: Clock) -> FoundLogin:
        """What a plan for a login depends on; asks the image host only where the login would be kept."""
        self._lock(clock)
        registries = frozenset(one.name for one in self.api.list_registries())
        found = replace(self._fetch(), registries=registries)
        if found.login is None or found.present is None or reason_to_mint(found.present, wanted, found.now):
            return found
        return replace(found, is_open=accepts_token(self.api, found.login))

    def fetch_logout(self, clock: Clock) -> FoundLogin:
        """What a plan for a removal depends on."""
        self._lock(clock)
        return self._fetch()

    def apply_login(
        self, found: FoundLogin, wanted: WantedLogin, plan: Plan[LoginStep], done: Done
    ) -> MintedCredential | None:
        """Carry out a plan of plan_login; return the login's credential."""
        present = found.present
        for step in plan.steps:
            match step:
                case RevokeCredential():
                    revoke_token(self.api, step.credentials)
                    self._forget(step.credentials)
                case LogIn():
                    present = self._exchange(found, wanted)
                case ProtectFile():
                    self.file.protect()
                case RemoveTemporaryFiles():
                    self.file.remove_leftovers()
            done(step)
        return present

    def apply_logout(self, found: FoundLogin, plan: Plan[LogoutStep], done: Done) -> None:
        """Carry out a plan of plan_logout. All stands in file and note until all is revoked."""
        for step in plan.steps:
            match step:
                case RevokeCredential():
                    revoke_token(self.api, step.credentials)
                case RemoveLogin():
                    self._remove(found)
                case RemoveTemporaryFiles():
                    self.file.remove_leftovers()
            done(step)

    def _lock(self, clock: Clock) -> None:
        locked = poll(
            self.file.try_lock, bool, timeout_s=_LOCK_TIMEOUT_S, interval_s=_LOCK_INTERVAL_S, clock=clock
        ).is_done
        if not locked:
            raise Conflict(
                f"lock {self.file.path}", "another task holds it", "see what it waits for, then run this one again"
            )

    def _fetch(self) -> FoundLogin:
        snapshot = self.file.read()
        leftovers = [one for text in snapshot.leftovers for one in self._leftovers(text)]
        return FoundLogin(
            path=self.file.path,
            host=self.host,
            document=self._document(snapshot),
            note=self._note(snapshot),
            mode=snapshot.mode,
            now=self.api.now(),
            leftovers=tuple(leftovers),
            has_temporary=bool(snapshot.leftovers),
        )

    def _document(self, snapshot: Snapshot) -> Document:
        try:
            return parse_docker_config(snapshot.text)
        except ValueError as error:
            raise FileFault(f"read {self.file.path} as a Docker config", str(error), "fix or remove the file") from None

    def _note(self, snapshot: Snapshot) -> Note:
        try:
            return parse_note(snapshot.note)
        except ValueError as error:
            advice = "remove the note; the login then counts as the login of another program"
            raise FileFault(f"read the note beside {self.file.path}", str(error), advice) from None

    def _leftovers(self, text: str) -> tuple[DockerCredentials, ...]:
        try:
            return list_set_aside(parse_docker_config(text), self.host)
        except ValueError:
            return ()  # half of a file, so what was to be in it stands nowhere else but in the one before

    def _exchange(self, found: FoundLogin, wanted: WantedLogin) -> MintedCredential:
        """Mint, set aside, check, note, and only then make it the login."""
        pending = PendingCredential(wanted.registry, self.api.now(), wanted.lifetime)
        self._annotate(lambda noted: replace(noted, pending=pending), makes_file=self.file.read().text is None)
        credentials = self._mint(wanted, pending)
        aside = aside_key(self.host, credentials)
        is_login = False
        try:
            minted_at = self.api.now()
            self._edit({aside: credentials})
            check_token(self.api, credentials)
            new = MintedCredential(
                credentials.fingerprint, wanted.registry, wanted.read_write, minted_at, minted_at + wanted.lifetime
            )
            kept = _still_good(found, self._note(self.file.read()).of(self.host))
            login = found.login.fingerprint if found.login else ""
            self._annotate(lambda noted: noted.promote(new, login, frozenset(one.fingerprint for one in kept)))
            gone = {aside_key(self.host, one): None for one in found.set_aside if one not in kept}
            old = {aside_key(self.host, one): one for one in kept}
            self._edit({**gone, **old, aside: None, self.host: credentials}, instead_of=found.login)
            is_login = True
        finally:
            if not is_login:
                self._take_back(credentials)
        return new

    def _mint(self, wanted: WantedLogin, pending: PendingCredential) -> DockerCredentials:
        try:
            return self.api.mint_docker_credentials(
                wanted.registry, read_write=wanted.read_write, expiry_s=int(wanted.lifetime.total_seconds())
            )
        except DocrError as error:
            if error.may_have_taken_effect:
                advice = f"{error.advice}; {pending.leftover}"
                raise type(error)(error.operation, error.answer, advice) from error
            self._annotate(lambda noted: replace(noted, pending=None))
            raise

    def _take_back(self, credentials: DockerCredentials) -> None:
        """End a credential that did not become the login. What fails here is left to the next run, which finds it."""
        with suppress(DocrError):
            revoke_token(self.api, credentials)
            self._forget(credentials)

    def _forget(self, credentials: DockerCredentials) -> None:
        """Put what stood aside out of file and note."""
        self._edit({aside_key(self.host, credentials): None})
        self._remove_if_ours()
        self._annotate(lambda noted: replace(noted.without(credentials.fingerprint), pending=None))

    def _remove(self, found: FoundLogin) -> None:
        gone: dict[str, DockerCredentials | None] = {aside_key(self.host, one): None for one in found.set_aside}
        if found.present is not None:
            gone[self.host] = None
            self._edit(gone, instead_of=found.login)
        else:
            self._edit(gone)
        self._remove_if_ours()
        self._annotate(lambda _noted: HostNote())

    def _remove_if_ours(self) -> None:
        snapshot = self.file.read()
        if snapshot.text is not None and self._note(snapshot).made_file and holds_nothing(self._document(snapshot)):
            self.file.remove()

    def _edit(
        self, changes: Mapping[str, DockerCredentials | None], *, instead_of: DockerCredentials | None = None
    ) -> None:
        """Change entries of the file as it is now, since Docker may have written other logins to it meanwhile."""
        document = self._document(self.file.read())
        if self.host in changes:
            logins = [one.fingerprint for one in list_logins(document, self.host)]
            if logins != ([instead_of.fingerprint] if instead_of else []):
                what = f"another program changed its entry {self.host} at the same time"
                raise Conflict(f"write {self.file.path}", what, "run the task again")
        changed = change_logins(document, changes)
        if changed != document:
            self.file.write(format_docker_config(changed))

    def _annotate(self, change: Callable[[HostNote], HostNote], *, makes_file: bool = False) -> None:
        note = self._note(self.file.read())
        changed = note.put(self.host, change(note.of(self.host)))
        self.file.write_note(format_note(replace(changed, made_file=changed.made_file or makes_file)))


def _still_good(found: FoundLogin, noted: HostNote) -> tuple[DockerCredentials, ...]:
    """The login and those before it that may still serve a push. `noted` no longer has those that this run revoked."""
    login = [found.login] if found.login is not None and found.is_open else []
    return tuple(
        one
        for one in (*login, *found.set_aside)
        if (record := noted.find(one.fingerprint)) is not None and found.now < record.expires_at
    )
