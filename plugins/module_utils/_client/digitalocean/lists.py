# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of the API: a list is whole, or the answer is bad.

A list that a decision rests on has its key, is a list, and is as long over all pages as `meta.total` says, where the
API gives a total (digitalocean-api.md 1.7). Null with the total 0 is an empty list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class IncompleteList(ValueError):
    """Why an answer is no whole list, as a sentence part."""


@dataclass(frozen=True)
class Listing(Generic[T]):
    """How a list is read: its `key` in the answer, the field that tells entries apart, and what makes an entry."""

    key: str
    identity: str
    parse: Callable[[Any], T]

    def page(self, answer: Any) -> Page[T]:
        """One page of the list. Raises IncompleteList, or what `parse` raises for an entry."""
        raw = required_list(answer, self.key)
        total = read_total(answer)
        return Page({str(one[self.identity]): self.parse(one) for one in raw}, len(raw), total, _has_next(answer))


@dataclass(frozen=True)
class Page(Generic[T]):
    """The entries of a page by their identity, how many the page has, the total (None: not given), and the link on."""

    entries: Mapping[str, T]
    count: int
    total: int | None
    has_next: bool

    def is_last(self, so_far: int, most: int) -> bool:
        """Whether no page follows; `so_far` entries were read, and a page has at most `most`."""
        if self.count == 0:
            return True
        if self.total is not None:
            # A link beyond the total is followed once, since one of the two is wrong.
            return so_far > self.total or (so_far == self.total and not self.has_next)
        # Some lists are described without links or total; a full page is then the only hint at another page.
        return not self.has_next and self.count < most


def required_list(answer: Any, key: str) -> list[Any]:
    """The list under a key of an answer. Raises IncompleteList for an answer that does not tell."""
    if not isinstance(answer, Mapping):
        raise IncompleteList(f"no object with the list {key}")
    if key not in answer:
        raise IncompleteList(f"no list {key}")
    value = answer[key]
    if value is None and read_total(answer) == 0:
        return []
    if not isinstance(value, list):
        raise IncompleteList(f"{'null' if value is None else 'no list'} under {key}")
    return value


def read_total(answer: Mapping[str, Any]) -> int | None:
    """`meta.total`; None where the answer has none. Raises IncompleteList for a total that is no count."""
    total = _mapping(answer, "meta").get("total")
    if total is not None and (not isinstance(total, int) or isinstance(total, bool) or total < 0):
        raise IncompleteList("a meta.total that is no count")
    return total


def require_whole(key: str, entries: int, read: int, totals: set[int]) -> None:
    """Raise IncompleteList unless the pages agree: `read` entries, of which `entries` differ, and `totals`."""
    if entries != read:
        raise IncompleteList(f"{read} entries under {key} of which {entries} differ, so the list changed while read")
    if totals and totals != {entries}:
        told = " and ".join(str(total) for total in sorted(totals))
        raise IncompleteList(f"{entries} entries under {key} where meta.total says {told}")


def _has_next(answer: Mapping[str, Any]) -> bool:
    return bool(_mapping(_mapping(answer, "links"), "pages").get("next"))


def _mapping(answer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = answer.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise IncompleteList(f"no object under {key}")
    return value or {}
