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

# Only this status speaks about the token; 403 can come from a firewall or mean a missing scope.
UNKNOWN_TOKEN = 401


def require_image_host(api: CredentialApi) -> None:
    """Raise a DocrError unless the image host answers: without an answer no new token can be verified."""
    with closing(api.open_image_host()) as host:
        host.check_reachable()


def check_token(api: CredentialApi, credentials: DockerCredentials, registry: str) -> None:
    """Log in to the image host for a pull. Raises Denied for a token that may not pull from the registry."""
    with closing(api.open_image_host(credentials)) as host:
        host.check_pull(registry)


def accepts_login(host: ImageHost, registry: str | None = None) -> bool:
    """Whether the image host accepts the token of this connection, for pulls from the registry where one is given.

    Raises a DocrError without an answer to that.
    """
    try:
        if registry is None:
            host.check_login()
        else:
            host.check_pull(registry)
    except Denied as error:
        if error.answer.status != UNKNOWN_TOKEN:
            raise
        return False
    return True


def accepts_token(api: CredentialApi, credentials: DockerCredentials, registry: str | None = None) -> bool:
    """Whether the image host accepts a token, as `accepts_login` does."""
    with closing(api.open_image_host(credentials)) as host:
        return accepts_login(host, registry)


def is_accepted_if_known(api: CredentialApi, credentials: DockerCredentials) -> bool | None:
    """Whether a token still works, by the image host, or else by the API; None where neither of them answers.

    A minted token is also a token of the API (digitalocean-api.md 1.6).
    """
    try:
        return accepts_token(api, credentials)
    except DocrError:
        return _is_accepted_by_api(api, credentials)


def has_ended(api: CredentialApi, credentials: DockerCredentials) -> bool:
    """Whether the API says that a token has ended; False where the API does not answer.

    A second witness: a gateway in front of the image host answers 401 too, for tokens that are good.
    """
    return _is_accepted_by_api(api, credentials) is False


def _is_accepted_by_api(api: CredentialApi, credentials: DockerCredentials) -> bool | None:
    try:
        api.check_api_login(credentials)
    except Denied as error:
        return False if error.answer.status == UNKNOWN_TOKEN else None
    except DocrError:
        return None
    return True


def revoke_token(api: CredentialApi, credentials: DockerCredentials) -> None:
    """Revoke a token once. After an answer that proves nothing the token itself is tried: a token that works is valid.

    Raises the error of the revocation, with what is known of the token, unless the token no longer works.
    """
    try:
        api.revoke_docker_credentials(credentials)
    except DocrError as error:
        if not (error.may_have_taken_effect or isinstance(error, Denied)):
            raise
        is_accepted = is_accepted_if_known(api, credentials)
        if is_accepted is False:
            return
        told = "the token still works" if is_accepted else "whether the token still works is not known"
        raise type(error)(error.operation, error.answer, f"{told}; {error.advice}") from None
