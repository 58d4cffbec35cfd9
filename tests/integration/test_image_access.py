# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The permissions of a credential at the image host, read without a push."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.docker import DockerCredentials
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import (
    BadAnswer,
    Denied,
    ServerFault,
)
from docr_sandbox.testing import Sandbox
from support.gc_module import hold
from support.image_host import client, push_index


@pytest.fixture(autouse=True)
def registries(sandbox: Sandbox) -> None:
    names = [{"name": name, "region": "syd1"} for name in ("kiwi", "plum")]
    sandbox.seed({"tier": "professional", "registries": names})
    push_index(sandbox, "kiwi/team/app", "v3")


def access(sandbox: Sandbox, credentials: DockerCredentials | None, registry: str = "kiwi") -> set[str]:
    host = client(sandbox, is_read_only=True).open_image_host(credentials)
    return set(host.fetch_access(registry, "team/app"))


def test_the_permissions_of_each_credential_are_shown_and_no_upload_is_opened(sandbox: Sandbox) -> None:
    api = client(sandbox)
    reader = api.mint_docker_credentials("kiwi", read_write=False, expiry_s=700)
    writer = api.mint_docker_credentials("kiwi", read_write=True, expiry_s=700)
    before = sandbox.account()
    assert access(sandbox, reader) == {"pull"}
    assert access(sandbox, writer) == {"pull", "push"}
    assert access(sandbox, None) == {"pull", "push"}
    assert access(sandbox, writer, "plum") == set()
    after = sandbox.account()
    for account in (before, after):
        for registry in account["registries"]:
            registry.pop("last_push", None)
    assert after == before


def test_a_repository_need_not_be_there(sandbox: Sandbox) -> None:
    reader = client(sandbox).mint_docker_credentials("plum", read_write=False, expiry_s=700)
    host = client(sandbox).open_image_host(reader)
    assert host.fetch_access("plum", "nothing") == {"pull"}
    assert host.fetch_access("plum", "nothing", ("push",)) == set()


def test_no_token_may_push_while_a_registry_is_read_only(sandbox: Sandbox) -> None:
    sandbox.request("POST", "/v2/registries/kiwi/garbage-collection", {"type": "unreferenced blobs only"})
    hold(sandbox, status="scanning manifests")
    assert access(sandbox, None) == {"pull"}


def test_only_read_permission_is_requested_for_reads(sandbox: Sandbox) -> None:
    sandbox.clear_log()
    client(sandbox).open_image_host().fetch_access("kiwi", "team/app", ("pull",))
    assert {entry["method"] for entry in sandbox.log()} == {"GET", "HEAD"}


def test_a_revoked_credential_and_an_error_give_no_answer(sandbox: Sandbox) -> None:
    api = client(sandbox)
    reader = api.mint_docker_credentials("kiwi", read_write=False, expiry_s=700)
    api.revoke_docker_credentials(reader)
    host = api.open_image_host(reader)
    with pytest.raises(Denied):
        host.check_login()
    assert host.fetch_access("kiwi", "team/app") == set()
    sandbox.fault(method="GET", path="/v2/registry/auth", status=503, times=5)
    with pytest.raises(ServerFault):
        api.open_image_host().fetch_access("kiwi", "team/app")


def test_only_a_credential_of_the_registry_passes_the_check_for_pulls(sandbox: Sandbox) -> None:
    api = client(sandbox)
    plum = api.mint_docker_credentials("plum", read_write=False, expiry_s=700)
    host = api.open_image_host(plum)
    host.check_login()
    host.check_pull("plum")
    with pytest.raises(Denied) as caught:
        host.check_pull("kiwi")
    assert caught.value.answer.status == 401
    api.revoke_docker_credentials(plum)
    with pytest.raises(Denied):
        api.open_image_host(plum).check_pull("plum")


def test_an_answer_that_asks_for_no_token_tells_nothing_of_a_credential(sandbox: Sandbox) -> None:
    """A proxy that requires a login of its own answers 401 as well."""
    for status in (200, 401, 403):
        sandbox.fault(method="HEAD", path="/v2/kiwi/*", status=status)
        with pytest.raises(BadAnswer, match="without asking for a login"):
            client(sandbox).open_image_host().check_pull("kiwi")
