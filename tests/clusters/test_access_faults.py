# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration where DigitalOcean refuses a call, a cluster is not reachable, or answers are lost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from docr_sandbox.doks.proxy import Proxy
from docr_sandbox.model.cluster import ApiServerAddress
from docr_sandbox.testing import Sandbox
from support.access_module import DIRECT, EVERYWHERE, JOURNAL, OPERATOR, actions, give, tokens, valid
from support.control_plane import Cluster
from support.image_host import nobody

ENTER = ["kubernetes:read", "kubernetes:access_cluster", "registry:read"]
JOURNAL_PATH = f"/api/v1/namespaces/kube-system/secrets/{JOURNAL}"


def proxy_of(cluster: Cluster) -> Proxy:
    assert cluster.proxy is not None
    return cluster.proxy


def check_untouched(cluster: Cluster) -> None:
    assert [cluster.secrets(name) for name in (DIRECT, OPERATOR, JOURNAL)] == [{}, {}, {}]
    assert not any(cluster.accounts().values())
    assert valid(cluster.sandbox) == 0


# DigitalOcean refuses


def test_missing_scope_to_mint_is_named_before_any_write(orchard: Cluster) -> None:
    result = give(orchard, token=orchard.sandbox.mint(scopes=ENTER))
    assert (result["failed"], result["changed"]) == (True, False)
    assert "Could not mint credentials of the registry kiwi: 403" in result["msg"]
    assert "use a token with the scope registry:read and registry:update" in result["msg"]
    check_untouched(orchard)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "check the token: the token is unknown, expired or revoked"),
        (404, "check the name and the team of the token"),
        (503, "the request may have been carried out, so run the task again"),
    ],
)
def test_failed_minting_writes_nothing(orchard: Cluster, status: int, words: str) -> None:
    orchard.sandbox.fault(path="/v2/registries/kiwi/docker-credentials", status=status)
    result = give(orchard)
    assert result["failed"]
    assert f"Could not mint credentials of the registry kiwi: {status}" in result["msg"]
    assert words in result["msg"]
    check_untouched(orchard)
    assert give(orchard)["changed"]


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}], ids=["500", "dropped"])
def test_lost_answer_to_a_minting_names_the_credential_that_may_exist(orchard: Cluster, fault: dict[str, Any]) -> None:
    orchard.sandbox.set_clock("2032-03-04T05:06:00Z")
    orchard.sandbox.fault(path="/v2/registries/kiwi/docker-credentials", after_effect=True, **fault)
    told = give(orchard)["msg"]
    assert "a credential of kiwi may exist that was minted at about 2032-03-04T05:06:0" in told
    assert "is valid for 60d; the control panel lists the credential by that time under API, Tokens" in told


def test_deleted_registry_is_an_error_before_any_cluster_is_read(orchard: Cluster) -> None:
    orchard.sandbox.request("DELETE", "/v2/registries/kiwi")
    result = give(orchard)
    assert result["error"]["kind"] == "invalid_input"
    assert "kiwi" in result["msg"]
    assert not any(call.endswith("/credentials") for call in orchard.sandbox.calls())


def test_failed_revocation_is_reported_and_repeated_by_the_next_run(orchard: Cluster) -> None:
    give(orchard)
    orchard.sandbox.fault(method="POST", path="/v1/oauth/revoke", status=500)
    result = give(orchard, force_rotation=True)
    assert result["failed"]
    assert "Could not revoke the credentials that were minted: 500" in result["msg"]
    assert "Already done: mint a credential of the registry kiwi" in result["msg"]
    assert valid(orchard.sandbox) == 2
    orchard.sandbox.advance(3700)
    assert actions(give(orchard)) == ["revoke_credentials"]
    assert valid(orchard.sandbox) == 1


def test_forbidden_revocation_does_not_count_as_done(orchard: Cluster) -> None:
    give(orchard)
    orchard.sandbox.fault(method="POST", path="/v1/oauth/revoke", status=403, times=2)
    result = give(orchard, force_rotation=True)
    assert "Could not revoke the credentials that were minted: 403" in result["msg"]
    ended = give(orchard, state="absent")
    assert ended["failed"]
    assert valid(orchard.sandbox) == 2
    assert not give(orchard, state="absent").get("failed")
    assert valid(orchard.sandbox) == 0


def test_token_that_is_neither_recorded_nor_revoked_is_reported_with_time_and_cause(marsh: Cluster) -> None:
    marsh.sandbox.set_clock("2032-03-04T05:06:00Z")
    proxy_of(marsh).fault(method="POST", path="*/kube-system/secrets", status=403)
    marsh.sandbox.fault(method="POST", path="/v1/oauth/revoke", status=500)
    told = give(marsh)["msg"]
    assert "Could not revoke the credentials that were minted: 500" in told
    assert "revoke them in the control panel: the token was minted for kiwi at 2032-03-04T05:06:" in told
    assert f"Could not create the secret kube-system/{JOURNAL} in the cluster marsh: 403" in told


def test_failure_after_a_token_stays_minted_is_reported_as_a_change(marsh: Cluster) -> None:
    proxy_of(marsh).fault(method="POST", path="*/kube-system/secrets", status=403)
    marsh.sandbox.fault(method="POST", path="/v1/oauth/revoke", status=500)
    result = give(marsh)
    assert (result["failed"], result["changed"], result["actions"]) == (True, True, [])
    assert valid(marsh.sandbox) == 1


def test_failure_after_the_one_click_integration_ended_is_reported_as_a_change(orchard: Cluster) -> None:
    assert not give(orchard, method="one_click").get("failed")
    orchard.sandbox.fault(method="DELETE", path="/v2/kubernetes/registries", status=403)
    assert give(orchard)["failed"]
    orchard.sandbox.fault(method="GET", path="/v2/kubernetes/clusters", status=403, skip=1)
    result = give(orchard)
    assert (result["failed"], result["changed"], result["actions"]) == (True, True, [])
    assert give(orchard, check=True)["integrations"][0]["registries"] == []


def test_revocation_without_an_answer_counts_as_done(orchard: Cluster) -> None:
    give(orchard)
    orchard.sandbox.fault(method="POST", path="/v1/oauth/revoke", status=500, after_effect=True)
    assert not give(orchard, force_rotation=True).get("failed")
    assert valid(orchard.sandbox) == 1
    assert give(orchard)["changed"] is False


# A cluster is out of reach


def test_cluster_that_requires_single_sign_on_is_an_error(orchard: Cluster) -> None:
    orchard.sandbox.seed(
        {"clusters": [{"name": "vault", "region": "syd1", "control_plane": "first", "sso_required": True}]}
    )
    result = give(orchard, clusters=["vault"])
    assert "Could not mint credentials of the cluster vault: 403" in result["msg"]
    assert "the cluster requires single sign-on" in result["msg"]
    assert "where the cluster requires single sign-on, name a kubeconfig for it" in result["msg"]
    check_untouched(orchard)


@pytest.fixture
def lead_astray(sandbox: Sandbox, meadow: Cluster) -> Iterator[Callable[[ApiServerAddress], None]]:
    """Makes a cluster ``glade`` whose clients are sent elsewhere."""

    def lead(front: ApiServerAddress) -> None:
        sandbox.control("PUT", "control-planes/second", meadow.plane.to_json(front))
        sandbox.seed({"clusters": [{"name": "glade", "region": "syd1", "control_plane": "second"}]})

    yield lead
    sandbox.control("PUT", "control-planes/second", meadow.plane.to_json())


@pytest.mark.parametrize(
    ("is_there", "words"), [(True, "its certificate is not trusted"), (False, "it cannot be reached")]
)
def test_unreachable_or_untrusted_cluster_does_not_stop_other_clusters(
    orchard: Cluster, meadow: Cluster, lead_astray: Callable[[ApiServerAddress], None], is_there: bool, words: str
) -> None:
    stranger = trustme.CA().cert_pem.bytes().decode()
    there, nowhere = (
        ApiServerAddress(meadow.plane.server, stranger),
        ApiServerAddress(f"https://{nobody()}", meadow.plane.ca),
    )
    lead_astray(there if is_there else nowhere)
    result = give(orchard, clusters=["glade", "orchard"])
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "some_failed")
    assert "Could not give access in 1 of 2 clusters: the cluster glade" in result["msg"]
    assert f"Could not list namespaces in the cluster glade: {words}" in result["msg"]
    shown = {one["cluster"]["name"]: one["pull_access"] for one in result["last"]}
    assert shown["glade"] is None
    assert shown["orchard"][0]["namespaces"] == 4
    assert set(orchard.secrets(DIRECT)) == EVERYWHERE
    assert valid(orchard.sandbox) == 1
    again = give(orchard, clusters=["glade", "orchard"])
    assert (again["failed"], again["changed"]) == (True, False)


def test_unusable_kubeconfig_is_an_error(orchard: Cluster, tmp_path: Path) -> None:
    result = give(orchard, kubeconfig=orchard.kubeconfig(tmp_path, "no-token-of-anybody"))
    assert "Could not list namespaces in the cluster" in result["msg"]
    assert "401" in result["msg"]
    assert "check the credentials of the cluster: they are unknown or expired" in result["msg"]
    check_untouched(orchard)


def test_namespace_that_refuses_counts_as_a_change_and_is_listed(marsh: Cluster, meadow: Cluster) -> None:
    give(marsh)
    marsh.add_namespaces("fig", "pear")
    proxy_of(marsh).fault(method="POST", path="*/pear/secrets", status=403)
    result = give(marsh, clusters=["marsh", "meadow"])
    assert set(marsh.secrets(DIRECT)) == EVERYWHERE | {"fig"}
    assert (result["failed"], result["changed"]) == (True, True)
    refused = [one["pull_access"][0]["refused"] for one in result["last"]]
    assert refused == [["pear"], []]
    alone = give(marsh, state="absent", namespaces=["fig"])
    assert not alone.get("failed"), alone["msg"]
    proxy_of(marsh).fault(method="POST", path="*/pear/secrets", status=403)
    again = give(marsh)
    assert (again["failed"], again["changed"]) == (True, True)
    assert actions(again) == ["write_pull_secrets", "patch_service_accounts"]
    proxy_of(marsh).fault(method="POST", path="*/pear/secrets", status=403)
    assert give(marsh)["changed"] is False
    proxy_of(marsh).clear()
    assert not give(marsh).get("failed")


# The API server has much to do, or loses answers


@pytest.mark.parametrize(
    "fault",
    [
        # The lists of a cluster are read at the same time, so only the waits of this list come after each other.
        {"method": "GET", "path": "*/namespaces", "retry_after": 1, "times": 3},
        {"method": "POST", "path": "*/kube-system/secrets", "retry_after": 2},
        {"method": "POST", "path": "*/pear/secrets", "retry_after": 1, "times": 2},
        {"method": "PATCH", "path": "*/pear/*", "retry_after": 2},
    ],
)
def test_rejected_requests_are_repeated_after_the_time_in_retry_after(marsh: Cluster, fault: dict[str, Any]) -> None:
    marsh.add_namespaces("pear")
    proxy_of(marsh).fault(status=429, **fault)
    started = time.monotonic()
    result = give(marsh)
    assert time.monotonic() - started >= fault["retry_after"] * fault.get("times", 1)
    assert not result.get("failed"), result["msg"]
    refused = [one.call for one in proxy_of(marsh).log() if one.status == 429]
    assert len(refused) == fault.get("times", 1)
    assert len(set(tokens(marsh).values())) == 1
    assert give(marsh)["changed"] is False
    assert valid(marsh.sandbox) == 1


def test_api_server_that_rejects_every_request_is_an_error_without_leftovers(marsh: Cluster) -> None:
    proxy_of(marsh).fault(method="POST", status=429, retry_after=0, times=50)
    result = give(marsh)
    proxy_of(marsh).clear()
    assert f"Could not create the secret kube-system/{JOURNAL} in the cluster marsh: 429" in result["msg"]
    assert "run the task again when the API server has less to do" in result["msg"]
    check_untouched(marsh)


def test_api_server_that_is_down_is_an_error_within_a_minute(marsh: Cluster) -> None:
    proxy_of(marsh).fault(method="GET", status=503, times=500)
    started = time.monotonic()
    result = give(marsh)
    assert time.monotonic() - started < 60
    assert "Could not list namespaces in the cluster marsh: 503" in result["msg"]


LOST = [
    {"status": 500, "after_effect": True},
    {"status": 503, "body": "html"},
    {"drop": True},
    {"drop": True, "after_effect": True},
]


@pytest.mark.parametrize("lost", LOST)
def test_write_without_an_answer_is_checked_and_repeated_only_if_it_had_no_effect(
    marsh: Cluster, lost: dict[str, Any]
) -> None:
    marsh.add_namespaces("pear")
    marsh.give("pear", ["theirs"])
    proxy = proxy_of(marsh)
    for options, faults in (
        ({}, [("POST", "*/pear/secrets"), ("PATCH", "*/pear/*")]),
        ({"force_rotation": True}, [("PUT", f"*/pear/secrets/{DIRECT}")]),
        ({"state": "absent"}, [("DELETE", "*/pear/*"), ("PATCH", "*/pear/*")]),
    ):
        proxy.clear()
        for method, path in faults:
            proxy.fault(method=method, path=path, **lost)
        result = give(marsh, **options)
        assert not result.get("failed"), result["msg"]
        writes = [one.method for one in proxy.log() if "/pear/" in one.path and one.method != "GET"]
        assert sorted(writes) == sorted(
            method for method, _path in faults for _try in range(2 - lost.get("after_effect", 0))
        )
    assert (marsh.secrets(DIRECT), marsh.pull_secrets("pear"), valid(marsh.sandbox)) == ({}, ["theirs"], 0)


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_journal_write_without_an_answer_is_repaired_by_the_next_run(
    marsh: Cluster, lost: dict[str, Any], number: int
) -> None:
    proxy = proxy_of(marsh)
    give(marsh)
    proxy.fault(method="PUT", path=JOURNAL_PATH, skip=number, **lost)
    result = give(marsh, force_rotation=True)
    assert result["failed"]
    assert f"Could not update the secret kube-system/{JOURNAL} in the cluster marsh" in result["msg"]
    proxy.clear()
    assert not give(marsh).get("failed")
    marsh.sandbox.advance(3700)
    assert not give(marsh).get("failed")
    assert len(set(tokens(marsh).values())) == 1
    assert valid(marsh.sandbox) == 1
    assert give(marsh)["changed"] is False
    (journal,) = marsh.secrets(JOURNAL).values()
    assert "dop_v1_" not in json.dumps(journal["metadata"])


def test_a_mint_that_the_rate_limit_refused_waits_without_reading_all_clusters_again(orchard: Cluster) -> None:
    orchard.sandbox.fault(method="GET", path="*/docker-credentials", status=429, retry_after=1)
    result = give(orchard)
    assert result["changed"] is True
    calls = orchard.sandbox.calls()
    assert calls.count("GET /v2/registries/kiwi/docker-credentials") == 2
    assert calls.count("GET /v2/kubernetes/clusters") == 1
    assert give(orchard)["changed"] is False
