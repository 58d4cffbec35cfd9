# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker credentials of registries, and the image host that they open."""

from __future__ import annotations

from ..._domain.credentials.docker import DockerCredentials, parse_docker_credentials
from ..oci.image_host import RegistryHost
from ..operations import MINT_DOCKER_CREDENTIALS
from .connection import ApiConnection
from .login_check import check_api_login
from .revocation import revoke


class CredentialCalls(ApiConnection):
    """Docker credentials; what the calls promise stands in the ports of the services."""

    def mint_docker_credentials(self, registry: str, *, read_write: bool, expiry_s: int) -> DockerCredentials:
        """Mint a token. pydo's method has no keywords for what it is to be, and would send a Python True as such."""
        query = {"expiry_seconds": str(expiry_s), "read_write": "true" if read_write else "false"}
        minted = self._read(
            MINT_DOCKER_CREDENTIALS.call(registry=registry),
            lambda: self._client.registries.get_docker_credentials(registry, params=query),
            parse_docker_credentials,
        )
        self._settings.secrets.add_document(minted.config)
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
