# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's findings on service accounts and secrets in real clusters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.docker import DockerCredentials
from support.control_plane import MERGE, Cluster, eventually, token_in
from support.doctor_module import findings, give_access, look, mint, put
from support.image_host import client, push_index
from support.modules import writes

DIRECT = "docr-direct-kiwi"
HERE = {"namespaces": ["pear"]}
DAY = 86_400


def test_a_cluster_without_a_registry_is_healthy(orchard: Cluster) -> None:
    found = look(orchard)
    assert (found["is_healthy"], found["registries"], found["findings"]) == (True, [], [])
    assert found["summary"] == "orchard: nothing in the cluster uses the registries."


def test_secrets_of_this_collection_are_healthy_until_renewals_are_missed(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "fig")
    give_access(orchard)
    found = look(orchard)
    assert (found["is_healthy"], findings(found)) == (True, [])
    assert found["summary"] == "orchard: no problems were found in 6 namespaces, for kiwi."
    (one,) = found["credentials"]
    assert (one["namespaces"], one["pulls_from"], one["pushes_to"], one["never_expires"]) == (6, ["kiwi"], [], False)
    orchard.sandbox.advance(41 * DAY)
    assert [one[:3] for one in findings(look(orchard))] == [("warning", "expires_soon", f"Secret/{DIRECT}")]
    orchard.sandbox.advance(20 * DAY)
    found = look(orchard, namespaces=["p*", "fig"])
    assert findings(found) == [("error", "expired", f"Secret/{DIRECT}", "fig pear")]
    assert found["summary"] == "orchard: in 2 of 2 namespaces new pods cannot pull from kiwi."


def test_a_token_that_never_expires_is_a_warning_with_each_method(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    give_access(orchard, method="operator", rotate_every=None, never_expires=True)
    eventually(lambda: orchard.pull_secrets("pear"), bool)
    eventually(lambda: orchard.secrets("docr-operator-kiwi"), lambda seen: "pear" in seen)
    found = look(orchard, **HERE)
    assert findings(found) == [("warning", "no_expiry", "Secret/docr-operator-kiwi", "pear")]
    assert found["is_healthy"]


def test_one_click_is_healthy_once_its_secrets_exist(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    orchard.sandbox.switch("doks_operator", "stopped")
    body = {"cluster_uuids": [orchard.id], "registries": ["kiwi"]}
    assert orchard.sandbox.request("POST", "/v2/kubernetes/registries", body)[0] == 204
    assert findings(look(orchard, **HERE)) == [("error", "entry_missing", "ServiceAccount/default", "pear")]
    orchard.sandbox.switch("doks_operator", "runs")
    eventually(lambda: orchard.pull_secrets("pear"), bool)
    eventually(lambda: orchard.secrets("kiwi"), lambda seen: "pear" in seen)
    assert findings(look(orchard, **HERE)) == []


def test_a_token_revoked_elsewhere_is_found_behind_a_valid_secret(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    give_access(orchard)
    token = token_in(orchard.secrets(DIRECT)["pear"])
    client(orchard.sandbox).revoke_docker_credentials(DockerCredentials(token, token))
    assert findings(look(orchard, **HERE)) == [("error", "refused", f"Secret/{DIRECT}", "pear")]


def test_accounts_without_an_entry_are_found_where_they_are_expected_to_have_one(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "fig", "lime")
    orchard.add_accounts("fig", "builder", "robot")
    give_access(orchard, namespaces=["pear", "fig"])
    orchard.give("pear", ["theirs"])
    found = look(orchard, namespaces=["pear", "fig", "lime"], service_accounts=["default", "bui*"], registries=["kiwi"])
    assert sorted(findings(found)) == [
        ("error", "entry_missing", "ServiceAccount/builder", "fig"),
        ("error", "entry_missing", "ServiceAccount/default", "lime"),
        ("error", "entry_missing", "ServiceAccount/default", "pear"),
        ("warning", "entry_names_nothing", "ServiceAccount/default", "pear"),
    ]
    messages = {(one["object"], *one["namespaces"]): one["message"] for one in found["findings"]}
    assert messages["ServiceAccount/default", "pear"].startswith("It names the pull secret theirs")
    assert f"although the secret {DIRECT} exists" in messages["ServiceAccount/builder", "fig"]


def test_each_kind_of_wrong_secret_has_its_own_finding(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "fig", "lime", "date", "plot")
    give_access(orchard, namespaces=["pear", "fig", "lime", "date", "plot"])
    other = json.dumps({".dockerconfigjson": "e30="})
    orchard.call("PATCH", f"namespaces/pear/secrets/{DIRECT}", {"data": json.loads(other)}, content_type=MERGE)
    orchard.call("DELETE", f"namespaces/fig/secrets/{DIRECT}")
    orchard.call("DELETE", f"namespaces/lime/secrets/{DIRECT}")
    put(orchard, DIRECT, mint(orchard), "lime")
    orchard.call("DELETE", f"namespaces/date/secrets/{DIRECT}")
    put(orchard, DIRECT, mint(orchard, "plum"), "date")
    found = look(orchard, exclude_namespaces=["kube-*", "default"])
    assert sorted(findings(found)) == [
        ("error", "entry_names_nothing", "ServiceAccount/default", "fig"),
        ("error", "malformed", f"Secret/{DIRECT}", "pear"),
        ("error", "other_registry", f"Secret/{DIRECT}", "date"),
        ("warning", "copies_differ", f"Secret/{DIRECT}", "date lime"),
    ]


def test_a_copy_that_was_edited_by_hand_is_found_by_its_fingerprint(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "fig", "lime")
    give_access(orchard, namespaces=["pear", "fig", "lime"])
    put(orchard, "aside", mint(orchard), "pear")
    data = orchard.secrets("aside")["pear"]["data"]
    orchard.call("DELETE", "namespaces/pear/secrets/aside")
    orchard.call("PATCH", f"namespaces/pear/secrets/{DIRECT}", {"data": data}, content_type=MERGE)
    found = look(orchard, namespaces=["pear", "fig", "lime"])
    assert findings(found) == [
        ("warning", "copies_differ", f"Secret/{DIRECT}", "pear"),
        ("warning", "edited", f"Secret/{DIRECT}", "pear"),
    ]


def test_secrets_of_several_makers_are_named_with_them(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    give_access(orchard, namespaces=["pear"])
    config = mint(orchard)
    put(orchard, "kiwi", config, "pear")
    put(orchard, "registry-kiwi", config, "pear")
    put(orchard, "regcred", config, "pear")
    orchard.give("pear", [DIRECT, "regcred"])
    (one,) = look(orchard, **HERE)["findings"]
    assert (one["kind"], one["object"]) == ("duplicate", f"Secret/{DIRECT}, kiwi, registry-kiwi, regcred")
    for maker in ("method direct", "one-click integration", "doctl", "another tool"):
        assert maker in one["message"]


def test_a_token_that_may_push_is_found_without_a_push(orchard: Cluster) -> None:
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    orchard.add_namespaces("pear", "fig")
    put(orchard, "regcred", mint(orchard, read_write=True), "pear", "fig")
    orchard.give("pear", ["regcred"])
    orchard.give("fig", ["regcred"])
    before = orchard.sandbox.account()
    orchard.sandbox.clear_log()
    found = look(orchard, namespaces=["pear", "fig"], registries=["kiwi"])
    assert findings(found) == [("warning", "can_push", "Secret/regcred", "fig pear")]
    assert [one["pushes_to"] for one in found["credentials"]] == [["kiwi"]]
    entry = f"GET /v2/kubernetes/clusters/{orchard.id}/credentials"
    trial = "PATCH /v2/kiwi/team/app/blobs/uploads/00000000-0000-4000-8000-000000000000"
    assert sorted(set(writes(orchard.sandbox))) == [entry, trial]
    after = orchard.sandbox.account()
    for account in (before, after):
        account["registries"][0].pop("last_push", None)
    assert after == before


def test_a_token_of_another_team_opens_no_registry(orchard: Cluster) -> None:
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    orchard.add_namespaces("pear")
    token = orchard.sandbox.mint(team="another")
    config = json.dumps({"auths": {orchard.sandbox.registry_host: {"username": "me", "password": token}}})
    put(orchard, "regcred", config, "pear")
    orchard.give("pear", ["regcred"])
    found = look(orchard, **HERE, registries=["kiwi"])
    assert findings(found) == [("error", "other_registry", "Secret/regcred", "pear")]


def test_access_for_some_namespaces_is_healthy_without_the_others(orchard: Cluster) -> None:
    orchard.add_namespaces("shop-eu", "shop-us", "fig")
    give_access(orchard, namespaces=["shop-*"])
    found = look(orchard)
    assert (found["is_healthy"], findings(found)) == (True, [])


def test_more_missing_names_than_the_doctor_looks_up_are_told_as_not_looked_up(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    orchard.give("pear", [*(f"gone-{number:02}" for number in range(21)), ""])
    found = look(orchard, **HERE, registries=["kiwi"])
    kinds = [one["kind"] for one in found["findings"]]
    assert (kinds.count("entry_names_nothing"), "gone-20" in str(found["findings"])) == (20, False)
    (note,) = found["notes"]
    assert "name 21 pull secrets" in note
    assert "such as gone-20." in note


def test_each_token_is_asked_about_once_however_many_secrets_hold_it(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    give_access(orchard, namespaces=["pear"])
    look(orchard)
    orchard.sandbox.clear_log()
    look(orchard)
    few = len(orchard.sandbox.calls())
    orchard.add_namespaces(*(f"space-{number}" for number in range(30)))
    give_access(orchard)
    orchard.sandbox.clear_log()
    assert look(orchard)["counts"]["secrets"] == 35
    assert len(orchard.sandbox.calls()) == few


def test_an_account_wide_token_serves_all_registries(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    config = json.dumps(
        {"auths": {orchard.sandbox.registry_host: {"username": "me", "password": orchard.sandbox.mint()}}}
    )
    put(orchard, "regcred", config, "pear")
    orchard.give("pear", ["regcred"])
    found = look(orchard, **HERE, registries=["kiwi", "plum"])
    assert findings(found) == [("warning", "can_push", "Secret/regcred", "pear")]
    assert [one["pulls_from"] for one in found["credentials"]] == [["kiwi", "plum"]]


@pytest.mark.parametrize("status", [503, 429])
def test_missing_answers_of_the_image_host_are_reported_as_unknown(orchard: Cluster, status: int) -> None:
    orchard.add_namespaces("pear")
    put(orchard, "kiwi", mint(orchard), "pear")
    orchard.give("pear", ["kiwi"])
    orchard.sandbox.fault(method="GET", path="/v2/registry/auth", status=status, times=50)
    found = look(orchard, **HERE)
    assert (findings(found), found["is_healthy"]) == ([], True)
    assert [one["is_taken"] for one in found["credentials"]] == [None]
    (note,) = found["notes"]
    assert note.startswith("Could not check what the pull secrets open: Could not log in to the image host")


def test_no_token_is_shown(orchard: Cluster, tmp_path: Path) -> None:
    orchard.add_namespaces("pear")
    give_access(orchard, namespaces=["pear"])
    config = mint(orchard)
    put(orchard, "regcred", config, "pear")
    put(orchard, "broken", json.dumps({"auths": config}), "pear")
    orchard.give("pear", ["regcred", "broken", DIRECT])
    shown = json.dumps(look(orchard, **HERE))
    for name in ("regcred", DIRECT):
        secret = orchard.secrets(name)["pear"]
        assert token_in(secret) not in shown
        assert secret["data"][".dockerconfigjson"] not in shown
    assert "malformed" in shown


def test_label_selectors_apply_and_terminating_namespaces_are_skipped(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "fig", labels={"team": "fruit"})
    orchard.add_namespaces("beet", labels={"team": "roots"})
    found = look(orchard, namespace_selector="team=fruit", exclude_namespaces=["f*"], registries=["plum"])
    assert findings(found) == [("error", "entry_missing", "ServiceAccount/default", "pear")]
    found = look(orchard, namespaces=["pear", "sprout"], registries=["plum"])
    assert found["notes"] == ["The namespace sprout does not exist, or the label selector does not select it."]
    space = orchard.call("GET", "namespaces/pear")
    orchard.call("PUT", "namespaces/pear", {**space, "metadata": {**space["metadata"], "finalizers": ["a.test/stay"]}})
    orchard.call("DELETE", "namespaces/pear")
    assert look(orchard, namespace_selector="team=fruit", registries=["plum"])["counts"]["namespaces"] == 1
    space = orchard.call("GET", "namespaces/pear")
    orchard.call("PUT", "namespaces/pear", {**space, "metadata": {**space["metadata"], "finalizers": None}})
    assert client(orchard.sandbox).list_registries()
