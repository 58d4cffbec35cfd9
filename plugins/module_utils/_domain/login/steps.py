# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes that change a login in Docker's config file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Union

from ..credentials.docker import DockerCredentials
from ..plan import Step


@dataclass(frozen=True)
class LogIn(Step):
    """Mint a credential and make the credential the login of the image host."""

    action: ClassVar[str] = "log_in"
    path: str
    registry: str
    read_write: bool
    reason: str

    @property
    def target(self) -> str:
        """The path of the config file."""
        return self.path

    @property
    def message(self) -> str:
        """What is minted and why."""
        return (
            f"mint a {'read-write' if self.read_write else 'read-only'} credential of {self.registry} "
            f"and write it to {self.path}, since {self.reason}"
        )


@dataclass(frozen=True)
class RevokeCredential(Step):
    """Revoke a credential that the config file holds."""

    action: ClassVar[str] = "revoke_credentials"
    credentials: DockerCredentials = field(repr=False)
    reason: str

    @property
    def target(self) -> str:
        """The fingerprint of the credential."""
        return self.credentials.fingerprint

    @property
    def message(self) -> str:
        """What is revoked and why."""
        return f"revoke the credential {self.target}, {self.reason}"


@dataclass(frozen=True)
class RemoveLogin(Step):
    """Remove the login of a registry, and what this module noted about the login."""

    action: ClassVar[str] = "remove_login"
    path: str
    registry: str

    @property
    def target(self) -> str:
        """The path of the config file."""
        return self.path

    @property
    def message(self) -> str:
        """What is removed."""
        return f"remove the login of {self.registry} from {self.path}"


@dataclass(frozen=True)
class ProtectFile(Step):
    """Make the config file private to its owner; `mode` are its current permissions."""

    action: ClassVar[str] = "protect_file"
    path: str
    mode: int

    @property
    def target(self) -> str:
        """The path of the config file."""
        return self.path

    @property
    def message(self) -> str:
        """What is protected."""
        return f"make {self.path} readable only for its owner; the mode is {self.mode:04o}"


@dataclass(frozen=True)
class RemoveTemporaryFiles(Step):
    """Remove the temporary files that a killed run left beside the config file."""

    action: ClassVar[str] = "remove_temporary_files"
    path: str

    @property
    def target(self) -> str:
        """The path of the config file."""
        return self.path

    @property
    def message(self) -> str:
        """What is removed."""
        return f"remove the temporary files beside {self.path} that a killed run left"


# ansible-test's pylint requires Union here.
LoginStep = Union[LogIn, RevokeCredential, ProtectFile, RemoveTemporaryFiles]  # noqa: UP007
LogoutStep = Union[RevokeCredential, RemoveLogin, RemoveTemporaryFiles]  # noqa: UP007
