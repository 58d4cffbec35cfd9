# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of the images of a registry: how many have no tag, which are indexes, when the last one came."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from ..._domain.errors import BadAnswer, DocrError
from ..._domain.registry.images import INDEX_MEDIA_TYPES, ImageManifest, UntaggedKinds, count_untagged_kinds
from ..._domain.registry.model import Repository
from ..._domain.times import parse_time
from ..flow.witnesses import list_repositories
from ..ports.api import Api
from ..ports.registries import ImageApi

# One call for each repository: a fifth of the 250 a minute that the team has.
MOST_LISTED = 50
_SIDE_BY_SIDE = 4
# Manifests that are read from the image host to explain a collection that freed nothing; these are no calls of the API.
_MOST_READ = 200


@dataclass(frozen=True)
class UntaggedCount:
    """How many manifests have no tag; where it is not exact, at least so many.

    `kinds` is what the manifests are, and None where the image host was not asked or did not answer.
    """

    manifests: int
    is_exact: bool
    repositories: int
    kinds: UntaggedKinds | None = None


@dataclass(frozen=True)
class IndexCount:
    """How many of the tagged manifests that were looked at are image indexes; `is_all` where none was left out."""

    indexes: int
    looked_at: int
    is_all: bool


def count_untagged(
    api: Api, registry: str, most_listed: int = MOST_LISTED, *, needs_kinds: bool = True
) -> UntaggedCount:
    """By the manifests of each repository; where those are many by the counts alone, one call for 200 repositories."""
    repositories = api.list_repositories(registry)
    if len(repositories) > most_listed:
        # A manifest may have several tags, so that these are the fewest that can be untagged.
        fewest = sum(max(0, one.manifest_count - one.tag_count) for one in repositories)
        return UntaggedCount(fewest, False, len(repositories))
    listed = _list_manifests(api, registry, repositories)
    untagged = [name for name, one in listed if not one.tags]
    kinds = _find_kinds(api, registry, listed, set(untagged)) if needs_kinds else None
    return UntaggedCount(len(untagged), True, len(repositories), kinds)


def _find_kinds(
    api: Api, registry: str, listed: Sequence[tuple[str, ImageManifest]], names: Collection[str]
) -> UntaggedKinds | None:
    """What the untagged manifests of some repositories are; None where those are many, or the host does not answer."""
    looked_at = [(name, one) for name, one in listed if name in names]
    if not looked_at or len(looked_at) > _MOST_READ:
        return None
    try:
        with closing(api.open_image_host()) as host, ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            links = list(pool.map(lambda one: host.fetch_links(registry, one[0], one[1].digest), looked_at))
    except DocrError:
        return None
    kinds = UntaggedKinds()
    for name in names:
        of_name = {one.digest: link for (place, one), link in zip(looked_at, links, strict=True) if place == name}
        tagged = {one.digest for place, one in looked_at if place == name and one.tags}
        kinds = kinds.plus(count_untagged_kinds(tagged, of_name))
    return kinds


@dataclass(frozen=True)
class HeldImages:
    """When the newest manifest came, None where none is known, and whether the registry holds nothing at all."""

    last_push: datetime | None
    is_empty: bool


def look_at_images(api: Api, registry: str, *, needs_push: bool) -> HeldImages:
    """What the registry holds. Mostly one call for 200 repositories; the time of the last push only if it is needed.

    Raises BadAnswer where the time of an image is not told: a start would not know whether a push is under way.
    """
    repositories = api.list_repositories(registry)
    is_empty = False
    if not repositories:
        found = api.fetch_registry(registry)
        is_empty = found is not None and found.storage_usage_bytes == 0
        repositories = list_repositories(api, found) if found is not None and needs_push else ()
    if not needs_push:
        return HeldImages(None, is_empty)
    times = [_latest_push_to(api, registry, one) for one in repositories]
    return HeldImages(max((one for one in times if one is not None), default=None), is_empty and not repositories)


def _latest_push_to(api: ImageApi, registry: str, repository: Repository) -> datetime | None:
    """The time of a repository's newest manifest, from its manifests where the repository does not tell."""
    told = _time(repository.pushed_at)
    if told is not None or not (repository.manifest_count or repository.tag_count):
        return told
    times = [_time(one.updated_at) for one in api.list_manifests(registry, repository.name)]
    known = [one for one in times if one is not None]
    if len(known) < len(times):
        raise BadAnswer(
            f"read when an image was last pushed to {registry}/{repository.name}",
            "the API gives no time",
            "run the task again, or leave out quiet_period",
        )
    return max(known, default=None)


def count_indexes(api: Api, registry: str, limit: int = 500) -> IndexCount | None:
    """How many tagged manifests are image indexes, by the image host; None where it cannot be read."""
    try:
        repositories = tuple(one for one in api.list_repositories(registry) if one.tag_count)
        if len(repositories) > MOST_LISTED:
            return None
        tagged = [(name, one) for name, one in _list_manifests(api, registry, repositories) if one.tags]
        with closing(api.open_image_host()) as host, ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            look = partial(host.fetch_media_type, registry)
            # The first that fails cancels the rest, so that a host out of reach costs no time for each manifest.
            types = list(pool.map(lambda one: look(one[0], one[1].digest), islice(tagged, limit)))
    except DocrError:
        return None
    return IndexCount(sum(1 for one in types if one in INDEX_MEDIA_TYPES), len(types), len(types) == len(tagged))


def _list_manifests(
    api: ImageApi, registry: str, repositories: tuple[Repository, ...]
) -> list[tuple[str, ImageManifest]]:
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        found = pool.map(lambda one: api.list_manifests(registry, one.name), repositories)
        pairs = zip(repositories, found, strict=True)
        return [(repository.name, manifest) for repository, manifests in pairs for manifest in manifests]


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None
