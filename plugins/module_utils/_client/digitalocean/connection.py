# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection to DigitalOcean's API: a call is sent, its answer is read, and all pages of a list are fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any, TypeVar

from ..._domain.errors import NotFound
from ..errors import UNREADABLE, translated
from ..operations import LIST_REGISTRIES, Call
from ..sdk import AzureError, Client
from ..settings import Settings
from .answers import bad_answer, translate
from .pipeline import ServiceClock

T = TypeVar("T")
PER_PAGE = 200  # the most that the API gives


class ApiConnection:
    """One client for one token; the classes of the resources derive from the connection."""

    def __init__(self, client: Client, clock: ServiceClock, settings: Settings) -> None:
        self._client = client
        self._clock = clock
        self._settings = settings

    def now(self) -> datetime:
        """The service's time, by its last answer; without an answer yet the registries are listed."""
        if self._clock.now() is None:
            # The date counts, also that of a 404, which a team without registries may get.
            with suppress(NotFound):
                self._send(LIST_REGISTRIES.call(), self._client.registries.list)
        now = self._clock.now()
        if now is None:
            raise bad_answer("read the service's time", ValueError("no Date header"))
        return now

    def _send(self, call: Call, send: Callable[[], Any]) -> Any:
        """The answer to a call; raises a DocrError for everything but success."""
        with translated(partial(translate, call=call), AzureError, json.JSONDecodeError, OSError, RecursionError):
            return send()

    def _read(self, call: Call, send: Callable[[], Any], parse: Callable[[Any], T]) -> T:
        """What `parse` makes of the answer; raises BadAnswer for an answer without what the API describes."""
        answer = self._send(call, send)
        with translated(partial(bad_answer, call.words), *UNREADABLE):
            return parse(answer)

    def _pages(self, call: Call, fetch: Callable[[int], Any], parse: Callable[[Any], list[T]]) -> tuple[T, ...]:
        """The entries of all pages."""
        items: list[T] = []
        for page in count(1):
            found, answer = self._read(call, partial(fetch, page), lambda answer: (parse(answer), answer))
            items += found
            if not found or not _has_more(answer, len(found), len(items)):
                break
        return tuple(items)


def _has_more(answer: Mapping[str, Any], on_page: int, so_far: int) -> bool:
    if ((answer.get("links") or {}).get("pages") or {}).get("next"):
        return True
    total = (answer.get("meta") or {}).get("total")
    # Some lists are described without links or total; a full page is then the only hint at another page.
    return so_far < total if isinstance(total, int) else on_page == PER_PAGE
