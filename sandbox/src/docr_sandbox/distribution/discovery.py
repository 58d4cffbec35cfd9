# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repository holds: its tags, and the manifests that refer to another one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from docr_sandbox.distribution.manifests import parse
from docr_sandbox.distribution.protocol import DistributionError, Operation, Visit, check_digest
from docr_sandbox.model.repository import INDEX

MOST_TAGS = 1000


async def list_tags(visit: Visit) -> Response:
    """GET of tags in their order, `n` at a time after `last`."""
    tags = sorted(tag for tag, _ in visit.repository().tags())
    try:
        count = int(visit.query.get("n", MOST_TAGS))
    except ValueError as error:
        raise DistributionError("NAME_INVALID", "n is not a number") from error
    after = [tag for tag in tags if tag > visit.query.get("last", "")]
    shown = after[: max(0, count)]
    headers = {}
    if shown and len(after) > len(shown):
        address = f"/v2/{visit.name}/tags/list?{urlencode({'n': count, 'last': shown[-1]})}"
        headers["Link"] = f'<{address}>; rel="next"'
    return _json({"name": visit.name, "tags": shown}, "application/json", headers)


async def list_referrers(visit: Visit) -> Response:
    """GET of the manifests that name another as their subject, of one type if wanted; as an index."""
    if not visit.world.switches["image_host_referrers"]:
        # Not in the protocol's words: clients would take that for a repository that is not there.
        return Response("404 page not found\n", 404, media_type="text/plain")
    digest = check_digest(visit.reference)
    place = visit.registry().repositories.get(visit.repository_name)
    found = [one for one in place.manifests.values() if one.subject == digest] if place else []
    descriptors = []
    for one in found:
        content = visit.world.images.content.path(one.digest).read_bytes()
        document = parse(content)
        kind = document.get("artifactType") or (document.get("config") or {}).get("mediaType")
        shown = {"mediaType": one.media_type, "digest": one.digest, "size": len(content), "artifactType": kind}
        descriptors.append(shown | {name: document[name] for name in ("annotations",) if document.get(name)})
    headers = {}
    if "artifactType" in visit.query:
        descriptors = [one for one in descriptors if one["artifactType"] == visit.query["artifactType"]]
        headers["OCI-Filters-Applied"] = "artifactType"
    return _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors}, INDEX, headers)


def _json(document: dict[str, Any], media_type: str, headers: dict[str, str]) -> Response:
    return Response(json.dumps(document), headers={**headers, "Content-Type": media_type})


TAGS = {"GET": Operation("pull", list_tags)}
REFERRERS = {"GET": Operation("pull", list_referrers)}
