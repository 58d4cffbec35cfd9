# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's side of a cluster: who may enter, and what DigitalOcean's operator does in it."""

from __future__ import annotations

import http.client
import json
import ssl
from base64 import b64decode
from typing import Any

import pytest
import yaml

from docr_sandbox.testing import Sandbox, SandboxError
from support.control_plane import MERGE, Cluster, docker_config, eventually, token_in

SOURCE = {"digitalocean.com/dosecret-identifier": "quince"}
COPY = {"digitalocean.com/copy-identifier": "quince"}
PULL = "kubernetes.io/dockerconfigjson"


def credentials(cluster: Cluster, query: str = "") -> dict[str, Any]:
    path = f"/v2/kubernetes/clusters/{cluster.id}/credentials{query}"
    status, _headers, body = cluster.sandbox.request("GET", path)
    assert status == 200
    answer: dict[str, Any] = json.loads(body)
    return answer


def enter(given: dict[str, Any], token: str | None = None) -> int:
    """The status that a token gets at the address and with the CA of the credentials."""
    context = ssl.create_default_context(cadata=b64decode(given["certificate_authority_data"]).decode())
    connection = http.client.HTTPSConnection(given["server"].removeprefix("https://"), context=context)
    connection.request("GET", "/api/v1/nodes", headers={"Authorization": f"Bearer {token or given['token']}"})
    return connection.getresponse().status


def integrate(cluster: Cluster, method: str, *registries: str) -> None:
    body = {"cluster_uuids": [cluster.id], "registries": list(registries)}
    assert cluster.sandbox.request(method, "/v2/kubernetes/registries", body)[0] == 204


def test_credentials_open_the_control_plane_until_they_expire_by_the_sandboxs_clock(orchard: Cluster) -> None:
    given = credentials(orchard, "?expiry_seconds=1800")
    assert enter(given) == 200
    late = credentials(orchard, "?expiry_seconds=1800")
    orchard.sandbox.advance(1801)
    assert enter(late) == 401


def test_credentials_of_a_cluster_and_the_account_token_do_not_open_another_cluster(
    orchard: Cluster, meadow: Cluster
) -> None:
    given = credentials(orchard)
    assert enter(credentials(meadow), given["token"]) == 401
    assert enter(given, orchard.sandbox.token) == 401


def test_a_kubeconfig_says_the_same(orchard: Cluster) -> None:
    status, _headers, body = orchard.sandbox.request("GET", f"/v2/kubernetes/clusters/{orchard.id}/kubeconfig")
    config = yaml.safe_load(body)
    place = config["clusters"][0]["cluster"]
    given = {**place, "certificate_authority_data": place["certificate-authority-data"]}
    assert (status, enter(given, config["users"][0]["user"]["token"])) == (200, 200)


def test_a_seed_cannot_name_a_control_plane_that_there_is_not(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="control plane 'moon' is not connected"):
        sandbox.seed({"clusters": [{"name": "tide", "control_plane": "moon"}]})


def test_an_integration_writes_a_pull_secret_to_all_namespaces_and_its_removal_deletes_the_secret(
    orchard: Cluster,
) -> None:
    orchard.add_namespaces("pear")
    orchard.give("pear", ["theirs"])
    integrate(orchard, "POST", "kiwi")
    found = eventually(lambda: orchard.secrets("kiwi"), lambda seen: len(seen) == 5)
    assert found["kube-system"]["metadata"]["annotations"] == {"digitalocean.com/dosecret-identifier": "kiwi"}
    assert found["pear"]["metadata"]["labels"] == {"digitalocean.com/copy-identifier": "kiwi"}
    assert list(docker_config(found["pear"])["auths"]) == [orchard.sandbox.registry_host]
    eventually(lambda: orchard.pull_secrets("pear"), lambda names: names == ["theirs", "kiwi"])
    integrate(orchard, "DELETE", "kiwi")
    eventually(lambda: orchard.secrets("kiwi"), lambda seen: not seen)
    eventually(lambda: orchard.pull_secrets("pear"), lambda names: names == ["theirs"])
    tokens = {one["fingerprint"]: one for one in orchard.sandbox.control("GET", "tokens")["tokens"]}
    assert [one["is_valid"] for one in tokens.values() if one["registry"] == "kiwi"] == [False]
    assert token_in(found["pear"]) not in json.dumps(orchard.sandbox.account())


def test_an_integration_with_several_registries_has_a_secret_for_each_and_ends_one_by_one(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    integrate(orchard, "POST", "plum", "kiwi")
    eventually(lambda: orchard.pull_secrets("pear"), lambda names: names == ["kiwi", "plum"])
    assert orchard.pull_secrets("kube-system") == ["kiwi", "plum"]
    tokens = {name: token_in(orchard.secrets(name)["pear"]) for name in ("kiwi", "plum")}
    assert len(set(tokens.values())) == 2
    integrate(orchard, "DELETE", "kiwi")
    eventually(lambda: orchard.pull_secrets("pear"), lambda names: names == ["plum"])
    eventually(lambda: orchard.secrets("kiwi"), lambda seen: not seen)
    assert token_in(orchard.secrets("plum")["pear"]) == tokens["plum"]


def test_a_deleted_secret_of_an_integration_is_restored_unchanged(orchard: Cluster) -> None:
    integrate(orchard, "POST", "kiwi")
    before = eventually(lambda: orchard.secrets("kiwi"), lambda seen: len(seen) == 4)
    orchard.call("DELETE", "namespaces/kube-system/secrets/kiwi")
    orchard.call("DELETE", "namespaces/default/secrets/kiwi")
    after = eventually(lambda: orchard.secrets("kiwi"), lambda seen: len(seen) == 4)
    assert token_in(after["default"]) == token_in(before["default"])
    assert after["default"]["metadata"]["uid"] != before["default"]["metadata"]["uid"]


@pytest.mark.parametrize("kind", [PULL, "Opaque"])
def test_copies_have_the_type_and_the_data_of_their_source_byte_for_byte(orchard: Cluster, kind: str) -> None:
    text = ' {"auths" :{"a": {}}\n}\t'
    data = {".dockerconfigjson": text, "more": "\u00e9\x00"} if kind == "Opaque" else {".dockerconfigjson": text}
    orchard.add_secret("kube-system", "quince", data, kind=kind, annotations=SOURCE)
    found = eventually(lambda: orchard.secrets("quince"), lambda seen: len(seen) == 4)
    assert {one["type"] for one in found.values()} == {kind}
    assert [one["data"] for one in found.values()] == [found["kube-system"]["data"]] * 4
    assert b64decode(found["default"]["data"][".dockerconfigjson"]).decode() == text
    assert {"metadata", "type", "data", "kind", "apiVersion"} >= set(found["default"])
    assert "annotations" not in found["default"]["metadata"]


def test_a_source_made_anew_with_another_type_takes_its_copies_along(orchard: Cluster) -> None:
    orchard.add_secret("kube-system", "quince", {"key": "first"}, annotations=SOURCE)
    eventually(lambda: orchard.secrets("quince"), lambda seen: len(seen) == 4)
    orchard.sandbox.switch("doks_operator", "stopped")
    orchard.call("DELETE", "namespaces/kube-system/secrets/quince")
    orchard.add_secret("kube-system", "quince", {".dockerconfigjson": "{}"}, kind=PULL, annotations=SOURCE)
    orchard.sandbox.switch("doks_operator", "runs")
    kinds = [PULL] * 4
    eventually(lambda: [one["type"] for one in orchard.secrets("quince").values()], lambda seen: seen == kinds)


@pytest.mark.parametrize(
    ("switch", "name", "other"), [("secret", "medlar", "quince"), ("annotation", "quince", "medlar")]
)
def test_the_name_of_copies_whose_source_has_another_name_than_its_annotation_is_a_switch(
    orchard: Cluster, switch: str, name: str, other: str
) -> None:
    orchard.sandbox.switch("operator_copy_name", switch)
    orchard.add_secret("kube-system", "medlar", {".dockerconfigjson": "{}"}, kind=PULL, annotations=SOURCE)
    eventually(lambda: orchard.pull_secrets("default"), lambda names: names == [name])
    assert orchard.secrets(name)["default"]["metadata"]["labels"] == COPY
    assert set(orchard.secrets(other)) <= {"kube-system"}
    # The operator changes the service accounts after the secrets, and one after the other.
    assert eventually(lambda: orchard.pull_secrets("kube-system"), bool) == ["medlar"]
    orchard.call("DELETE", "namespaces/kube-system/secrets/medlar")
    eventually(lambda: orchard.secrets(name), lambda seen: not seen)
    eventually(lambda: set().union(*orchard.accounts().values()), lambda names: not names)


def test_an_annotated_secret_is_copied_to_namespaces_that_come_later_and_never_over_anothers(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "lime")
    orchard.add_secret("lime", "quince", {".dockerconfigjson": '{"auths": {}}'}, kind=PULL)
    orchard.add_secret(
        "kube-system", "quince", {".dockerconfigjson": '{"auths": {"a": {}}}'}, kind=PULL, annotations=SOURCE
    )
    eventually(lambda: orchard.secrets("quince"), lambda seen: "pear" in seen)
    orchard.add_namespaces("fig")
    eventually(lambda: orchard.secrets("quince"), lambda seen: "fig" in seen)
    copies = orchard.secrets("quince")
    assert copies["fig"]["metadata"]["labels"] == COPY
    assert "labels" not in copies["lime"]["metadata"]
    assert docker_config(copies["lime"]) == {"auths": {}}
    assert eventually(lambda: orchard.pull_secrets("fig"), bool) == ["quince"]


@pytest.mark.parametrize("restores", [True, False])
def test_whether_edits_and_deletions_of_copies_are_undone_is_a_switch(orchard: Cluster, restores: bool) -> None:
    def seen() -> dict[str, Any]:
        return {place: one["data"] for place, one in orchard.secrets("quince").items() if place in ("pear", "lime")}

    orchard.sandbox.switch("operator_restores_copies", restores)
    orchard.add_namespaces("pear", "lime")
    original, edited, renewed = ({".dockerconfigjson": text} for text in ("e30=", "e30K", "e30KCg=="))
    orchard.add_secret("kube-system", "quince", {".dockerconfigjson": "{}"}, kind=PULL, annotations=SOURCE)
    eventually(seen, lambda data: data == {"pear": original, "lime": original})
    orchard.call("PATCH", "namespaces/pear/secrets/quince", {"data": edited}, content_type=MERGE)
    orchard.call("DELETE", "namespaces/lime/secrets/quince")
    orchard.add_namespaces("fig")  # when it has a copy the operator has been there
    eventually(lambda: orchard.secrets("quince"), lambda found: "fig" in found)
    if restores:
        eventually(seen, lambda data: data == {"pear": original, "lime": original})
    else:
        assert seen() == {"pear": edited}
    orchard.call("PATCH", "namespaces/kube-system/secrets/quince", {"data": renewed}, content_type=MERGE)
    eventually(seen, lambda data: data == {"pear": renewed, "lime": renewed})


def test_an_operator_that_is_stopped_does_nothing(orchard: Cluster) -> None:
    orchard.sandbox.switch("doks_operator", "stopped")
    integrate(orchard, "POST", "plum")
    with pytest.raises(AssertionError, match=r"still \{\}"):
        eventually(lambda: orchard.secrets("plum"), bool, patience_s=1)
    orchard.sandbox.switch("doks_operator", "runs")
    eventually(lambda: orchard.secrets("plum"), bool)


def test_copies_stay_behind_where_the_operator_is_said_to_leave_them(orchard: Cluster) -> None:
    orchard.sandbox.switch("operator_deletes_copies", False)
    orchard.add_namespaces("pear")
    orchard.add_secret(
        "kube-system", "quince", {".dockerconfigjson": '{"auths": {"a": {}}}'}, kind=PULL, annotations=SOURCE
    )
    eventually(lambda: orchard.pull_secrets("pear"), lambda names: names == ["quince"])
    orchard.call("DELETE", "namespaces/kube-system/secrets/quince")
    eventually(lambda: orchard.pull_secrets("pear"), lambda names: names == [])
    assert "pear" in orchard.secrets("quince")
