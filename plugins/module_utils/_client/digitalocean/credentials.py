# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker credentials of registries, and the image host that they open."""

from __future__ import annotations

from collections.abc import Collection

from ..._domain.credentials.docker import DockerCredentials, parse_docker_credentials
from ..._domain.errors import BadAnswer
from ..oci.image_host import RegistryHost
from ..operations import MINT_DOCKER_CREDENTIALS
from ..sdk import Client
from ..settings import DEFAULT_REGISTRY_HOST, Settings
from .connection import ApiConnection
from .login_check import check_api_login
from .pipeline import ServiceClock
from .revocation import revoke

_CHECK_CACHE = "check that no proxy answers for DigitalOcean's API from a cache, then run the task again"


class CredentialCalls(ApiConnection):
    """Docker credentials; what the calls promise stands in the ports of the services."""

    def __init__(self, client: Client, clock: ServiceClock, settings: Settings) -> None:
        super().__init__(client, clock, settings)
        own = DockerCredentials(settings.token, settings.token)
        self._known = {own.fingerprint}

    @property
    def image_hosts(self) -> frozenset[str]:
        """DigitalOcean's host, and the host that the user named."""
        return frozenset({DEFAULT_REGISTRY_HOST, self._settings.registry_host})

    def mint_docker_credentials(
        self, registry: str, *, read_write: bool, expiry_s: int, known: Collection[str] = ()
    ) -> DockerCredentials:
        """Mint a token. pydo's method has no keywords for what it is to be, and would send a Python True as such.

        The call is a GET, so a proxy may answer from a cache, with a credential that is in use.
        """
        query = {"expiry_seconds": str(expiry_s), "read_write": "true" if read_write else "false"}
        minted = self._read(
            MINT_DOCKER_CREDENTIALS.call(registry=registry),
            lambda: self._client.registries.get_docker_credentials(registry, params=query),
            parse_docker_credentials,
        )
        self._settings.secrets.add_document(minted.config)
        if minted.fingerprint in self._known.union(known):
            words = MINT_DOCKER_CREDENTIALS.call(registry=registry).words
            raise BadAnswer(words, "the answer holds a credential that is in use already", _CHECK_CACHE)
        self._known.add(minted.fingerprint)
        return minted

    def revoke_docker_credentials(self, credentials: DockerCredentials) -> None:
        """Take a minted token back."""
        revoke(self._settings, credentials)

    def check_api_login(self, credentials: DockerCredentials) -> None:
        """One request of the API with the minted token."""
        check_api_login(self._settings, credentials)

    def open_image_host(self, credentials: DockerCredentials | None = None) -> RegistryHost:
        """The image host; the account's own token opens it too."""
        own = DockerCredentials(self._settings.token, self._settings.token)
        return RegistryHost(self._settings, credentials or own)
