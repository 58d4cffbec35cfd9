# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking minted tokens back, at an address that is neither the API nor in its description."""

from __future__ import annotations

from ..._domain.credentials.docker import DockerCredentials
from ..._domain.errors import BadAnswer
from ..bounds import bound
from ..errors import refuse_in_check_mode
from ..sdk import requests
from ..settings import Settings
from ..web import Bearer, check, foreign_answer, json_of, send

_ADVICE = "check revoke_url, and revoke them in the control panel"


def revoke(settings: Settings, credentials: DockerCredentials) -> None:
    """Take a token back; it authorises its own end, and only 200 means that it is revoked (digitalocean-api.md 1.6).

    Raises BadAnswer for a 200 without a JSON object: a proxy answers so too, and the caller must look at the token.
    """
    words = "revoke the credentials that were minted"
    refuse_in_check_mode(words, settings.is_read_only)
    with bound(requests.Session(), settings.read_timeout_s) as session:
        auth, form = Bearer(credentials.token), {"token": credentials.token}
        answer = send(session, settings, "POST", settings.revoke_url, words, auth=auth, data=form)
    check(answer, words, (200,), {0: _ADVICE})
    if not isinstance(json_of(answer), dict):
        raise BadAnswer(words, foreign_answer(answer), _ADVICE)
