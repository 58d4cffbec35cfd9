# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Content discovery: the tags of a repository, and the referrers of a manifest."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from docr_sandbox.distribution.protocol import DistributionError, Endpoint, ImageCall, check_digest
from docr_sandbox.model.repository import INDEX

MOST_TAGS = 1000


async def list_tags(call: ImageCall) -> Response:
    """GET of tags in lexical order, at most `n` after `last`."""
    tags = sorted(tag for tag, _ in call.repository().tags())
    try:
        count = int(call.query.get("n", MOST_TAGS))
    except ValueError as error:
        raise DistributionError("NAME_INVALID", "n is not a number") from error
    after = [tag for tag in tags if tag > call.query.get("last", "")]
    shown = after[: max(0, count)]
    headers = {}
    if shown and len(after) > len(shown):
        address = f"/v2/{call.name}/tags/list?{urlencode({'n': count, 'last': shown[-1]})}"
        headers["Link"] = f'<{address}>; rel="next"'
    return _json({"name": call.name, "tags": shown}, "application/json", headers)


async def list_referrers(call: ImageCall) -> Response:
    """GET of the manifests with a given subject as an index; the query may limit the artifact type."""
    if not call.world.switches["image_host_referrers"]:
        # Plain text: clients would take an error of the protocol for an unknown repository.
        return Response("404 page not found\n", 404, media_type="text/plain")
    digest = check_digest(call.reference)
    place = call.registry().repositories.get(call.repository_name)
    found = [one for one in place.manifests.values() if one.subject == digest and one.media_type] if place else []
    descriptors = []
    for one in found:
        content = call.world.images.content.path(one.digest).read_bytes()
        # An artifact manifest has no schemaVersion.
        document = json.loads(content)
        kind = document.get("artifactType") or (document.get("config") or {}).get("mediaType")
        shown = {"mediaType": one.media_type, "digest": one.digest, "size": len(content), "artifactType": kind}
        descriptors.append(shown | {name: document[name] for name in ("annotations",) if document.get(name)})
    headers = {}
    if "artifactType" in call.query:
        descriptors = [one for one in descriptors if one["artifactType"] == call.query["artifactType"]]
        headers["OCI-Filters-Applied"] = "artifactType"
    return _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors}, INDEX, headers)


def _json(document: dict[str, Any], media_type: str, headers: dict[str, str]) -> Response:
    return Response(json.dumps(document), headers={**headers, "Content-Type": media_type})


TAGS = {"GET": Endpoint("pull", list_tags)}
REFERRERS = {"GET": Endpoint("pull", list_referrers)}
