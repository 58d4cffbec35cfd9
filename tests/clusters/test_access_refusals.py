# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A namespace that refuses a write stops no other namespace, and a leaked credential is revoked all the same."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest

from docr_sandbox.doks.proxy import Proxy
from support.access_crashes import journal_entries
from support.access_module import DIRECT, EVERYWHERE, OPERATOR, actions, give, minted, pull_access, tokens, valid
from support.control_plane import Cluster, eventually

MERGE = "application/merge-patch+json"
DAY = 86400
PLACES = [f"shop-{number:02}" for number in range(20)]
REFUSING = ["shop-03", "shop-11"]
HEALTHY = sorted(EVERYWHERE | set(PLACES) - set(REFUSING))


def proxy_of(cluster: Cluster) -> Proxy:
    assert cluster.proxy is not None
    return cluster.proxy


def refuse(cluster: Cluster, kind: str = "secrets*", status: int = 403) -> None:
    """Let the namespaces refuse all writes of a kind, as an admission policy or a quota does."""
    for namespace in REFUSING:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            proxy_of(cluster).fault(method=method, path=f"*/{namespace}/{kind}", status=status, times=999)


def entry(result: dict[str, Any]) -> dict[str, Any]:
    """What a failed result says of the only registry in the only cluster."""
    (cluster,) = result["last"]
    (found,) = cluster["pull_access"]
    shown: dict[str, Any] = found
    return shown


@pytest.fixture
def shops(marsh: Cluster) -> Cluster:
    """A cluster with many namespaces."""
    marsh.add_namespaces(*PLACES)
    return marsh


@pytest.mark.parametrize("status", [403, 500])
def test_first_run_serves_all_namespaces_but_those_that_refuse(shops: Cluster, status: int) -> None:
    refuse(shops, status=status)
    result = give(shops)
    assert (result["failed"], result["changed"]) == (True, True)
    assert "into 2 namespaces of the cluster marsh (shop-03, shop-11)" in result["msg"]
    assert (
        f"the first error is: Could not create the secret shop-03/{DIRECT} in the cluster marsh: {status}"
        in (result["msg"])
    )
    assert sorted(tokens(shops)) == HEALTHY
    assert [shops.pull_secrets(one) for one in ("shop-00", "shop-03")] == [[DIRECT], []]
    shown = entry(result)
    assert (shown["refused"], shown["without_credential"]) == (REFUSING, REFUSING)
    assert (sorted(shown["written"]), len(shown["patched"])) == (HEALTHY, len(HEALTHY))
    assert give(shops)["changed"] is False
    proxy_of(shops).clear()
    healed = give(shops)
    assert pull_access(healed)["written"] == REFUSING
    assert (valid(shops.sandbox), len(minted(shops.sandbox))) == (1, 1)
    assert give(shops)["changed"] is False


def test_renewal_reaches_all_others_and_keeps_the_credential_of_those_that_refuse(shops: Cluster) -> None:
    give(shops)
    before = tokens(shops)
    shops.sandbox.advance(21 * DAY)
    refuse(shops)
    result = give(shops)
    assert result["failed"]
    assert entry(result)["without_credential"] == []
    after = tokens(shops)
    assert {one for one in after if after[one] == before[one]} == set(REFUSING)
    shops.sandbox.advance(3 * DAY)
    assert give(shops)["changed"] is False
    assert valid(shops.sandbox) == 2
    excluded = give(shops, exclude_namespaces=REFUSING)
    assert not excluded.get("failed"), excluded["msg"]
    assert "The excluded namespaces shop-03, shop-11 of the cluster marsh keep the secret" in excluded["warnings"][0]
    shops.sandbox.advance(3 * DAY)
    assert give(shops, exclude_namespaces=REFUSING)["changed"] is False
    assert valid(shops.sandbox) == 2
    proxy_of(shops).clear()
    assert pull_access(give(shops))["written"] == REFUSING
    shops.sandbox.advance(3 * DAY)
    give(shops)
    assert (valid(shops.sandbox), len(set(tokens(shops).values()))) == (1, 1)


def test_leaked_credential_is_revoked_although_namespaces_refuse_the_new_credential(shops: Cluster) -> None:
    give(shops)
    refuse(shops)
    result = give(shops, force_rotation=True)
    assert result["failed"]
    assert "pods in shop-03, shop-11 have no valid credential for the registry" in result["msg"]
    shown = entry(result)
    assert (shown["refused"], shown["without_credential"], len(shown["revoked"])) == (REFUSING, REFUSING, 1)
    assert [one["is_valid"] for one in minted(shops.sandbox)] == [False, True]
    proxy_of(shops).clear()
    assert pull_access(give(shops))["written"] == REFUSING
    assert len(set(tokens(shops).values())) == 1


def test_rotation_that_every_namespace_refuses_revokes_nothing(marsh: Cluster) -> None:
    give(marsh)
    working = tokens(marsh)
    proxy_of(marsh).fault(method="PUT", path=f"*/secrets/{DIRECT}", status=403, times=999)
    result = give(marsh, force_rotation=True)
    assert result["failed"]
    assert "a former credential is valid there, unless the result lists the credential as revoked" in result["msg"]
    assert (entry(result)["revoked"], entry(result)["without_credential"]) == ([], [])
    assert (tokens(marsh), valid(marsh.sandbox)) == (working, 2)
    proxy_of(marsh).clear()
    assert not give(marsh, force_rotation=True).get("failed")
    assert (valid(marsh.sandbox), len(set(tokens(marsh).values()))) == (1, 1)


def test_rotation_that_the_operator_copies_nowhere_revokes_nothing(orchard: Cluster) -> None:
    give(orchard, method="operator")
    orchard.sandbox.switch("doks_operator", "stopped")
    result = give(orchard, method="operator", force_rotation=True, wait_timeout=2)
    assert result["failed"]
    assert (entry(result)["revoked"], valid(orchard.sandbox)) == ([], 2)
    orchard.sandbox.switch("doks_operator", "runs")
    assert not give(orchard, method="operator", force_rotation=True).get("failed")
    assert valid(orchard.sandbox) == 1


def test_rotation_whose_source_is_refused_revokes_nothing_that_the_operator_copied(marsh: Cluster) -> None:
    give(marsh, method="operator")
    working = tokens(marsh, OPERATOR)
    proxy_of(marsh).fault(method="PUT", path=f"*/kube-system/secrets/{OPERATOR}", status=403, times=999)
    result = give(marsh, method="operator", force_rotation=True)
    assert result["failed"]
    assert (entry(result)["revoked"], tokens(marsh, OPERATOR), valid(marsh.sandbox)) == ([], working, 2)


def test_option_lets_a_rotation_wait_for_all_namespaces(shops: Cluster) -> None:
    give(shops)
    refuse(shops)
    result = give(shops, force_rotation=True, wait_for_all_namespaces=True)
    assert result["failed"]
    assert "a former credential is valid there, unless the result lists the credential as revoked" in result["msg"]
    shown = entry(result)
    assert (shown["refused"], shown["without_credential"], shown["revoked"]) == (REFUSING, [], [])
    assert valid(shops.sandbox) == 2


def test_end_of_access_reaches_all_others_and_is_finished_by_the_next_run(shops: Cluster) -> None:
    give(shops)
    refuse(shops)
    refuse(shops, "serviceaccounts*")
    result = give(shops, state="absent")
    assert (result["failed"], result["changed"]) == (True, True)
    assert sorted(tokens(shops)) == REFUSING
    assert [shops.pull_secrets(one) for one in ("shop-00", "shop-03")] == [[], [DIRECT]]
    assert valid(shops.sandbox) == 1
    proxy_of(shops).clear()
    assert not give(shops, state="absent").get("failed")
    assert (tokens(shops), valid(shops.sandbox)) == ({}, 0)


def test_former_method_stays_until_every_namespace_has_the_new_method(shops: Cluster) -> None:
    give(shops, method="operator")
    eventually(lambda: shops.pull_secrets("shop-03"), bool)
    refuse(shops)
    result = give(shops)
    assert result["failed"]
    assert all(shops.pull_secrets(one) for one in PLACES)
    assert not {"delete_operator_secret", "revoke_credentials"} & set(actions(result))
    proxy_of(shops).clear()
    assert not give(shops).get("failed")
    assert shops.pull_secrets("shop-03") == [DIRECT]


def test_one_click_integration_stays_until_every_namespace_has_the_new_method(shops: Cluster) -> None:
    give(shops, method="one_click")
    refuse(shops)
    result = give(shops)
    assert result["failed"]
    assert (result["last"][0]["removed"], result["last"][0]["registries"]) == ([], ["kiwi"])
    assert "remove_registries" not in actions(result)
    assert shops.pull_secrets("shop-03") == ["kiwi"]
    proxy_of(shops).clear()
    healed = give(shops)
    assert healed["integrations"][0]["removed"] == ["kiwi"]


def test_integration_that_digitalocean_refuses_stops_no_cluster_with_another_method(
    orchard: Cluster, meadow: Cluster
) -> None:
    orchard.sandbox.fault(method="POST", path="/v2/kubernetes/registries", status=403)
    entries = [
        {"clusters": ["meadow"], "registries": ["kiwi"], "method": "one_click"},
        {"clusters": ["orchard"], "registries": ["kiwi"], "method": "direct", "rotate_every": "20d"},
    ]
    result = give(orchard, integrations=entries)
    assert (result["failed"], result["changed"]) == (True, True)
    assert "Could not give access in 1 of 2 clusters: the cluster meadow" in result["msg"]
    assert set(tokens(orchard)) == EVERYWHERE
    assert meadow.secrets("kiwi") == {}
    assert not give(orchard, integrations=entries).get("failed")
    assert set(meadow.secrets("kiwi")) == EVERYWHERE


def test_registry_that_cannot_be_minted_for_stops_no_other_registry(marsh: Cluster) -> None:
    marsh.sandbox.fault(path="/v2/registries/kiwi/docker-credentials", status=403)
    result = give(marsh, registries=["kiwi", "plum"])
    assert (result["failed"], result["changed"]) == (True, True)
    assert "Could not mint credentials of the registry kiwi: 403" in result["msg"]
    assert (marsh.secrets(DIRECT), set(marsh.secrets("docr-direct-plum"))) == ({}, EVERYWHERE)
    assert marsh.pull_secrets("default") == ["docr-direct-plum"]
    assert not give(marsh, registries=["kiwi", "plum"]).get("failed")


@pytest.mark.parametrize("options", [{}, {"force_rotation": True}, {"state": "absent"}])
def test_clusters_at_fault_stop_no_healthy_cluster(orchard: Cluster, options: dict[str, Any]) -> None:
    seeded = {"young": "provisioning", "broken": "error", "leaving": "deleting", "gone": "deleted"}
    orchard.sandbox.seed({"clusters": [{"name": name, "state": state} for name, state in seeded.items()]})
    give(orchard)
    orchard.sandbox.advance(31 * DAY)
    result = give(orchard, clusters=["young", "misspelt", "orchard", "leaving", "broken", "gone"], **options)
    assert (result["failed"], result["changed"]) == (True, True)
    assert "in 3 of 6 clusters" in result["msg"]
    for told in ("there is no cluster 'misspelt'", "the state 'provisioning'", "the state 'error'"):
        assert told in result["msg"]
    warned = " ".join(result["warnings"])
    assert "The cluster leaving" in warned
    assert "The cluster gone" in warned
    assert "revoke_credentials" in actions(result) or not options
    assert len(set(tokens(orchard).values())) == ("state" not in options)
    assert give(orchard, clusters=["misspelt"], **options)["error"]["kind"] == "invalid_input"


def test_conflict_that_does_not_end_is_given_up_within_half_a_minute(marsh: Cluster) -> None:
    marsh.add_namespaces("pear")
    proxy_of(marsh).fault(method="POST", path="*/pear/secrets", status=409, times=999)
    started = time.monotonic()
    result = give(marsh)
    assert 5 < time.monotonic() - started < 30
    assert entry(result)["refused"] == ["pear"]
    assert len([one for one in proxy_of(marsh).log() if one.method == "POST" and "/pear/" in one.path]) < 50


@pytest.mark.parametrize("body", ["json", "html"])
def test_write_that_is_not_found_where_the_object_is_there_is_a_refusal(marsh: Cluster, body: str) -> None:
    """As where an admission webhook or a proxy answers 404; a namespace that is gone answers 404 too."""
    give(marsh)
    marsh.add_namespaces("pear", "lime")
    for method, path, namespace in (("POST", "*/pear/secrets", "pear"), ("PATCH", "*/lime/serviceaccounts/*", "lime")):
        proxy_of(marsh).fault(method=method, path=path, status=404, body=body, times=99)
        result = give(marsh, namespaces=[namespace])
        assert (result["failed"], entry(result)["refused"]) == (True, [namespace])
        assert marsh.pull_secrets(namespace) == []
        proxy_of(marsh).clear()
    assert not give(marsh).get("failed")
    proxy_of(marsh).fault(method="DELETE", path="*/pear/secrets/*", status=404, body=body, times=99)
    result = give(marsh, state="absent")
    assert (result["failed"], entry(result)["refused"], list(tokens(marsh))) == (True, ["pear"], ["pear"])
    proxy_of(marsh).clear()
    assert not give(marsh, state="absent").get("failed")
    assert (tokens(marsh), valid(marsh.sandbox)) == ({}, 0)


@pytest.fixture
def strict(orchard: Cluster) -> Iterator[Cluster]:
    """A cluster where an admission policy lets no secret into the namespace pear."""
    group, name = "/apis/admissionregistration.k8s.io/v1", {"name": "no-secrets-in-pear"}
    secrets = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}
    rule = {"expression": "object.metadata.namespace != 'pear'", "message": "pear admits no secrets"}
    policy = {"matchConstraints": {"resourceRules": [secrets]}, "validations": [rule]}
    binding = {"policyName": name["name"], "validationActions": ["Deny"]}
    orchard.add_namespaces("pear", "lime")
    kinds = {"ValidatingAdmissionPolicy": policy, "ValidatingAdmissionPolicyBinding": binding}
    for kind, spec in kinds.items():
        plural = "validatingadmissionpolicies" if spec is policy else "validatingadmissionpolicybindings"
        body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": name, "spec": spec}
        orchard.call("POST", f"{group}/{plural}", body)
    trial = {"metadata": {"name": "trial"}}
    path = "/api/v1/namespaces/pear/secrets?dryRun=All"
    eventually(lambda: orchard.plane.request("POST", path, trial)[0], lambda status: status == 422)
    yield orchard
    for plural in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
        orchard.call("DELETE", f"{group}/{plural}/{name['name']}")
    eventually(lambda: orchard.plane.request("POST", path, trial)[0], lambda status: status == 201)


def test_admission_policy_stops_its_namespace_and_no_other(strict: Cluster) -> None:
    result = give(strict)
    assert result["failed"]
    assert "pear admits no secrets" in result["msg"]
    assert (set(tokens(strict)), entry(result)["refused"]) == (EVERYWHERE | {"lime"}, ["pear"])


# Secrets that others changed


def test_update_keeps_finalizers_and_owner_references_of_others(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "lime")
    give(orchard)
    owner = orchard.call("POST", "namespaces/pear/configmaps", {"metadata": {"name": "owner"}})["metadata"]
    mark: dict[str, Any] = {
        "finalizers": ["example.com/hold"],
        "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["uid"]}],
    }
    orchard.call("PATCH", f"namespaces/pear/secrets/{DIRECT}", {"metadata": mark}, content_type=MERGE)
    owned: dict[str, Any] = {"metadata": {"ownerReferences": mark["ownerReferences"]}, "immutable": True}
    owner = orchard.call("POST", "namespaces/lime/configmaps", {"metadata": {"name": "owner"}})["metadata"]
    owned["metadata"]["ownerReferences"] = [mark["ownerReferences"][0] | {"uid": owner["uid"]}]
    orchard.call("PATCH", f"namespaces/lime/secrets/{DIRECT}", owned, content_type=MERGE)
    result = give(orchard, force_rotation=True)
    assert not result.get("failed"), result["msg"]
    found = {key: one["metadata"] for key, one in orchard.secrets(DIRECT).items()}
    assert {key: found["pear"][key] for key in mark} == mark
    assert found["lime"]["ownerReferences"] == owned["metadata"]["ownerReferences"]
    orchard.call("PATCH", f"namespaces/pear/secrets/{DIRECT}", {"metadata": {"finalizers": None}}, content_type=MERGE)


@pytest.mark.parametrize("method", ["direct", "operator"])
def test_finalizer_of_a_tenant_is_named_and_the_second_removal_changes_nothing(orchard: Cluster, method: str) -> None:
    orchard.add_namespaces("pear")
    give(orchard, method=method)
    name = DIRECT if method == "direct" else OPERATOR
    path = f"namespaces/pear/secrets/{name}"
    eventually(lambda: set(orchard.secrets(name)), lambda places: "pear" in places)
    orchard.call("PATCH", path, {"metadata": {"finalizers": ["example.com/hold"]}}, content_type=MERGE)
    try:
        first = give(orchard, method=method, state="absent")
        again = give(orchard, method=method, state="absent")
    finally:
        orchard.call("PATCH", path, {"metadata": {"finalizers": None}}, content_type=MERGE)
    assert (first["changed"], again["changed"], valid(orchard.sandbox)) == (True, False, 0)
    told = [f"pear/{name} (example.com/hold)" in one for one in again["warnings"]]
    assert any(told), again


def test_immutable_secret_is_deleted_only_where_a_new_secret_would_be_admitted(strict: Cluster) -> None:
    config = {".dockerconfigjson": "{}"}
    give(strict, exclude_namespaces=["pear"])
    labels = strict.secrets(DIRECT)["lime"]["metadata"]["labels"]
    # The policy came after the secret.
    binding = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/no-secrets-in-pear"
    strict.call("PATCH", binding, {"spec": {"validationActions": ["Audit"]}}, content_type=MERGE)
    body = {"metadata": {"name": DIRECT, "labels": labels}, "type": "Opaque", "immutable": True, "stringData": config}
    create = "/api/v1/namespaces/pear/secrets"
    eventually(lambda: strict.plane.request("POST", create, body)[0], lambda status: status in (201, 409))
    strict.call("PATCH", binding, {"spec": {"validationActions": ["Deny"]}}, content_type=MERGE)
    trial = {"metadata": {"name": "trial"}}
    eventually(lambda: strict.plane.request("POST", f"{create}?dryRun=All", trial)[0], lambda status: status == 422)
    before = strict.secrets(DIRECT)["pear"]["metadata"]["uid"]
    result = give(strict)
    assert entry(result)["refused"] == ["pear"]
    assert strict.secrets(DIRECT)["pear"]["metadata"]["uid"] == before


@pytest.mark.parametrize("field", ["minted-at", "expires-at", "fingerprint"])
def test_edited_secret_of_a_tenant_is_reported_and_written_again(orchard: Cluster, field: str) -> None:
    orchard.add_namespaces("pear")
    give(orchard)
    nested = base64.b64encode(b'{"auths":' + b"[" * 9000 + b"]" * 9000 + b"}").decode()
    forged = {f"docr.project-planton.org/{field}": "9999-12-31T23:59:59Z"}
    for options in ({}, {"force_rotation": True}):
        patch = {"metadata": {"annotations": forged}, "data": {".dockerconfigjson": nested}}
        orchard.call("PATCH", f"namespaces/pear/secrets/{DIRECT}", patch, content_type=MERGE)
        result = give(orchard, **options)
        assert not result.get("failed"), result["msg"]
        assert f"Another writer edited pear/{DIRECT} of the cluster orchard" in " ".join(result["warnings"])
        assert len(set(tokens(orchard).values())) == 1
    assert give(orchard)["changed"] is False


def test_tenant_that_edits_while_a_run_writes_stops_nothing(marsh: Cluster) -> None:
    """The secret changes between the read and the write, and claims to hold a later credential."""
    marsh.add_namespaces("pear")
    give(marsh)
    forged = {"docr.project-planton.org/minted-at": "9999-12-31T23:59:59Z"}
    marsh.call("PATCH", f"namespaces/pear/secrets/{DIRECT}", {"metadata": {"annotations": forged}}, content_type=MERGE)
    proxy_of(marsh).fault(method="PUT", path=f"*/pear/secrets/{DIRECT}", status=409)
    result = give(marsh, force_rotation=True)
    assert not result.get("failed"), result["msg"]
    assert len(set(tokens(marsh).values())) == 1
    assert [one["state"] for one in journal_entries(marsh)] == ["current"]
