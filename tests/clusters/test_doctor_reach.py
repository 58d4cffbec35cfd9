# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the doctor enters clusters, its requests, the sufficient role, and unreachable clusters."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from conventions.source import ROOT
from docr_sandbox.testing import Sandbox
from support.control_plane import Cluster, eventually
from support.doctor_module import LISTS, MODULE, findings, give_access, look, mint, put
from support.image_host import nobody, push_index
from support.modules import run_module, writes

GUIDE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
(ROLE,) = (
    text for text in re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL) if "ClusterRole" in text
)
RULES: list[dict[str, Any]] = yaml.safe_load(ROLE)["rules"]


def entry_of(cluster: Cluster) -> str:
    return f"GET /v2/kubernetes/clusters/{cluster.id}/credentials"


def lack(number: int) -> str:
    """The role without one of its rules."""
    return yaml.safe_dump({**yaml.safe_load(ROLE), "rules": [one for one in RULES if one is not RULES[number]]})


def test_the_role_of_the_guide_is_that_of_the_examples() -> None:
    examples = yaml.safe_load(run_examples())
    (task,) = (one for one in examples if "kubernetes.core.k8s" in one)
    assert task["kubernetes.core.k8s"]["definition"] == yaml.safe_load(ROLE)


def run_examples() -> str:
    text = (ROOT / f"plugins/modules/{MODULE}.py").read_text(encoding="utf-8")
    return text.partition('EXAMPLES = r"""')[2].partition('"""')[0]


def test_the_documented_role_is_sufficient_for_a_diagnosis(orchard: Cluster, tmp_path: Path) -> None:
    orchard.add_namespaces("pear")
    put(orchard, "regcred", mint(orchard), "pear")
    orchard.give("pear", ["regcred", "theirs"])
    everything = look(orchard, namespaces=["pear"], registries=["kiwi"])
    seen = look(orchard, kubeconfig=orchard.identity(ROLE, tmp_path), namespaces=["pear"], registries=["kiwi"])
    assert {**seen, "summary": ""} == {**everything, "summary": ""}
    assert findings(seen) == [("warning", "entry_names_nothing", "ServiceAccount/default", "pear")]


@pytest.mark.parametrize("number", range(len(RULES)))
def test_with_less_the_message_names_what_is_missing(orchard: Cluster, tmp_path: Path, number: int) -> None:
    (kind,), (verb,) = RULES[number]["resources"], RULES[number]["verbs"]
    config = orchard.identity(lack(number), tmp_path)
    result = run_module(orchard.sandbox, MODULE, diagnose=True, kubeconfig=config)
    assert (result["failed"], result["error"]["kind"]) == (True, "some_failed")
    assert f"{verb} {kind} in the cluster of {config}" in result["msg"]
    assert f'cannot {verb} resource "{kind}" in API group "" at the cluster scope' in result["msg"]
    assert "grant what is missing" in result["msg"]


def test_nothing_but_lists_is_asked_of_a_cluster(marsh: Cluster, tmp_path: Path) -> None:
    assert marsh.proxy is not None
    marsh.add_namespaces("pear")
    give_access(marsh)
    marsh.add_pod("pear", "web", f"{marsh.sandbox.registry_host}/kiwi/web:v7")
    marsh.sandbox.clear_log()
    marsh.proxy.clear()
    look(marsh)
    assert sorted(one.call for one in marsh.proxy.log()) == LISTS
    assert writes(marsh.sandbox) == [entry_of(marsh)]
    marsh.sandbox.clear_log()
    marsh.proxy.clear()
    look(marsh, kubeconfig=marsh.kubeconfig(tmp_path))
    assert sorted(one.call for one in marsh.proxy.log()) == LISTS
    assert writes(marsh.sandbox) == []


def test_pods_are_many_and_large_so_their_pages_are_small(marsh: Cluster) -> None:
    assert marsh.proxy is not None
    image = f"{marsh.sandbox.registry_host}/kiwi/web:v7"
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}}
    spec = {"replicas": 260, "selector": {"matchLabels": labels}, "template": pod}
    marsh.create({"kind": "ReplicaSet", "metadata": {"namespace": "default", "name": "web"}, "spec": spec})
    eventually(lambda: len(marsh.pods("default")), lambda count: count == 260)
    marsh.proxy.clear()
    assert look(marsh)["counts"]["pods"] == 260
    assert [one.call for one in marsh.proxy.log()].count("GET /api/v1/pods") == 2


def test_the_token_for_a_cluster_is_short_lived(orchard: Cluster) -> None:
    look(orchard)
    (entry,) = (one for one in orchard.sandbox.log() if one["path"].endswith("/credentials"))
    assert entry["query"] == "expiry_seconds=900"


def test_check_mode_mints_no_cluster_token_and_adds_a_warning(orchard: Cluster, tmp_path: Path) -> None:
    result = run_module(orchard.sandbox, MODULE, check=True, diagnose=True)
    assert [(one["name"], one["diagnosis"]) for one in result["clusters"]] == [("orchard", None)]
    assert result["warnings"] == ["No cluster was checked: access to a cluster mints a token, and this is check mode."]
    assert writes(orchard.sandbox) == []
    config = orchard.kubeconfig(tmp_path)
    result = run_module(orchard.sandbox, MODULE, check=True, diagnose=True, kubeconfig=config, registries=["plum"])
    assert findings(result["clusters"][0]["diagnosis"])[0][:2] == ("error", "entry_missing")


def test_without_diagnose_no_cluster_is_entered(orchard: Cluster) -> None:
    result = run_module(orchard.sandbox, MODULE)
    assert [(one["name"], one["diagnosis"], one["error"]) for one in result["clusters"]] == [("orchard", None, None)]
    assert orchard.sandbox.calls() == ["GET /v2/kubernetes/clusters"]


def contexts(orchard: Cluster, tmp_path: Path) -> str:
    """A kubeconfig with a cluster that answers, one where nobody does, and one whose certificate is another's."""
    config = orchard.plane.kubeconfig()
    (cluster,), (context,) = config["clusters"], config["contexts"]
    lost = {**cluster["cluster"], "server": f"https://{nobody()}"}
    wrong = {key: value for key, value in cluster["cluster"].items() if key == "server"}
    config["clusters"] = [cluster, {"name": "lost", "cluster": lost}, {"name": "wrong", "cluster": wrong}]
    config["contexts"] = [
        {"name": name, "context": {**context["context"], "cluster": name}}
        for name in (cluster["name"], "lost", "wrong")
    ]
    path = tmp_path / "three.kubeconfig"
    path.write_text(json.dumps(config), encoding="utf-8")
    return str(path)


def test_unreachable_clusters_do_not_stop_other_clusters_and_are_named_at_the_end(
    orchard: Cluster, tmp_path: Path
) -> None:
    names = ["lost", "first", "wrong", "absent"]
    options: dict[str, Any] = {"kubeconfig": contexts(orchard, tmp_path), "contexts": names}
    result = run_module(orchard.sandbox, MODULE, diagnose=True, registries=["kiwi"], **options)
    assert result["error"]["kind"] == "some_failed"
    assert result["msg"].startswith(
        "Could not look into 3 of 4 clusters: lost: Could not list namespaces in the cluster"
    )
    assert "wrong: Could not list namespaces in the cluster wrong: its certificate is not trusted" in result["msg"]
    assert "absent: Could not use the kubeconfig" in result["msg"]
    shown = {one["name"]: one for one in result["last"]["clusters"]}
    assert list(shown) == names
    assert shown["first"]["diagnosis"]["counts"]["errors"] == 4
    assert "cannot be reached" in shown["lost"]["error"]
    assert (shown["lost"]["diagnosis"], shown["first"]["error"]) == (None, None)


def test_users_that_cannot_sign_in_stop_no_other_cluster_and_impersonation_counts(
    orchard: Cluster, tmp_path: Path
) -> None:
    config = orchard.plane.kubeconfig()
    (cluster,), (user,) = config["clusters"], config["users"]
    (tmp_path / "token").write_text(f"{user['user']['token']}\n", encoding="utf-8")
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "docr-no-such-plugin"}
    users: dict[str, dict[str, Any]] = {
        "broken": {"token": f"{user['user']['token']}\n"},
        "file": {"tokenFile": "token"},
        "plugin": {"exec": plugin},
        "basic": {"username": "fern", "password": "some-password"},
        "fewer": {**user["user"], "as": "fern"},
        "anonymous": {},
    }
    config["users"] = [{"name": name, "user": one} for name, one in users.items()]
    config["contexts"] = [{"name": name, "context": {"cluster": cluster["name"], "user": name}} for name in users]
    path = tmp_path / "six.kubeconfig"
    path.write_text(json.dumps(config), encoding="utf-8")
    options: dict[str, Any] = {"kubeconfig": str(path), "contexts": list(users)}
    result = run_module(orchard.sandbox, MODULE, diagnose=True, registries=["kiwi"], **options)
    shown = {one["name"]: one["error"] for one in result["last"]["clusters"]}
    assert shown["file"] is None
    assert "the token of the user broken holds a line break" in shown["broken"]
    assert "the exec plug-in docr-no-such-plugin of the user plugin was not found" in shown["plugin"]
    assert "does not accept the username and password of the user basic" in shown["basic"]
    assert 'User "fern" cannot list resource "namespaces"' in shown["fewer"]
    assert "the user anonymous has no credentials" in shown["anonymous"]
    assert user["user"]["token"] not in json.dumps(result)


def test_clusters_of_the_api_are_diagnosed_in_parallel(orchard: Cluster, meadow: Cluster) -> None:
    give_access(orchard)
    meadow.add_namespaces("pear")
    orchard.sandbox.seed({"clusters": [{"name": "younger", "state": "provisioning"}]})
    orchard.sandbox.clear_log()
    result = run_module(orchard.sandbox, MODULE, diagnose=True, registries=["kiwi"])
    shown = {one["name"]: one["diagnosis"] for one in result["clusters"]}
    assert [one["error"] for one in result["clusters"] if one["name"] == "younger"] == result["warnings"]
    assert {name: one and one["is_healthy"] for name, one in shown.items()} == {
        "orchard": True, "meadow": False, "younger": None,
    }  # fmt: skip
    assert result["warnings"] == ["The cluster younger was not checked, since its state is provisioning."]
    assert Counter(writes(orchard.sandbox)) == Counter([entry_of(orchard), entry_of(meadow)])


@pytest.mark.parametrize("state", ["provisioning", "deleting", "deleted"])
def test_a_named_cluster_that_is_not_there_yet_or_any_more_is_reported_by_its_state(
    sandbox: Sandbox, state: str
) -> None:
    sandbox.seed({"clusters": [{"name": "orchard", "state": state}]})
    result = run_module(sandbox, MODULE, diagnose=True, clusters=["orchard"])
    told = f"The cluster orchard was not checked, since its state is {state}."
    assert (result["warnings"], [one["error"] for one in result["clusters"]]) == ([told], [told])
    assert writes(sandbox) == []


def test_the_error_of_an_unreachable_cluster_names_its_state(sandbox: Sandbox) -> None:
    sandbox.seed({"clusters": [{"name": "orchard", "state": "upgrading"}]})
    result = run_module(sandbox, MODULE, diagnose=True, clusters=["orchard"])
    assert "the cluster's state is upgrading" in result["msg"]


def test_check_mode_with_a_kubeconfig_obtains_no_token_for_pushes(orchard: Cluster, tmp_path: Path) -> None:
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    orchard.add_namespaces("pear")
    put(orchard, "regcred", mint(orchard, read_write=True), "pear")
    orchard.give("pear", ["regcred"])
    orchard.sandbox.clear_log()
    found = look(orchard, kubeconfig=orchard.kubeconfig(tmp_path), namespaces=["pear"], registries=["kiwi"], check=True)
    assert [(one["pulls_from"], one["pushes_to"]) for one in found["credentials"]] == [(["kiwi"], None)]
    assert findings(found) == []
    assert writes(orchard.sandbox) == []


def test_an_unreachable_cluster_is_named_and_other_clusters_are_diagnosed(orchard: Cluster, meadow: Cluster) -> None:
    orchard.sandbox.fault(method="GET", path=f"/v2/kubernetes/clusters/{meadow.id}/credentials", status=403, times=1)
    result = run_module(orchard.sandbox, MODULE, diagnose=True, clusters=["meadow", "orchard"])
    assert result["msg"].startswith("Could not look into 1 of 2 clusters: meadow: Could not mint credentials")
    assert [one["diagnosis"] is None for one in result["last"]["clusters"]] == [True, False]


def test_clusters_of_one_name_are_distinguished_by_their_ids(sandbox: Sandbox) -> None:
    sandbox.seed({"clusters": [{"name": "twin", "region": region} for region in ("syd1", "blr1")]})
    ids = [one["id"] for one in sandbox.account()["clusters"]]
    for one in ids:
        sandbox.fault(method="GET", path=f"/v2/kubernetes/clusters/{one}/credentials", status=403)
    result = run_module(sandbox, MODULE, diagnose=True)
    assert result["msg"].startswith("Could not look into 2 of 2 clusters: twin (")
    assert all(f"twin ({one}): Could not mint" in result["msg"] for one in ids)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kubeconfig": "/nowhere"}, "kubeconfig: the option requires diagnose=true"),
        ({"contexts": ["one"], "diagnose": True}, "contexts: the option requires kubeconfig"),
        ({"registries": [], "diagnose": True}, "registries: the list is empty"),
        ({"kubeconfig": "/x", "contexts": [""], "diagnose": True}, "contexts[0]: the name is empty"),
        ({"clusters": ["orchard", " "]}, "clusters[1]: the name is empty"),
        (
            {"registries": ["kiwl"], "diagnose": True},
            "registries[0]: the team has no registry 'kiwl'; the team has kiwi, plum",
        ),
        ({"clusters": ["orchart"], "diagnose": True}, "did you mean 'orchard'?"),
        ({"clusters": ["orchard"], "kubeconfig": "/nowhere"}, "mutually exclusive"),
        ({"clusters": ["orchard"], "diagnose": True, "namespace_selector": "a b"}, "unable to parse requirement"),
    ],
)
def test_contradicting_options_are_an_error(orchard: Cluster, options: dict[str, Any], message: str) -> None:
    result = run_module(orchard.sandbox, MODULE, **options)
    assert result["failed"]
    assert message in result["msg"]
