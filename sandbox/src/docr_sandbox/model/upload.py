# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unfinished uploads of blobs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass
class Upload:
    """An upload session of a repository, and the file with the `size` bytes received so far."""

    registry: str
    repository: str
    path: Path
    size: int = 0
