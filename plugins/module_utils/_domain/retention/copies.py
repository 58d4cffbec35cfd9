# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of manifests that a clean-up deletes: what a copy holds, and the text in which copies are kept."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..images.documents import ManifestBytes, ManifestDocument, digest_fault, parse_document
from ..times import format_time, parse_time

_FORMAT = 1


@dataclass(frozen=True)
class SavedManifest:
    """A manifest with the tags that a clean-up takes from it. `manifest` is None where the image host had none."""

    digest: str
    tags: tuple[str, ...]
    manifest: ManifestBytes | None

    def document(self) -> ManifestDocument | None:
        """What the manifest says; None for bytes that are no manifest."""
        if self.manifest is None:
            return None
        try:
            return parse_document(self.manifest.content, self.manifest.content_type)
        except ValueError:
            return None


@dataclass(frozen=True)
class CopyRecord:
    """The copies of one repository that were saved at once.

    `saved_at` is the service's time. `known` are the digests that the repository had when the clean-up was planned.
    `is_open` says whether the repository must still be looked at again after the deletions.
    """

    registry: str
    repository: str
    saved_at: datetime
    known: frozenset[str]
    manifests: tuple[SavedManifest, ...]
    is_open: bool = True


def format_record(record: CopyRecord) -> str:
    """The text of a record, as JSON."""
    return json.dumps(
        {
            "format": _FORMAT,
            "registry": record.registry,
            "repository": record.repository,
            "saved_at": format_time(record.saved_at),
            "is_open": record.is_open,
            "known": sorted(record.known),
            "manifests": [_shape(one) for one in record.manifests],
        }
    )


def parse_record(text: str) -> CopyRecord:
    """The record in a text. Raises ValueError with a sentence part for a text that is no record."""
    try:
        raw = json.loads(text)
        if raw["format"] != _FORMAT:
            raise ValueError("the file has a format that this version does not know")
        return CopyRecord(
            str(raw["registry"]),
            str(raw["repository"]),
            parse_time(raw["saved_at"]),
            frozenset(str(one) for one in raw["known"]),
            tuple(_saved(one) for one in raw["manifests"]),
            raw["is_open"] is True,
        )
    except (KeyError, TypeError, AttributeError, RecursionError, binascii.Error, json.JSONDecodeError):
        raise ValueError("the file lacks what a record of copies has") from None


def latest_copies(records: Iterable[CopyRecord]) -> Mapping[str, SavedManifest]:
    """The newest copy of each digest of a repository, with all tags that any of its copies has."""
    found: dict[str, SavedManifest] = {}
    for record in sorted(records, key=lambda one: one.saved_at):
        for one in record.manifests:
            before = found.get(one.digest)
            tags = (*(before.tags if before else ()), *one.tags)
            manifest = one.manifest or (before.manifest if before else None)
            found[one.digest] = SavedManifest(one.digest, tuple(dict.fromkeys(tags)), manifest)
    return found


def _shape(saved: SavedManifest) -> dict[str, Any]:
    content = saved.manifest
    return {
        "digest": saved.digest,
        "tags": list(saved.tags),
        "content_type": content.content_type if content else None,
        "content": base64.b64encode(content.content).decode("ascii") if content else None,
    }


def _saved(raw: Mapping[str, Any]) -> SavedManifest:
    digest = str(raw["digest"])
    manifest = None
    if raw["content"] is not None:
        manifest = ManifestBytes(base64.b64decode(raw["content"], validate=True), str(raw["content_type"]))
        if digest_fault(manifest.content, digest) is not None:
            raise ValueError(f"the copy of {digest} has other bytes than the digest names")
    return SavedManifest(digest, tuple(str(one) for one in raw["tags"]), manifest)
