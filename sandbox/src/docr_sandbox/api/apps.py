# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps of App Platform and their deployments, for reading."""

from __future__ import annotations

from urllib.parse import parse_qsl

from docr_sandbox.api.http import Answer, ApiError, Call, Route, page_of
from docr_sandbox.model.apps import TYPES, App


def list_all(call: Call) -> Answer:
    """GET /v2/apps."""
    if call.query("with_projects").get("with_projects", "false") not in ("true", "false"):
        raise ApiError(400, "with_projects must be true or false.")
    account = call.world.account
    return Answer(200, page_of(call, "apps", [one.to_json(account.uuid) for one in account.apps.values()]))


def get(call: Call) -> Answer:
    """GET /v2/apps/{id}."""
    return Answer(200, {"app": _find(call).to_json(call.world.account.uuid)})


def list_deployments(call: Call) -> Answer:
    """GET .../deployments, newest first; the query may limit the types."""
    pairs = parse_qsl(call.raw_query.decode("latin-1"), keep_blank_values=True, errors="replace")
    types = [value for name, value in pairs if name == "deployment_types"]
    if not set(types) <= set(TYPES):
        raise ApiError(400, f"deployment_types must be among {', '.join(TYPES)}.")
    found = [one for one in reversed(_find(call).deployments) if not types or one.type in types]
    return Answer(200, page_of(call, "deployments", [one.to_json() for one in found]))


def get_deployment(call: Call) -> Answer:
    """GET .../deployments/{deployment_id}."""
    found = _find(call).find(call.parameters["deployment_id"])
    if found is None:
        raise ApiError(404, "deployment not found")
    return Answer(200, {"deployment": found.to_json()})


def _find(call: Call) -> App:
    found = call.world.account.apps.get(call.parameters["id"])
    if found is None:
        raise ApiError(404, "app not found")
    return found


_READ = ("app:read",)
ROUTES = (
    Route("GET", "/v2/apps", _READ, list_all),
    Route("GET", "/v2/apps/{id}", _READ, get),
    Route("GET", "/v2/apps/{id}/deployments", _READ, list_deployments),
    Route("GET", "/v2/apps/{id}/deployments/{deployment_id}", _READ, get_deployment),
)
