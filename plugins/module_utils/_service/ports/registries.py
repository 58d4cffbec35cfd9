# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries, the team's subscription, repositories and manifests, as services require them of a client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..._domain.registry.images import ImageManifest
from ..._domain.registry.model import Registry, Repository
from ..._domain.registry.tiers import Subscription, TeamOffer
from .service import BaseApi


class ImageApi(BaseApi, Protocol):
    """The repositories and manifests of registries."""

    def list_repositories(self, registry: str) -> tuple[Repository, ...]:
        """All repositories of a registry. NotFound for an unknown registry."""

    def list_manifests(self, registry: str, repository: str) -> tuple[ImageManifest, ...]:
        """All manifests of a repository, tagged or not. NotFound for an unknown repository."""

    def list_tag_times(self, registry: str, repository: str) -> Mapping[str, str]:
        """The time of each tag of a repository, as the API writes times; empty where the API gives none."""

    def delete_tag(self, registry: str, repository: str, tag: str) -> None:
        """Delete a tag. NotFound without the tag. The API has no condition on the digest of the tag."""

    def delete_manifest(self, registry: str, repository: str, digest: str) -> None:
        """Delete a manifest with all its tags. NotFound without the manifest."""


class RegistryApi(ImageApi, Protocol):
    """The registries of the team, and the subscription that all of them share."""

    def list_registries(self, *, is_untold_none: bool = False) -> tuple[Registry, ...]:
        """All registries of the team. BadAnswer or NotFound where the API does not tell of any.

        Only who is about to create sets `is_untold_none`: an answer that does not tell of any then means none, which
        a name that is taken contradicts.
        """

    def fetch_registry(self, name: str) -> Registry | None:
        """The registry of that name; None where DigitalOcean itself says that the team has none."""

    def fetch_offer(self) -> TeamOffer:
        """Regions and tiers on offer."""

    def fetch_subscription(self) -> Subscription | None:
        """The team's subscription; None before the first registry."""

    def is_name_free(self, name: str) -> bool:
        """Whether no team has a registry of that name, this team included."""

    def create_registry(self, name: str, region: str | None, tier_slug: str) -> Registry:
        """Create a registry; without a region the service picks one. Conflict when the name is taken."""

    def delete_registry(self, name: str) -> None:
        """Delete a registry with all its images. NotFound when there is none of that name."""

    def update_subscription(self, tier_slug: str) -> Subscription:
        """Change the team's tier. Refused when the team is not eligible."""
