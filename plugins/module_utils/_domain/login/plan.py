# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do to a login in Docker's config file: mint, keep, revoke, refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..credentials.docker import DockerCredentials
from ..durations import format_duration
from ..errors import InvalidInput
from ..field_errors import FORBIDDEN, UNSUPPORTED, FieldError
from ..plan import Plan
from ..times import format_time
from .clients import NAMES, UsedLogin
from .docker_config import Document, LoginEntry, helper_of, list_logins, list_set_aside
from .note import HostNote, LoginNote, MintedCredential
from .steps import LogIn, LoginStep, LogoutStep, ProtectFile, RemoveLogin, RemoveTemporaryFiles, RevokeCredential

PRIVATE = 0o600

# Dates of two answers may come from clocks that differ a little.
_SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class DesiredLogin:
    """The desired login. It is valid for `lifetime`, and is renewed when less than `longest_push` is left."""

    registry: str
    read_write: bool
    lifetime: timedelta
    longest_push: timedelta


@dataclass(frozen=True)
class CurrentLogin:
    """The current login, and all else that a plan depends on.

    `leftovers` are credentials in temporary files of killed runs. `registries` are the team's. `is_open`
    tells whether the image host accepts the current login. `used` are the logins that clients use after the task.
    """

    path: str
    host: str
    document: Document = field(repr=False)
    note: LoginNote
    mode: int | None
    now: datetime
    leftovers: tuple[DockerCredentials, ...] = ()
    has_temporary: bool = False
    registries: frozenset[str] = frozenset()
    is_open: bool = True
    used: tuple[UsedLogin, ...] = ()

    @property
    def noted(self) -> HostNote:
        """What is noted for the host."""
        return self.note.of(self.host)

    @property
    def logins(self) -> tuple[LoginEntry, ...]:
        """The file's entries for the host."""
        return list_logins(self.document, self.host)

    @property
    def login(self) -> DockerCredentials | None:
        """The host's login, by this module or by another program."""
        return next((one.credentials for one in self.logins if one.key == self.host), None)

    @property
    def own_login(self) -> MintedCredential | None:
        """The host's login where this module minted the login, else None."""
        return self.noted.find(self.login.fingerprint) if self.login else None

    @property
    def foreign(self) -> LoginEntry | None:
        """The first entry for the host that this module did not write."""
        ours = self.host if self.own_login else None
        return next((one for one in self.logins if one.key != ours), None)

    @property
    def set_aside(self) -> tuple[DockerCredentials, ...]:
        """The credentials that are set aside, each once, without the login."""
        login = self.login
        by_fingerprint = {one.fingerprint: one for one in (*list_set_aside(self.document, self.host), *self.leftovers)}
        return tuple(one for one in by_fingerprint.values() if login is None or one.fingerprint != login.fingerprint)

    @property
    def holders(self) -> frozenset[str]:
        """The registries whose credentials are in the file; a credential that the note lacks is the pending one."""
        aside = [self.noted.find(one.fingerprint) for one in self.set_aside]
        pending = self.noted.pending if None in aside else None
        return frozenset({one.registry for one in (self.own_login, pending, *aside) if one is not None})


def reason_to_mint(own_login: MintedCredential | None, desired: DesiredLogin, now: datetime) -> str | None:
    """Why a new login is due, as a part of a sentence; None where the current login is good."""
    if own_login is None:
        return "there is no login yet"
    until = format_time(own_login.expires_at)
    left = own_login.expires_at - now
    if left <= timedelta():
        return f"the current login expired at {until}"
    if own_login.read_write != desired.read_write:
        return "the current login can push" if own_login.read_write else "the current login is read-only"
    if left < desired.longest_push:
        return f"the current login expires at {until}, and a push may take {format_duration(desired.longest_push)}"
    if left > desired.lifetime + _SKEW:
        return f"the current login expires at {until}, which is too late"
    return None


def plan_login(current: CurrentLogin, desired: DesiredLogin) -> Plan[LoginStep]:
    """Give the file a good login of the registry; raises InvalidInput where this module may not write the login."""
    faults = tuple(_login_faults(current, desired))
    if faults:
        raise InvalidInput(faults)
    reason = reason_to_mint(current.own_login, desired, current.now)
    if reason is None and not current.is_open:
        reason = "the image host does not accept the current login"
    steps: list[LoginStep] = [RevokeCredential(one, why) for one, why in _to_revoke(current, desired)]
    if reason is not None:
        steps.append(LogIn(current.path, desired.registry, desired.read_write, reason))
    elif current.mode != PRIVATE:
        steps.append(ProtectFile(current.path, current.mode or 0))
    before = _side(current)
    after = before | {"mode": f"{PRIVATE:04o}"}
    if reason is not None:
        ends = f"{format_duration(desired.lifetime)} after its minting"
        login = {
            "registry": desired.registry,
            "read_write": desired.read_write,
            "fingerprint": "new",
            "expires_at": ends,
        }
        after["login"] = login
    warnings = (*_warnings(current), *_preferred(current))
    return Plan((*steps, *_tidy(current)), before, after, tuple(_lost(current)), warnings)


def plan_logout(current: CurrentLogin, registry: str) -> Plan[LogoutStep]:
    """Remove this module's login of the registry; entries of other programs are reported and kept."""
    holders = current.holders or current.noted.registries
    before = _side(current)
    if holders and registry not in holders:
        names = ", ".join(sorted(holders))
        holds = f"{current.path} holds a login of {names} for {current.host}"
        note = f"According to its note, {holds}. The file is not changed."
        return Plan((), before, before, (note,))
    own_login = current.own_login
    is_ours = own_login is not None or bool(current.set_aside) or current.noted != HostNote()
    steps: list[LogoutStep] = []
    if own_login is not None and current.login is not None and own_login.expires_at > current.now:
        steps.append(RevokeCredential(current.login, "which is the current login"))
    steps += [
        RevokeCredential(one, "which is set aside in the file")
        for one in current.set_aside
        if not _has_ended(current, one)
    ]
    if is_ours:
        steps.append(RemoveLogin(current.path, registry))
    notes = list(_lost(current))
    if current.foreign is not None:
        notes.append(f"The entry {current.foreign.key} of {current.path} was not written by this module and is left.")
    return Plan((*steps, *_tidy(current)), before, before | {"login": None}, tuple(notes), tuple(_warnings(current)))


def _login_faults(current: CurrentLogin, desired: DesiredLogin) -> Iterator[FieldError]:
    if desired.registry not in current.registries:
        there = ", ".join(sorted(current.registries)) or "none"
        yield FieldError("registry", f"the team has no registry {desired.registry}", f"the team has {there}")
    helper = helper_of(current.document, current.host)
    elsewhere = "set another path, and set DOCKER_CONFIG to its folder for the clients that push and pull"
    if helper is not None:
        what = f"its {helper[0]} makes Docker keep the login of {current.host} with {helper[1]!r}, not in this file"
        yield FieldError(current.path, what, elsewhere, UNSUPPORTED)
    if current.foreign is not None:
        what = f"its entry {current.foreign.key} was not written by this module, and Docker keeps one login for a host"
        yield FieldError(
            current.path,
            what,
            f"remove the entry with docker logout {current.foreign.key}, also where the note {current.path}.docr.json "
            f"of this module was lost, or {elsewhere}",
            FORBIDDEN,
        )
    others = current.holders - {desired.registry}
    if others:
        other = ", ".join(sorted(others))
        what = f"it holds a login of {other} for {current.host}, and Docker keeps one login for a host"
        yield FieldError(
            current.path, what, f"{elsewhere}, or remove the login with state=absent and registry={other}", FORBIDDEN
        )


def _to_revoke(current: CurrentLogin, desired: DesiredLogin) -> Iterator[tuple[DockerCredentials, str]]:
    """The credentials that are set aside and no longer needed; a replaced credential may still serve a push."""
    for one in current.set_aside:
        noted = current.noted.find(one.fingerprint)
        if noted is None or noted.retired_at is None:
            yield one, "which an interrupted run left"
        elif noted.retired_at + desired.longest_push <= current.now < noted.expires_at:
            yield one, f"which was replaced at {format_time(noted.retired_at)}"


def _has_ended(current: CurrentLogin, credentials: DockerCredentials) -> bool:
    noted = current.noted.find(credentials.fingerprint)
    return noted is not None and noted.expires_at <= current.now


def _tidy(current: CurrentLogin) -> Iterator[RemoveTemporaryFiles]:
    if current.has_temporary:
        yield RemoveTemporaryFiles(current.path)


def _lost(current: CurrentLogin) -> Iterator[str]:
    """This module's credentials that another program removed from the file, so that they cannot be revoked."""
    held = {one.fingerprint for one in (*current.set_aside, *([current.login] if current.login else []))}
    for one in current.noted.credentials:
        if one.fingerprint not in held and one.expires_at > current.now:
            yield (
                f"The credential {one.fingerprint}, minted at {format_time(one.minted_at)}, was removed from "
                f"{current.path} by another program and cannot be revoked here; the credential expires at "
                f"{format_time(one.expires_at)}."
            )


def _warnings(current: CurrentLogin) -> Iterator[str]:
    """The credential that a killed run may have minted and not written."""
    pending = current.noted.pending
    is_known = any(current.noted.find(one.fingerprint) is None for one in current.set_aside)
    if pending is not None and not is_known and current.now < pending.since + pending.lifetime:
        yield f"A run ended while it minted a credential, so {pending.leftover}."


def _preferred(current: CurrentLogin) -> Iterator[str]:
    """The other logins that clients use in the place of the login of this module."""
    for one in current.used:
        if one.is_hidden:
            yield (
                f"{NAMES[one.client]} will not use the login of {current.path}: the entry {one.key} of {one.place} "
                "takes precedence. Remove the entry to let the login of this task take effect."
            )


def _side(current: CurrentLogin) -> dict[str, Any]:
    """One side of the diff."""
    return {
        "path": current.path,
        "mode": None if current.mode is None else f"{current.mode:04o}",
        "login": _login_side(current),
    }


def _login_side(current: CurrentLogin) -> Mapping[str, Any] | None:
    own_login = current.own_login
    if own_login is None:
        return None
    shown = own_login.shape()
    return {name: shown[name] for name in ("registry", "read_write", "fingerprint", "expires_at")}
