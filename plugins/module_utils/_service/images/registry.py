# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry as a whole: every repository's list by the API, every manifest by the image host."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from ..._domain.errors import BadAnswer, Interrupted, NotFound, ServerFault
from ..._domain.images.budget import list_calls
from ..._domain.images.inventory import Inventory, ListedRepository, ManifestPlace, list_fault
from ..._domain.registry.images import ImageManifest
from ..._domain.registry.model import Repository
from ..flow.budget import CallBudget
from ..flow.parallel import parallel_map
from ..flow.wait import Clock
from ..ports.api import Api
from ..ports.manifest_cache import ManifestCache
from .manifests import SIDE_BY_SIDE, ManifestReader, ReadManifests

# What makes the list of one repository unknown. Everything else is wrong with the token or the whole service.
_OF_ONE_LIST = (BadAnswer, ServerFault, NotFound, Interrupted)


@dataclass(frozen=True)
class RegistryReading:
    """A registry as it was read, and what the reading took."""

    inventory: Inventory
    manifests_from_cache: int
    image_host_requests: int


@dataclass(frozen=True)
class RegistryReader:
    """Reads registries within a budget of calls; `say` takes lines for people while they wait."""

    api: Api
    cache: ManifestCache
    budget: CallBudget
    clock: Clock
    say: Callable[[str], None]

    def read(self, registry: str) -> RegistryReading:
        """Read everything. NotFound for an unknown registry.

        Of a repository whose list is not whole, and of a manifest that cannot be read, the inventory says why.
        """
        self.budget.take()
        repositories = self.api.list_repositories(registry)
        self.say(self._estimate(registry, repositories))
        lists = parallel_map(repositories, partial(self._list, registry), SIDE_BY_SIDE)
        places_of: dict[str, list[ManifestPlace]] = {}
        for repository in lists:
            for one in repository.manifests:
                places_of.setdefault(one.digest, []).append(ManifestPlace(repository.name, one.digest))
        found = self._read_manifests(registry, places_of) if places_of else ReadManifests()
        inventory = Inventory(tuple(lists), found.documents, found.unread, frozenset(found.gone))
        return RegistryReading(inventory, found.from_cache, found.requests)

    def _read_manifests(self, registry: str, places_of: dict[str, list[ManifestPlace]]) -> ReadManifests:
        with closing(self.api.open_image_host()) as host:
            wait_s = self.api.rate_limit_wait_s
            reader = ManifestReader(host, registry, self.cache, self.budget, self.clock, wait_s)
            return reader.read_all(places_of)

    def _list(self, registry: str, repository: Repository) -> ListedRepository:
        self.budget.take(list_calls(repository.manifest_count))
        try:
            manifests: tuple[ImageManifest, ...] = self.api.list_manifests(registry, repository.name)
        except _OF_ONE_LIST as error:
            return ListedRepository(repository.name, error=str(error))
        fault = list_fault(manifests) or _tags_fault(repository, manifests)
        if fault is None:
            return ListedRepository(repository.name, manifests)
        words = f"Could not list the manifests of the repository {registry}/{repository.name}: {fault}."
        return ListedRepository(repository.name, error=words)

    def _estimate(self, registry: str, repositories: tuple[Repository, ...]) -> str:
        calls = sum(list_calls(one.manifest_count) for one in repositories)
        manifests = sum(one.manifest_count for one in repositories)
        wait_s = self.budget.shortest_s(calls)
        return (
            f"{registry}: reads {manifests} manifests of {len(repositories)} repositories with {calls} calls of the "
            f"API, which take {wait_s:.0f} s or more within rate_limit_share"
        )


def _tags_fault(repository: Repository, manifests: tuple[ImageManifest, ...]) -> str | None:
    """Why a list without any tag is not whole: without its tags each image looks like an untagged manifest."""
    if not repository.tag_count or not manifests or any(one.tags for one in manifests):
        return None
    return f"the list has no tag, and the list of repositories counts {repository.tag_count}"
