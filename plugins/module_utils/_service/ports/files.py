# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on the host where the module runs, as services require them of a client."""

from __future__ import annotations

from typing import Protocol

from ..._domain.login.docker_config import ConfigFileContent
from .api import Api


class ConfigFile(Protocol):
    """Docker's config file and the note beside the file. Every write is whole or not at all.

    Every call raises ConfigFileError where the operating system refuses. A file opened in check mode refuses writes.
    """

    path: str

    def try_lock(self) -> bool:
        """Keep other runs out until this process ends; False while another run has the lock."""

    def read(self) -> ConfigFileContent:
        """What lies on the disk."""

    def write(self, text: str) -> None:
        """Replace the file by a private file, and make its folder if there is none."""

    def write_note(self, text: str | None) -> None:
        """Replace the note; None removes the note."""

    def remove(self) -> None:
        """Remove the file."""

    def protect(self) -> None:
        """Let only the owner read and write the file."""

    def remove_leftovers(self) -> None:
        """Remove what killed runs left beside the file."""


class Files(Protocol):
    """The files of the host where the module runs."""

    def open_docker_config(self, path: str) -> ConfigFile:
        """The Docker config file that a path leads to, through symbolic links too. The file need not exist."""

    def read_docker_config(self, path: str) -> str | None:
        """The text of a config file of another client; None where the user of the module cannot read the file."""


class ApiWithFiles(Api, Files, Protocol):
    """DigitalOcean's API and the files of the host where the module runs."""
