# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DigitalOcean's API with all that a clean-up of images needs (`_service/ports/retention.py`)."""

from __future__ import annotations

from ..files.copy_folder import CopyFolder
from ..files.plan_file import read_plan_file, write_plan_file
from ..settings import Settings
from .client import open_api_of
from .in_use import UseApi


class RetentionApi(UseApi):
    """The API, the sources of images in use, and copies of deleted manifests."""

    def open_copies(self, path: str) -> CopyFolder:
        """The copies of deleted manifests below a path."""
        return CopyFolder(path, is_read_only=self._settings.is_read_only)

    def read_plan_file(self, path: str) -> str | None:
        """The text of a plan file."""
        return read_plan_file(path)

    def write_plan_file(self, path: str, text: str) -> None:
        """Replace a plan file."""
        write_plan_file(path, text, self._settings)


def open_retention_api(settings: Settings) -> RetentionApi:
    """A client for these settings; connects with the first call."""
    return open_api_of(RetentionApi, settings)
