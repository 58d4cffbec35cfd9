# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pydo and azure-core raise, as errors of this collection; the table of statuses stands in `_client/errors.py`."""

from __future__ import annotations

from typing import Any

from ..._domain.errors import Answer, BadAnswer, DocrError, Interrupted, Unreachable
from ..errors import LOOK_FIRST, TRY_AGAIN, error_of_status, service_text
from ..failures import cause_words, proxy_failure, proxy_of, tls_failure
from ..operations import Call, Effect
from ..sdk import DecodeError, HttpResponseError, ServiceRequestError, ServiceResponseTimeoutError
from .lists import IncompleteList
from .pipeline import RATE_LIMITED, REPEATED_AFTER_WAIT, seconds_until_allowed

CHECK_ENDPOINT = "check that the endpoint is DigitalOcean's API and that no proxy answers for it"
# Statuses that this collection reads as facts ("does not exist", "is taken"). DigitalOcean's own answer has an `id`
# (digitalocean-api.md 5); the answer of a proxy says nothing about the object.
_TELLING = frozenset({401, 403, 404, 409})


def translate(error: Exception, call: Call) -> DocrError:
    """The DocrError for an exception of pydo, azure-core, or of reading an answer."""
    words = call.words
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if isinstance(error, HttpResponseError) and status is not None and status >= 400:
        answer = _read_answer(response)
        if status in _TELLING and answer.id is None:
            return _bad_answer(answer, words)
        refusal = error_of_status(words, answer, _advice(call, response))
        if response is not None and status == RATE_LIMITED and call.operation.effect not in REPEATED_AFTER_WAIT:
            refusal.retry_after_s = seconds_until_allowed(response.headers)
        return refusal
    if isinstance(error, (DecodeError, HttpResponseError, ValueError, RecursionError)):
        # azure-core quotes what came, and that may be the beginning of a token.
        quoted = "" if call.operation.effect in (Effect.MINT, Effect.ENTER) else f" ({service_text(str(error), 120)})"
        return _bad_answer(Answer(status=status, message=f"an answer that is not DigitalOcean's{quoted}"), words)
    if isinstance(error, ServiceRequestError):
        return _not_reached(error, words)
    after = _after_failure(call)
    if isinstance(error, ServiceResponseTimeoutError):
        return Interrupted(words, "no answer within the read timeout", f"raise read_timeout; {after}")
    return Interrupted(words, f"the connection ended without an answer ({cause_words(error)})", after)


def _after_failure(call: Call) -> str:
    return TRY_AGAIN if call.operation.effect is Effect.READ else LOOK_FIRST


def bad_answer(words: str, error: Exception) -> BadAnswer:
    """An answer of the right status whose content lacks what the API promises."""
    if isinstance(error, IncompleteList):
        return _bad_answer(Answer(message=f"an incomplete answer ({error})"), words)
    shown = ""
    if isinstance(error, KeyError) and error.args:
        shown = f" ({service_text(error.args[0], 120)} is missing)"
    elif isinstance(error, ValueError):
        shown = f" ({service_text(str(error), 120)})"
    return _bad_answer(Answer(message=f"an answer that lacks what the API describes{shown}"), words)


def _bad_answer(answer: Answer, words: str) -> BadAnswer:
    return BadAnswer(words, answer, CHECK_ENDPOINT)


def _advice(call: Call, response: Any) -> dict[int, str]:
    """What to do next, by status; 500 stands for every error of the server, 0 for every other status."""
    scopes = " and ".join(call.operation.scopes) or "that this call requires"
    return {
        0: "correct what the service objects to",
        401: "check the token: the token is unknown, expired or revoked",
        403: f"use a token with the scope {scopes}",
        404: "check the name and the team of the token",
        409: "find out what else uses or changes the object, then run the task again",
        429: f"wait {round(seconds_until_allowed(response.headers))} s, or raise rate_limit_wait",
        500: _after_failure(call),
    }


def _read_answer(response: Any) -> Answer:
    try:
        body = response.json()
    except (ValueError, DecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        content_type = response.headers.get("Content-Type", "no content type")
        body = {"message": f"an answer that is not the API's ({content_type})"}
    return Answer(
        status=response.status_code,
        id=service_text(body.get("id")),
        message=service_text(body.get("message")),
        request_id=service_text(body.get("request_id") or response.headers.get("x-request-id")),
    )


def _not_reached(error: Exception, words: str) -> Unreachable:
    told = cause_words(error)
    request = getattr(getattr(error, "inner_exception", None), "request", None)
    proxy = proxy_failure(error, proxy_of(getattr(request, "url", None)))
    if proxy is not None:
        return Unreachable(words, proxy.why, proxy.advice)
    failure = tls_failure(error)
    if failure is not None:
        advice = failure.advice or ("name its CA in ca_path" if failure.is_untrusted else "check the endpoint")
        why = "the server's certificate is not trusted" if failure.is_untrusted else failure.why
        return Unreachable(words, f"{why} ({told})", advice)
    return Unreachable(words, f"the endpoint cannot be reached ({told})", "check the endpoint and the network")
