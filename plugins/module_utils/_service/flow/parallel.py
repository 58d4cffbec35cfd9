# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work in several places at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import TypeVar

from ..._domain.errors import DocrError, Unexpected

T = TypeVar("T")
R = TypeVar("R")

# Clusters at a time; each has connections of its own, and the API's client serves them all.
MOST_CLUSTERS = 8


def parallel_outcomes(work: Mapping[str, Callable[[], T]], most: int) -> Mapping[str, T | DocrError]:
    """The outcome or DocrError of each, in the order of `work`; at most `most` run at a time.

    Any other exception is an error of this collection, ends only its own work, and becomes an Unexpected.
    """
    if not work:
        return {}
    with ThreadPoolExecutor(min(most, len(work))) as pool:
        running = {name: pool.submit(partial(_outcome, name, do)) for name, do in work.items()}
    return {name: one.result() for name, one in running.items()}


def _outcome(name: str, do: Callable[[], T]) -> T | DocrError:
    try:
        return do()
    except DocrError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one cluster must not end the work on the others
        return Unexpected(name, error)


def parallel_map(items: Iterable[T], do: Callable[[T], R], most: int) -> list[R]:
    """The result of each, in the order of `items`; after a failure no other item is begun, and the error is raised."""
    has_failed = Event()

    def do_unless_failed(one: T) -> R:
        # Items begin in their order, so the error of an item that was begun before is the error that is raised.
        if has_failed.is_set():
            raise CancelledError
        try:
            return do(one)
        except BaseException:
            has_failed.set()
            raise

    with ThreadPoolExecutor(most) as pool:
        running = [pool.submit(do_unless_failed, one) for one in items]
        try:
            return [one.result() for one in running]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
