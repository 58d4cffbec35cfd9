# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts of a registry's images: untagged manifests, indexes, the newest push, and the number of calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import NotFound
from ansible_collections.planton.digitalocean.plugins.module_utils._service.gc.images import (
    IndexCount,
    UntaggedCount,
    count_indexes,
    count_untagged,
    look_at_images,
)
from docr_sandbox.testing import Sandbox
from support.image_host import client, minted, nobody, push_index
from support.modules import writes

REPOSITORIES = "GET /v2/registries/kiwi/repositoriesV2"


def repository(name: str, *tags: list[str], at: str = "2031-04-05T06:07:08Z") -> dict[str, Any]:
    return {"name": name, "manifests": [{"tags": one, "updated_at": at} for one in tags]}


def seed(sandbox: Sandbox, *repositories: dict[str, Any]) -> None:
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "repositories": list(repositories)}]})
    sandbox.clear_log()


def many(count: int) -> list[dict[str, Any]]:
    return [repository(f"team/app-{number}", ["v3", "latest"], [], [], []) for number in range(count)]


def counted(sandbox: Sandbox) -> UntaggedCount:
    """The count without what the manifests are."""
    return replace(count_untagged(client(sandbox), "kiwi"), kinds=None)


def api_calls(sandbox: Sandbox) -> list[str]:
    """The calls of the API, without the requests of the image host and for its tokens."""
    return [one for one in sandbox.calls() if "/v2/registries" in one]


def test_untagged_manifests_are_counted_one_by_one_where_repositories_are_few(sandbox: Sandbox) -> None:
    seed(sandbox, repository("team/app", ["v7"], [], []), repository("tool", []), repository("lib", ["a", "b", "c"]))
    assert counted(sandbox) == UntaggedCount(manifests=3, is_exact=True, repositories=3)
    assert len(api_calls(sandbox)) == 4


def test_of_fifty_repositories_the_count_is_exact_and_of_more_it_is_the_least(sandbox: Sandbox) -> None:
    seed(sandbox, *many(50))
    assert counted(sandbox) == UntaggedCount(manifests=150, is_exact=True, repositories=50)
    assert len(api_calls(sandbox)) == 51
    seed(sandbox, repository("one/more", ["v1", "v2", "v3"]))
    # Four manifests and two tags in each of fifty; three tags of one manifest take nothing away.
    assert counted(sandbox) == UntaggedCount(manifests=100, is_exact=False, repositories=51)
    assert sandbox.calls() == [REPOSITORIES]


def test_two_hundred_repositories_are_one_call(sandbox: Sandbox) -> None:
    seed(sandbox, *many(200))
    assert count_untagged(client(sandbox), "kiwi").repositories == 200
    assert look_at_images(client(sandbox), "kiwi", needs_push=True).last_push is not None
    assert sandbox.calls() == [REPOSITORIES] * 2


def test_the_newest_push_is_that_of_any_repository(sandbox: Sandbox) -> None:
    seed(
        sandbox,
        repository("old", ["v1"], at="2031-04-05T06:07:08Z"),
        repository("new", [], at="2031-04-05T06:09:10Z"),
        repository("empty"),
    )
    assert look_at_images(client(sandbox), "kiwi", needs_push=True).last_push == datetime(
        2031, 4, 5, 6, 9, 10, tzinfo=UTC
    )


def test_without_images_there_is_no_newest_push_and_nothing_untagged(sandbox: Sandbox) -> None:
    seed(sandbox)
    assert look_at_images(client(sandbox), "kiwi", needs_push=True).last_push is None
    assert counted(sandbox) == UntaggedCount(manifests=0, is_exact=True, repositories=0)


def test_an_unknown_registry_is_an_error_and_not_an_empty_registry(sandbox: Sandbox) -> None:
    with pytest.raises(NotFound, match="list the repositories of the registry plum: 404"):
        count_untagged(client(sandbox), "plum")


def test_indexes_are_distinguished_from_images_without_minting_anything(sandbox: Sandbox) -> None:
    seed(sandbox, repository("plain", ["v1"], []))
    push_index(sandbox, "kiwi/app", "v7")
    push_index(sandbox, "kiwi/app", "v8", children=3)
    sandbox.clear_log()
    found = count_indexes(client(sandbox, is_read_only=True), "kiwi")
    assert found == IndexCount(indexes=2, looked_at=3, is_all=True)
    assert (writes(sandbox), minted(sandbox)) == ([], [])


def test_a_count_beyond_the_limit_is_marked_as_incomplete(sandbox: Sandbox) -> None:
    seed(sandbox)
    for tag in ("v7", "v8", "v9"):
        push_index(sandbox, "kiwi/app", tag)
    assert count_indexes(client(sandbox), "kiwi", limit=2) == IndexCount(indexes=2, looked_at=2, is_all=False)


def test_indexes_are_unknown_where_the_image_host_is_out_of_reach_or_repositories_are_many(sandbox: Sandbox) -> None:
    seed(sandbox, repository("plain", ["v1"]))
    assert count_indexes(client(sandbox, registry_host=nobody()), "kiwi") is None
    seed(sandbox, *many(50))
    sandbox.clear_log()
    assert count_indexes(client(sandbox), "kiwi") is None
    assert sandbox.calls() == [REPOSITORIES]


def test_a_registry_without_images_has_no_indexes_and_the_image_host_is_not_asked(sandbox: Sandbox) -> None:
    seed(sandbox, repository("loose", [], []))
    found = count_indexes(client(sandbox, registry_host=nobody()), "kiwi")
    assert found == IndexCount(indexes=0, looked_at=0, is_all=True)
