# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The grants in a token for an image host (Docker's token specification, "JSON Web Token")."""

from __future__ import annotations

import base64
import json


def granted_actions(token: str, repository: str) -> frozenset[str] | None:
    """The actions that a token grants in a repository; None for a token that only its issuer can read.

    The signature is not verified, since the token has just come from the issuer.
    """
    try:
        _header, payload, _signature = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        grants = claims["access"]
        return frozenset(
            str(action)
            for grant in grants
            if grant["type"] == "repository" and grant["name"] == repository
            for action in grant["actions"]
        )
    except (ValueError, KeyError, TypeError):
        return None
