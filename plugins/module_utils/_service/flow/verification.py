# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a credential is verified: by a login to the image host for a pull, or by a call of DigitalOcean's API."""

from __future__ import annotations

from dataclasses import dataclass

from ..._domain.access.methods import API
from ..._domain.credentials.docker import DockerCredentials
from ..._domain.errors import Denied, DocrError
from ..ports.credentials import CredentialApi
from .tokens import UNKNOWN_TOKEN, check_token, require_image_host


@dataclass(frozen=True)
class CredentialCheck:
    """Verifies credentials by `method`, a value of the option verify_credentials."""

    api: CredentialApi
    method: str

    def find_error(self) -> DocrError | None:
        """Why no credential can be verified now; None where the check can be made."""
        if self.method == API:
            return None
        try:
            require_image_host(self.api)
        except DocrError as error:
            return error
        return None

    def check(self, credentials: DockerCredentials, registry: str) -> None:
        """Raise Denied for a token that is unknown, expired or revoked, and another DocrError without an answer.

        The image host raises Denied for a token of another registry too. The API does not tell the registry.
        """
        if self.method == API:
            self.api.check_api_login(credentials)
        else:
            check_token(self.api, credentials, registry)

    def try_check(self, credentials: DockerCredentials, registry: str) -> bool | DocrError:
        """Whether the token is accepted for the registry, or the error of a check without an answer."""
        try:
            self.check(credentials, registry)
        except Denied as error:
            # A proxy that requires a login of its own answers 407, and a firewall 403: neither knows the token.
            return False if error.answer.status == UNKNOWN_TOKEN else error
        except DocrError as error:
            return error
        return True
