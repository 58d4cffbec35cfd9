# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client deletes tags and manifests by the API, and looks for and stores manifests at the image host."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import (
    BadAnswer,
    Conflict,
    Denied,
    DocrError,
    NotFound,
    ReadOnlyClient,
    Refused,
    ServerFault,
)
from docr_sandbox.testing import Sandbox
from support.image_host import client, push_index
from support.modules import writes

ABSENT = "sha256:" + "0" * 64


@pytest.fixture
def pushed(sandbox: Sandbox) -> list[str]:
    """Two children and their index, which has the tag v7."""
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi"}]})
    digests = push_index(sandbox, "kiwi/team/app", "v7")
    sandbox.clear_log()
    return digests


def listed(sandbox: Sandbox) -> dict[str, tuple[str, ...]]:
    return {one.digest: one.tags for one in client(sandbox).list_manifests("kiwi", "team/app")}


def test_a_tag_leaves_its_manifest_and_a_digest_takes_its_tags_along(sandbox: Sandbox, pushed: list[str]) -> None:
    api = client(sandbox)
    api.delete_tag("kiwi", "team/app", "v7")
    assert listed(sandbox) == dict.fromkeys(pushed, ())
    api.delete_manifest("kiwi", "team/app", pushed[-1])
    assert listed(sandbox) == dict.fromkeys(pushed[:-1], ())


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (409, Conflict), (403, Denied), (412, Refused), (500, ServerFault)]
)
def test_a_refused_deletion_is_sent_once_and_names_the_manifest(
    sandbox: Sandbox, pushed: list[str], status: int, kind: type[DocrError]
) -> None:
    sandbox.fault(method="DELETE", path="*/digests/*", status=status, times=5)
    with pytest.raises(kind) as caught:
        client(sandbox).delete_manifest("kiwi", "team/app", pushed[0])
    assert str(caught.value).startswith(f"Could not delete the manifest {pushed[0]} of the repository kiwi/team/app: ")
    assert len(writes(sandbox)) == 1


def test_a_missing_scope_is_named(sandbox: Sandbox, pushed: list[str]) -> None:
    reader = client(sandbox, token=sandbox.mint(scopes=["registry:read"]))
    with pytest.raises(Denied, match="use a token with the scope registry:delete"):
        reader.delete_tag("kiwi", "team/app", "v7")
    assert pushed[-1] in listed(sandbox)


def test_check_mode_refuses_each_write_before_it_is_sent(sandbox: Sandbox, pushed: list[str]) -> None:
    api = client(sandbox, is_read_only=True)
    host = api.open_image_host()
    manifest = host.fetch_manifest("kiwi", "team/app", pushed[0])
    with pytest.raises(ReadOnlyClient):
        api.delete_tag("kiwi", "team/app", "v7")
    with pytest.raises(ReadOnlyClient):
        api.delete_manifest("kiwi", "team/app", pushed[0])
    with pytest.raises(ReadOnlyClient):
        host.put_manifest("kiwi", "team/app", "v8", manifest)
    assert writes(sandbox) == []


def test_manifests_and_blobs_are_found_by_requests_without_their_bytes(sandbox: Sandbox, pushed: list[str]) -> None:
    host = client(sandbox).open_image_host()
    assert host.fetch_digest("kiwi", "team/app", "v7") == pushed[-1]
    assert host.fetch_digest("kiwi", "team/app", pushed[0]) == pushed[0]
    manifests = client(sandbox).list_manifests("kiwi", "team/app")
    config = next(digest for one in manifests for digest, _size in one.blobs)
    host.check_blob("kiwi", "team/app", config)
    with pytest.raises(NotFound):
        host.fetch_digest("kiwi", "team/app", ABSENT)
    with pytest.raises(NotFound):
        host.fetch_digest("kiwi", "team/app", "v9")
    with pytest.raises(NotFound):
        host.check_blob("kiwi", "team/app", ABSENT)
    methods = {one["method"] for one in sandbox.log() if "/team/app/" in one["path"] and one["host"] != "api"}
    assert "HEAD" in methods
    assert "push" not in str([one for one in sandbox.log() if one["path"] == "/v2/registry/auth"])


def test_a_redirect_that_is_not_of_the_image_host_finds_no_blob(sandbox: Sandbox, pushed: list[str]) -> None:
    sandbox.fault(method="HEAD", path="*/blobs/*", status=307, body="html")
    with pytest.raises(BadAnswer, match="not DigitalOcean's"):
        client(sandbox).open_image_host().check_blob("kiwi", "team/app", pushed[0])


def test_a_deleted_manifest_is_stored_again_with_the_same_digest(sandbox: Sandbox, pushed: list[str]) -> None:
    api = client(sandbox)
    host = api.open_image_host()
    copies: dict[str, Any] = {one: host.fetch_manifest("kiwi", "team/app", one) for one in pushed}
    for one in reversed(pushed):
        api.delete_manifest("kiwi", "team/app", one)
    with pytest.raises(DocrError, match=r"Could not store the manifest v7 in the repository kiwi/team/app: "):
        host.put_manifest("kiwi", "team/app", "v7", copies[pushed[-1]])
    for one in pushed[:-1]:
        host.put_manifest("kiwi", "team/app", one, copies[one])
    host.put_manifest("kiwi", "team/app", "v7", copies[pushed[-1]])
    assert listed(sandbox) == {pushed[0]: (), pushed[1]: (), pushed[2]: ("v7",)}


def test_no_manifest_is_stored_while_the_registry_is_read_only(sandbox: Sandbox, pushed: list[str]) -> None:
    host = client(sandbox).open_image_host()
    manifest = host.fetch_manifest("kiwi", "team/app", pushed[0])
    client(sandbox).start_garbage_collection("kiwi", "untagged manifests and unreferenced blobs")
    with pytest.raises(Denied, match="whether a garbage collection keeps the registry read-only"):
        host.put_manifest("kiwi", "team/app", "v8", manifest)
