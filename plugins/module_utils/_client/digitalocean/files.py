# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DigitalOcean's API with files of the host where the module runs; apart, since most modules write no file."""

from __future__ import annotations

from ..files.docker_config import DockerConfigFile, open_docker_config
from ..settings import Settings
from .client import DigitalOceanApi, open_api_of


class FileApi(DigitalOceanApi):
    """The API, and files that check mode leaves as the files are; the ports of the services say what calls promise."""

    def open_docker_config(self, path: str) -> DockerConfigFile:
        """The Docker config file that a path leads to."""
        return open_docker_config(path, self._settings)


def open_file_api(settings: Settings) -> FileApi:
    """A client for these settings; connects with the first call."""
    return open_api_of(FileApi, settings)
