# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors that a user can act on; `_module/failure.py` turns an error into a failed task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .field_errors import FieldError


@dataclass(frozen=True)
class Answer:
    """What DigitalOcean sent back with a refusal; each part is None when the answer had none."""

    status: int | None = None
    id: str | None = None
    message: str | None = None
    request_id: str | None = None

    def __str__(self) -> str:
        if self.status is None and self.message is None:
            return "no answer"
        words = " ".join(str(part) for part in (self.status, self.id) if part is not None)
        text = ": ".join(part for part in (words, self.message) if part)
        return f"{text} (request {self.request_id})" if self.request_id else text


class DocrError(Exception):
    """A failure that a user can act on.

    `operation` says what was tried on which object, in the infinitive ("create the registry acme"); `advice` says what
    to do next. `may_have_taken_effect` is True when the service may have carried out the request although no success
    was seen, so that the writer must read before it reports. `has_written` is True when a part of the work is done,
    also a part of a step that failed. `retry_after_s` is the time in seconds after which the rate limit accepts the
    write that was refused, and None for any other error. `last` is the last known state, in the user's shape.
    """

    kind = "failed"
    may_have_taken_effect = False
    has_written = False
    retry_after_s: float | None = None
    last: object = None

    def __init__(self, operation: str, answer: Answer | str, advice: str) -> None:
        self.operation = operation
        self.answer = answer if isinstance(answer, Answer) else Answer(message=answer)
        self.advice = advice
        told = f"Could not {operation}: {_sentence_part(str(self.answer))}; {_sentence_part(advice)}"
        super().__init__(_ended(told))


class NotFound(DocrError):
    """The named object does not exist (404)."""

    kind = "not_found"


class Conflict(DocrError):
    """The service reports a conflict with another object or another writer (409)."""

    kind = "conflict"


class Refused(DocrError):
    """The service or a rule of this collection refuses the request (400, 412, 422)."""

    kind = "refused"


class Overtaken(Refused):
    """Another run of this collection wrote a later credential: the credential to write may be revoked already."""


class Denied(DocrError):
    """The token is unknown, lacks a scope, or belongs to another team (401, 403)."""

    kind = "denied"


class RateLimited(DocrError):
    """Too many requests, and waiting for the next one would take longer than allowed (429)."""

    kind = "rate_limited"


class ServerFault(DocrError):
    """The service failed (5xx); a write may have happened all the same."""

    kind = "server_fault"
    may_have_taken_effect = True


class BadAnswer(DocrError):
    """An answer that is not what the API describes (HTML, broken JSON, missing parts)."""

    kind = "bad_answer"
    may_have_taken_effect = True


class Unreachable(DocrError):
    """No connection was made, so no request was sent."""

    kind = "unreachable"


class Interrupted(DocrError):
    """The connection ended or timed out after the request was sent."""

    kind = "interrupted"
    may_have_taken_effect = True


class Unanswered(Interrupted):
    """No answer came within the read timeout, although the connection stayed open."""


class TimedOut(DocrError):
    """The task waited as long as its timeout allows."""

    kind = "timed_out"

    def __init__(
        self,
        operation: str,
        answer: Answer | str,
        advice: str,
        last: object = None,
        after_s: float | None = None,
    ) -> None:
        super().__init__(operation, answer, advice)
        self.last = last
        if after_s is not None:
            seen = _sentence_part(str(self.answer))
            self.args = (_ended(f"Timed out after {after_s:.0f} s: {seen}; {_sentence_part(advice)}"),)


class SomeFailed(DocrError):
    """The work failed for some clusters or registries and is done for the others; `last` is the whole result."""

    kind = "some_failed"

    def __init__(
        self,
        operation: str,
        failed: Mapping[str, DocrError],
        last: object = None,
        advice: str = "fix the causes and run the task again",
    ) -> None:
        told = "; ".join(f"{name}: {_sentence_part(str(error))}" for name, error in failed.items())
        super().__init__(operation, told, advice)
        _take_over(self, failed.values())
        self.last = last


class SeveralErrors(DocrError):
    """Several errors of one object, such as of several namespaces of a cluster."""

    kind = "some_failed"

    def __init__(self, errors: Sequence[DocrError]) -> None:
        first = errors[0]
        super().__init__(first.operation, first.answer, first.advice)
        self.args = (_ended("; ".join(_sentence_part(str(error)) for error in errors)),)
        _take_over(self, errors)


def _take_over(whole: DocrError, errors: Iterable[DocrError]) -> None:
    """Give an error for several errors what holds for any of these."""
    parts = tuple(errors)
    whole.may_have_taken_effect = any(error.may_have_taken_effect for error in parts)
    whole.has_written = any(error.has_written for error in parts)
    whole.retry_after_s = max((one.retry_after_s for one in parts if one.retry_after_s is not None), default=None)


def join_errors(errors: Sequence[DocrError]) -> DocrError:
    """One error for at least one error of an object."""
    return errors[0] if len(errors) == 1 else SeveralErrors(errors)


class NeedsAttention(DocrError):
    """Every request succeeded, and a person must look at what came of them; `last` is the whole result."""

    kind = "needs_attention"

    def __init__(self, operation: str, answer: str, advice: str, last: object = None) -> None:
        super().__init__(operation, answer, advice)
        self.last = last


class Stuck(DocrError):
    """An operation at the service makes no progress, and this task must not or cannot change that."""

    kind = "stuck"


class ReadOnlyClient(DocrError):
    """The client refused a write in check mode: an error in this collection."""

    kind = "read_only_client"


class Unexpected(DocrError):
    """An exception that this collection does not expect; its text is not shown, since the text may hold a secret.

    `name` is the object whose work the exception ended.
    """

    kind = "unexpected"
    may_have_taken_effect = True

    def __init__(self, name: str, error: Exception) -> None:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "" if trace is None else f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}"
        super().__init__(
            f"finish the work on {name}",
            f"an unexpected {type(error).__name__} was raised{place}",
            "report this as an error of the collection planton.digitalocean",
        )


class InvalidInput(DocrError):
    """The input cannot be used; all field errors at once, found before the first write.

    `warnings` are warnings about the same input, which may explain an error.
    """

    kind = "invalid_input"

    def __init__(self, field_errors: tuple[FieldError, ...], warnings: tuple[str, ...] = ()) -> None:
        self.operation = "use the input"
        self.answer = Answer()
        self.advice = "correct the input"
        self.field_errors = field_errors
        self.warnings = warnings
        self.args = (_list_field_errors(field_errors),)


def _list_field_errors(field_errors: tuple[FieldError, ...]) -> str:
    if len(field_errors) == 1:
        return f"Nothing was changed: {_ended(str(field_errors[0]))}"
    return "\n".join(
        [f"Nothing was changed, {len(field_errors)} errors:", *(f"- {_ended(str(one))}" for one in field_errors)]
    )


def _ended(text: str) -> str:
    return text if text.endswith(("?", ".")) else f"{text}."


def _sentence_part(text: str) -> str:
    return " ".join(text.split()).rstrip(".;")
