# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""What can go wrong, as values that one piece of glue turns into a failed task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
    was seen, so that whoever wrote has to look before saying that nothing happened. `has_written` is True when a part
    of what was to be done is done, of a step that did not come to its end too. `last` is what was seen last, in the
    user's shape.
    """

    kind = "failed"
    may_have_taken_effect = False
    has_written = False
    last: object = None

    def __init__(self, operation: str, answer: Answer | str, advice: str) -> None:
        self.operation = operation
        self.answer = answer if isinstance(answer, Answer) else Answer(message=answer)
        self.advice = advice
        super().__init__(f"Could not {operation}: {_sentence_part(str(self.answer))}; {_sentence_part(advice)}.")


class NotFound(DocrError):
    """The named object does not exist (404)."""

    kind = "not_found"


class Conflict(DocrError):
    """The service says that something else is in the way (409)."""

    kind = "conflict"


class Refused(DocrError):
    """The service or this collection will not do it (400, 412, 422, or a rule of ours)."""

    kind = "refused"


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
    """No connection was made, so nothing was asked."""

    kind = "unreachable"


class Interrupted(DocrError):
    """The connection ended, or the time ran out, after the request was sent."""

    kind = "interrupted"
    may_have_taken_effect = True


class TimedOut(DocrError):
    """Something took longer than the task may wait."""

    kind = "timed_out"

    def __init__(self, operation: str, answer: Answer | str, advice: str, last: object = None) -> None:
        super().__init__(operation, answer, advice)
        self.last = last


class SomeFailed(DocrError):
    """In some places it failed, and what could be done in the others is done; `last` is the whole result."""

    kind = "some_failed"

    def __init__(self, operation: str, failed: Mapping[str, DocrError], last: object = None) -> None:
        told = "; ".join(f"{name}: {_sentence_part(str(error))}" for name, error in failed.items())
        super().__init__(operation, told, "mend that, then run the task again")
        self.may_have_taken_effect = any(error.may_have_taken_effect for error in failed.values())
        self.has_written = any(error.has_written for error in failed.values())
        self.last = last


class Stuck(DocrError):
    """Something stands still, and nothing here may or can bring it on."""

    kind = "stuck"


class ReadOnlyClient(DocrError):
    """A write or a mint was tried in check mode: a fault of this collection, stopped by the client."""

    kind = "read_only_client"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with what the user asked for: where it stands, what is wrong, what is right."""

    where: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"; {self.advice}" if self.advice else "")


class InvalidInput(DocrError):
    """What was asked for cannot be done; all faults at once, found before anything was written."""

    kind = "invalid_input"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.operation = "use the input"
        self.answer = Answer()
        self.advice = "correct the input"
        self.faults = faults
        self.args = (_fault_list(faults),)


def _fault_list(faults: tuple[Fault, ...]) -> str:
    if len(faults) == 1:
        return f"Nothing was changed: {faults[0]}."
    return "\n".join([f"Nothing was changed, {len(faults)} faults:", *(f"- {fault}." for fault in faults)])


def _sentence_part(text: str) -> str:
    return " ".join(text.split()).rstrip(".;")
