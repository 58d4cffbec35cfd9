# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""The same work for many things at once, which ends with the first failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def for_each(items: Iterable[T], do: Callable[[T], R], most: int) -> list[R]:
    """What came of each, in the order of `items`; after a failure nothing more is begun, and it is raised."""
    with ThreadPoolExecutor(most) as pool:
        running = [pool.submit(do, one) for one in items]
        try:
            return [one.result() for one in running]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
