# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one translation of what pydo and azure-core raise into errors that a user can act on."""

from __future__ import annotations

import json
from typing import Any

from .._domain.errors import (
    Answer,
    BadAnswer,
    Conflict,
    Denied,
    DocrError,
    Interrupted,
    NotFound,
    RateLimited,
    Refused,
    ServerFault,
    Unreachable,
)
from .digitalocean.pipeline import seconds_until_allowed
from .digitalocean.sdk import DecodeError, HttpResponseError, ServiceRequestError, ServiceResponseTimeoutError
from .operations import Effect, Operation

_LOOK_FIRST = "it may have been carried out all the same, so run the task again: it looks first"


def translate(error: Exception, operation: Operation, words: str) -> DocrError:
    """The DocrError for an exception of pydo, azure-core, or of reading an answer.

    `words` is the operation's sentence with its names filled in.
    """
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if isinstance(error, HttpResponseError) and status is not None and status >= 400:
        return _from_status(_read_answer(response), operation, words, response)
    if isinstance(error, (DecodeError, HttpResponseError, json.JSONDecodeError)):
        # azure-core quotes what came, and that may be the beginning of a token.
        quoted = "" if operation.effect in (Effect.MINT, Effect.ENTER) else f" ({error!s:.120})"
        return _bad_answer(Answer(status=status, message=f"an answer that is not DigitalOcean's{quoted}"), words)
    if isinstance(error, ServiceRequestError):
        return _not_reached(str(error), words)
    if isinstance(error, ServiceResponseTimeoutError):
        return Interrupted(words, "no answer within the read timeout", f"raise read_timeout; {_LOOK_FIRST}")
    return Interrupted(words, f"the connection ended without an answer ({error!s:.200})", _LOOK_FIRST)


def bad_answer(words: str, error: Exception) -> BadAnswer:
    """An answer of the right status whose content lacks what the API promises."""
    return _bad_answer(Answer(message=f"an answer that lacks what the API describes ({error!r:.120})"), words)


def _bad_answer(answer: Answer, words: str) -> BadAnswer:
    return BadAnswer(words, answer, "check that the endpoint is DigitalOcean's API and that no proxy answers for it")


def _from_status(answer: Answer, operation: Operation, words: str, response: Any) -> DocrError:
    status = answer.status or 0
    if status == 401:
        return Denied(words, answer, "check the token: it is unknown, expired or revoked")
    if status == 403:
        scopes = " and ".join(operation.scopes) or "that this call needs"
        return Denied(words, answer, f"use a token with the scope {scopes}")
    if status == 404:
        return NotFound(words, answer, "check the name and the team of the token")
    if status == 409:
        return Conflict(words, answer, "see what else uses or changes it, then run the task again")
    if status == 429:
        seconds = round(seconds_until_allowed(response.headers))
        return RateLimited(words, answer, f"wait {seconds} s, or allow for it with a larger rate_limit_wait")
    if status >= 500:
        return ServerFault(words, answer, _LOOK_FIRST)
    return Refused(words, answer, "correct what the service objects to")


def _read_answer(response: Any) -> Answer:
    try:
        body = response.json()
    except (ValueError, DecodeError):
        body = None
    if not isinstance(body, dict):
        content_type = response.headers.get("Content-Type", "no content type")
        body = {"message": f"an answer that is not the API's ({content_type})"}
    return Answer(
        status=response.status_code,
        id=body.get("id"),
        message=body.get("message"),
        request_id=body.get("request_id") or response.headers.get("x-request-id"),
    )


def _not_reached(text: str, words: str) -> Unreachable:
    if "CERTIFICATE_VERIFY_FAILED" in text or "SSLError" in text or "SSL:" in text:
        return Unreachable(words, f"the server's certificate is not trusted ({text:.200})", "name its CA in ca_path")
    return Unreachable(words, f"the endpoint cannot be reached ({text:.200})", "check the endpoint and the network")
