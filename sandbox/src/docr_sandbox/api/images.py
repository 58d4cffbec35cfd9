# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories, tags and manifests."""

from __future__ import annotations

from docr_sandbox.api.http import Answer, ApiError, Call, Route, page_of
from docr_sandbox.api.registries import find
from docr_sandbox.model.repository import Repository, tag_to_json


def list_v2(call: Call) -> Answer:
    """GET .../repositoriesV2."""
    registry = find(call)
    shown = [registry.repositories[name].to_json(registry.name) for name in sorted(registry.repositories)]
    return Answer(200, page_of(call, "repositories", shown, strict=True))


def list_v1(call: Call) -> Answer:
    """GET /v2/registry/{registry_name}/repositories."""
    registry = find(call)
    own_times = call.world.switches["tag_updated_at"] == "tag"
    found = [registry.repositories[name] for name in sorted(registry.repositories)]
    shown = [one.to_json_v1(registry.name, own_times=own_times) for one in found]
    return Answer(200, page_of(call, "repositories", shown))


def _repository(call: Call, *, deletes: bool = False) -> Repository:
    repository = find(call, deletes=deletes).repositories.get(call.parameters["repository_name"])
    if repository is None:
        raise ApiError(404, "repository not found")
    return repository


def list_tags(call: Call) -> Answer:
    """GET .../tags."""
    repository = _repository(call)
    registry = call.parameters["registry_name"]
    own = call.world.switches["tag_updated_at"] == "tag"
    shown = [tag_to_json(registry, repository.name, *pair, own_time=own) for pair in repository.tags()]
    return Answer(200, page_of(call, "tags", shown))


def list_manifests(call: Call) -> Answer:
    """GET .../digests."""
    repository = _repository(call)
    newest_first = sorted(repository.manifests.values(), key=lambda one: (-one.updated_at, one.digest))
    shown = [one.to_json(call.parameters["registry_name"], repository.name) for one in newest_first]
    return Answer(200, page_of(call, "manifests", shown))


def delete_repository(call: Call) -> Answer:
    """DELETE of a repository; its blobs stay until a garbage collection."""
    find(call, deletes=True).delete_repository(_repository(call).name)
    return Answer(204)


def delete_tag(call: Call) -> Answer:
    """DELETE of a tag; what becomes of the manifest without tags depends on a switch."""
    with_last = call.world.switches["delete_last_tag"] == "deleted"
    if not _repository(call, deletes=True).remove_tag(call.parameters["repository_tag"], with_last=with_last):
        raise ApiError(404, "tag not found")
    return Answer(204)


def delete_manifest(call: Call) -> Answer:
    """DELETE of a manifest with its tags."""
    repository, digest = _repository(call, deletes=True), call.parameters["manifest_digest"]
    if digest not in repository.manifests:
        raise ApiError(404, "manifest not found")
    refusal = repository.refusal(digest, **call.world.refusals)
    if refusal is not None:
        raise ApiError(409, refusal)
    del repository.manifests[digest]
    return Answer(204)


_READ, _DELETE = ("registry:read",), ("registry:delete",)


def _routes(base: str) -> tuple[Route, ...]:
    repository = base + "/{registry_name}/repositories/{repository_name}"
    return (
        Route("GET", base + "/{registry_name}/repositoriesV2", _READ, list_v2),
        Route("GET", repository + "/tags", _READ, list_tags),
        Route("DELETE", repository + "/tags/{repository_tag}", _DELETE, delete_tag),
        Route("GET", repository + "/digests", _READ, list_manifests),
        Route("DELETE", repository + "/digests/{manifest_digest}", _DELETE, delete_manifest),
    )


ROUTES = (
    *_routes("/v2/registries"),
    *_routes("/v2/registry"),
    # Only the plural path deletes a repository; only the deprecated path has the first form of the list.
    Route("DELETE", "/v2/registries/{registry_name}/repositories/{repository_name}", _DELETE, delete_repository),
    Route("GET", "/v2/registry/{registry_name}/repositories", _READ, list_v1),
)
