# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a clean-up needs of the outside, and a repository that is read again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..._domain.errors import BadAnswer, NotFound
from ..._domain.images.budget import list_calls
from ..._domain.images.inventory import ManifestPlace, list_fault
from ..._domain.registry.images import ImageManifest
from ..._domain.retention.changes import FreshList
from ..flow.budget import CallBudget
from ..flow.wait import Clock
from ..images.manifests import ManifestReader
from ..ports.api import Api
from ..ports.copy_store import CopyStore
from ..ports.image_host import ImageHost
from ..ports.manifest_cache import ManifestCache


@dataclass(frozen=True)
class RetentionAccess:
    """The services, copies and budget of one registry."""

    api: Api
    host: ImageHost
    registry: str
    cache: ManifestCache
    store: CopyStore
    budget: CallBudget
    clock: Clock

    @property
    def reader(self) -> ManifestReader:
        """A reader of manifests."""
        wait_s = self.api.rate_limit_wait_s
        return ManifestReader(self.host, self.registry, self.cache, self.budget, self.clock, wait_s)

    def look(self, repository: str, known: Collection[str]) -> FreshList:
        """The repository as it is now, with the documents of manifests that are not known.

        A repository that is gone has no manifests. Raises BadAnswer for a list that is not whole.
        """
        manifests = {one.digest: one for one in self._list(repository, len(known))}
        new = {one: [ManifestPlace(repository, one)] for one in manifests if one not in known}
        if not new:
            return FreshList(manifests, {}, {})
        read = self.reader.read_all(new)
        unread = {place.digest: error for place, error in read.unread.items()}
        lost = {place.digest: "the image host does not have the manifest" for place in read.gone}
        return FreshList(manifests, read.documents, {**lost, **unread})

    def list_only(self, repository: str, about: int) -> FreshList:
        """The repository as it is now, without documents; `about` is how many manifests are expected."""
        return FreshList({one.digest: one for one in self._list(repository, about)}, {}, {})

    def _list(self, repository: str, about: int) -> tuple[ImageManifest, ...]:
        self.budget.take(list_calls(about))
        try:
            manifests = self.api.list_manifests(self.registry, repository)
        except NotFound:
            return ()
        fault = list_fault(manifests)
        if fault is not None:
            words = f"list the manifests of the repository {self.registry}/{repository}"
            raise BadAnswer(words, fault, "run the task again")
        return manifests
