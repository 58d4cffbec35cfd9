# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image host, by the OCI distribution API and Docker's token authentication.

What may go where, since the password is an API token: it is sent over TLS, to the API's host or to the image host and
to nobody else, whatever a challenge may name; the bearer token that it buys, to the image host alone, wherever an
upload's address may point.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin

from ..._domain.credentials.bearer_token import granted_actions
from ..._domain.credentials.docker import DockerCredentials
from ..._domain.errors import Answer, BadAnswer, Denied, NotFound, Refused
from ..._domain.images.documents import DOCKER_MANIFEST, MANIFEST_MEDIA_TYPES, OCI_MANIFEST, ManifestBytes
from ..._domain.registry.images import ManifestLinks, parse_manifest_links
from ..bounds import bound
from ..errors import UNREADABLE, refuse_in_check_mode
from ..sdk import requests
from ..settings import Settings
from ..web import Bearer, check, foreign_answer, json_of, place_of, send

# Last, anything: a manifest of an unknown media type is read too, as far as the host has the manifest in that form.
_MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST, *sorted(MANIFEST_MEDIA_TYPES - {OCI_MANIFEST, DOCKER_MANIFEST}), "*/*")
_NO_REPOSITORY = "docr-is-this-registry-open"
# Headers by which the image host, which is Docker's distribution, marks its answers.
_DIGEST, _API_VERSION = "Docker-Content-Digest", "Docker-Distribution-Api-Version"
# The status of a redirect to the storage of blobs.
_ELSEWHERE = 307
# Parts of a path that clients of HTTP resolve.
_DOTS = frozenset({".", ".."})
_NOT_ASKED = "the host answered without asking for a login, so no token was tested"
PULL = "pull"
PUSH = "push"
# What only those may ask who may pull or push: a tag, and to go on with an upload, that nobody can have made. The
# specification lets a host tell the state of an upload to those who may only pull, so asking for that proves nothing.
_TRIALS = {
    PULL: ("HEAD", "manifests/docr-is-this-readable", "pull"),
    PUSH: ("PATCH", "blobs/uploads/00000000-0000-4000-8000-000000000000", "pull,push"),
}
# Statuses that are read as facts about a token, a repository or a manifest.
_TELLING = frozenset({200, 401, 403, 404})
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_CHECK_HOST = "check that registry_host is DigitalOcean's image host and that no proxy answers for it"
_ADVICE = {
    0: _CHECK_HOST,
    401: "check the token, and whether a garbage collection keeps the registry read-only",
    403: "check the token's scopes",
    404: "check the name and the team of the token",
    409: "see what else changes it, then run the task again",
    429: "wait a minute, then run the task again",
    500: "run the task again",
}


@dataclass(frozen=True)
class _Request:
    """One request: `words` say what it is for, `good` are the statuses of success, `body` is what a write stores."""

    method: str
    url: str
    words: str
    scope: str
    good: Container[int]
    is_write: bool
    body: ManifestBytes | None = None


class RegistryHost:
    """One user at the image host; what its calls promise stands in the ImageHost protocol of the services."""

    def __init__(self, settings: Settings, credentials: DockerCredentials) -> None:
        self._settings = settings
        self._credentials = credentials
        self._session = bound(requests.Session(), settings.read_timeout_s)
        self._bearers: dict[str, str] = {}
        self._tested: set[str] = set()

    def check_reachable(self) -> None:
        """Ask whether the host has the API, as `docker login` does first. A host that requires a login is reachable."""
        words = f"reach the image host {self._settings.registry_host}"
        answer = self._try(_Request("GET", self._address(""), words, "", (200, 401), False), None)
        if not _is_challenge(answer):
            _require_own(answer, words)
        check(answer, words, (200, 401), _ADVICE)

    def check_login(self) -> None:
        """Authenticate as `docker login` does: the token must buy one that the image host takes."""
        words = f"log in to the image host {self._settings.registry_host}"
        self._prove(_Request("GET", self._address(""), words, "", (200,), False))

    def check_pull(self, registry: str) -> None:
        """Authenticate as a pull does, since a token of another registry logs in as well."""
        words = f"log in to the image host {self._settings.registry_host} for pulls from the registry {registry}"
        name = f"{registry}/{_NO_REPOSITORY}"
        request = self._trial(name, PULL, words)
        with suppress(NotFound):  # who may not pull does not learn that there is no such image
            self._prove(request)
        told = granted_actions(self._bearers.get(request.scope, ""), name)
        if told is not None and PULL not in told:
            answer = Answer(status=401, message=f"the credential opens another registry than {registry}")
            raise Denied(words, answer, _ADVICE[401])

    def open_upload(self, registry: str, repository: str) -> str:
        """Begin an upload."""
        name = f"{registry}/{repository}"
        url = self._address(f"{quote(name)}/blobs/uploads/")
        words = f"open an upload to the repository {name}"
        answer = self._send(_Request("POST", url, words, _scope(name, "pull,push"), (202,), True))
        try:
            return urljoin(url, str(answer.headers["Location"]))
        except (KeyError, ValueError):
            answer = Answer(status=answer.status_code, message="an answer without the address of the upload")
            raise BadAnswer(words, answer, _CHECK_HOST) from None

    def cancel_upload(self, registry: str, repository: str, upload: str) -> None:
        """End an upload; one that is gone already has ended."""
        name = f"{registry}/{repository}"
        words = f"cancel the upload to the repository {name}"
        try:
            self._send(_Request("DELETE", upload, words, _scope(name, "pull,push"), (200, 202, 204), True))
        except NotFound:
            return

    def fetch_media_type(self, registry: str, repository: str, reference: str) -> str:
        """The media type of a manifest."""
        answer = self._send(self._manifest("HEAD", f"{registry}/{repository}", reference))
        return _media_type(answer)

    def fetch_links(self, registry: str, repository: str, digest: str) -> ManifestLinks:
        """The manifests that a manifest names."""
        request = self._manifest("GET", f"{registry}/{repository}", digest)
        answer = self._send(request)
        try:
            return parse_manifest_links(answer.json())
        except UNREADABLE:
            raise BadAnswer(request.words, "an answer that is not a manifest", _CHECK_HOST) from None

    def authorize_pulls(self, registry: str, repositories: Collection[str]) -> None:
        """Get a token for several repositories. Where the host asks for no token, there is none to get."""
        words = f"get a token for pulls from repositories of the registry {registry}"
        scopes = [_scope(f"{registry}/{one}", PULL) for one in repositories]
        answer = self._try(_Request("GET", self._address(""), words, "", (200, 401), False), None)
        if _is_challenge(answer):
            # What the token does not open, the host asks a token of its own for.
            bearer = self._fetch_bearer(_challenge(answer), words, scopes)
            self._bearers.update(dict.fromkeys(scopes, bearer))

    def fetch_manifest(self, registry: str, repository: str, digest: str) -> ManifestBytes:
        """The bytes of a manifest."""
        answer = self._send(self._manifest("GET", f"{registry}/{repository}", digest))
        return ManifestBytes(answer.content, _media_type(answer))

    def fetch_digest(self, registry: str, repository: str, reference: str) -> str:
        """The digest of a manifest, by the header that the specification requires for a tag."""
        request = self._manifest("HEAD", f"{registry}/{repository}", reference)
        digest = str(self._send(request).headers.get(_DIGEST, "")) or (reference if ":" in reference else "")
        if not digest:
            raise BadAnswer(request.words, f"an answer without the header {_DIGEST}", _CHECK_HOST)
        return digest

    def check_blob(self, registry: str, repository: str, digest: str) -> None:
        """Ask for a blob. A host that stores blobs elsewhere redirects, once the host has found the blob."""
        name = f"{registry}/{repository}"
        words = f"find the blob {digest} of the repository {name}"
        url = self._address(f"{quote(name)}/blobs/{quote(digest, safe=':')}")
        answer = self._send(_Request("HEAD", url, words, _scope(name, PULL), (200, _ELSEWHERE), False))
        if answer.status_code == _ELSEWHERE and not any(one in answer.headers for one in (_DIGEST, _API_VERSION)):
            raise BadAnswer(words, foreign_answer(answer), _CHECK_HOST)

    def put_manifest(self, registry: str, repository: str, reference: str, manifest: ManifestBytes) -> None:
        """Store a manifest."""
        name = f"{registry}/{repository}"
        words = f"store the manifest {reference} in the repository {name}"
        url = self._address(f"{quote(name)}/manifests/{quote(reference, safe=':')}")
        self._send(_Request("PUT", url, words, _scope(name, "pull,push"), (201,), True, manifest))

    def fetch_access(self, registry: str, repository: str, actions: Collection[str] = (PULL, PUSH)) -> frozenset[str]:
        """Which of the actions are granted, by what the bearer token says, or else by trying."""
        name = f"{registry}/{repository}"
        return frozenset(action for action in actions if self._grants(name, action))

    def _grants(self, name: str, action: str) -> bool:
        """Whether an action is granted; what is asked for is not there, so that nothing can happen to it."""
        request = self._trial(name, action, f"see whether {action} is granted in the repository {name}")
        try:
            self._send(request)
            is_passed = True
        except (NotFound, Refused):
            is_passed = True  # who may not do it does not learn that it is not there
        except Denied:
            is_passed = False
        told = granted_actions(self._bearers.get(request.scope, ""), name)
        return is_passed if told is None else action in told

    def _manifest(self, method: str, name: str, reference: str) -> _Request:
        url = self._address(f"{quote(name)}/manifests/{quote(reference, safe=':')}")
        words = f"read the manifest {reference} of the repository {name}"
        return _Request(method, url, words, _scope(name, "pull"), (200,), False)

    def _trial(self, name: str, action: str, words: str) -> _Request:
        """The request that only a token passes to which the action is granted in a repository."""
        method, place, actions = _TRIALS[action]
        return _Request(method, self._address(f"{quote(name)}/{place}"), words, _scope(name, actions), (200,), False)

    def close(self) -> None:
        """End the connections."""
        self._session.close()

    def _prove(self, request: _Request) -> None:
        """Send a request that only a good token passes; without a test of the token, no answer tells of the token."""
        try:
            self._send(request)
        except Denied as error:
            if request.scope in self._tested:
                raise
            raise BadAnswer(request.words, f"{error.answer}: {_NOT_ASKED}", _CHECK_HOST) from None
        if request.scope not in self._tested:
            raise BadAnswer(request.words, _NOT_ASKED, _CHECK_HOST)

    def _send(self, request: _Request) -> Any:
        """The answer; a request that is told to authenticate has done nothing, so it is sent again with a token."""
        if request.is_write:
            refuse_in_check_mode(request.words, self._settings.is_read_only)
        is_own = place_of(request.url) == self._own_place()
        bearer = self._bearers.get(request.scope) if is_own else None
        answer = self._try(request, bearer)
        if is_own and _is_challenge(answer):
            scopes = [request.scope] if request.scope else []
            bearer = self._fetch_bearer(_challenge(answer), request.words, scopes)
            self._bearers[request.scope] = bearer
            answer = self._try(request, bearer)
        if is_own and not _is_challenge(answer):
            _require_own(answer, request.words)
        return check(answer, request.words, request.good, _ADVICE)

    def _try(self, request: _Request, bearer: str | None) -> Any:
        more: dict[str, Any] = {"auth": Bearer(bearer)}
        if request.body is not None:
            more |= {"headers": {"Content-Type": request.body.content_type}, "data": request.body.content}
        elif "/manifests/" in request.url:
            more["headers"] = {"Accept": ", ".join(_MANIFESTS)}
        return send(self._session, self._settings, request.method, request.url, request.words, **more)

    def _fetch_bearer(self, challenge: dict[str, str], words: str, scopes: Sequence[str]) -> str:
        realm = challenge.get("realm", "")
        if place_of(realm) not in {place_of(self._settings.endpoint), self._own_place()}:
            what = f"it names {realm or 'no place'} to get a token from, and that is not DigitalOcean's"
            raise BadAnswer(words, what, _CHECK_HOST)
        query = [("service", challenge.get("service", "")), *(("scope", one) for one in scopes)]
        basic = (self._credentials.user, self._credentials.token)
        answer = send(self._session, self._settings, "GET", realm, words, params=query, auth=basic)
        self._tested.update(scopes or [""])
        _require_own(answer, words)
        check(answer, words, (200,), _ADVICE)
        try:
            raw = answer.json()
            bearer = _header_text(raw.get("token") or raw["access_token"])
        except (ValueError, KeyError, AttributeError):
            # Without what came: it may be half of a token.
            raise BadAnswer(words, "an answer without a token", _CHECK_HOST) from None
        self._settings.secrets.add(bearer)
        return bearer

    def _address(self, path: str) -> str:
        # Clients of HTTP resolve such a part, and would ask for something of another registry or of none.
        if not _DOTS.isdisjoint(path.split("/")):
            words = f"ask the image host {self._settings.registry_host} for {path}"
            raise Refused(words, "a part of the name is only dots", "correct the name of the image")
        return f"https://{self._settings.registry_host}/v2/{path}"

    def _own_place(self) -> str | None:
        return place_of(f"https://{self._settings.registry_host}")


def _header_text(value: Any) -> str:
    """A token that a header can carry; raises ValueError for anything else, without the value."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ValueError
    return value


def _is_challenge(answer: Any) -> bool:
    """Whether the answer asks for a token, as the image host does before it tells anything else."""
    return answer.status_code == 401 and str(answer.headers.get("WWW-Authenticate", "")).lower().startswith("bearer ")


def _challenge(answer: Any) -> dict[str, str]:
    """Where the host says to get a token, and for what."""
    return dict(_CHALLENGE.findall(answer.headers["WWW-Authenticate"]))


def _media_type(answer: Any) -> str:
    return str(answer.headers.get("Content-Type", "")).partition(";")[0].strip()


def _require_own(answer: Any, words: str) -> None:
    """Raise BadAnswer for an answer that tells something ("is accepted", "is unknown") and may come from a proxy.

    The image host, which is Docker's distribution, marks every answer by a header; it and the API answer in JSON, and
    with manifests. HEAD has no body, so that its type counts.
    """
    if answer.status_code not in _TELLING or _API_VERSION in answer.headers:
        return
    content_type = str(answer.headers.get("Content-Type", ""))
    if content_type.lower().startswith(("application/json", "application/vnd.")) and (
        answer.request.method == "HEAD" or isinstance(json_of(answer), dict)
    ):
        return
    raise BadAnswer(words, foreign_answer(answer), _CHECK_HOST)


def _scope(name: str, actions: str) -> str:
    return f"repository:{name}:{actions}"
