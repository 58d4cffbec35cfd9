# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection to DigitalOcean's API: a call is sent, its answer is read, and all pages of a list are fetched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any, TypeVar

from ..._domain.errors import BadAnswer, NotFound
from ..errors import UNREADABLE, translated
from ..operations import LIST_REGISTRIES, Call
from ..sdk import AzureError, Client
from ..settings import Settings
from .answers import CHECK_ENDPOINT, bad_answer, translate
from .lists import IncompleteList, Listing, require_whole
from .pipeline import ServiceClock

T = TypeVar("T")
PER_PAGE = 200  # the most that the API gives
# 100,000 entries. A list that goes on longer would use up the team's hourly limit, and is no list of a registry.
MOST_PAGES = 500


class EndlessList(BadAnswer):
    """A list whose pages do not end; reading the list again would cost as many calls."""


class ApiConnection:
    """One client for one token; the classes of the resources derive from the connection."""

    def __init__(self, client: Client, clock: ServiceClock, settings: Settings) -> None:
        self._client = client
        self._clock = clock
        self._settings = settings

    @property
    def rate_limit_wait_s(self) -> float:
        """The longest wait for the rate limit, in seconds."""
        return self._settings.rate_limit_wait_s

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
        # A ValueError is what Python's json and pydo raise for what they cannot read, such as a number of 6,000 digits.
        with translated(partial(translate, call=call), AzureError, ValueError, OSError, RecursionError):
            return send()

    def _read(self, call: Call, send: Callable[[], Any], parse: Callable[[Any], T]) -> T:
        """What `parse` makes of the answer; raises BadAnswer for an answer without what the API describes."""
        answer = self._send(call, send)
        with translated(partial(bad_answer, call.words), *UNREADABLE):
            return parse(answer)

    def _pages(self, call: Call, fetch: Callable[[int], Any], listing: Listing[T]) -> tuple[T, ...]:
        """The entries of all pages, read as `_read_whole` says."""
        return self._read_whole(lambda: self._read_pages(call, fetch, listing))

    def _read_whole(self, read: Callable[[], T]) -> T:
        """What `read` gives; a list that is not whole is read again once, then the answer is bad."""
        try:
            return read()
        except EndlessList:
            raise
        except BadAnswer:
            return read()

    def _read_pages(self, call: Call, fetch: Callable[[int], Any], listing: Listing[T]) -> tuple[T, ...]:
        entries: dict[str, T] = {}
        totals: set[int] = set()
        read = 0
        for number in count(1):
            page = self._read(call, partial(fetch, number), listing.page)
            is_new = bool(page.entries.keys() - entries.keys())
            entries.update(page.entries)
            totals |= {page.total} if page.total is not None else set()
            read += page.count
            if not is_new or page.is_last(read, PER_PAGE):
                break
            if number >= MOST_PAGES:
                raise EndlessList(call.words, f"the list goes on after {number} pages", CHECK_ENDPOINT)
        with translated(partial(bad_answer, call.words), IncompleteList):
            require_whole(listing.key, len(entries), read, totals)
        return tuple(entries.values())
