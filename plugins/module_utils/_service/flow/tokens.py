# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens for the image host: whether the image host accepts a token, and how a token is revoked."""

from __future__ import annotations

from contextlib import closing

from ..._domain.credentials.docker import DockerCredentials
from ..._domain.errors import BadAnswer, Denied, DocrError
from ..ports.credentials import CredentialApi
from ..ports.image_host import ImageHost
from .wait import Clock, poll

# Only this status speaks about the token; 403 can come from a firewall or mean a missing scope.
UNKNOWN_TOKEN = 401
# A revocation may take a moment to be known everywhere.
_SPREAD_S, _INTERVAL_S = 10.0, 1.0


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
    """Whether a token still works, by the API, or else by the image host; None where neither of them answers.

    A minted token is also a token of the API (digitalocean-api.md 1.6), which costs one request. A gateway in front of
    the image host answers 401 too, for tokens that are good.
    """
    accepted = _is_accepted_by_api(api, credentials)
    if accepted is not None:
        return accepted
    try:
        return accepts_token(api, credentials)
    except DocrError:
        return None


def has_ended(api: CredentialApi, credentials: DockerCredentials) -> bool:
    """Whether the API says that a token has ended; False where the API does not answer."""
    return _is_accepted_by_api(api, credentials) is False


def _is_accepted_by_api(api: CredentialApi, credentials: DockerCredentials) -> bool | None:
    try:
        api.check_api_login(credentials)
    except Denied as error:
        return False if error.answer.status == UNKNOWN_TOKEN else None
    except DocrError:
        return None
    return True


def revoke_token(api: CredentialApi, credentials: DockerCredentials, clock: Clock) -> None:
    """Revoke a token once, and prove the revocation by the token: a proxy may answer 200 too.

    Raises an error, with what is known of the token, unless the token no longer works.
    """
    failed: DocrError | None = None
    try:
        api.revoke_docker_credentials(credentials)
    except DocrError as error:
        if not (error.may_have_taken_effect or isinstance(error, Denied)):
            raise
        failed = error
    is_accepted = poll(
        lambda: is_accepted_if_known(api, credentials),
        lambda accepted: accepted is not True,
        timeout_s=_SPREAD_S if failed is None else 0.0,
        interval_s=_INTERVAL_S,
        clock=clock,
    ).value
    if is_accepted is False:
        return
    told = "the token still works" if is_accepted else "whether the token still works is not known"
    if failed is not None:
        raise type(failed)(failed.operation, failed.answer, f"{told}; {failed.advice}") from None
    raise BadAnswer(
        f"revoke the credential {credentials.fingerprint}",
        f"the answer was success, and {told}",
        "check revoke_url, and revoke the credential in the control panel",
    )
