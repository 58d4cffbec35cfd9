# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a clean-up of images needs of a client."""

from __future__ import annotations

from typing import Protocol

from .copy_store import CopyStores
from .in_use import UseSources


class RetentionSources(UseSources, CopyStores, Protocol):
    """The API, the sources of images in use, copies of deleted manifests, and plan files."""

    def read_plan_file(self, path: str) -> str | None:
        """The text of a plan file; None without the file. Refused for a file that cannot be read."""

    def write_plan_file(self, path: str, text: str) -> None:
        """Replace a plan file, whole or not at all. Refused where the operating system refuses."""
