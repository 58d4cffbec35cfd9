# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When an answer is a whole list, and when a page is the last."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.lists import (
    IncompleteList,
    Page,
    read_total,
    require_whole,
    required_list,
)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"fruits": [1]}, [1]),
        ({"fruits": []}, []),
        ({"fruits": [], "meta": {"total": 5}}, []),
        ({"fruits": None, "meta": {"total": 0}}, []),
    ],
)
def test_a_list_is_told(answer: Any, found: list[Any]) -> None:
    assert required_list(answer, "fruits") == found


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "fruits",
        {},
        {"meta": {"total": 0}},
        {"fruits": None},
        {"fruits": None, "meta": None},
        {"fruits": None, "meta": {"total": 5}},
        {"fruits": None, "meta": {"total": False}},
        {"fruits": None, "meta": [0]},
        {"fruits": {}},
        {"fruits": "kiwi"},
        {"fruits": 0},
    ],
    ids=str,
)
def test_an_answer_that_does_not_tell_is_no_empty_list(answer: Any) -> None:
    with pytest.raises(IncompleteList):
        required_list(answer, "fruits")


@pytest.mark.parametrize("total", ["5", -1, 1.5, True, [], {}])
def test_a_total_that_is_no_count_is_refused(total: Any) -> None:
    with pytest.raises(IncompleteList):
        read_total({"meta": {"total": total}})


@pytest.mark.parametrize(
    ("entries", "read", "totals", "is_whole"),
    [
        (3, 3, set(), True),
        (3, 3, {3}, True),
        (0, 0, {0}, True),
        (3, 3, {5}, False),
        (3, 3, {2}, False),
        (3, 3, {3, 4}, False),
        (2, 3, {3}, False),
        (2, 3, {2}, False),
    ],
)
def test_pages_that_disagree_are_no_whole_list(entries: int, read: int, totals: set[int], is_whole: bool) -> None:
    if is_whole:
        require_whole("fruits", entries, read, totals)
        return
    with pytest.raises(IncompleteList):
        require_whole("fruits", entries, read, totals)


@pytest.mark.parametrize(
    ("count", "total", "has_next", "so_far", "is_last"),
    [
        (0, 9, True, 4, True),
        (2, 9, False, 4, False),
        (2, 4, False, 4, True),
        (2, 4, True, 4, False),
        (2, 4, True, 6, True),
        (2, None, True, 4, False),
        (2, None, False, 4, False),
        (1, None, False, 3, True),
    ],
)
def test_a_page_is_the_last(count: int, total: int | None, has_next: bool, so_far: int, is_last: bool) -> None:
    assert Page[str]({}, count, total, has_next).is_last(so_far, 2) is is_last
