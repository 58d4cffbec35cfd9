# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images as the API lists them, without media types and without the children of an index (peers.md 3.1).

The image host has the manifests themselves, and with these which manifest belongs to which.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..raw import required_text, text_list

# What an image index is called, by OCI and by Docker.
INDEX_MEDIA_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)


@dataclass(frozen=True)
class ImageManifest:
    """A manifest of an image; a manifest without tags may be an orphan, or the child of an index.

    `blobs` are the digests of its blobs with their compressed sizes in bytes. A blob or a size that the API does not
    tell is missing or 0.
    """

    digest: str
    tags: tuple[str, ...]
    updated_at: str
    blobs: tuple[tuple[str, int], ...] = ()


def parse_image_manifest(raw: Mapping[str, Any]) -> ImageManifest:
    """A manifest of `digests`; its tags and its blobs may be missing or null."""
    return ImageManifest(
        required_text(raw, "digest"),
        text_list(raw, "tags") or (),
        str(raw.get("updated_at") or ""),
        tuple(_listed_blobs(raw.get("blobs"))),
    )


def parse_tag_time(raw: Mapping[str, Any]) -> tuple[str, str]:
    """A tag of `tags` and its time; the time is empty where the API does not give a time."""
    return required_text(raw, "tag"), str(raw.get("updated_at") or "")


def _listed_blobs(raw: Any) -> Iterator[tuple[str, int]]:
    """The blobs that are described soundly; most decisions rest on no blob, so that the others are no bad answer."""
    for one in raw if isinstance(raw, list) else ():
        digest = one.get("digest") if isinstance(one, Mapping) else None
        if isinstance(digest, str) and digest:
            size = one.get("compressed_size_bytes")
            yield digest, size if isinstance(size, int) and size >= 0 else 0


# The annotation and the platform by which buildx marks the attestation of an image.
_ATTESTATION = "attestation-manifest"
_REFERENCE_TYPE = "vnd.docker.reference.type"


@dataclass(frozen=True)
class ManifestLinks:
    """The manifests that a manifest names, by digest: the platforms and attestations of an index, and its subject."""

    platforms: frozenset[str] = frozenset()
    attestations: frozenset[str] = frozenset()
    subject: str | None = None


@dataclass(frozen=True)
class UntaggedKinds:
    """What the untagged manifests of a registry are; `others` belong to no tagged image."""

    platforms: int = 0
    attestations: int = 0
    referrers: int = 0
    others: int = 0

    def plus(self, more: UntaggedKinds) -> UntaggedKinds:
        """Both counts together."""
        return UntaggedKinds(
            self.platforms + more.platforms,
            self.attestations + more.attestations,
            self.referrers + more.referrers,
            self.others + more.others,
        )

    def __str__(self) -> str:
        garbage = "" if self.others else ", so no untagged manifest is garbage"
        words = (
            (self.platforms, "platforms of tagged images"),
            (self.attestations, "attestations of tagged images"),
            (self.referrers, "signatures or other referrers of tagged images"),
            (self.others, "manifests that belong to no tagged image"),
        )
        return f"the image host shows {', '.join(f'{count} {what}' for count, what in words if count)}{garbage}"


def parse_manifest_links(raw: Mapping[str, Any]) -> ManifestLinks:
    """The links of a manifest of the image host; raises KeyError, TypeError or AttributeError for another document."""
    platforms: set[str] = set()
    attestations: set[str] = set()
    for child in raw.get("manifests") or ():
        annotations = child.get("annotations") or {}
        is_attestation = annotations.get(_REFERENCE_TYPE) == _ATTESTATION
        (attestations if is_attestation else platforms).add(str(child["digest"]))
    subject = raw.get("subject")
    return ManifestLinks(
        frozenset(platforms), frozenset(attestations), str(subject["digest"]) if subject is not None else None
    )


def count_untagged_kinds(tagged: Collection[str], links: Mapping[str, ManifestLinks]) -> UntaggedKinds:
    """What the untagged manifests of a repository are. `links` has every manifest, `tagged` the digests with a tag."""
    kinds: dict[str, str] = {}
    pending = [one for one in tagged if one in links]
    while pending:
        found = links[pending.pop()]
        for children, kind in ((found.platforms, "platforms"), (found.attestations, "attestations")):
            new = [one for one in children if one in links and one not in kinds and one not in tagged]
            kinds.update(dict.fromkeys(new, kind))
            pending += new
    for digest, found in links.items():
        # A signature may itself be signed; the signature of a signature is rare, and counts as another manifest.
        if digest not in kinds and digest not in tagged and found.subject in {*tagged, *kinds}:
            kinds[digest] = "referrers"
    counts = {kind: sum(one == kind for one in kinds.values()) for kind in ("platforms", "attestations", "referrers")}
    return UntaggedKinds(**counts, others=sum(1 for one in links if one not in kinds and one not in tagged))
