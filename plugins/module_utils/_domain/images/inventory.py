# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was read of a registry: the lists of the API, and the documents of the image host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..registry.images import ImageManifest
from .documents import ManifestDocument


class ManifestPlace(NamedTuple):
    """A manifest in a repository; the same manifest may be in several repositories."""

    repository: str
    digest: str


@dataclass(frozen=True)
class ListedRepository:
    """A repository and its manifests by the API. `error` says why the list could not be read, as a sentence."""

    name: str
    manifests: tuple[ImageManifest, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Inventory:
    """A registry as it was read.

    `documents` are by digest, since a digest has one content. `unread` says as a sentence why a listed manifest could
    not be read; `gone` are listed manifests which the image host does not have.
    """

    repositories: tuple[ListedRepository, ...]
    documents: Mapping[str, ManifestDocument]
    unread: Mapping[ManifestPlace, str] = field(default_factory=dict)
    gone: frozenset[ManifestPlace] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether all lists and all manifests were read, so that what is not there does not exist."""
        return not self.unread and all(one.error is None for one in self.repositories)


def list_fault(manifests: Sequence[ImageManifest]) -> str | None:
    """Why a list of manifests contradicts itself, as a sentence part; None for a sound list."""
    digests = set[str]()
    tags = dict[str, str]()
    for one in manifests:
        if one.digest in digests:
            return f"the list has the manifest {one.digest} twice, so the list changed while read"
        digests.add(one.digest)
        for tag in one.tags:
            if tags.setdefault(tag, one.digest) != one.digest:
                return f"the list has the tag {tag} at two manifests, so the list changed while read"
    return None
