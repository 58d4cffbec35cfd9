# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services need from a client of DigitalOcean's API, and what each call promises."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from ..._domain.clusters.cluster import Cluster
from ..._domain.credentials.docker import DockerCredentials
from ..._domain.gc.collection import GarbageCollection
from ..._domain.registry.images import Manifest
from ..._domain.registry.model import Registry, Repository, Team
from ..._domain.registry.tiers import Options, Subscription


class ImageHost(Protocol):
    """The host of the images by what it does (OCI distribution); raises DocrError as the API does."""

    def check_login(self) -> None:
        """One request that only a good token passes. Denied for one that is unknown, expired or revoked."""

    def open_upload(self, registry: str, repository: str) -> str:
        """Begin an upload and give its address. Denied while the registry is read-only."""

    def cancel_upload(self, registry: str, repository: str, upload: str) -> None:
        """End an upload without a trace."""

    def fetch_media_type(self, registry: str, repository: str, reference: str) -> str:
        """The media type of a manifest, by tag or digest."""

    def fetch_access(
        self, registry: str, repository: str, actions: Collection[str] = ("pull", "push")
    ) -> frozenset[str]:
        """Which of the actions are granted; nothing is begun. Nobody may push while the registry is read-only.

        Asking for `push` buys a token for pushes, as any push does: a garbage collection waits until that has run out.
        """

    def close(self) -> None:
        """End the connections; no call after it."""


class Api(Protocol):
    """DigitalOcean's API by what it does; every call raises a DocrError when the service does not answer success.

    Lists are complete (all pages). Reads are repeated after passing faults; writes are sent once, and their errors
    tell by `may_have_taken_effect` whether to look before believing them. A client in check mode refuses writes.
    """

    def now(self) -> datetime:
        """The service's time in UTC, by the `Date` of its last answer; lists the registries if there was none yet."""

    def fetch_team(self) -> Team:
        """The team of the token."""

    def list_registries(self) -> tuple[Registry, ...]:
        """All registries of the team."""

    def fetch_options(self) -> Options:
        """Regions and tiers on offer."""

    def fetch_subscription(self) -> Subscription | None:
        """The team's subscription; None before the first registry."""

    def is_name_free(self, name: str) -> bool:
        """Whether nobody has a registry of that name, this team included."""

    def create_registry(self, name: str, region: str | None, tier_slug: str) -> Registry:
        """Create a registry; without a region the service picks one. Conflict when the name is taken."""

    def delete_registry(self, name: str) -> None:
        """Delete a registry with all its images. NotFound when there is none of that name."""

    def update_subscription(self, tier_slug: str) -> Subscription:
        """Change the team's tier. Refused when the team is not eligible."""

    def list_repositories(self, registry: str) -> tuple[Repository, ...]:
        """All repositories of a registry. NotFound for an unknown registry."""

    def list_manifests(self, registry: str, repository: str) -> tuple[Manifest, ...]:
        """All manifests of a repository, tagged or not. NotFound for an unknown one."""

    def mint_docker_credentials(self, registry: str, *, read_write: bool, expiry_s: int) -> DockerCredentials:
        """Mint a token for the image host that lives for `expiry_s` seconds; 0 means for ever."""

    def revoke_docker_credentials(self, credentials: DockerCredentials) -> None:
        """Take a minted token back."""

    def open_image_host(self, credentials: DockerCredentials | None = None) -> ImageHost:
        """The image host, seen with these credentials, or with the account's own token."""

    def list_garbage_collections(self, registry: str) -> tuple[GarbageCollection, ...]:
        """All runs of a registry, newest first; it is not known whether an active one is among them."""

    def fetch_active_garbage_collection(self, registry: str) -> GarbageCollection | None:
        """The active run; None when there is none, or when the registry does not exist (the API does not tell)."""

    def start_garbage_collection(self, registry: str, type_: str) -> GarbageCollection:
        """Start a run of that type (the API's words). Conflict when one is active."""

    def cancel_garbage_collection(self, registry: str, uuid: str) -> GarbageCollection | None:
        """Cancel a run; None when the answer does not show it. NotFound when it is not active."""

    def list_clusters(self) -> tuple[Cluster, ...]:
        """All Kubernetes clusters of the team."""

    def add_registries(self, cluster_ids: Sequence[str], registries: Sequence[str]) -> None:
        """Integrate each cluster with each registry (plural API)."""

    def remove_registries(self, cluster_ids: Sequence[str], registries: Sequence[str]) -> None:
        """Undo it (plural API). NotFound or Refused (405) where the service lacks the call."""

    def add_registry(self, cluster_ids: Sequence[str]) -> None:
        """Integrate each cluster with the team's only registry (singular, deprecated API)."""

    def remove_registry(self, cluster_ids: Sequence[str]) -> None:
        """Undo it (singular, deprecated API)."""
