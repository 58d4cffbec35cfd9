# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a registry accepts pushes, found out without a push."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from ..._domain.credentials.docker import DockerCredentials
from ..._domain.errors import Conflict, Denied, DocrError, Refused, Unreachable
from ..._domain.gc.progress import NO_REPOSITORY
from ..flow.rate_limit import RateLimitWaits
from ..flow.tokens import revoke_token
from ..flow.wait import Clock, PollSettings
from ..ports.api import Api
from ..ports.credentials import CredentialApi
from ..ports.registries import RegistryApi

# The credential outlives a crash by no more than this.
_EXPIRY_S = 900


@dataclass(frozen=True)
class PushCheck:
    """Whether a registry accepts pushes, and in one sentence how that is known; None where it could not be found out.

    `is_final`: looking again would show the same. `unrevoked` says which credential of the upload may still be valid.
    """

    is_writable: bool | None
    how: str
    is_final: bool = False
    unrevoked: str = ""


_TOLD_WRITABLE = PushCheck(True, "DigitalOcean reports that pushes work.")


def is_read_only(api: RegistryApi, registry: str) -> bool | None:
    """Whether the registry is read-only by the API; None where the API does not say."""
    return next((one.is_read_only for one in api.list_registries() if one.name == registry), None)


def check_pushes(api: Api, registry: str, known_read_only: bool | None, settings: PollSettings) -> PushCheck:
    """Whether pushes work: by the API's answer, else by an upload that is opened and cancelled.

    `known_read_only` is the API's current answer; None where the API does not say. Checks until pushes work or the
    timeout is over, since read-only may end some seconds after a collection. The upload takes a credential of its own,
    which is revoked in every case.
    """
    if known_read_only is False:
        return _TOLD_WRITABLE
    if known_read_only is True:
        return _until_writable(lambda: _ask(api, registry), settings)
    try:
        repositories = api.list_repositories(registry)
    except DocrError as error:
        return _unknown(error)
    if not repositories:
        return PushCheck(None, NO_REPOSITORY)
    return _prove_by_upload(api, registry, max(repositories, key=lambda one: one.pushed_at).name, settings)


def _prove_by_upload(api: CredentialApi, registry: str, repository: str, settings: PollSettings) -> PushCheck:
    try:
        credentials = _mint(api, registry, settings)
    except DocrError as error:
        if not error.may_have_taken_effect:
            return _unknown(error)
        left = f"a credential may exist for {_EXPIRY_S // 60} more minutes, since the answer to the minting was lost"
        return replace(_unknown(error), unrevoked=left)
    left = ""
    try:
        proof = _until_writable(lambda: _try(api, registry, repository, credentials), settings)
    finally:
        left = _revoke(api, credentials, settings.clock)
    return replace(proof, unrevoked=left)


def _mint(api: CredentialApi, registry: str, settings: PollSettings) -> DockerCredentials:
    """A credential for the upload. After a wait for the rate limit the check of pushes is still to be made."""
    waits = RateLimitWaits(min(api.rate_limit_wait_s, settings.timeout_s), settings.clock)
    while True:
        try:
            return api.mint_docker_credentials(registry, read_write=True, expiry_s=_EXPIRY_S)
        except DocrError as error:
            if not waits.wait(error):
                raise


def _unknown(error: DocrError) -> PushCheck:
    return PushCheck(None, f"Whether pushes work is unknown: {error}")


def _until_writable(look: Callable[[], PushCheck], settings: PollSettings) -> PushCheck:
    return settings.poll(look, lambda proof: proof.is_writable is True or proof.is_final).value


def _ask(api: RegistryApi, registry: str) -> PushCheck:
    try:
        known_read_only = is_read_only(api, registry)
    except DocrError as error:
        return _unknown(error)
    if known_read_only is None:
        return PushCheck(None, "Whether pushes work is unknown: DigitalOcean no longer reports it.")
    return (
        PushCheck(False, "DigitalOcean reports that the registry is read-only.") if known_read_only else _TOLD_WRITABLE
    )


def _try(api: CredentialApi, registry: str, repository: str, credentials: DockerCredentials) -> PushCheck:
    """One upload that is opened and cancelled; a new visit each time, since a token of the last one may not push."""
    with closing(api.open_image_host(credentials)) as host:
        try:
            upload = host.open_upload(registry, repository)
        except (Denied, Refused, Conflict) as error:
            return PushCheck(False, f"Pushes do not work: {error}")
        except Unreachable as error:
            # Nobody listens there, or nobody who is trusted; that is not read-only, and does not pass by itself.
            return replace(_unknown(error), is_final=True)
        except DocrError as error:
            return _unknown(error)
        opened = f"Pushes work: an upload was opened in {repository}"
        try:
            host.cancel_upload(registry, repository, upload)
        except DocrError as error:
            return PushCheck(True, f"{opened} and could not be cancelled: {error}")
        return PushCheck(True, f"{opened} and cancelled.")


def _revoke(api: CredentialApi, credentials: DockerCredentials, clock: Clock) -> str:
    try:
        revoke_token(api, credentials, clock)
    except DocrError as error:
        return f"the credential of the upload was not revoked and expires in {_EXPIRY_S // 60} minutes: {error}"
    return ""
