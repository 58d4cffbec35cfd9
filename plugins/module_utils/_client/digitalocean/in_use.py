# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DigitalOcean's API with all that tells of images in use (`_service/ports/in_use.py`)."""

from __future__ import annotations

from ..files.image_list import read_image_list
from ..settings import Settings
from .client import open_api_of
from .clusters import ClusterApi


class UseApi(ClusterApi):
    """The API, clusters, and the user's lists of images."""

    def read_image_list(self, path: str) -> tuple[str, ...]:
        """The entries of a file."""
        return read_image_list(path)


def open_use_api(settings: Settings) -> UseApi:
    """A client for these settings; connects with the first call."""
    return open_api_of(UseApi, settings)
