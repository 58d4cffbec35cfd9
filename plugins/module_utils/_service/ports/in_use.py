# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of uses, as services require them of a client: apps, clusters, and files of the user."""

from __future__ import annotations

from typing import Protocol

from ..._domain.in_use.apps import AppImages
from .clusters import Clusters


class UseSources(Clusters, Protocol):
    """The API and clusters, with what tells of images in use."""

    def list_apps(self) -> tuple[AppImages, ...]:
        """All apps of the team, with the images of their present deployments."""

    def list_deployments(self, app: AppImages) -> tuple[AppImages, ...]:
        """All deployments of an app that the API still lists, the former too."""

    def read_image_list(self, path: str) -> tuple[str, ...]:
        """The entries of a file of references: lines, or a list in YAML or JSON. Refused for a file of another form."""
