# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep a login in Docker's config file: read the file, replace the credential, revoke credentials.

A run may be killed at any call. So a credential is set aside in the file before its first use, the note has the
credential before the credential becomes the login, and the previous login is set aside in the same write. Only a
credential that was minted and not yet written can be lost; the note has the time of that minting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from .._domain.credentials.docker import DockerCredentials
from .._domain.errors import Conflict, DocrError
from .._domain.login.docker_config import (
    ConfigFileContent,
    ConfigFileError,
    Document,
    aside_key,
    change_logins,
    format_docker_config,
    holds_nothing,
    list_logins,
    list_set_aside,
    parse_docker_config,
)
from .._domain.login.note import HostNote, LoginNote, MintedCredential, PendingCredential, format_note, parse_note
from .._domain.login.plan import CurrentLogin, DesiredLogin, reason_to_mint
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
from .flow.tokens import accepts_token, check_token, has_ended, revoke_token
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
    clock: Clock

    def fetch_login(self, desired: DesiredLogin) -> CurrentLogin:
        """What a plan for a login depends on; calls the image host only where the login may be kept."""
        self._lock()
        registries = frozenset(one.name for one in self.api.list_registries())
        current = replace(self._fetch(), registries=registries)
        if (
            current.login is None
            or current.own_login is None
            or reason_to_mint(current.own_login, desired, current.now)
        ):
            return current
        return replace(current, is_open=accepts_token(self.api, current.login, desired.registry))

    def fetch_logout(self) -> CurrentLogin:
        """What a plan for a removal depends on."""
        self._lock()
        return self._fetch()

    def apply_login(
        self, current: CurrentLogin, desired: DesiredLogin, plan: Plan[LoginStep], done: Done
    ) -> MintedCredential | None:
        """Carry out a plan of plan_login; return the login's credential."""
        own_login = current.own_login
        for step in plan.steps:
            match step:
                case RevokeCredential():
                    revoke_token(self.api, step.credentials, self.clock)
                    self._forget(step.credentials)
                case LogIn():
                    own_login = self._exchange(current, desired)
                case ProtectFile():
                    self.file.protect()
                case RemoveTemporaryFiles():
                    self.file.remove_leftovers()
            done(step)
        return own_login

    def apply_logout(self, current: CurrentLogin, plan: Plan[LogoutStep], done: Done) -> None:
        """Carry out a plan of plan_logout. File and note change after every credential is revoked."""
        for step in plan.steps:
            match step:
                case RevokeCredential():
                    revoke_token(self.api, step.credentials, self.clock)
                case RemoveLogin():
                    self._remove(current)
                case RemoveTemporaryFiles():
                    self.file.remove_leftovers()
            done(step)

    def _lock(self) -> None:
        locked = poll(
            self.file.try_lock, bool, timeout_s=_LOCK_TIMEOUT_S, interval_s=_LOCK_INTERVAL_S, clock=self.clock
        ).is_done
        if not locked:
            raise Conflict(
                f"lock {self.file.path}",
                "another task holds the lock",
                "check what the other task waits for, then run the task again",
            )

    def _fetch(self) -> CurrentLogin:
        content = self.file.read()
        leftovers = [one for text in content.leftovers for one in self._leftovers(text)]
        return CurrentLogin(
            path=self.file.path,
            host=self.host,
            document=self._document(content),
            note=self._note(content),
            mode=content.mode,
            now=self.api.now(),
            leftovers=tuple(leftovers),
            has_temporary=bool(content.leftovers),
        )

    def _document(self, content: ConfigFileContent) -> Document:
        try:
            return parse_docker_config(content.text)
        except ValueError as error:
            raise ConfigFileError(
                f"read {self.file.path} as a Docker config", str(error), "fix or remove the file"
            ) from None

    def _note(self, content: ConfigFileContent) -> LoginNote:
        try:
            return parse_note(content.note)
        except ValueError as error:
            advice = "remove the note; the login then counts as the login of another program"
            raise ConfigFileError(f"read the note beside {self.file.path}", str(error), advice) from None

    def _leftovers(self, text: str) -> tuple[DockerCredentials, ...]:
        try:
            return list_set_aside(parse_docker_config(text), self.host)
        except ValueError:
            return ()  # an incomplete file; its credentials are also in the config file

    def _exchange(self, current: CurrentLogin, desired: DesiredLogin) -> MintedCredential:
        """Mint a credential, set it aside, check and note the credential, then make the credential the login."""
        pending = PendingCredential(desired.registry, self.api.now(), desired.lifetime)
        self._annotate(lambda noted: replace(noted, pending=pending), makes_file=self.file.read().text is None)
        credentials = self._mint(current, desired, pending)
        aside = aside_key(self.host, credentials)
        is_login = False
        try:
            minted_at = self.api.now()
            self._edit({aside: credentials})
            check_token(self.api, credentials, desired.registry)
            new = MintedCredential(
                credentials.fingerprint, desired.registry, desired.read_write, minted_at, minted_at + desired.lifetime
            )
            kept = self._still_good(current, self._note(self.file.read()).of(self.host))
            login = current.login.fingerprint if current.login else ""
            stay = frozenset(one.fingerprint for one in kept)
            # Until the entry of the file is replaced, the note knows the entry as the entry of this module.
            self._annotate(lambda noted: noted.promote(new, login, stay | {login}))
            gone = {aside_key(self.host, one): None for one in current.set_aside if one not in kept}
            old = {aside_key(self.host, one): one for one in kept}
            self._edit({**gone, **old, aside: None, self.host: credentials}, instead_of=current.login)
            is_login = True
            if login and login not in stay:
                self._annotate(lambda noted: noted.without(login))
        finally:
            if not is_login:
                self._take_back(credentials)
        return new

    def _mint(self, current: CurrentLogin, desired: DesiredLogin, pending: PendingCredential) -> DockerCredentials:
        try:
            return self.api.mint_docker_credentials(
                desired.registry,
                read_write=desired.read_write,
                expiry_s=int(desired.lifetime.total_seconds()),
                known=frozenset(one.fingerprint for one in (current.login, *current.set_aside) if one is not None),
            )
        except DocrError as error:
            if error.may_have_taken_effect:
                advice = f"{error.advice}; {pending.leftover}"
                raise type(error)(error.operation, error.answer, advice) from error
            self._annotate(lambda noted: replace(noted, pending=None))
            raise

    def _still_good(self, current: CurrentLogin, noted: HostNote) -> tuple[DockerCredentials, ...]:
        """The login and the earlier credentials that may still work; `noted` lacks those that this run revoked."""
        login = current.login
        # No run knows a login that was dropped, also where the login is still valid.
        is_kept = login is not None and (current.is_open or not has_ended(self.api, login))
        return tuple(
            one
            for one in (*([login] if login is not None and is_kept else []), *current.set_aside)
            if (record := noted.find(one.fingerprint)) is not None and current.now < record.expires_at
        )

    def _take_back(self, credentials: DockerCredentials) -> None:
        """Revoke a credential that did not become the login. Where this fails, the next run finds the credential."""
        with suppress(DocrError):
            revoke_token(self.api, credentials, self.clock)
            self._forget(credentials)

    def _forget(self, credentials: DockerCredentials) -> None:
        """Remove a credential that is set aside from file and note."""
        self._edit({aside_key(self.host, credentials): None})
        self._remove_if_ours()
        self._annotate(lambda noted: replace(noted.without(credentials.fingerprint), pending=None))

    def _remove(self, current: CurrentLogin) -> None:
        gone: dict[str, DockerCredentials | None] = {aside_key(self.host, one): None for one in current.set_aside}
        if current.own_login is not None:
            gone[self.host] = None
            self._edit(gone, instead_of=current.login)
        else:
            self._edit(gone)
        self._remove_if_ours()
        self._annotate(lambda _noted: HostNote())

    def _remove_if_ours(self) -> None:
        content = self.file.read()
        if content.text is not None and self._note(content).made_file and holds_nothing(self._document(content)):
            self.file.remove()

    def _edit(
        self, changes: Mapping[str, DockerCredentials | None], *, instead_of: DockerCredentials | None = None
    ) -> None:
        """Change entries of the file, read again, since Docker may have written other logins since the last read."""
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
