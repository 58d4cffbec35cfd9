# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images as the API lists them, without media types and without the children of an index (peers.md 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..raw import required_text, text_list

# What an image index is called, by OCI and by Docker.
INDEX_MEDIA_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)


@dataclass(frozen=True)
class ImageManifest:
    """A manifest of an image; a manifest without tags may be an orphan, or the child of an index."""

    digest: str
    tags: tuple[str, ...]
    updated_at: str


def parse_image_manifest(raw: Mapping[str, Any]) -> ImageManifest:
    """A manifest of `digests`; its tags may be missing or null."""
    return ImageManifest(required_text(raw, "digest"), text_list(raw, "tags") or (), str(raw.get("updated_at") or ""))
