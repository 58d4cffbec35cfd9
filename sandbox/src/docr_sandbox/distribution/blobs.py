# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blobs: reading, deleting, and uploads in one or many pieces."""

from __future__ import annotations

import re
import uuid

from starlette.responses import FileResponse, Response

from docr_sandbox.distribution.protocol import DistributionError, Operation, Visit, check_digest
from docr_sandbox.model.upload import Upload

OCTETS = "application/octet-stream"


async def read(visit: Visit) -> Response:
    """GET and HEAD of a blob."""
    digest = check_digest(visit.reference)
    content = visit.world.images.content
    if not visit.registry().blobs.has(visit.repository_name, digest) or not content.has(digest):
        raise DistributionError("BLOB_UNKNOWN", "blob unknown to registry")
    wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", visit.request.headers.get("range", ""))
    if wanted and int(wanted[1]) > int(wanted[2]):
        raise DistributionError("BLOB_UPLOAD_INVALID", "range not satisfiable")
    return FileResponse(content.path(digest), media_type=OCTETS, headers={"Docker-Content-Digest": digest})


async def delete(visit: Visit) -> Response:
    """DELETE of a blob: the repository no longer has it, the registry does until a collection."""
    digest = check_digest(visit.reference)
    registry = visit.registry()
    if not registry.blobs.has(visit.repository_name, digest):
        raise DistributionError("BLOB_UNKNOWN", "blob unknown to registry")
    registry.blobs.links[visit.repository_name].remove(digest)
    return Response(status_code=202)


async def begin(visit: Visit) -> Response:
    """POST: a mount from another repository, a blob at once, or a session."""
    visit.check_room()
    if "mount" in visit.query and _mount(visit, check_digest(visit.query["mount"])):
        return _created(visit, visit.query["mount"])
    upload = Upload(visit.registry_name, visit.repository_name, visit.world.images.content.scratch())
    if "digest" in visit.query:
        await _receive(visit, upload)
        return _finish(visit, upload)
    name = str(uuid.uuid4())
    visit.world.images.uploads[name] = upload
    return _session(visit, name, upload, 202)


def _mount(visit: Visit, digest: str) -> bool:
    """Take a blob over from a repository that the client may read; within one registry, since each has its own."""
    source = visit.query.get("from", "")
    registry = visit.registry()
    other, _, repository = source.partition("/")
    if other != registry.name or not visit.bearer.allows(source, "pull") or not registry.blobs.has(repository, digest):
        return False
    registry.add_blob(visit.repository_name, digest, registry.blobs.sizes[digest], visit.world.now())
    return True


async def show(visit: Visit) -> Response:
    """GET of a session: how much has come."""
    return _session(visit, visit.reference, _upload(visit), 204)


async def append(visit: Visit) -> Response:
    """PATCH: one more piece, which must begin where the last one ended if it says where."""
    upload = _upload(visit)
    await _receive(visit, upload)
    return _session(visit, visit.reference, upload, 202)


async def finish(visit: Visit) -> Response:
    """PUT: the last piece, or none, and the digest of all."""
    upload = _upload(visit)
    check_digest(visit.query.get("digest", ""))
    await _receive(visit, upload)
    del visit.world.images.uploads[visit.reference]
    return _finish(visit, upload)


async def cancel(visit: Visit) -> Response:
    """DELETE of a session."""
    upload = _upload(visit)
    del visit.world.images.uploads[visit.reference]
    upload.path.unlink()
    return Response(status_code=204)


def _upload(visit: Visit) -> Upload:
    upload = visit.world.images.uploads.get(visit.reference)
    if upload is None or (upload.registry, upload.repository) != (visit.registry_name, visit.repository_name):
        raise DistributionError("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
    return upload


async def _receive(visit: Visit, upload: Upload) -> None:
    wanted = visit.request.headers.get("content-range")
    if wanted is not None:
        found = re.fullmatch(r"(?:bytes )?(\d+)-(\d+)(?:/.*)?", wanted)
        if found is None or int(found[1]) != upload.size:
            raise DistributionError("BLOB_UPLOAD_INVALID", "blob upload invalid", {"Range": _range(upload)})
    with upload.path.open("ab") as file:
        async for piece in visit.request.stream():
            file.write(piece)
            upload.size += len(piece)


def _finish(visit: Visit, upload: Upload) -> Response:
    digest = check_digest(visit.query["digest"])
    if not visit.world.images.content.take(upload.path, digest):
        raise DistributionError("DIGEST_INVALID", "provided digest did not match uploaded content")
    visit.registry().add_blob(visit.repository_name, digest, upload.size, visit.world.now())
    return _created(visit, digest)


def _created(visit: Visit, digest: str) -> Response:
    headers = {"Location": visit.url(f"blobs/{digest}"), "Docker-Content-Digest": digest}
    return Response(status_code=201, headers=headers)


def _session(visit: Visit, name: str, upload: Upload, status: int) -> Response:
    # Like the reference implementation's, an address with a query of its own, to which clients must add.
    headers = {
        "Location": visit.url(f"blobs/uploads/{name}?_state={name}"),
        "Docker-Upload-UUID": name,
        "Range": _range(upload),
    }
    return Response(status_code=status, headers=headers)


def _range(upload: Upload) -> str:
    return f"0-{max(0, upload.size - 1)}"


BLOBS = {
    "GET": Operation("pull", read),
    "HEAD": Operation("pull", read),
    "DELETE": Operation("delete", delete),
}
UPLOADS = {"POST": Operation("push", begin)}
SESSIONS = {
    "GET": Operation("push", show),
    "PATCH": Operation("push", append),
    "PUT": Operation("push", finish),
    "DELETE": Operation("push", cancel),
}
