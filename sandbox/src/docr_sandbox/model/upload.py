# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upload of a blob that has begun and not ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass
class Upload:
    """One session: whose blob it is to become, and the file with the `size` bytes that came so far."""

    registry: str
    repository: str
    path: Path
    size: int = 0
