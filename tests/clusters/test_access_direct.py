# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration with the method direct, which writes each namespace and works on any Kubernetes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.access_module import DIRECT, EVERYWHERE, JOURNAL, actions, give, minted, pull_access, tokens, valid
from support.control_plane import MERGE, Cluster
from support.modules import writes

PULL = "kubernetes.io/dockerconfigjson"
OURS = {
    "app.kubernetes.io/managed-by": "planton.digitalocean",
    "docr.project-planton.org/registry": "kiwi",
    "docr.project-planton.org/method": "direct",
}


def changes(cluster: Cluster) -> str:
    """The newest version of all secrets and service accounts: anything written moves it."""
    return str([cluster.call("GET", kind)["items"] for kind in ("secrets", "serviceaccounts")])


def test_first_run_gives_every_namespace_one_credential_and_second_run_changes_nothing(
    orchard: Cluster,
) -> None:
    orchard.add_namespaces("pear", "lime")
    orchard.give("pear", ["theirs", "other"])
    first = give(orchard)
    assert actions(first) == ["mint_credentials", "write_pull_secrets", "activate_credential", "patch_service_accounts"]
    found = tokens(orchard)
    assert set(found) == EVERYWHERE | {"pear", "lime"}
    assert len(set(found.values())) == 1
    assert orchard.pull_secrets("pear") == ["theirs", "other", DIRECT]
    assert orchard.pull_secrets("kube-system") == [DIRECT]
    assert set(orchard.secrets(JOURNAL)) == {"kube-system"}
    (token,) = minted(orchard.sandbox)
    assert (token["is_valid"], token["scopes"]) == (True, ["registry:read", "account:read"])
    before = changes(orchard)
    again = give(orchard)
    assert (again["changed"], again["actions"], changes(orchard)) == (False, [], before)
    assert pull_access(again)["credential"] == pull_access(first)["credential"]
    assert (pull_access(first)["namespaces"], pull_access(first)["service_accounts"]) == (6, 6)


def test_secret_annotations_show_expiry_minting_and_fingerprint_without_the_token(orchard: Cluster) -> None:
    orchard.sandbox.set_clock("2031-05-06T12:00:00Z")
    result = give(orchard, rotate_every="12d")
    (secret,) = [one for key, one in orchard.secrets(DIRECT).items() if key == "default"]
    noted = secret["metadata"]["annotations"]
    credential = pull_access(result)["credential"]
    assert noted["docr.project-planton.org/fingerprint"] == credential["fingerprint"]
    assert noted["docr.project-planton.org/minted-at"].startswith("2031-05-06T12:0")
    assert noted["docr.project-planton.org/expires-at"].startswith("2031-06-11T12:0")  # three times 12 days
    assert credential["renew_at"].startswith("2031-05-18T12:0")
    assert secret["metadata"]["labels"] == OURS
    assert tokens(orchard)["default"] not in json.dumps(result)


def test_token_is_stored_only_in_the_data_of_secrets(orchard: Cluster) -> None:
    give(orchard)
    token = tokens(orchard)["default"]
    for kind in ("secrets", "serviceaccounts", "configmaps", "events"):
        for one in orchard.call("GET", kind)["items"]:
            one.pop("data", None)
            assert token not in json.dumps(one)


def test_globs_exclusions_and_labels_choose_namespaces_and_accounts(orchard: Cluster) -> None:
    orchard.add_namespaces("shop-a", "shop-b", "shop-test", labels={"team": "shop"})
    orchard.add_namespaces("shop-old", "pear")
    orchard.add_accounts("shop-a", "builder-one", "builder-two", "runner")
    given: dict[str, Any] = {
        "namespaces": ["shop-*", "pear"],
        "exclude_namespaces": ["*-test"],
        "namespace_selector": "team=shop",
        "service_accounts": ["builder-*", "default"],
    }
    result = give(orchard, **given)
    assert set(tokens(orchard)) == {"shop-a", "shop-b"}
    assert {key for key, names in orchard.accounts().items() if DIRECT in names} == {
        ("shop-a", "builder-one"),
        ("shop-a", "builder-two"),
        ("shop-a", "default"),
        ("shop-b", "default"),
    }
    assert pull_access(result)["written"] == ["shop-a", "shop-b"]
    assert give(orchard, **given)["changed"] is False


def test_next_run_covers_namespaces_and_accounts_created_since_the_last_run(orchard: Cluster) -> None:
    give(orchard)
    orchard.add_namespaces("fig")
    result = give(orchard)
    assert (pull_access(result)["written"], pull_access(result)["patched"]) == (["fig"], ["fig/default"])
    assert valid(orchard.sandbox) == 1


def test_terminating_namespace_is_left_alone(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    body = {"metadata": {"name": "hold", "finalizers": ["orchard.test/hold"]}}
    orchard.call("POST", "namespaces/pear/configmaps", body)
    orchard.call("DELETE", "namespaces/pear")
    result = give(orchard)
    orchard.call("PATCH", "namespaces/pear/configmaps/hold", {"metadata": {"finalizers": None}}, content_type=MERGE)
    assert set(tokens(orchard)) == EVERYWHERE
    assert "pear" not in pull_access(result)["written"]


def test_foreign_secret_of_the_same_name_stops_its_namespace_and_no_other(orchard: Cluster, tmp_path: Path) -> None:
    orchard.add_namespaces("pear", "lime")
    orchard.add_secret("pear", DIRECT, {"mine": "x"})
    kubeconfig = orchard.kubeconfig(tmp_path)
    for check in (True, False):
        result = give(orchard, kubeconfig=kubeconfig, check=check)
        assert (result["failed"], result["changed"]) == (True, not check)
        assert f"secrets that this collection did not make have the same names: pear/{DIRECT}" in result["msg"]
    assert set(orchard.secrets(DIRECT)) == EVERYWHERE | {"pear", "lime"}
    assert orchard.secrets(DIRECT)["pear"]["data"] == {"mine": "eA=="}
    assert (orchard.pull_secrets("pear"), orchard.pull_secrets("lime")) == ([], [DIRECT])
    assert give(orchard, exclude_namespaces=["pear"])["changed"] is False
    gone = give(orchard, state="absent")
    assert (gone["changed"], set(orchard.secrets(DIRECT))) == (True, {"pear"})


def test_edited_secret_and_removed_entry_are_written_again(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "lime")
    give(orchard)
    orchard.call(
        "PATCH", f"namespaces/pear/secrets/{DIRECT}", {"data": {".dockerconfigjson": "e30="}}, content_type=MERGE
    )
    marks = {"metadata": {"labels": {"team": "pears"}, "annotations": {"note": "keep"}}}
    orchard.call("PATCH", f"namespaces/lime/secrets/{DIRECT}", marks, content_type=MERGE)
    orchard.give("lime", [])
    result = give(orchard)
    assert (pull_access(result)["written"], pull_access(result)["patched"]) == (["pear"], ["lime/default"])
    assert len(set(tokens(orchard).values())) == 1
    assert orchard.secrets(DIRECT)["lime"]["metadata"]["labels"]["team"] == "pears"


def test_absence_removes_only_owned_entries_and_revokes_the_credentials(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    orchard.add_accounts("pear", "builder")
    give(orchard, service_accounts=["*"])
    orchard.give("pear", ["first", DIRECT, "second"])
    result = give(orchard, state="absent")
    assert actions(result) == [
        "patch_service_accounts", "delete_pull_secrets", "revoke_credentials", "delete_journal",
    ]  # fmt: skip
    assert orchard.pull_secrets("pear") == ["first", "second"]
    assert orchard.pull_secrets("pear", "builder") == []
    assert (orchard.secrets(DIRECT), orchard.secrets(JOURNAL), valid(orchard.sandbox)) == ({}, {}, 0)
    assert give(orchard, state="absent")["changed"] is False


def test_absence_in_one_namespace_keeps_access_in_the_others(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    give(orchard)
    result = give(orchard, state="absent", namespaces=["pear"])
    assert actions(result) == ["patch_service_accounts", "delete_pull_secrets"]
    assert set(tokens(orchard)) == EVERYWHERE
    assert valid(orchard.sandbox) == 1


@pytest.mark.parametrize("state", ["present", "absent"])
def test_check_mode_predicts_the_run_without_writing_or_minting(orchard: Cluster, tmp_path: Path, state: str) -> None:
    orchard.add_namespaces("pear")
    given: dict[str, Any] = {"kubeconfig": orchard.kubeconfig(tmp_path), "state": state}
    if state == "absent":
        give(orchard)
    before = changes(orchard)
    orchard.sandbox.clear_log()
    predicted = give(orchard, check=True, **given)
    assert (changes(orchard), writes(orchard.sandbox)) == (before, [])
    real = give(orchard, **given)
    assert predicted["changed"] is True
    assert predicted["actions"] == real["actions"]
    for key in ("namespaces", "service_accounts", "written", "patched", "revoked", "duplicates"):
        assert pull_access(predicted)[key] == pull_access(real)[key]
    assert predicted["diff"] == real["diff"]
    assert give(orchard, check=True, **given)["changed"] is False


def test_check_mode_reads_no_cluster_that_requires_a_new_token(orchard: Cluster) -> None:
    result = give(orchard, check=True)
    assert actions(result) == ["read_cluster"]
    assert writes(orchard.sandbox) == []
    assert "Check mode mints no token for the cluster orchard" in result["warnings"][0]


def test_kubeconfig_contexts_name_clusters_of_any_provider(orchard: Cluster, tmp_path: Path) -> None:
    path = orchard.kubeconfig(tmp_path)
    result = give(orchard, kubeconfig=path, contexts=[orchard.plane.name])
    (entry,) = result["integrations"]
    assert entry["cluster"] == {"id": None, "name": orchard.plane.name, "region": None}
    assert set(tokens(orchard)) == EVERYWHERE
    assert not [call for call in orchard.sandbox.calls() if "/kubernetes/" in call]
    wrong = give(orchard, kubeconfig=path, contexts=["moon"])
    assert "moon" in wrong["msg"]


def test_two_registries_share_one_patch_of_each_service_account(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    entries = [{"clusters": ["orchard"], "registries": ["kiwi", "plum"], "method": "direct", "never_expires": True}]
    result = give(orchard, integrations=entries)
    assert actions(result).count("patch_service_accounts") == 1
    assert orchard.pull_secrets("pear") == [DIRECT, "docr-direct-plum"]
    assert pull_access(result, "plum")["credential"]["expires_at"] is None
    assert set(tokens(orchard).values()).isdisjoint(tokens(orchard, "docr-direct-plum").values())


def test_duplicate_secrets_of_other_tools_are_noted_and_not_changed(orchard: Cluster) -> None:
    orchard.add_secret("default", "registry-kiwi", {".dockerconfigjson": '{"auths": {}}'}, kind=PULL)
    result = give(orchard)
    assert pull_access(result)["duplicates"] == [{"secret": "registry-kiwi", "namespaces": ["default"]}]
    assert "named as doctl names its secrets, in default" in result["notes"][0]
    give(orchard, state="absent")
    assert set(orchard.secrets("registry-kiwi")) == {"default"}


@pytest.mark.parametrize(
    ("manager", "tool", "setting"),
    [("argocd-controller", "Argo CD", "ignoreDifferences"), ("kustomize-controller", "Flux", "ssa: Merge")],
)
def test_field_manager_that_owns_the_list_is_named_with_the_setting_to_change(
    orchard: Cluster, manager: str, tool: str, setting: str
) -> None:
    orchard.add_namespaces("pear")
    applied = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": "pear"},
        "imagePullSecrets": [{"name": "theirs"}],
    }
    path = f"namespaces/pear/serviceaccounts/default?fieldManager={manager}&force=true"
    orchard.call("PATCH", path, applied, content_type="application/apply-patch+yaml")
    result = give(orchard)
    (warning,) = result["warnings"]
    assert warning.startswith(f"{tool} owns imagePullSecrets of pear/default")
    assert setting in warning
    assert orchard.pull_secrets("pear") == ["theirs", DIRECT]


def test_missing_namespace_is_a_warning(orchard: Cluster) -> None:
    result = give(orchard, namespaces=["default", "atlantis"])
    assert result["warnings"] == ["The cluster orchard has no namespace atlantis."]


def test_run_without_chosen_namespaces_mints_nothing(orchard: Cluster) -> None:
    result = give(orchard, namespaces=["shop-*"])
    assert (result["changed"], minted(orchard.sandbox)) == (False, [])
    assert result["warnings"] == [
        "The cluster orchard has no chosen namespace for kiwi, so no secret is written there."
    ]


def test_missing_service_account_is_a_warning(orchard: Cluster) -> None:
    result = give(orchard, namespaces=["default"], service_accounts=["default", "bilder"])
    assert result["warnings"] == ["No chosen namespace of the cluster orchard has a service account bilder."]


def test_clusters_are_written_in_parallel_each_with_its_own_credential(
    orchard: Cluster, meadow: Cluster, sandbox: Sandbox
) -> None:
    result = give(orchard, clusters=["orchard", "meadow"])
    assert [one["cluster"]["name"] for one in result["integrations"]] == ["orchard", "meadow"]
    assert set(tokens(orchard).values()).isdisjoint(tokens(meadow).values())
    assert valid(sandbox) == 2
