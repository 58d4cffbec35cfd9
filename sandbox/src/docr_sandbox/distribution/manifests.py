# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests: images, indexes, and other artifacts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from docr_sandbox.content import digest_of
from docr_sandbox.distribution.protocol import TAG, DistributionError, Endpoint, ImageCall, check_digest
from docr_sandbox.model.registry import Registry
from docr_sandbox.model.repository import INDEX_TYPES, MANIFEST_TYPES, Manifest

MOST_BYTES = 4 << 20


def _find(call: ImageCall) -> Manifest:
    found = call.repository().find(call.reference)
    if found is None or not found.media_type or not call.world.images.content.has(found.digest):
        raise DistributionError("MANIFEST_UNKNOWN", "manifest unknown")
    return found


async def get(call: ImageCall) -> Response:
    """GET and HEAD, by tag or digest."""
    manifest = _find(call)
    content = call.world.images.content.path(manifest.digest).read_bytes()
    headers = {
        "Docker-Content-Digest": manifest.digest,
        "Content-Type": manifest.media_type,
        "Content-Length": str(len(content)),
        "ETag": f'"{manifest.digest}"',
    }
    return Response(content if call.request.method == "GET" else b"", headers=headers)


async def put(call: ImageCall) -> Response:
    """PUT by tag or digest: every blob and manifest that the manifest names must be in the repository."""
    content = await _body(call)
    is_digest = ":" in call.reference
    if not is_digest and not TAG.fullmatch(call.reference):
        raise DistributionError("MANIFEST_INVALID", "manifest tag invalid")
    algorithm = check_digest(call.reference).partition(":")[0] if is_digest else "sha256"
    digest = digest_of(content, algorithm)
    if is_digest and digest != call.reference:
        raise DistributionError("DIGEST_INVALID", "provided digest did not match uploaded content")
    call.check_room()
    document = parse(content)
    manifest = _manifest(call, digest, document)
    manifest.tags = [] if is_digest else [call.reference]
    call.world.images.content.add(content, algorithm)
    keeps_time = not call.world.switches["retag_updates_manifest"]
    call.registry().put(call.repository_name, manifest, keeps_time=keeps_time)
    headers = {"Location": call.url(f"manifests/{digest}"), "Docker-Content-Digest": digest}
    if manifest.subject and call.world.switches["image_host_referrers"]:
        headers["OCI-Subject"] = manifest.subject
    return Response(status_code=201, headers=headers)


async def _body(call: ImageCall) -> bytes:
    content = b""
    async for piece in call.request.stream():
        content += piece
        if len(content) > MOST_BYTES:
            raise DistributionError("SIZE_INVALID", f"a manifest must have at most {MOST_BYTES} bytes")
    return content


def parse(content: bytes) -> dict[str, Any]:
    """The document of a manifest; MANIFEST_INVALID for anything else."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DistributionError("MANIFEST_INVALID", "manifest invalid") from error
    if not isinstance(document, dict) or document.get("schemaVersion") != 2:
        raise DistributionError("MANIFEST_INVALID", "manifest invalid")
    return document


def _manifest(call: ImageCall, digest: str, document: dict[str, Any]) -> Manifest:
    media_type = str(document.get("mediaType") or call.request.headers.get("content-type") or "")
    registry = call.registry()
    try:
        named, children = _entries(call, document)
        blobs = _blobs(call, registry, [*_descriptors(document), *named])
        subject = check_digest(document["subject"]["digest"]) if document.get("subject") else None
    except (KeyError, TypeError, AttributeError) as error:
        raise DistributionError("MANIFEST_INVALID", "manifest invalid") from error
    if media_type in INDEX_TYPES:
        place = registry.repositories.get(call.repository_name)
        missing = [child for child in children if place is None or child not in place.manifests]
        _refuse_missing([] if call.world.switches["image_host_sparse_index"] else missing)
    elif "config" not in document:
        raise DistributionError("MANIFEST_INVALID", "manifest invalid")
    return Manifest(digest, call.world.now(), [], blobs, media_type, children, subject)


def _entries(call: ImageCall, document: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], list[str]]:
    """What an index names: the descriptors of blobs, where a switch allows blobs, and the digests of manifests."""
    entries = list(document.get("manifests") or ())
    has_blobs = call.world.switches["image_host_index_blobs"]
    blobs = [one for one in entries if has_blobs and one.get("mediaType", MANIFEST_TYPES[0]) not in MANIFEST_TYPES]
    return blobs, [check_digest(one["digest"]) for one in entries if one not in blobs]


def _blobs(call: ImageCall, registry: Registry, descriptors: list[Mapping[str, Any]]) -> dict[str, int]:
    # A layer with URLs is stored elsewhere (a foreign layer).
    named = [check_digest(one["digest"]) for one in descriptors if not one.get("urls")]
    _refuse_missing([digest for digest in named if not registry.blobs.has(call.repository_name, digest)])
    return {digest: registry.blobs.sizes[digest] for digest in named}


def _descriptors(document: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "config" in document:
        yield document["config"]
    yield from document.get("layers") or ()


def _refuse_missing(digests: list[str]) -> None:
    if digests:
        raise DistributionError("MANIFEST_BLOB_UNKNOWN", f"manifest references unknown content: {digests[0]}")


async def delete(call: ImageCall) -> Response:
    """DELETE of a tag, or of a manifest with all its tags."""
    repository = call.repository()
    found = repository.find(call.reference)
    if found is None:
        raise DistributionError("MANIFEST_UNKNOWN", "manifest unknown")
    if ":" in call.reference:
        refusal = repository.refusal(found.digest, **call.world.refusals)
        if refusal is not None:
            raise DistributionError("DENIED", refusal)
        del repository.manifests[found.digest]
    else:
        repository.remove_tag(call.reference, with_last=call.world.switches["delete_last_tag"] == "deleted")
    return Response(status_code=202)


MANIFESTS = {
    "GET": Endpoint("pull", get),
    "HEAD": Endpoint("pull", get),
    "PUT": Endpoint("push", put),
    "DELETE": Endpoint("delete", delete),
}
