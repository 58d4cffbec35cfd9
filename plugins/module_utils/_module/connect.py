# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a module's options to a client that talks to the right team."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from .._client.digitalocean.client import DigitalOceanApi, warm_up
from .._client.sdk import IMPORT_ERROR, LOAD_ERRORS
from .._client.secret_texts import SecretTexts
from .._client.settings import Settings
from .._client.tls import ca_file_error
from .._client.web import place_of
from .._domain.addresses import PORT_RANGE, has_bad_port
from .._domain.errors import Denied, InvalidInput
from .._domain.field_errors import REQUIRED, FieldError
from .._domain.names import shown
from .spec import TOKEN_VARIABLES
from .version import COLLECTION_VERSION

_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", re.ASCII)


A = TypeVar("A", bound=DigitalOceanApi)


class LibraryMissing(Exception):
    """A library cannot be imported; `traceback` says why."""

    def __init__(self, name: str, traceback: str) -> None:
        super().__init__(name)
        self.name = name
        self.traceback = traceback


@cache
def load_libraries() -> str | None:
    """Import what a client needs, so that a fork of this process need not; returns why this is not possible."""
    if IMPORT_ERROR is None:
        try:
            warm_up()
        except LOAD_ERRORS:
            return "the library pydo cannot be used in the controller"
    return None if IMPORT_ERROR is None else "the library pydo cannot be imported in the controller"


def load_kubernetes() -> str | None:
    """Import what clients for clusters need, so that a fork of this process need not; returns why not."""
    # The library takes a fifth of a second to load, and most tasks do not require the library.
    from .._client.kube.sdk import KUBE_IMPORT_ERROR  # noqa: PLC0415

    return None if KUBE_IMPORT_ERROR is None else "the library kubernetes cannot be imported in the controller"


def connect(
    params: Mapping[str, Any],
    open_: Callable[[Settings], A],
    hide: Callable[[str], object],
    *,
    read_only: bool,
    may_enter_clusters: bool = False,
) -> A:
    """A client for the module's connection options; nothing else is done with a token of another team.

    `hide` takes each form of each secret. Raises LibraryMissing.
    """
    if IMPORT_ERROR is not None:
        raise LibraryMissing("pydo", IMPORT_ERROR)
    settings = read_settings(params, read_only=read_only)
    secrets = SecretTexts(hide)
    secrets.add(settings.token)
    api = open_(replace(settings, may_enter_clusters=may_enter_clusters, secrets=secrets))
    if params["team"] is not None:
        require_team(api, params["team"])
    return api


def read_settings(params: Mapping[str, Any], *, read_only: bool) -> Settings:
    """The settings in the options; raises InvalidInput with all that is wrong with them."""
    faults = tuple(_settings_faults(params))
    if faults:
        raise InvalidInput(faults)
    return Settings(
        token=params["token"].strip(),
        endpoint=address_of_api(params["endpoint"].strip()),
        registry_host=params["registry_host"].strip(),
        revoke_url=params["revoke_url"].strip(),
        ca_path=params["ca_path"],
        connect_timeout_s=params["connect_timeout"],
        read_timeout_s=params["read_timeout"],
        rate_limit_wait_s=params["rate_limit_wait"],
        is_read_only=read_only,
        user_agent=f"planton.digitalocean/{COLLECTION_VERSION}",
    )


def address_of_api(endpoint: str) -> str:
    """The address without the version that other tools write at its end (https://api.digitalocean.com/v2)."""
    return endpoint.rstrip("/").removesuffix("/v2").rstrip("/")


def require_team(api: DigitalOceanApi, name_or_uuid: str) -> None:
    """Raise Denied unless the token belongs to that team."""
    team = api.fetch_team()
    if not team.is_called(name_or_uuid):
        actual = f"the team {team.name} ({team.uuid})" if team.uuid or team.name else "no team"
        raise Denied(
            f"work for the team {name_or_uuid}",
            f"the token belongs to {actual}",
            "use a token of the team that is named",
        )


def _ca_faults(path: str) -> Iterator[FieldError]:
    advice = "name a file with CA certificates in PEM"
    if not os.path.isfile(path):
        yield FieldError("ca_path", f"the file {path} does not exist", advice)
    elif os.path.getsize(path) == 0:
        # As AWX writes the file of an empty field.
        yield FieldError("ca_path", f"the file {path} is empty", advice)
    elif (wrong := ca_file_error(path)) is not None:
        yield FieldError("ca_path", f"the file {path} {wrong}", advice)


def _address_faults(name: str, value: str) -> Iterator[FieldError]:
    address = value if "://" in value else f"https://{value}"
    try:
        is_bad_port = has_bad_port(address)
    except ValueError:
        is_bad_port = False
    if is_bad_port:
        yield FieldError(name, f"the port of {shown(value)} is not {PORT_RANGE}", "correct the port")
    elif name == "registry_host":
        if not _HOST.fullmatch(value) or place_of(address) is None:
            advice = "write the host, with :PORT if need be, and no https://"
            yield FieldError(name, f"{shown(value)} is no host", advice)
    elif place_of(value) is None:
        yield FieldError(name, f"{shown(value)} is not an https address", "a token is sent over TLS only")
    elif name == "endpoint" and urlsplit(address_of_api(value)).path:
        # Below another path, a 404 says nothing of a registry.
        advice = "write the address of the API without a path, such as https://api.digitalocean.com"
        yield FieldError(name, f"{shown(value)} has a path", advice)


def _settings_faults(params: Mapping[str, Any]) -> Iterator[FieldError]:
    token = (params["token"] or "").strip()
    if not token:
        yield FieldError(
            "token",
            "token is missing",
            f"set the option token, or {TOKEN_VARIABLES[0]} on the host that runs the module",
            REQUIRED,
        )
    elif not token.isascii() or not token.isprintable() or " " in token:
        yield FieldError(
            "token",
            "the token holds blanks, line ends or characters that no token has",
            "check what the token was read from",
        )
    for name in ("endpoint", "revoke_url", "registry_host"):
        yield from _address_faults(name, params[name].strip())
    if params["ca_path"] is not None:
        yield from _ca_faults(params["ca_path"])
    for name, least in (("connect_timeout", 1), ("read_timeout", 1), ("rate_limit_wait", 0)):
        if params[name] < least:
            yield FieldError(name, f"{params[name]} is too small", f"use {least} or more seconds")
