# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the answers of an API server: within bounds, and with one error for every answer that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..._domain.errors import Answer, BadAnswer, Denied, DocrError, Interrupted, NotFound, Unanswered, Unreachable
from ..bounds import CHUNK, read_bounded
from ..errors import LOOK_FIRST, TRY_AGAIN, UNREADABLE, error_of_status, service_text, translated
from ..failures import cause_words, proxy_failure, tls_failure
from ..secret_texts import SecretTexts
from ..tls import TlsFailure
from .sdk import ConnectTimeoutError, MaxRetryError, NewConnectionError, ReadTimeoutError, Retry

_NOT_FOUND = 404
CHECK_SERVER = "check the address of the API server, and that no proxy answers for it"
_UNKNOWN, _FORBIDDEN = 401, 403
_MOST_TOLD_S = 366 * 86_400
_ADVICE = {
    0: "correct what the API server objects to",
    401: "check the credentials of the cluster: they are unknown or expired",
    403: "grant what is missing; the module's documentation has the whole role",
    404: "find out what deletes the namespace",
    409: "see what else changes it, then run the task again",
    429: "run the task again when the API server has less to do",
}
# What the API server calls a request whose credentials it does not accept, where it does not answer 401.
_ANONYMOUS = "system:anonymous"


class PatientKubeRetry(Retry):
    """Obeys `Retry-After` while the waits of a request together are at most `most_s` seconds.

    After a longer wait the answer itself is the error, at once.
    """

    def __init__(self, *args: Any, most_s: float = 0.0, **more: Any) -> None:
        super().__init__(*args, **more)
        self._left_s = most_s

    def new(self, **more: Any) -> Any:
        """The retry after this retry, with the time that is left."""
        return super().new(most_s=self._left_s, **more)

    def increment(self, *args: Any, **more: Any) -> Any:
        """The retry after an answer or a failure; raises MaxRetryError where the server asks for a longer wait."""
        response = more.get("response")
        wait = self.get_retry_after(response) if response is not None else None
        if wait is not None and wait > self._left_s:
            raise MaxRetryError(None, "", None)  # type: ignore[arg-type]
        following = super().increment(*args, **more)
        following._left_s -= wait or 0.0
        return following

    def get_retry_after(self, response: Any) -> float | None:
        """Seconds to wait by the header; None for a header that says no number of seconds."""
        try:
            wait = super().get_retry_after(response)
        except Exception:  # noqa: BLE001 - whatever the header says must not end a task in a traceback
            return None
        return wait if wait is None else max(wait, 0.0)


@contextmanager
def bad_answers(words: str) -> Iterator[None]:
    """Raise BadAnswer, which does not quote the answer, where parts of an answer are missing or have another type."""

    def translate(_error: Exception) -> DocrError:
        return BadAnswer(words, "an answer that lacks what Kubernetes describes", CHECK_SERVER)

    with translated(translate, *UNREADABLE):
        yield


class Pages:
    """The pages of a list so far: a list that repeats tokens or entries would have no end."""

    # Pages have 250 pods or 1000 of the rest; Kubernetes supports 150,000 pods.
    MOST = 2000

    def __init__(self) -> None:
        self._tokens: set[str] = set()
        self._entries: set[tuple[str, str]] = set()
        self._has_new = False

    def after(self, answer: Mapping[str, Any]) -> str | None:
        """Note a page; the token of the next page, None where there is none."""
        token = (answer.get("metadata") or {}).get("continue") or None
        if token is None:
            return None
        if not isinstance(token, str) or token in self._tokens:
            raise ValueError("no token of a next page")
        self._tokens.add(token)
        before = len(self._entries)
        metadata = (one["metadata"] for one in answer["items"] or ())
        self._entries.update((str(one.get("namespace")), str(one.get("name"))) for one in metadata)
        self._has_new = len(self._entries) > before
        return token

    def why_endless(self) -> str | None:
        """Why the next page is not worth a request; None if the page is."""
        if not self._has_new:
            return "a page without a new entry names another page"
        return f"the list has more than {self.MOST} pages" if len(self._tokens) >= self.MOST else None


def fetch_bounded(request: Callable[[], Any]) -> tuple[int, bytes, float | None]:
    """Status and body of an answer, within the bounds, and the seconds of the `Retry-After` of an error, if any."""
    answer = request()
    try:
        body = read_bounded(answer.stream(CHUNK, decode_content=True))
        # Most answers are no errors, and only the message of an error names the time.
        return answer.status, body, _told_wait_s(answer) if answer.status >= 400 else None
    except BaseException:
        answer.close()
        raise
    finally:
        answer.release_conn()


def _told_wait_s(answer: Any) -> float | None:
    """The seconds of `Retry-After`; newer versions of urllib3 would cut them to six hours."""
    retry = PatientKubeRetry()
    retry.retry_after_max = _MOST_TOLD_S
    wait = retry.get_retry_after(answer)
    return wait if wait is None else min(wait, _MOST_TOLD_S)


def read_answer(
    status: int, data: bytes, words: str, credentials: str, *, is_read: bool, wait_s: float | None = None
) -> Any:
    """The object in an answer; raises the error of the status. `credentials` and `wait_s` are for messages."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if status < 300 and isinstance(body, dict):
        return body
    said = body if isinstance(body, dict) else {}
    told = Answer(
        status,
        service_text(said.get("reason")),
        service_text(said.get("message")) or "an answer that is not Kubernetes's",
    )
    # A proxy answers 404 too, and what an API server does not have requires no write.
    if status < 400 or (status == _NOT_FOUND and said.get("reason") != "NotFound"):
        raise BadAnswer(words, told, CHECK_SERVER)
    details = said.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    reasons = [one.get("reason") for one in causes or () if isinstance(one, dict)] if isinstance(causes, list) else []
    if "NamespaceTerminating" in reasons:
        raise NotFound(words, told, "see who deletes the namespace")
    if status == _FORBIDDEN and _ANONYMOUS in (told.message or ""):
        why = f"the API server does not accept {credentials}, and took the request as a request of {_ANONYMOUS}"
        raise Denied(words, Answer(status, told.id, why), _ADVICE[_UNKNOWN])
    advice = {**_ADVICE, 500: _after_failure(is_read)}
    if wait_s is not None:
        advice |= {code: f"wait {wait_s:.0f} s, as the API server says; {advice[code]}" for code in (429, 500)}
    raise error_of_status(words, told, advice)


def _after_failure(is_read: bool) -> str:
    return TRY_AGAIN if is_read else LOOK_FIRST


def _advise_tls(failure: TlsFailure) -> str:
    if failure.is_untrusted:
        return "check the certificate authority in its kubeconfig"
    if failure.is_of_other_name:
        return "check the address of the server and tls-server-name in the kubeconfig"
    return "check the address of the server, and the client certificate in the kubeconfig"


def lost(error: Exception, words: str, secrets: SecretTexts, *, is_read: bool, proxy: str | None) -> DocrError:
    """The error where no answer came; `proxy` is the address of the proxy between, None for no proxy."""
    reason = getattr(error, "reason", error)
    told = cause_words(error, secrets)
    failed = proxy_failure(error, proxy, secrets)
    if failed is not None:
        return Unreachable(words, failed.why, failed.advice)
    failure = tls_failure(error)
    if failure is not None:
        return Unreachable(words, f"{failure.why} ({told})", failure.advice or _advise_tls(failure))
    if isinstance(reason, (NewConnectionError, ConnectTimeoutError)):
        advice = "check its address, the network, and whether the firewall of the control plane allows this host"
        return Unreachable(words, f"it cannot be reached ({told})", advice)
    through = f" through the proxy {proxy}" if proxy else ""
    kind = Unanswered if isinstance(reason, ReadTimeoutError) else Interrupted
    return kind(words, f"the connection{through} ended without an answer ({told})", _after_failure(is_read))
