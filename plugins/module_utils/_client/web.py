# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to hosts beside the API, which pydo does not know: sent once, over TLS only, and translated into errors."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any
from urllib.parse import urlsplit

from .._domain.errors import Answer, BadAnswer, DocrError, Interrupted, Unreachable
from .bounds import AnswerTooLarge
from .errors import TRY_AGAIN, UNREADABLE, advice_for, error_of_status, service_text
from .failures import cause_words, proxy_failure, proxy_of, tls_failure
from .sdk import MaxRetryError, requests
from .settings import Settings


class Bearer:
    """Sets the header as an authenticator, so that no netrc file replaces it; None sends no header at all."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: Any) -> Any:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def send(session: Any, settings: Settings, method: str, url: str, words: str, **more: Any) -> Any:
    """The answer to one request; raises Unreachable or Interrupted where none came. `words` say what it is for."""
    place = place_of(url)
    if place is None:
        raise BadAnswer(words, "an address that is not https was named to go on with", "nothing was sent to it")
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
    except AnswerTooLarge as error:
        advice = f"check that {place} is the service and that no proxy answers for it"
        raise BadAnswer(words, str(error), advice) from None
    except (requests.exceptions.RequestException, OSError, ValueError) as error:
        raise _lost(error, words, place, url, settings) from None


def _lost(error: Exception, words: str, place: str, url: str, settings: Settings) -> DocrError:
    """The error where no answer came from a place."""
    told = cause_words(error, settings.secrets)
    proxy = proxy_failure(error, proxy_of(url), settings.secrets)
    if proxy is not None:
        return Unreachable(words, proxy.why, proxy.advice)
    failure = tls_failure(error)
    if failure is not None:
        advice = "name its CA in ca_path" if failure.is_untrusted else f"check that {place} is the service"
        advice = failure.advice or advice
        return Unreachable(words, f"no TLS connection to {place} was made: {failure.why} ({told})", advice)
    # urllib3 says so where no server was found; every other error ended a request that was sent.
    if isinstance(next(iter(error.args), None), MaxRetryError):
        return Unreachable(words, f"{place} cannot be reached ({told})", "check the host and the network")
    return Interrupted(words, f"the connection to {place} ended without an answer ({told})", TRY_AGAIN)


def check(answer: Any, words: str, good: Container[int], advice: Mapping[int, str]) -> Any:
    """The answer, if its status is good; else raises the error of the status. `advice` as error_of_status takes it."""
    status = answer.status_code
    if status in good:
        return answer
    if status < 400:
        # For example a redirect of a proxy that requires a login.
        raise BadAnswer(
            words, Answer(status=status, message="an answer that does not belong here"), advice_for(status, advice)
        )
    raise error_of_status(words, _read_answer(answer), advice)


def foreign_answer(answer: Any) -> Answer:
    """What is said of an answer that has not the form of DigitalOcean's."""
    content_type = service_text(answer.headers.get("Content-Type"), 100) or "no content type"
    return Answer(status=answer.status_code, message=f"an answer that is not DigitalOcean's ({content_type})")


def json_of(answer: Any) -> Any:
    """The JSON of an answer; None where the body is no JSON."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def place_of(url: str) -> str | None:
    """Host and port of an https address, in one spelling; None for any other address."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an address between them, or a port beyond the last
        return None
    if not is_usable:
        return None
    return parts.netloc.lower().removesuffix(":443")


def _read_answer(answer: Any) -> Answer:
    """What an error says: the image host has a list of errors, the API's host one."""
    try:
        body = answer.json()
        error = body["errors"][0] if "errors" in body else body
        code, message = error.get("code") or error.get("id"), error.get("message")
    except UNREADABLE:
        code = message = None
    request_id = service_text(answer.headers.get("x-request-id"))
    return Answer(answer.status_code, service_text(code), service_text(message), request_id)
