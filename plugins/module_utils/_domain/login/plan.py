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
from ..field_errors import FieldError
from ..plan import Plan
from ..times import format_time
from .docker_config import Document, Login, helper_of, list_logins, list_set_aside
from .note import HostNote, MintedCredential, Note
from .steps import LogIn, LoginStep, LogoutStep, ProtectFile, RemoveLogin, RemoveTemporaryFiles, RevokeCredential

PRIVATE = 0o600

# Dates of two answers may come from clocks that differ a little.
_SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class WantedLogin:
    """The login that is asked for. It lives for `lifetime`, and is renewed once less than `longest_push` is left."""

    registry: str
    read_write: bool
    lifetime: timedelta
    longest_push: timedelta


@dataclass(frozen=True)
class FoundLogin:
    """All that a plan depends on.

    `leftovers` were set aside in files that a killed run did not get into place. `registries` are the team's. `is_open`
    tells whether the image host takes the present login.
    """

    path: str
    host: str
    document: Document = field(repr=False)
    note: Note
    mode: int | None
    now: datetime
    leftovers: tuple[DockerCredentials, ...] = ()
    has_temporary: bool = False
    registries: frozenset[str] = frozenset()
    is_open: bool = True

    @property
    def noted(self) -> HostNote:
        """What is noted for the host."""
        return self.note.of(self.host)

    @property
    def logins(self) -> tuple[Login, ...]:
        """The file's entries for the host."""
        return list_logins(self.document, self.host)

    @property
    def login(self) -> DockerCredentials | None:
        """The host's login, whosever it is."""
        return next((one.credentials for one in self.logins if one.key == self.host), None)

    @property
    def present(self) -> MintedCredential | None:
        """The host's login, where it is one of ours."""
        return self.noted.find(self.login.fingerprint) if self.login else None

    @property
    def foreign(self) -> Login | None:
        """The first entry for the host that is none of ours."""
        ours = self.host if self.present else None
        return next((one for one in self.logins if one.key != ours), None)

    @property
    def set_aside(self) -> tuple[DockerCredentials, ...]:
        """The credentials that stand aside, each once, and never the login."""
        login = self.login
        found = {one.fingerprint: one for one in (*list_set_aside(self.document, self.host), *self.leftovers)}
        return tuple(one for one in found.values() if login is None or one.fingerprint != login.fingerprint)

    @property
    def holders(self) -> frozenset[str]:
        """The registries whose credentials stand in the file; an unnoted credential is the pending one."""
        aside = [self.noted.find(one.fingerprint) for one in self.set_aside]
        pending = self.noted.pending if None in aside else None
        return frozenset({one.registry for one in (self.present, pending, *aside) if one is not None})


def reason_to_mint(present: MintedCredential | None, wanted: WantedLogin, now: datetime) -> str | None:
    """Why another login is due, as a part of a sentence; None where the present one will do."""
    if present is None:
        return "there is none yet"
    until = format_time(present.expires_at)
    left = present.expires_at - now
    if left <= timedelta():
        return f"the present one expired at {until}"
    if present.read_write != wanted.read_write:
        return "the present one can push" if present.read_write else "the present one is read-only"
    if left < wanted.longest_push:
        return f"the present one expires at {until}, within the {format_duration(wanted.longest_push)} of a push"
    if left > wanted.lifetime + _SKEW:
        return f"the present one expires only at {until}"
    return None


def plan_login(found: FoundLogin, wanted: WantedLogin) -> Plan[LoginStep]:
    """The file holds a good login of the registry; raises InvalidInput where that is not for us to do."""
    faults = tuple(_login_faults(found, wanted))
    if faults:
        raise InvalidInput(faults)
    reason = reason_to_mint(found.present, wanted, found.now)
    if reason is None and not found.is_open:
        reason = "the image host does not take the present one any more"
    steps: list[LoginStep] = [RevokeCredential(one, why) for one, why in _to_revoke(found, wanted)]
    if reason is not None:
        steps.append(LogIn(found.path, wanted.registry, wanted.read_write, reason))
    elif found.mode != PRIVATE:
        steps.append(ProtectFile(found.path, found.mode or 0))
    before = _side(found)
    after = before | {"mode": f"{PRIVATE:04o}"}
    if reason is not None:
        ends = f"{format_duration(wanted.lifetime)} after its minting"
        login = {"registry": wanted.registry, "read_write": wanted.read_write, "fingerprint": "new", "expires_at": ends}
        after["login"] = login
    return Plan((*steps, *_tidy(found)), before, after, tuple(_lost(found)), tuple(_warnings(found)))


def plan_logout(found: FoundLogin, registry: str) -> Plan[LogoutStep]:
    """The file holds no login of ours for the registry; entries of others are told and left."""
    holders = found.holders or found.noted.registries
    before = _side(found)
    if holders and registry not in holders:
        names = ", ".join(sorted(holders))
        note = f"By its note {found.path} holds a login of {names} for {found.host}; it is left as it is."
        return Plan((), before, before, (note,))
    present = found.present
    is_ours = present is not None or bool(found.set_aside) or found.noted != HostNote()
    steps: list[LogoutStep] = []
    if present is not None and found.login is not None and present.expires_at > found.now:
        steps.append(RevokeCredential(found.login, "which is the login"))
    steps += [RevokeCredential(one, "which stands aside") for one in found.set_aside if not _has_ended(found, one)]
    if is_ours:
        steps.append(RemoveLogin(found.path, registry))
    notes = list(_lost(found))
    if found.foreign is not None:
        notes.append(f"The entry {found.foreign.key} of {found.path} was not written by this module and is left.")
    return Plan((*steps, *_tidy(found)), before, before | {"login": None}, tuple(notes), tuple(_warnings(found)))


def _login_faults(found: FoundLogin, wanted: WantedLogin) -> Iterator[FieldError]:
    if wanted.registry not in found.registries:
        there = ", ".join(sorted(found.registries)) or "none"
        yield FieldError("registry", f"the team has no registry {wanted.registry}", f"it has {there}")
    helper = helper_of(found.document, found.host)
    elsewhere = "name another path, and set DOCKER_CONFIG to its folder for those who push and pull"
    if helper is not None:
        what = f"its {helper[0]} has Docker keep the login of {found.host} with {helper[1]!r}, and not in this file"
        yield FieldError(found.path, what, elsewhere)
    if found.foreign is not None:
        what = f"its entry {found.foreign.key} was not written by this module, and Docker knows one login for a host"
        yield FieldError(found.path, what, f"end it with docker logout {found.foreign.key}, or {elsewhere}")
    others = found.holders - {wanted.registry}
    if others:
        other = ", ".join(sorted(others))
        what = f"it holds a login of {other} for {found.host}, and Docker knows one login for a host"
        yield FieldError(found.path, what, f"{elsewhere}, or end it with state absent and registry {other}")


def _to_revoke(found: FoundLogin, wanted: WantedLogin) -> Iterator[tuple[DockerCredentials, str]]:
    """What stands aside and should open nothing any more; one that was replaced may still serve a push."""
    for one in found.set_aside:
        noted = found.noted.find(one.fingerprint)
        if noted is None or noted.retired_at is None:
            yield one, "which a run that broke off has left"
        elif noted.retired_at + wanted.longest_push <= found.now < noted.expires_at:
            yield one, f"which was replaced at {format_time(noted.retired_at)}"


def _has_ended(found: FoundLogin, credentials: DockerCredentials) -> bool:
    noted = found.noted.find(credentials.fingerprint)
    return noted is not None and noted.expires_at <= found.now


def _tidy(found: FoundLogin) -> Iterator[RemoveTemporaryFiles]:
    if found.has_temporary:
        yield RemoveTemporaryFiles(found.path)


def _lost(found: FoundLogin) -> Iterator[str]:
    """Credentials of ours that somebody has put out of the file, so that nobody can revoke them."""
    held = {one.fingerprint for one in (*found.set_aside, *([found.login] if found.login else []))}
    for one in found.noted.credentials:
        if one.fingerprint not in held and one.expires_at > found.now:
            yield (
                f"The credential {one.fingerprint}, minted at {format_time(one.minted_at)}, was removed from "
                f"{found.path} by another program and cannot be revoked here; the credential expires at "
                f"{format_time(one.expires_at)}."
            )


def _warnings(found: FoundLogin) -> Iterator[str]:
    """What a run that was killed may have minted without getting to write it down."""
    pending = found.noted.pending
    is_known = any(found.noted.find(one.fingerprint) is None for one in found.set_aside)
    if pending is not None and not is_known and found.now < pending.since + pending.lifetime:
        yield f"A run ended while it asked for a credential, so {pending.leftover}."


def _side(found: FoundLogin) -> dict[str, Any]:
    """One side of the diff."""
    return {
        "path": found.path,
        "mode": None if found.mode is None else f"{found.mode:04o}",
        "login": _login_side(found),
    }


def _login_side(found: FoundLogin) -> Mapping[str, Any] | None:
    present = found.present
    if present is None:
        return None
    shown = present.shape()
    return {name: shown[name] for name in ("registry", "read_write", "fingerprint", "expires_at")}
