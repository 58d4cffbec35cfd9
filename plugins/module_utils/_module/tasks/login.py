# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_credentials between its options and the services."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ..._client.digitalocean.files import open_file_api
from ..._domain.durations import parse_duration
from ..._domain.errors import InvalidInput
from ..._domain.field_errors import FieldError
from ..._domain.login.clients import (
    CLIENTS,
    DOCKER,
    DOCKER_AUTH_CONFIG,
    Surroundings,
    UsedLogin,
    default_path,
    places_of,
    used_login,
)
from ..._domain.login.note import MintedCredential
from ..._domain.login.plan import CurrentLogin, DesiredLogin, plan_login, plan_logout
from ..._domain.login.steps import LogIn, LoginStep, LogoutStep
from ..._domain.names import shown
from ..._domain.plan import Outcome, Plan
from ..._domain.registry.name import name_fault
from ..._service.flow.wait import SystemClock
from ..._service.login import LoginKeeper
from ..._service.ports.files import ApiWithFiles
from ..run import Done, Params, Task, TaskEntry
from ..spec import Spec

LOGIN_SPEC = Spec(
    options={
        "registry": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "path": {"type": "path"},
        "client": {"type": "str", "choices": list(CLIENTS), "default": DOCKER},
        "read_write": {"type": "bool", "default": False},
        "expires_in": {"type": "str", "default": "2h"},
        "longest_push": {"type": "str", "default": "1h"},
    },
)


# The file of Docker before 1.7, without `auths`.
_OLD_FILE = ".dockercfg"


def build_login_task(params: Params) -> Task[ApiWithFiles, Any, Any, Any]:
    """The task that the options ask for; raises InvalidInput with all that is wrong with them."""
    around = Surroundings(os.environ, _home(), os.geteuid())
    path = params["path"] or default_path(params["client"], around)
    faults = tuple(_faults(params, path, around))
    if faults:
        raise InvalidInput(faults)
    if params["state"] == "absent":
        return LogoutTask(path, params["registry_host"], params["registry"])
    lifetime, longest_push = _lifetimes(params)
    desired = DesiredLogin(params["registry"], params["read_write"], lifetime, longest_push)
    return LoginTask(path, params["registry_host"], desired, around)


def _home() -> str:
    """The home folder as Docker finds it: an empty HOME counts as not set. Empty for a user without an account."""
    if os.environ.get("HOME"):
        return os.environ["HOME"]
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _keeper(api: ApiWithFiles, path: str, host: str) -> LoginKeeper:
    return LoginKeeper(api, api.open_docker_config(path), host, SystemClock())


def _faults(params: Params, path: str, around: Surroundings) -> Iterator[FieldError]:
    wrong_name = name_fault(params["registry"])
    if wrong_name is not None:
        yield FieldError("registry", *wrong_name)
    if os.path.basename(path) == _OLD_FILE:
        advice = "name a file in the format of config.json"
        yield FieldError("path", f"{path} has the old format, which holds no login of this module", advice)
    if params["path"] and not os.path.isabs(path):
        yield FieldError("path", f"{path} is relative", "write an absolute path, or a path that begins with ~")
    elif not os.path.isabs(path):
        yield _fault_of_variable(path, around)
    wrong = []
    for name in ("expires_in", "longest_push"):
        try:
            parse_duration(params[name])
        except ValueError as error:
            wrong.append(FieldError(name, f"{shown(params[name])} is not a duration", str(error)))
    if wrong:
        yield from wrong
        return
    lifetime, longest_push = _lifetimes(params)
    if lifetime <= longest_push:
        what = f"{params['expires_in']} is no longer than longest_push, {params['longest_push']}"
        yield FieldError("expires_in", what, "a credential must be valid for longer than a push takes")


def _fault_of_variable(path: str, around: Surroundings) -> FieldError:
    """A relative path comes from a variable. Clients resolve such a path in their own working directory."""
    names = ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR")
    name = next((one for one in names if around.value(one) and path.startswith(around.value(one))), "HOME")
    if name == "HOME" and not around.home:
        return FieldError(name, "the user has no home folder", "set the variable to an absolute path, or set path")
    reason = "no client replaces ~" if path.startswith("~") else "each client starts at its own working directory"
    what = f"the environment variable has the relative path {around.value(name)}, and {reason}"
    return FieldError(name, what, "set the variable to an absolute path, or set path")


def _lifetimes(params: Params) -> tuple[timedelta, timedelta]:
    return parse_duration(params["expires_in"]), parse_duration(params["longest_push"])


@dataclass(frozen=True)
class LoginTask:
    """The file holds a login of the registry that is good for the longest push."""

    path: str
    host: str
    desired: DesiredLogin
    around: Surroundings

    def fetch(self, api: ApiWithFiles) -> CurrentLogin:
        """The file, the note, whether the image host takes the login, and the logins that clients prefer."""
        current = _keeper(api, self.path, self.host).fetch_login(self.desired)
        return replace(current, used=tuple(self._used(api, client, current.path) for client in CLIENTS))

    def _used(self, api: ApiWithFiles, client: str, path: str) -> UsedLogin:
        """The login that a client uses. `path` is the real path of the file."""
        places = places_of(client, self.path, self.around)
        texts = {path if place == self.path else place: self._text(api, place) for place in places}
        return used_login(client, texts, path, self.host, self.desired.registry)

    def _text(self, api: ApiWithFiles, place: str) -> str | None:
        return self.around.value(place) if place == DOCKER_AUTH_CONFIG else api.read_docker_config(place)

    def plan(self, current: CurrentLogin) -> Plan[LoginStep]:
        """Keep the login, or mint another."""
        return plan_login(current, self.desired)

    def apply(self, api: ApiWithFiles, current: CurrentLogin, plan: Plan[LoginStep], done: Done) -> dict[str, Any]:
        """Mint and write."""
        minted = _keeper(api, self.path, self.host).apply_login(current, self.desired, plan, done)
        return self._shape(minted, current)

    def predict(self, current: CurrentLogin, plan: Plan[LoginStep]) -> dict[str, Any]:
        """What is not known before the minting is null."""
        is_new = any(isinstance(step, LogIn) for step in plan.steps)
        return self._shape(None if is_new else current.own_login, current)

    def shape(self, outcome: Outcome[dict[str, Any]]) -> dict[str, Any]:
        """The module's result."""
        return {"credentials": outcome.result}

    def _shape(self, minted: MintedCredential | None, current: CurrentLogin) -> dict[str, Any]:
        asked = {"registry": self.desired.registry, "read_write": self.desired.read_write}
        unknown = {"fingerprint": None, "minted_at": None, "expires_at": None}
        shown = minted.shape() if minted is not None else asked | unknown
        clients = [one.shape() for one in current.used]
        return shown | {"host": self.host, "path": current.path, "clients": clients}


@dataclass(frozen=True)
class LogoutTask:
    """The file holds no login of the registry."""

    path: str
    host: str
    registry: str

    def fetch(self, api: ApiWithFiles) -> CurrentLogin:
        """The file and the note."""
        return _keeper(api, self.path, self.host).fetch_logout()

    def plan(self, current: CurrentLogin) -> Plan[LogoutStep]:
        """Revoke and remove."""
        return plan_logout(current, self.registry)

    def apply(self, api: ApiWithFiles, current: CurrentLogin, plan: Plan[LogoutStep], done: Done) -> None:
        """Revoke and remove."""
        _keeper(api, self.path, self.host).apply_logout(current, plan, done)

    def predict(self, current: CurrentLogin, plan: Plan[LogoutStep]) -> None:
        """Nothing is left."""

    def shape(self, outcome: Outcome[None]) -> dict[str, Any]:
        """The module's result."""
        return {"credentials": None}


LOGIN = TaskEntry(LOGIN_SPEC, build_login_task, open_file_api)
