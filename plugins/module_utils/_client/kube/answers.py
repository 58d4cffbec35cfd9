# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the answers of an API server: within bounds, and with one error for every answer that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..._domain.errors import Answer, BadAnswer, DocrError, Interrupted, NotFound, Unreachable
from ..bounds import CHUNK, read_bounded
from ..errors import LOOK_FIRST, UNREADABLE, error_of_status, service_text, translated
from ..secret_texts import SecretTexts
from .sdk import ConnectTimeoutError, NewConnectionError, Retry, SSLError

CHECK_SERVER = "check the address of the API server, and that no proxy answers for it"
_ADVICE = {
    0: "correct what the API server objects to",
    401: "check the credentials of the cluster: they are unknown or expired",
    403: "grant what is missing; the module's documentation has the whole role",
    404: "find out what deletes the namespace",
    409: "see what else changes it, then run the task again",
    429: "run the task again when the API server has less to do",
    500: LOOK_FIRST,
}


class PatientKubeRetry(Retry):
    """Obeys `Retry-After` up to a limit; after a longer one the answer itself is the error."""

    MOST_S: float = 10.0

    def get_retry_after(self, response: Any) -> float | None:
        """Seconds to wait by the header; None for a header that says no number of seconds."""
        try:
            wait = super().get_retry_after(response)
        except Exception:  # noqa: BLE001 - whatever the header says must not end a task in a traceback
            return None
        return wait if wait is None else min(max(wait, 0.0), self.MOST_S)


@contextmanager
def bad_answers(words: str) -> Iterator[None]:
    """Raise BadAnswer, which does not quote the answer, where parts of an answer are missing or have another type."""

    def translate(error: Exception) -> DocrError:
        what = f"an answer that lacks what Kubernetes describes ({type(error).__name__})"
        return BadAnswer(words, what, CHECK_SERVER)

    with translated(translate, *UNREADABLE):
        yield


def next_page(answer: Mapping[str, Any], seen: set[str]) -> str | None:
    """The token of the next page; None where there is none. A token that came before would be a list without an end."""
    token = (answer.get("metadata") or {}).get("continue") or None
    if token is None:
        return None
    if not isinstance(token, str) or token in seen:
        raise ValueError("no token of a next page")
    seen.add(token)
    return token


def fetch_bounded(request: Callable[[], Any]) -> tuple[int, bytes]:
    """Status and body of an answer, within the bounds."""
    answer = request()
    try:
        return answer.status, read_bounded(answer.stream(CHUNK, decode_content=True))
    except BaseException:
        answer.close()
        raise
    finally:
        answer.release_conn()


def read_answer(status: int, data: bytes, words: str) -> Any:
    """The object in an answer; raises the error of the status."""
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
    if status < 400:
        raise BadAnswer(words, told, CHECK_SERVER)
    details = said.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    reasons = [one.get("reason") for one in causes or () if isinstance(one, dict)] if isinstance(causes, list) else []
    if "NamespaceTerminating" in reasons:
        raise NotFound(words, told, "see who deletes the namespace")
    raise error_of_status(words, told, _ADVICE)


def lost(error: Exception, words: str, secrets: SecretTexts) -> DocrError:
    """The error where no answer came."""
    reason = getattr(error, "reason", error)
    told = service_text(secrets.mask(str(reason)), 200)
    if isinstance(reason, SSLError):
        why = f"its certificate is not trusted ({told})"
        return Unreachable(words, why, "check the certificate authority in its kubeconfig")
    if isinstance(reason, (NewConnectionError, ConnectTimeoutError)):
        advice = "check its address, the network, and whether the firewall of the control plane allows this host"
        return Unreachable(words, f"it cannot be reached ({told})", advice)
    return Interrupted(words, f"the connection ended without an answer ({told})", _ADVICE[500])
