# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens for the image host: whether the image host accepts a token, and how a token is revoked."""

from __future__ import annotations

from contextlib import closing

from ..._domain.credentials.docker import DockerCredentials
from ..._domain.errors import Denied, DocrError
from ..ports.credentials import CredentialApi
from ..ports.image_host import ImageHost
from .once import write_once


def require_image_host(api: CredentialApi) -> None:
    """Raise a DocrError unless the image host answers: without an answer no new token can be verified."""
    with closing(api.open_image_host()) as host:
        host.check_reachable()


def check_token(api: CredentialApi, credentials: DockerCredentials) -> None:
    """Log in to the image host with a real request. Raises Denied for a token that the image host does not accept."""
    with closing(api.open_image_host(credentials)) as host:
        host.check_login()


def accepts_login(host: ImageHost) -> bool:
    """Whether the image host accepts the token of this connection; raises a DocrError without an answer."""
    try:
        host.check_login()
    except Denied:
        return False
    return True


def accepts_token(api: CredentialApi, credentials: DockerCredentials) -> bool:
    """Whether the image host accepts a token; raises a DocrError where the image host does not answer."""
    with closing(api.open_image_host(credentials)) as host:
        return accepts_login(host)


def accepts_token_if_known(api: CredentialApi, credentials: DockerCredentials) -> bool | None:
    """Whether the image host accepts a token; None where the image host does not answer."""
    try:
        return accepts_token(api, credentials)
    except DocrError:
        return None


def revoke_token(api: CredentialApi, credentials: DockerCredentials) -> None:
    """Revoke a token once, then check: a token that the image host does not accept has ended, whatever came back."""

    def revoke() -> bool:
        api.revoke_docker_credentials(credentials)
        return True

    def has_ended() -> bool | None:
        return True if accepts_token_if_known(api, credentials) is False else None

    write_once(revoke, has_ended, also_look_after=(Denied,))
