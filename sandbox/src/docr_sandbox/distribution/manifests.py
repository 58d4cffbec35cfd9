# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests: images, indexes of images, and whatever else has a manifest's form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from docr_sandbox.content import digest_of
from docr_sandbox.distribution.protocol import TAG, DistributionError, Operation, Visit, check_digest
from docr_sandbox.model.registry import Registry
from docr_sandbox.model.repository import INDEX, Manifest

_INDEXES = (INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
MOST_BYTES = 4 << 20


def _find(visit: Visit) -> Manifest:
    found = visit.repository().find(visit.reference)
    if found is None or not found.media_type or not visit.world.images.content.has(found.digest):
        raise DistributionError("MANIFEST_UNKNOWN", "manifest unknown")
    return found


async def read(visit: Visit) -> Response:
    """GET and HEAD, by tag or digest."""
    manifest = _find(visit)
    content = visit.world.images.content.path(manifest.digest).read_bytes()
    headers = {
        "Docker-Content-Digest": manifest.digest,
        "Content-Type": manifest.media_type,
        "Content-Length": str(len(content)),
        "ETag": f'"{manifest.digest}"',
    }
    return Response(content if visit.request.method == "GET" else b"", headers=headers)


async def write(visit: Visit) -> Response:
    """PUT by tag or digest: all that an image names must be in its repository."""
    content = await _body(visit)
    is_digest = ":" in visit.reference
    if not is_digest and not TAG.fullmatch(visit.reference):
        raise DistributionError("MANIFEST_INVALID", "manifest tag invalid")
    algorithm = check_digest(visit.reference).partition(":")[0] if is_digest else "sha256"
    digest = digest_of(content, algorithm)
    if is_digest and digest != visit.reference:
        raise DistributionError("DIGEST_INVALID", "provided digest did not match uploaded content")
    visit.check_room()
    document = parse(content)
    manifest = _manifest(visit, digest, document)
    manifest.tags = [] if is_digest else [visit.reference]
    visit.world.images.content.add(content, algorithm)
    keeps_time = not visit.world.switches["retag_updates_manifest"]
    visit.registry().put(visit.repository_name, manifest, keeps_time=keeps_time)
    headers = {"Location": visit.url(f"manifests/{digest}"), "Docker-Content-Digest": digest}
    if manifest.subject and visit.world.switches["image_host_referrers"]:
        headers["OCI-Subject"] = manifest.subject
    return Response(status_code=201, headers=headers)


async def _body(visit: Visit) -> bytes:
    content = b""
    async for piece in visit.request.stream():
        content += piece
        if len(content) > MOST_BYTES:
            raise DistributionError("SIZE_INVALID", f"a manifest has {MOST_BYTES} bytes at most")
    return content


def parse(content: bytes) -> dict[str, Any]:
    """A manifest's document; MANIFEST_INVALID where it is none."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DistributionError("MANIFEST_INVALID", "manifest invalid") from error
    if not isinstance(document, dict) or document.get("schemaVersion") != 2:
        raise DistributionError("MANIFEST_INVALID", "manifest invalid")
    return document


def _manifest(visit: Visit, digest: str, document: dict[str, Any]) -> Manifest:
    media_type = str(document.get("mediaType") or visit.request.headers.get("content-type") or "")
    registry = visit.registry()
    try:
        blobs = _blobs(visit, registry, document)
        children = [check_digest(one["digest"]) for one in document.get("manifests") or ()]
        subject = check_digest(document["subject"]["digest"]) if document.get("subject") else None
    except (KeyError, TypeError, AttributeError) as error:
        raise DistributionError("MANIFEST_INVALID", "manifest invalid") from error
    if media_type in _INDEXES:
        place = registry.repositories.get(visit.repository_name)
        missing = [child for child in children if place is None or child not in place.manifests]
        _refuse_missing(missing)
    elif "config" not in document:
        raise DistributionError("MANIFEST_INVALID", "manifest invalid")
    return Manifest(digest, visit.world.now(), [], blobs, media_type, children, subject)


def _blobs(visit: Visit, registry: Registry, document: dict[str, Any]) -> dict[str, int]:
    # A layer with addresses of its own is somewhere else.
    named = [check_digest(one["digest"]) for one in _descriptors(document) if not one.get("urls")]
    _refuse_missing([digest for digest in named if not registry.blobs.has(visit.repository_name, digest)])
    return {digest: registry.blobs.sizes[digest] for digest in named}


def _descriptors(document: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "config" in document:
        yield document["config"]
    yield from document.get("layers") or ()


def _refuse_missing(digests: list[str]) -> None:
    if digests:
        raise DistributionError("MANIFEST_BLOB_UNKNOWN", f"manifest references unknown content: {digests[0]}")


async def delete(visit: Visit) -> Response:
    """DELETE: of a tag, or of a manifest with all of its tags."""
    repository = visit.repository()
    found = repository.find(visit.reference)
    if found is None:
        raise DistributionError("MANIFEST_UNKNOWN", "manifest unknown")
    if ":" in visit.reference:
        del repository.manifests[found.digest]
    else:
        found.tags.remove(visit.reference)
    return Response(status_code=202)


MANIFESTS = {
    "GET": Operation("pull", read),
    "HEAD": Operation("pull", read),
    "PUT": Operation("push", write),
    "DELETE": Operation("delete", delete),
}
