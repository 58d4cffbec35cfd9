# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the API accepts a minted token: a credential for the image host is a token of the API too."""

from __future__ import annotations

from typing import Any

from ..._domain.credentials.docker import DockerCredentials
from ..._domain.errors import BadAnswer
from ..bounds import bound
from ..operations import READ_ACCOUNT
from ..sdk import requests
from ..settings import Settings
from ..web import Bearer, check, send

_OK, _UNKNOWN_TOKEN, _FORBIDDEN = 200, 401, 403
_ADVICE = {
    0: "check that the endpoint is DigitalOcean's API and that no proxy answers for it",
    401: "the token is unknown, expired or revoked",
    429: "wait a minute, then run the task again",
    500: "run the task again",
}


def check_api_login(settings: Settings, credentials: DockerCredentials) -> None:
    """Read the account with the token, of which 401 says that the token has ended (digitalocean-api.md 1.6).

    The token of a credential may lack the scope of the call, so the API's own 403 proves the token as well.
    """
    words = "verify the minted credential by a call of the API"
    with bound(requests.Session(), settings.read_timeout_s) as session:
        url = f"{settings.endpoint.rstrip('/')}{READ_ACCOUNT.path}"
        answer = send(session, settings, "GET", url, words, auth=Bearer(credentials.token))
    # Before the status is read: a proxy's 401 does not say that the token has ended.
    if answer.status_code in (_OK, _UNKNOWN_TOKEN, _FORBIDDEN) and not _is_of_the_api(answer):
        raise BadAnswer(words, "an answer that is not DigitalOcean's", _ADVICE[0])
    check(answer, words, (_OK, _FORBIDDEN), _ADVICE)


def _is_of_the_api(answer: Any) -> bool:
    try:
        body = answer.json()
    except ValueError:
        return False
    key = "account" if answer.status_code == _OK else "id"
    return isinstance(body, dict) and bool(body.get(key))
