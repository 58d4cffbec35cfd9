# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DigitalOcean's API with files of the host where the module runs; apart, since most modules write no file."""

from __future__ import annotations

from ..files.docker_config import DockerConfigFile, open_docker_config, read_docker_config
from ..sdk import Client
from ..settings import Settings
from .client import DigitalOceanApi, open_api_of
from .pipeline import ServiceClock


class FileApi(DigitalOceanApi):
    """The API, and files that check mode leaves as the files are; the ports of the services say what calls promise."""

    def __init__(self, client: Client, clock: ServiceClock, settings: Settings) -> None:
        super().__init__(client, clock, settings)
        self._files: dict[str, DockerConfigFile] = {}

    def open_docker_config(self, path: str) -> DockerConfigFile:
        """The Docker config file of a path; the same object for the same path, since the object holds a lock."""
        if path not in self._files:
            self._files[path] = open_docker_config(path, self._settings)
        return self._files[path]

    def read_docker_config(self, path: str) -> str | None:
        """The text of a config file of another client."""
        return read_docker_config(path, self._settings)


def open_file_api(settings: Settings) -> FileApi:
    """A client for these settings; connects with the first call."""
    return open_api_of(FileApi, settings)
