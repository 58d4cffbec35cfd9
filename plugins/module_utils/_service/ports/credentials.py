# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker credentials, as services require them of a client."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from ..._domain.credentials.docker import DockerCredentials
from .image_host import ImageHost
from .service import BaseApi


class CredentialApi(BaseApi, Protocol):
    """Docker credentials of registries, and the image host that the credentials open."""

    @property
    def image_hosts(self) -> frozenset[str]:
        """The hosts, with their ports, that a minted Docker config may name."""

    def mint_docker_credentials(
        self, registry: str, *, read_write: bool, expiry_s: int, known: Collection[str] = ()
    ) -> DockerCredentials:
        """Mint a token for the image host that lives for `expiry_s` seconds; 0 means without expiry.

        `known` are fingerprints of credentials in use. BadAnswer for an answer with such a credential, which the
        caller must not revoke.
        """

    def revoke_docker_credentials(self, credentials: DockerCredentials) -> None:
        """Revoke a minted token."""

    def check_api_login(self, credentials: DockerCredentials) -> None:
        """One request of the API with the minted token. Denied for a token that is unknown, expired or revoked."""

    def open_image_host(self, credentials: DockerCredentials | None = None) -> ImageHost:
        """The image host, seen with these credentials, or with the account's own token."""
