# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account, and the revocation of tokens."""

from __future__ import annotations

from urllib.parse import parse_qs

from docr_sandbox.api.http import Answer, ApiError, Call, Route


def get_account(call: Call) -> Answer:
    """GET /v2/account."""
    account = call.world.account
    return Answer(
        200,
        {
            "account": {
                "droplet_limit": 25,
                "floating_ip_limit": 5,
                "email": account.email,
                "name": "Sandbox",
                "uuid": account.uuid,
                "email_verified": True,
                "status": "active",
                "status_message": "",
                "team": {"uuid": account.team.uuid, "name": account.team.name},
            }
        },
    )


def revoke(call: Call) -> Answer:
    """POST /v1/oauth/revoke: a token can only revoke itself."""
    values = parse_qs(call.raw_body.decode("latin-1"))
    if call.token is None or values.get("token") != [call.token.value]:
        raise ApiError(400, "The form must hold the token that the request is made with.")
    call.token.revoked = True
    return Answer(200, {})


ROUTES = (Route("GET", "/v2/account", ("account:read",), get_account), Route("POST", "/v1/oauth/revoke", (), revoke))
