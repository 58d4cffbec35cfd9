# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cache of manifests, as services require it of a client."""

from __future__ import annotations

from typing import Protocol

from ..._domain.images.documents import ManifestBytes


class ManifestCache(Protocol):
    """Manifests by digest. A digest has one content, so that no entry grows old; no call raises."""

    @property
    def problem(self) -> str | None:
        """Why manifests are not kept, as a sentence part; None while they are."""

    def read(self, digest: str) -> ManifestBytes | None:
        """A manifest whose bytes have that digest; None without one."""

    def write(self, digest: str, manifest: ManifestBytes) -> None:
        """Keep a manifest, as far as there is room."""

    def trim(self) -> None:
        """Remove the oldest entries beyond the bound."""
