# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an HTTP status or a library's error to an error of this collection, for every client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from .._domain.errors import (
    Answer,
    Conflict,
    Denied,
    DocrError,
    NotFound,
    RateLimited,
    ReadOnlyClient,
    Refused,
    ServerFault,
)

# Every status of 500 or more is 500 here. A status that is not listed is Refused.
STATUS_ERRORS: Mapping[int, type[DocrError]] = {
    401: Denied,
    403: Denied,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    500: ServerFault,
}
# What reading an answer raises where its parts are missing or have another type.
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)
LOOK_FIRST = "the request may have been carried out, so run the task again: the task reads before it writes"
# After a read, which changes nothing.
TRY_AGAIN = "run the task again"


# The texts of a service in a message: longer texts say nothing more, and an answer may have megabytes.
_MOST_CHARACTERS = 600


def service_text(value: object, most: int = _MOST_CHARACTERS) -> str | None:
    """A text of a service as one line, cut between words, with control characters escaped; None for no text.

    A value of another type is shown as JSON shows the value.
    """
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else _as_json(value)
    line = " ".join("".join(one if one.isprintable() else _escaped(one) for one in text[: 4 * most]).split())
    if len(line) <= most:
        return line
    return line[:most].rpartition(" ")[0].rstrip(" ,;:([{") + " …" if " " in line[:most] else line[:most] + " …"


def _escaped(character: str) -> str:
    # White space ends a word, and everything else may change what a terminal shows.
    return " " if character.isspace() else character.encode("unicode_escape").decode()


def _as_json(value: object) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__


def error_of_status(words: str, answer: Answer, advice: Mapping[int, str]) -> DocrError:
    """The error for an answer with a status of 400 or more.

    `words` say what was tried. `advice` says by status what to do next; 500 stands for every error of the server, 0 for
    every status without an entry.
    """
    status = min(answer.status or 0, 500)
    return STATUS_ERRORS.get(status, Refused)(words, answer, advice_for(status, advice))


def reason_of(error: Exception) -> str:
    """Why the system refused a file or a program, without the name of Python's exception."""
    return str(getattr(error, "strerror", None) or "the name is not allowed")


def advice_for(status: int, advice: Mapping[int, str]) -> str:
    """What to do next after a status."""
    return advice.get(min(status, 500), advice[0])


@contextmanager
def translated(translate: Callable[[Exception], DocrError], *caught: type[Exception]) -> Iterator[None]:
    """Raise the errors of a library, and of reading what came, as errors of this collection."""
    try:
        yield
    except DocrError:
        raise
    except caught as error:
        # Without its cause: the errors of libraries hold what was sent and what came, secrets too.
        raise translate(error) from None


def refuse_in_check_mode(words: str, is_read_only: bool) -> None:
    """Raise ReadOnlyClient where a client that must not write is asked to write."""
    if is_read_only:
        raise ReadOnlyClient(words, "this is check mode", "report this as an error of the collection, nothing was sent")
