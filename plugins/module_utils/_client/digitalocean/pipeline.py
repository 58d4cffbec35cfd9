# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every request and answer passes through: the cures of pydo's traps, each in one place.

pydo hands back some error bodies as if they were results, repeats POSTs after a 500, and repeats an hourly 429 at once
(digitalocean-api.md 7.2, 7.4).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Container
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from ..bounds import bound
from ..errors import refuse_in_check_mode
from ..operations import Effect, Operation, find_operation
from ..sdk import HttpResponseError, PipelineRequest, PipelineResponse, RequestsTransport, RetryPolicy, SansIOHTTPPolicy
from ..web import Bearer

# The retry policy repeats requests, and the adapter does not.
_NO_RETRIES = 0
# The limit of the API counts an hour; a header that says more is wrong.
_YEARS = range(2000, 3000)  # a date of another year is no time of the service
_LONGEST_WAIT_S = 86_400.0
# The headers that pydo reads as numbers (`response_headers` of its operations); more digits are no seconds of a clock.
_NUMBERS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
_MOST_DIGITS = 12
_PASSING = frozenset({408, 500, 502, 503, 504})
RATE_LIMITED = 429
# What is sent again after a wait for the rate limit. A way into a cluster rests on no decision that the wait could
# change; every other write does, so its caller reads and decides again.
REPEATED_AFTER_WAIT = frozenset({Effect.READ, Effect.ENTER})


def _operation(http_request: Any) -> Operation:
    return find_operation(http_request.method, urlsplit(http_request.url).path)


class OwnToken(RequestsTransport):  # type: ignore[misc]  # azure-core hides its type
    """Sends the token that it was given, where a netrc file has an entry for the host too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._opening = Lock()

    def open(self) -> None:
        """Open the session; an authenticator of its own, even one that does nothing, keeps requests from the file.

        Each request asks for an open session. No thread may send through a session that has no authenticator yet.
        """
        with self._opening:
            is_new = self.session is None
            super().open()
            if is_new:
                bound(self.session, self.connection_config.read_timeout, max_retries=_NO_RETRIES)
            self.session.auth = Bearer(None)


class StrictAnswers(SansIOHTTPPolicy[Any, Any]):
    """Every answer of 400 or more raises, whatever pydo would make of it."""

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Raise for an error status."""
        if response.http_response.status_code >= 400:
            raise HttpResponseError(response=response.http_response)


class OwnHeaders(SansIOHTTPPolicy[Any, Any]):
    """Takes headers of the rate limit away that are no numbers, as a proxy may write them (`250;w=60`).

    pydo raises for such a header after the request was carried out, and the answer, such as a new credential, is lost.
    """

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Take the headers away; the collection reads a header of an error as a number or does without."""
        headers = response.http_response.headers
        for name in _NUMBERS:
            if name in headers and not _is_number(headers[name]):
                del headers[name]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


class ReadOnly(SansIOHTTPPolicy[Any, Any]):
    """The second lock of check mode, and of modules that only read: all but the allowed effects is refused."""

    def __init__(self, allowed: Container[Effect] = (Effect.READ,)) -> None:
        super().__init__()
        self._allowed = allowed

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Refuse writes, mints and requests that are not listed."""
        operation = _operation(request.http_request)
        refuse_in_check_mode(operation.words, operation.effect not in self._allowed)


class ServiceClock(SansIOHTTPPolicy[Any, Any]):
    """The service's time by the `Date` of its last answer, to the second; None before the first answer."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._seen: tuple[datetime, float] | None = None

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Remember the answer's date."""
        try:
            date = parsedate_to_datetime(response.http_response.headers.get("Date", "")).astimezone(timezone.utc)
        except (ValueError, TypeError, OverflowError):
            return
        if date.year in _YEARS:
            self._seen = (date, self._monotonic())

    def now(self) -> datetime | None:
        """The service's time now, in UTC."""
        if self._seen is None:
            return None
        date, at = self._seen
        return date + timedelta(seconds=self._monotonic() - at)


class PatientRetry(RetryPolicy[Any, Any]):
    """Repeats reads after passing faults, and after an allowed wait for the rate limit; never repeats a write."""

    def __init__(self, rate_limit_wait_s: float, **kwargs: Any) -> None:
        # One more connection attempt only: a wrong endpoint should not take five seconds to say so.
        super().__init__(retry_connect=1, **kwargs)
        self._rate_limit_wait_s = rate_limit_wait_s

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send; a request that may have been carried out is sent again only if that changes nothing."""
        if _operation(request.http_request).effect is not Effect.READ:
            request.context.options.update(retry_connect=0, retry_read=0)
        return super().send(request)

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether to send once more after this answer."""
        status = response.http_response.status_code
        effect = _operation(response.http_request).effect
        if status == RATE_LIMITED:
            if effect not in REPEATED_AFTER_WAIT:
                return False
            wait = self.get_retry_after(response) or 0.0
            settings["waited"] = settings.get("waited", 0.0) + wait
            return bool(settings["waited"] <= self._rate_limit_wait_s)
        return status in _PASSING and effect is Effect.READ

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        """Seconds to wait before the next try; None leaves it to the backoff."""
        if response.http_response.status_code == RATE_LIMITED:
            return seconds_until_allowed(response.http_response.headers)
        wait = super().get_retry_after(response)
        return min(wait, self._rate_limit_wait_s) if wait else None


def seconds_until_allowed(headers: Any) -> float:
    """Seconds until the next request, at least one.

    The answer to a burst says so in `retry-after`; the hourly one has only `ratelimit-reset` (Unix seconds), which
    counts from its `Date` (digitalocean-api.md 5).
    """
    try:
        if headers.get("retry-after"):
            wait = float(headers["retry-after"])
        else:
            reset = float(headers.get("ratelimit-reset", ""))
            wait = reset - parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 1.0
    # The time of a message and of a pause has an end.
    return min(max(1.0, wait), _LONGEST_WAIT_S) if math.isfinite(wait) else 1.0
