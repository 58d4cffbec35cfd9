# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which login the image clients use for a registry: the clients look into several files, each in its own order.

Sources: docker/cli, cli/config/configfile, GetCredentialsStore (since pull request 6008 a login in DOCKER_AUTH_CONFIG
precedes the file and its helpers, in jobs of GitLab too), and containers-auth.json(5) with containers/image,
pkg/docker/config, and containers/common, pkg/auth (REGISTRY_AUTH_FILE and DOCKER_CONFIG).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import join
from typing import Any

from .docker_config import Document, helper_of, list_environment_keys, list_logins, parse_docker_config

DOCKER = "docker"
PODMAN = "podman"
CLIENTS = (DOCKER, PODMAN)
# skopeo and buildah have podman's code for logins.
NAMES: Mapping[str, str] = {DOCKER: "docker", PODMAN: "podman, skopeo and buildah"}

DOCKER_AUTH_CONFIG = "DOCKER_AUTH_CONFIG"


@dataclass(frozen=True)
class Surroundings:
    """What decides where clients look: the environment, the home folder and the user's number."""

    environment: Mapping[str, str] = field(repr=False)
    home: str
    user_id: int

    def value(self, name: str) -> str:
        """A variable of the environment; empty where the variable is not set."""
        return self.environment.get(name, "")


@dataclass(frozen=True)
class UsedLogin:
    """The login that a client uses: `place` is a file or a variable, and None where the client finds no login.

    `reads_file` tells whether the client looks into the module's file at all.
    """

    client: str
    reads_file: bool
    place: str | None = None
    key: str | None = None
    is_this_login: bool = False

    @property
    def is_hidden(self) -> bool:
        """Whether the client would use the module's login if another login did not take precedence."""
        return self.reads_file and not self.is_this_login

    def shape(self) -> dict[str, Any]:
        """The login as the module returns it."""
        return {
            "clients": NAMES[self.client],
            "source": self.place,
            "entry": self.key,
            "is_this_login": self.is_this_login,
        }


def default_path(client: str, around: Surroundings) -> str:
    """The file into which a client itself writes a login."""
    if client == DOCKER:
        return _docker_path(around)
    if around.value("REGISTRY_AUTH_FILE"):
        return around.value("REGISTRY_AUTH_FILE")
    if around.value("DOCKER_CONFIG"):
        return _docker_path(around)
    return _podman_path(around)


def places_of(client: str, path: str, around: Surroundings) -> tuple[str, ...]:
    """Where a client looks, in its order: files, and the variable that holds a file's content.

    A `path` that is not the client's default stands for a client that is pointed to the file: by DOCKER_CONFIG, by
    REGISTRY_AUTH_FILE or by an option.
    """
    if client == DOCKER:
        # Docker is pointed to a folder and never to a file.
        is_docker_file = path.endswith("/config.json")
        return (DOCKER_AUTH_CONFIG, path if is_docker_file else _docker_path(around))
    if around.value("REGISTRY_AUTH_FILE"):
        return (around.value("REGISTRY_AUTH_FILE"),)
    files = _podman_files(around)
    return files if path in files else (path,)


def used_login(client: str, texts: Mapping[str, str | None], path: str, host: str, registry: str) -> UsedLogin:
    """The login for a registry after the module has written its login to `path`.

    `texts` has the contents of the places in the client's order.
    """
    for place, text in texts.items():
        key = next(_entries(client, _document(text), place == path, host, registry), None)
        if place == DOCKER_AUTH_CONFIG:
            key = host if host in list_environment_keys(text or "") else None
        if key is not None:
            return UsedLogin(client, path in texts, place, key, place == path and key == host)
    return UsedLogin(client, path in texts)


def _entries(client: str, document: Document, is_ours: bool, host: str, registry: str) -> Iterator[str]:
    """The entries that a client would use, the preferred entry first."""
    if client == PODMAN:
        auths = document.get("auths") or {}
        own = f"{host}/{registry}"
        yield from sorted((key for key in auths if f"{key}/".startswith(f"{own}/") and auths[key]), reverse=True)
    if is_ours:
        yield host
    helper = helper_of(document, host)
    if helper is not None:
        yield helper[0]
    yield from (login.key for login in list_logins(document, host))


def _document(text: str | None) -> Document:
    """What a client reads of a text; nothing where the text is not a config."""
    try:
        return parse_docker_config(text)
    except ValueError:
        return {}


def _docker_path(around: Surroundings) -> str:
    return join(around.value("DOCKER_CONFIG") or join(around.home, ".docker"), "config.json")


def _podman_path(around: Surroundings) -> str:
    folder = around.value("XDG_RUNTIME_DIR")
    return join(folder, "containers/auth.json") if folder else f"/run/containers/{around.user_id}/auth.json"


def _podman_files(around: Surroundings) -> tuple[str, ...]:
    """The files of podman, skopeo and buildah without REGISTRY_AUTH_FILE, in their order."""
    if around.value("DOCKER_CONFIG"):
        return (_docker_path(around),)
    settings = around.value("XDG_CONFIG_HOME") or join(around.home, ".config")
    return (_podman_path(around), join(settings, "containers/auth.json"), _docker_path(around))
