# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""The image host, by the OCI distribution API, and the address where tokens are taken back."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from .._domain.docker_credentials import DockerCredentials
from .._domain.errors import (
    Answer,
    BadAnswer,
    Conflict,
    Denied,
    DocrError,
    Interrupted,
    NotFound,
    RateLimited,
    ReadOnlyClient,
    Refused,
    ServerFault,
    Unreachable,
)
from .._domain.image import INDEX_MEDIA_TYPES
from .sdk import requests
from .settings import Settings

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    *sorted(INDEX_MEDIA_TYPES),
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class RegistryHost:
    """One user at the image host; what its calls promise stands in the ImageHost protocol of the services."""

    def __init__(self, settings: Settings, credentials: DockerCredentials) -> None:
        self._settings = settings
        self._credentials = credentials
        self._session = requests.Session()
        self._bearers: dict[str, str] = {}

    def open_upload(self, registry: str, repository: str) -> str:
        """Begin an upload."""
        path = f"{_repository(registry, repository)}/blobs/uploads/"
        words = f"open an upload to the repository {registry}/{repository}"
        answer = self._send("POST", self._address(path), words, (registry, repository), is_write=True)
        location = answer.headers.get("Location")
        if not location:
            raise BadAnswer(words, Answer(status=answer.status_code, message="an answer without Location"), _CHECK_HOST)
        return urljoin(self._address(path), str(location))

    def cancel_upload(self, registry: str, repository: str, upload: str) -> None:
        """End an upload; one that is gone already has ended."""
        words = f"cancel the upload to the repository {registry}/{repository}"
        try:
            self._send("DELETE", upload, words, (registry, repository), is_write=True)
        except NotFound:
            return

    def fetch_media_type(self, registry: str, repository: str, reference: str) -> str:
        """The media type of a manifest."""
        path = f"{_repository(registry, repository)}/manifests/{quote(reference, safe=':')}"
        words = f"read the manifest {reference} of the repository {registry}/{repository}"
        answer = self._send("HEAD", self._address(path), words, (registry, repository))
        return str(answer.headers.get("Content-Type", "")).partition(";")[0].strip()

    def _send(self, method: str, url: str, words: str, place: tuple[str, str], *, is_write: bool = False) -> Any:
        """The answer to a request, with a bearer token if it is asked for; raises for a status of 400 or more."""
        if is_write and self._settings.is_read_only:
            raise ReadOnlyClient(words, "this is check mode", "report this as a fault of the collection")
        scope = f"repository:{'/'.join(place)}:{'pull,push' if is_write else 'pull'}"
        headers = {"Accept": ", ".join(_MANIFESTS)}
        # A bearer token goes to the image host alone, wherever an upload's address may point.
        is_own = urlsplit(url).netloc == self._settings.registry_host
        if not is_own:
            return _checked(self._request(method, url, words, headers=headers), words)
        bearer = self._bearers.get(scope)
        answer = self._request(method, url, words, headers=headers, auth=_Bearer(bearer))
        if answer.status_code == 401 and bearer is None:
            self._bearers[scope] = bearer = self._fetch_bearer(answer, scope, words)
            answer = self._request(method, url, words, headers=headers, auth=_Bearer(bearer))
        return _checked(answer, words)

    def _fetch_bearer(self, challenge: Any, scope: str, words: str) -> str:
        """A token from the place that the challenge names, which must be the API's host or the image host itself."""
        asked = dict(_CHALLENGE.findall(challenge.headers.get("WWW-Authenticate", "")))
        realm = urlsplit(asked.get("realm", ""))
        own = {urlsplit(self._settings.endpoint).netloc, self._settings.registry_host}
        if realm.scheme != "https" or realm.netloc not in own:
            shown = asked.get("realm") or "no place"
            raise BadAnswer(words, f"it names {shown} to get a token from, and that is not DigitalOcean's", _CHECK_HOST)
        answer = self._request(
            "GET",
            asked["realm"],
            words,
            params={"service": asked.get("service", ""), "scope": scope},
            auth=(self._credentials.user, self._credentials.token),
        )
        try:
            raw = _checked(answer, words).json()
            return str(raw.get("token") or raw["access_token"])
        except (ValueError, KeyError, AttributeError):
            raise BadAnswer(words, "an answer without a token", _CHECK_HOST) from None

    def _request(self, method: str, url: str, words: str, **more: Any) -> Any:
        return send(self._session, self._settings, method, url, words, **more)

    def _address(self, path: str) -> str:
        return f"https://{self._settings.registry_host}{path}"


def revoke(settings: Settings, credentials: DockerCredentials) -> None:
    """Take a token back; it authorises its own end, and only 200 means that it is revoked (digitalocean-api.md 1.6)."""
    words = "revoke the credentials that were minted"
    if settings.is_read_only:
        raise ReadOnlyClient(words, "this is check mode", "report this as a fault of the collection")
    with requests.Session() as session:
        auth, form = _Bearer(credentials.token), {"token": credentials.token}
        answer = _checked(send(session, settings, "POST", settings.revoke_url, words, auth=auth, data=form), words)
    if answer.status_code != 200:
        raise Refused(words, Answer(status=answer.status_code), "revoke them in the control panel")


def send(session: Any, settings: Settings, method: str, url: str, words: str, **more: Any) -> Any:
    """One request, sent once; raises Unreachable or Interrupted where no answer came."""
    try:
        return session.request(
            method,
            url,
            timeout=(settings.connect_timeout_s, settings.read_timeout_s),
            # By the request and not by the session, where the environment's would win.
            verify=settings.ca_path or True,
            allow_redirects=False,
            **more,
        )
    except requests.exceptions.SSLError as error:
        why = f"the server's certificate is not trusted ({error!s:.200})"
        raise Unreachable(words, why, "name its CA in ca_path") from error
    except (requests.exceptions.ConnectTimeout, requests.exceptions.ConnectionError) as error:
        why = f"{urlsplit(url).netloc} cannot be reached ({error!s:.200})"
        raise Unreachable(words, why, "check the host and the network") from error
    except (requests.exceptions.RequestException, OSError) as error:
        why = f"the connection ended without an answer ({error!s:.200})"
        raise Interrupted(words, why, "run the task again") from error


class _Bearer:
    """Sets the header as an authenticator, so that no netrc file replaces it."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: Any) -> Any:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


_CHECK_HOST = "check that registry_host is DigitalOcean's image host and that no proxy answers for it"
_ERRORS: dict[int, tuple[type[DocrError], str]] = {
    401: (Denied, "check the token, and whether a garbage collection keeps the registry read-only"),
    403: (Denied, "check the token's scopes"),
    404: (NotFound, "check the name and the team of the token"),
    409: (Conflict, "see what else changes it, then run the task again"),
    429: (RateLimited, "wait a minute, then run the task again"),
}


def _repository(registry: str, repository: str) -> str:
    return f"/v2/{quote(registry, safe='')}/{quote(repository)}"


def _checked(answer: Any, words: str) -> Any:
    status = answer.status_code
    if status < 400:
        return answer
    server_fault = (ServerFault, "run the task again")
    error, advice = _ERRORS.get(status, server_fault if status >= 500 else (Refused, "correct what it objects to"))
    raise error(words, _read_answer(answer), advice)


def _read_answer(answer: Any) -> Answer:
    try:
        first = answer.json()["errors"][0]
        code, message = first.get("code"), first.get("message")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        code = message = None
    return Answer(answer.status_code, code, message, answer.headers.get("x-request-id"))
