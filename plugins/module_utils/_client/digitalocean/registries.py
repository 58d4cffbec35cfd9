# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries, their repositories and manifests, and the subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._domain.errors import Conflict, NotFound
from ..._domain.registry.images import ImageManifest, parse_image_manifest, parse_tag_time
from ..._domain.registry.model import Registry, Repository, parse_registry, parse_repository
from ..._domain.registry.tiers import Subscription, TeamOffer, parse_offer, parse_subscription
from ..operations import (
    CHANGE_SUBSCRIPTION,
    CHECK_REGISTRY_NAME,
    CREATE_REGISTRY,
    DELETE_MANIFEST,
    DELETE_REGISTRY,
    DELETE_TAG,
    LIST_MANIFESTS,
    LIST_REGISTRIES,
    LIST_REPOSITORIES,
    LIST_TAGS,
    READ_REGISTRY,
    READ_REGISTRY_OPTIONS,
    READ_SUBSCRIPTION,
)
from .connection import PER_PAGE, ApiConnection
from .lists import Listing, required_list


class RegistryCalls(ApiConnection):
    """Registries; what the calls promise stands in the ports of the services."""

    def list_registries(self, *, is_untold_none: bool = False) -> tuple[Registry, ...]:
        """All registries. The list has no total; where `is_untold_none`, null, a missing key and 404 mean none."""
        try:
            return self._read_whole(
                lambda: self._read(
                    LIST_REGISTRIES.call(),
                    self._client.registries.list,
                    lambda answer: _read_registries(answer, is_untold_none),
                )
            )
        except NotFound:
            if is_untold_none:
                return ()
            raise

    def fetch_registry(self, name: str) -> Registry | None:
        """The registry of that name; None where DigitalOcean says that there is none."""
        if not name:
            raise ValueError("a registry's name is not empty")
        try:
            return self._read(
                READ_REGISTRY.call(registry=name),
                lambda: self._client.registries.get(name),
                lambda answer: _registry_called(name, answer),
            )
        except NotFound:
            return None

    def fetch_offer(self) -> TeamOffer:
        """Regions and tiers on offer."""
        return self._read(
            READ_REGISTRY_OPTIONS.call(),
            self._client.registries.get_options,
            lambda answer: parse_offer(answer["options"]),
        )

    def fetch_subscription(self) -> Subscription | None:
        """The team's subscription; the API answers 404 before the first registry."""
        try:
            return self._read(
                READ_SUBSCRIPTION.call(),
                self._client.registries.get_subscription,
                lambda answer: parse_subscription(answer["subscription"]) if answer.get("subscription") else None,
            )
        except NotFound:
            return None

    def is_name_free(self, name: str) -> bool:
        """Whether the name can be had; a malformed one raises Refused."""
        body = {"name": name}
        try:
            self._send(
                CHECK_REGISTRY_NAME.call(registry=name),
                lambda: self._client.registries.validate_name(body),
            )
        except Conflict:
            return False
        return True

    def create_registry(self, name: str, region: str | None, tier_slug: str) -> Registry:
        """Create a registry."""
        body = {"name": name, "subscription_tier_slug": tier_slug} | ({"region": region} if region else {})
        return self._read(
            CREATE_REGISTRY.call(registry=name),
            lambda: self._client.registries.create(body),
            lambda answer: _registry_called(name, answer),
        )

    def delete_registry(self, name: str) -> None:
        """Delete a registry; an empty name would address the list (digitalocean-api.md 0.12)."""
        if not name:
            raise ValueError("a registry's name is not empty")
        self._send(
            DELETE_REGISTRY.call(registry=name),
            lambda: self._client.registries.delete(name),
        )

    def update_subscription(self, tier_slug: str) -> Subscription:
        """Change the team's tier."""
        return self._read(
            CHANGE_SUBSCRIPTION.call(tier=tier_slug),
            lambda: self._client.registries.update_subscription({"tier_slug": tier_slug}),
            lambda answer: _subscription_of(tier_slug, answer),
        )

    def list_repositories(self, registry: str) -> tuple[Repository, ...]:
        """All repositories of a registry."""
        return self._pages(
            LIST_REPOSITORIES.call(registry=registry),
            lambda page: self._client.registries.list_repositories_v2(registry, page=page, per_page=PER_PAGE),
            Listing("repositories", "name", parse_repository),
        )

    def list_manifests(self, registry: str, repository: str) -> tuple[ImageManifest, ...]:
        """All manifests of a repository."""
        list_page = self._client.registries.list_repository_manifests
        return self._pages(
            LIST_MANIFESTS.call(registry=registry, repository=repository),
            lambda page: list_page(registry, repository, page=page, per_page=PER_PAGE),
            Listing("manifests", "digest", parse_image_manifest),
        )

    def list_tag_times(self, registry: str, repository: str) -> Mapping[str, str]:
        """The times of all tags of a repository."""
        list_page = self._client.registries.list_repository_tags
        tags = self._pages(
            LIST_TAGS.call(registry=registry, repository=repository),
            lambda page: list_page(registry, repository, page=page, per_page=PER_PAGE),
            Listing("tags", "tag", parse_tag_time),
        )
        return dict(tags)

    def delete_tag(self, registry: str, repository: str, tag: str) -> None:
        """Delete a tag; an empty name would address the list."""
        if not tag:
            raise ValueError("a tag is not empty")
        self._send(
            DELETE_TAG.call(registry=registry, repository=repository, tag=tag),
            lambda: self._client.registries.delete_repository_tag(registry, repository, tag),
        )

    def delete_manifest(self, registry: str, repository: str, digest: str) -> None:
        """Delete a manifest with all its tags; an empty digest would address the list."""
        if not digest:
            raise ValueError("a digest is not empty")
        self._send(
            DELETE_MANIFEST.call(registry=registry, repository=repository, digest=digest),
            lambda: self._client.registries.delete_repository_manifest(registry, repository, digest),
        )


def _read_registries(answer: Any, is_untold_none: bool) -> tuple[Registry, ...]:
    if is_untold_none and (answer is None or (isinstance(answer, Mapping) and answer.get("registries") is None)):
        return ()
    return tuple(parse_registry(raw) for raw in required_list(answer, "registries"))


def _registry_called(name: str, answer: Any) -> Registry:
    registry = parse_registry(answer["registry"])
    if registry.name != name:
        raise ValueError(f"another registry than {name}")
    return registry


def _subscription_of(tier_slug: str, answer: Any) -> Subscription:
    subscription = parse_subscription(answer["subscription"])
    if subscription.tier.slug != tier_slug:
        raise ValueError(f"another tier than {tier_slug}")
    return subscription
