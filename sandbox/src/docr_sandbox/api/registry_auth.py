# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token endpoint of the image host. The endpoint is on the API's host; the OpenAPI description lacks it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from docr_sandbox.api.http import Answer, ApiError, Call, Route
from docr_sandbox.clock import rfc3339
from docr_sandbox.distribution.tokens import TOKEN_PATH, issue
from docr_sandbox.model.collection import WRITE_TOKEN_S


def get_token(call: Call) -> Answer:
    """GET /v2/registry/auth: `scope` may be repeated, or hold several scopes with blanks between."""
    if call.token is None:
        raise ApiError(401, "Unable to authenticate you.")
    pairs = parse_qsl(call.raw_query.decode("latin-1"))
    scopes = [scope for name, value in pairs if name == "scope" for scope in value.split()]
    bearer = issue(call.world, call.token, scopes)
    return Answer(
        200,
        {"token": bearer.value, "expires_in": int(WRITE_TOKEN_S), "issued_at": rfc3339(call.world.now())},
    )


ROUTES = (Route("GET", TOKEN_PATH, (), get_token),)
