# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof that pushes work: from the API, or by an upload that leaves no credential."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.client import DigitalOceanApi
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import ReadOnlyClient
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.wait import PollSettings, SystemClock
from ansible_collections.planton.digitalocean.plugins.module_utils._service.gc.push_check import (
    PushCheck,
    check_pushes,
    is_read_only,
)
from docr_sandbox.testing import Sandbox
from support.image_host import MINT, REVOKE, client, minted, nobody

RUNNING = {"started_at": "2031-03-01T03:10:00Z", "status": "waiting for delete requests"}
NOW = "2031-03-01T03:20:00Z"


def seed(sandbox: Sandbox, *collections: dict[str, Any], repositories: tuple[str, ...] = ("old", "team/app")) -> None:
    """Repositories of which the last has the newest manifest."""
    sandbox.set_clock(NOW)
    made = [
        {"name": name, "manifests": [{"tags": ["v3"], "updated_at": f"2031-02-0{1 + number}T00:00:00Z"}]}
        for number, name in enumerate(repositories)
    ]
    registry = {"name": "kiwi", "repositories": made, "garbage_collections": list(collections)}
    sandbox.seed({"tier": "professional", "registries": [registry]})
    sandbox.clear_log()


def prove(api: DigitalOceanApi, *, told: bool | None = None, timeout_s: float = 0) -> PushCheck:
    return check_pushes(api, "kiwi", told, PollSettings(timeout_s, 0.1, SystemClock()))


def end_collection(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "collections/kiwi", {"status": None})
    sandbox.advance(3600)


def fingerprints_are_dead(sandbox: Sandbox, count: int = 1) -> bool:
    return [token["is_valid"] for token in minted(sandbox)] == [False] * count


def test_if_the_api_reports_read_only_nothing_is_minted(sandbox: Sandbox) -> None:
    sandbox.switch("unknown_keys", True)
    seed(sandbox, RUNNING)
    api = client(sandbox)
    assert is_read_only(api, "kiwi") is True
    assert prove(api, told=True) == PushCheck(False, "DigitalOcean reports that the registry is read-only.")
    end_collection(sandbox)
    assert prove(api, told=True) == PushCheck(True, "DigitalOcean reports that pushes work.")
    assert prove(api, told=False).is_writable is True
    assert minted(sandbox) == []


def test_the_api_is_read_until_it_reports_a_writable_registry(sandbox: Sandbox) -> None:
    sandbox.switch("unknown_keys", True)
    seed(sandbox, RUNNING)
    timer = threading.Timer(0.5, end_collection, [sandbox])
    timer.start()
    assert prove(client(sandbox), told=True, timeout_s=30).is_writable is True
    timer.join()
    assert sandbox.calls().count("GET /v2/registries") >= 3


def test_a_read_only_field_that_disappears_is_not_taken_as_writable(sandbox: Sandbox) -> None:
    seed(sandbox)
    api = client(sandbox)
    assert is_read_only(api, "kiwi") is None
    proof = prove(api, told=True)
    assert (proof.is_writable, "no longer reports it" in proof.how) == (None, True)


def test_an_upload_is_opened_where_the_newest_image_is_and_cancelled(sandbox: Sandbox) -> None:
    seed(sandbox)
    proof = prove(client(sandbox))
    assert proof == PushCheck(True, "Pushes work: an upload was opened in team/app and cancelled.")
    assert fingerprints_are_dead(sandbox)
    assert sandbox.calls().count(MINT) == sandbox.calls().count(REVOKE) == 1
    (query,) = (entry["query"] for entry in sandbox.log() if entry["path"].startswith(MINT.split()[1]))
    assert {"expiry_seconds=900", "read_write=true"} == set(query.split("&"))


def test_a_registry_that_a_collection_keeps_read_only_is_reported_as_read_only(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    proof = prove(client(sandbox))
    assert proof.is_writable is False
    assert proof.how.startswith("Pushes do not work: Could not open an upload to the repository kiwi/team/app: 401 ")
    assert fingerprints_are_dead(sandbox)


def test_the_proof_repeats_with_one_credential_until_pushes_work(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    timer = threading.Timer(0.5, end_collection, [sandbox])
    timer.start()
    # The advance of the clock ends the credential too, so that it is refused like pushes are.
    proof = prove(client(sandbox), timeout_s=0.4)
    assert proof.is_writable is False
    timer.join()
    assert prove(client(sandbox), timeout_s=5).is_writable is True
    assert (sandbox.calls().count(MINT), fingerprints_are_dead(sandbox, 2)) == (2, True)


def test_without_a_repository_nothing_is_tried(sandbox: Sandbox) -> None:
    seed(sandbox, repositories=())
    assert prove(client(sandbox)) == PushCheck(None, "Pushes were not checked: the registry has no repository.")
    assert minted(sandbox) == []


def test_a_token_that_cannot_mint_is_an_error_with_the_missing_scope(sandbox: Sandbox) -> None:
    seed(sandbox)
    proof = prove(client(sandbox, token=sandbox.mint(scopes=["registry:read"])))
    assert proof.is_writable is None
    assert "use a token with the scope registry:read and registry:update" in proof.how


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}, {"status": 200, "body": "broken_json"}])
def test_a_mint_with_an_unknown_outcome_is_sent_once_and_reported(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    seed(sandbox)
    sandbox.fault(path="*/docker-credentials", after_effect=True, times=9, **fault)
    proof = prove(client(sandbox))
    assert (proof.is_writable, sandbox.calls().count(MINT)) == (None, 1)
    assert proof.unrevoked.startswith("a credential may exist for 15 more minutes")


def test_an_unreachable_image_host_is_asked_once_and_leaves_no_credential(sandbox: Sandbox) -> None:
    seed(sandbox)
    # So long that the run of tests would break off.
    proof = prove(client(sandbox, registry_host=nobody()), timeout_s=86_400)
    assert proof.is_writable is None
    assert "cannot be reached" in proof.how
    assert fingerprints_are_dead(sandbox)


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 404}, {"status": 204}, {"drop": True}])
def test_a_failed_revocation_is_reported_beside_the_proof(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    seed(sandbox)
    sandbox.fault(path="/v1/oauth/revoke", times=9, **fault)
    proof = prove(client(sandbox))
    assert proof.is_writable is True
    said = "the credential of the upload was not revoked and expires in 15 minutes: Could not revoke the credentials"
    assert proof.unrevoked.startswith(said)
    assert (sandbox.calls().count(REVOKE), [token["is_valid"] for token in minted(sandbox)]) == (1, [True])


def test_a_revocation_whose_answer_is_lost_is_not_reported_as_failed(sandbox: Sandbox) -> None:
    seed(sandbox)
    sandbox.fault(path="/v1/oauth/revoke", times=9, drop=True, after_effect=True)
    proof = prove(client(sandbox))
    assert proof.is_writable is True
    assert "not revoked" not in proof.how
    assert (sandbox.calls().count(REVOKE), [token["is_valid"] for token in minted(sandbox)]) == (1, [False])


def test_no_text_or_repr_holds_a_credential(sandbox: Sandbox) -> None:
    seed(sandbox)
    api = client(sandbox)
    credentials = api.mint_docker_credentials("kiwi", read_write=True, expiry_s=77)
    assert credentials.token.startswith("dop_v1_")
    assert credentials.token not in repr(credentials) + str(credentials)
    sandbox.fault(path="/v1/oauth/revoke", status=503)
    with pytest.raises(Exception, match="Could not revoke") as caught:
        api.revoke_docker_credentials(credentials)
    assert credentials.token not in repr(caught.value) + str(caught.value)


def test_in_check_mode_nothing_is_minted_opened_cancelled_or_revoked(sandbox: Sandbox) -> None:
    seed(sandbox)
    made = client(sandbox).mint_docker_credentials("kiwi", read_write=True, expiry_s=77)
    sandbox.clear_log()
    api = client(sandbox, is_read_only=True)
    host = api.open_image_host(made)
    for write in (
        lambda: api.mint_docker_credentials("kiwi", read_write=False, expiry_s=77),
        lambda: api.revoke_docker_credentials(made),
        lambda: host.open_upload("kiwi", "team/app"),
        lambda: host.cancel_upload("kiwi", "team/app", f"{sandbox.url}/v2/kiwi/team/app/blobs/uploads/7"),
    ):
        with pytest.raises(ReadOnlyClient, match="this is check mode"):
            write()
    assert sandbox.calls() == []
