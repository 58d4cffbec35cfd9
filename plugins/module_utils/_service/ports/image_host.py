# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image host, as services require it of a client."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from ..._domain.images.documents import ManifestBytes
from ..._domain.registry.images import ManifestLinks


class ImageHost(Protocol):
    """The host of the images by what it does (OCI distribution); raises DocrError as the API does."""

    def check_reachable(self) -> None:
        """One request without a token, which any image host answers."""

    def check_login(self) -> None:
        """One request that only a good token passes. Denied for a token that is unknown, expired or revoked."""

    def check_pull(self, registry: str) -> None:
        """One request that only a token with pull access to the registry passes. Denied for every other token."""

    def open_upload(self, registry: str, repository: str) -> str:
        """Begin an upload and give its address. Denied while the registry is read-only."""

    def cancel_upload(self, registry: str, repository: str, upload: str) -> None:
        """End an upload without a trace."""

    def fetch_media_type(self, registry: str, repository: str, reference: str) -> str:
        """The media type of a manifest, by tag or digest."""

    def fetch_links(self, registry: str, repository: str, digest: str) -> ManifestLinks:
        """The manifests that a manifest names: the children of an index, and the subject."""

    def authorize_pulls(self, registry: str, repositories: Collection[str]) -> None:
        """Get one token for pulls from several repositories: two requests, where each repository would cost two.

        The token is asked of the API's host. A token for pulls does not delay a garbage collection.
        """

    def fetch_manifest(self, registry: str, repository: str, digest: str) -> ManifestBytes:
        """The bytes of a manifest as they came; the caller compares them with the digest. NotFound without it."""

    def fetch_digest(self, registry: str, repository: str, reference: str) -> str:
        """The digest of a manifest by tag or digest, without the manifest's bytes. NotFound without the manifest."""

    def check_blob(self, registry: str, repository: str, digest: str) -> None:
        """One request without the blob's bytes. NotFound without the blob."""

    def put_manifest(self, registry: str, repository: str, reference: str, manifest: ManifestBytes) -> None:
        """Store a manifest under a tag or its digest. Refused or NotFound where what the manifest names is missing.

        The request buys a token for pushes, as any push does: a garbage collection waits until that has run out.
        """

    def fetch_access(
        self, registry: str, repository: str, actions: Collection[str] = ("pull", "push")
    ) -> frozenset[str]:
        """Which of the actions are granted; no upload begins. A read-only registry grants no client the action `push`.

        Asking for `push` buys a token for pushes, as any push does: a garbage collection waits until that has run out.
        """

    def close(self) -> None:
        """End the connections; no call after it."""
