# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of deleted manifests, as services require them of a client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..._domain.retention.copies import CopyRecord


class CopyStore(Protocol):
    """Records of copies, each under a name. Every call raises Refused where the operating system refuses.

    Every write is whole, and on the disk when the call returns. A store that was opened in check mode refuses writes.
    """

    path: str

    def read_all(self, registry: str) -> Mapping[str, CopyRecord]:
        """The records of a registry by name, the oldest first. Refused for a file that is no record."""

    def save(self, record: CopyRecord) -> str:
        """Keep a new record and return its name."""

    def close_record(self, name: str, record: CopyRecord) -> None:
        """Keep a record without the mark that its repository must be looked at again."""

    def remove(self, name: str) -> None:
        """Remove a record."""


class CopyStores(Protocol):
    """The copies on the host where the module runs."""

    def open_copies(self, path: str) -> CopyStore:
        """The copies below a path. The folder need not exist."""
