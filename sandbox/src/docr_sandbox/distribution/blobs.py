# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blobs: download, deletion, and upload in one or more chunks."""

from __future__ import annotations

import re
import uuid

from starlette.responses import FileResponse, Response

from docr_sandbox.distribution.protocol import DistributionError, Endpoint, ImageCall, check_digest
from docr_sandbox.model.upload import Upload

OCTETS = "application/octet-stream"


async def get(call: ImageCall) -> Response:
    """GET and HEAD of a blob."""
    digest = check_digest(call.reference)
    content = call.world.images.content
    if not call.registry().blobs.has(call.repository_name, digest) or not content.has(digest):
        raise DistributionError("BLOB_UNKNOWN", "blob unknown to registry")
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", call.request.headers.get("range", ""))
    if asked and int(asked[1]) > int(asked[2]):
        raise DistributionError("BLOB_UPLOAD_INVALID", "range not satisfiable")
    return FileResponse(content.path(digest), media_type=OCTETS, headers={"Docker-Content-Digest": digest})


async def delete(call: ImageCall) -> Response:
    """DELETE of a blob: the repository loses the blob; the registry stores the blob until a collection."""
    digest = check_digest(call.reference)
    registry = call.registry()
    if not registry.blobs.has(call.repository_name, digest):
        raise DistributionError("BLOB_UNKNOWN", "blob unknown to registry")
    registry.blobs.links[call.repository_name].remove(digest)
    return Response(status_code=202)


async def begin(call: ImageCall) -> Response:
    """POST: a mount from another repository, a whole blob, or a new upload session."""
    call.check_room()
    if "mount" in call.query and _mount(call, check_digest(call.query["mount"])):
        return _created(call, call.query["mount"])
    upload = Upload(call.registry_name, call.repository_name, call.world.images.content.scratch())
    if "digest" in call.query:
        await _receive(call, upload)
        return _finish(call, upload)
    name = str(uuid.uuid4())
    call.world.images.uploads[name] = upload
    return _session(call, name, upload, 202)


def _mount(call: ImageCall, digest: str) -> bool:
    """Link a blob of another repository that the client may pull; both must be in the same registry."""
    source = call.query.get("from", "")
    registry = call.registry()
    other, _, repository = source.partition("/")
    if other != registry.name or not call.bearer.allows(source, "pull") or not registry.blobs.has(repository, digest):
        return False
    registry.add_blob(call.repository_name, digest, registry.blobs.sizes[digest], call.world.now())
    return True


async def show(call: ImageCall) -> Response:
    """GET of an upload session: the received range."""
    return _session(call, call.reference, _upload(call), 204)


async def append(call: ImageCall) -> Response:
    """PATCH: the next chunk; a Content-Range must begin where the last chunk ended."""
    upload = _upload(call)
    await _receive(call, upload)
    return _session(call, call.reference, upload, 202)


async def finish(call: ImageCall) -> Response:
    """PUT: the last chunk, which may be empty, and the digest of the blob."""
    upload = _upload(call)
    check_digest(call.query.get("digest", ""))
    await _receive(call, upload)
    del call.world.images.uploads[call.reference]
    return _finish(call, upload)


async def cancel(call: ImageCall) -> Response:
    """DELETE of an upload session."""
    upload = _upload(call)
    del call.world.images.uploads[call.reference]
    upload.path.unlink()
    return Response(status_code=204)


def _upload(call: ImageCall) -> Upload:
    upload = call.world.images.uploads.get(call.reference)
    if upload is None or (upload.registry, upload.repository) != (call.registry_name, call.repository_name):
        raise DistributionError("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
    return upload


async def _receive(call: ImageCall, upload: Upload) -> None:
    content_range = call.request.headers.get("content-range")
    if content_range is not None:
        found = re.fullmatch(r"(?:bytes )?(\d+)-(\d+)(?:/.*)?", content_range)
        if found is None or int(found[1]) != upload.size:
            raise DistributionError("BLOB_UPLOAD_INVALID", "blob upload invalid", {"Range": _range(upload)})
    with upload.path.open("ab") as file:
        async for piece in call.request.stream():
            file.write(piece)
            upload.size += len(piece)


def _finish(call: ImageCall, upload: Upload) -> Response:
    digest = check_digest(call.query["digest"])
    if not call.world.images.content.take(upload.path, digest):
        raise DistributionError("DIGEST_INVALID", "provided digest did not match uploaded content")
    call.registry().add_blob(call.repository_name, digest, upload.size, call.world.now())
    return _created(call, digest)


def _created(call: ImageCall, digest: str) -> Response:
    headers = {"Location": call.url(f"blobs/{digest}"), "Docker-Content-Digest": digest}
    return Response(status_code=201, headers=headers)


def _session(call: ImageCall, name: str, upload: Upload, status: int) -> Response:
    # As in the reference implementation, the URL has a query, to which clients must add.
    headers = {
        "Location": call.url(f"blobs/uploads/{name}?_state={name}"),
        "Docker-Upload-UUID": name,
        "Range": _range(upload),
    }
    return Response(status_code=status, headers=headers)


def _range(upload: Upload) -> str:
    return f"0-{max(0, upload.size - 1)}"


BLOBS = {
    "GET": Endpoint("pull", get),
    "HEAD": Endpoint("pull", get),
    "DELETE": Endpoint("delete", delete),
}
UPLOADS = {"POST": Endpoint("push", begin)}
SESSIONS = {
    "GET": Endpoint("push", show),
    "PATCH": Endpoint("push", append),
    "PUT": Endpoint("push", finish),
    "DELETE": Endpoint("push", cancel),
}
