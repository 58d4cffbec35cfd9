# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles of the guide are sufficient and necessary for what docr_doks_integration does in a cluster."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from conventions.source import ROOT
from docr_sandbox.doks.proxy import Proxy
from support.access_crashes import Runs
from support.access_module import DIRECT, JOURNAL, OPERATOR, actions, give, tokens, valid
from support.control_plane import Cluster

Role = dict[str, Any]
GUIDE = (ROOT / "docs/access.md").read_text(encoding="utf-8")
MODULE_FILE = (ROOT / "plugins/modules/docr_doks_integration.py").read_text(encoding="utf-8")
DIRECT_ROLES, OPERATOR_ROLES, POD_ROLES = (
    list(yaml.safe_load_all(block.replace("acme-shop-eu", "kiwi")))
    for block in re.findall(r"^```yaml\n(apiVersion: rbac.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
)


def identity(cluster: Cluster, folder: Path, roles: list[Role], name: str = "worker") -> str:
    """A kubeconfig of a user with the permissions of the roles."""
    renamed = [
        {**role, "metadata": {**role["metadata"], "name": f"{role['metadata']['name']}-{name}"}} for role in roles
    ]
    return cluster.identity(yaml.safe_dump_all(renamed), folder, name)


def test_guide_and_examples_have_the_same_roles() -> None:
    examples = yaml.safe_load(
        MODULE_FILE.partition('EXAMPLES = r"""')[2].partition('"""')[0].replace("acme-shop-eu", "kiwi")
    )
    found = [one["kubernetes.core.k8s"]["definition"] for one in examples if "kubernetes.core.k8s" in one]
    assert found == [DIRECT_ROLES, OPERATOR_ROLES, POD_ROLES]


@pytest.mark.parametrize(
    ("method", "name", "roles"), [("direct", DIRECT, DIRECT_ROLES), ("operator", OPERATOR, OPERATOR_ROLES)]
)
def test_roles_are_sufficient_from_first_run_to_absence(
    orchard: Cluster, tmp_path: Path, method: str, name: str, roles: list[Role]
) -> None:
    orchard.add_namespaces("pear")
    orchard.give("pear", ["theirs"])
    config = identity(orchard, tmp_path, roles)
    other = {"direct": "operator", "operator": "direct"}[method]
    first = give(orchard, method=method, kubeconfig=config)
    assert actions(first)[:3] == ["mint_credentials", "write_pull_secrets", "activate_credential"]
    before = tokens(orchard, name)["pear"]
    assert give(orchard, method=method, kubeconfig=config)["changed"] is False
    assert give(orchard, method=method, kubeconfig=config, force_rotation=True)["changed"]
    assert tokens(orchard, name)["pear"] != before
    ended = give(orchard, method=method, kubeconfig=config, state="absent")
    assert actions(ended)[-2:] == ["revoke_credentials", "delete_journal"]
    assert (orchard.secrets(name), orchard.pull_secrets("pear"), valid(orchard.sandbox)) == ({}, ["theirs"], 0)
    assert give(orchard, method=method, kubeconfig=config, state="absent")["changed"] is False
    give(orchard, method=other)
    moved = give(orchard, method=method, kubeconfig=config)
    assert not moved.get("failed"), moved["msg"]
    assert orchard.pull_secrets("pear") == ["theirs", name]
    assert orchard.secrets(OPERATOR if method == "direct" else DIRECT) == {}


def failing_pod(cluster: Cluster) -> str:
    """A pod of a controller that was made before any access."""
    image = f"{cluster.sandbox.registry_host}/kiwi/app:v3"
    cluster.add_namespaces("pear")
    pod = cluster.add_replica_set("pear", "web", image)
    cluster.fail_pull("pear", pod, "401 Unauthorized")
    return pod


def test_roles_are_sufficient_to_recreate_pods(orchard: Cluster, tmp_path: Path) -> None:
    pod = failing_pod(orchard)
    config = identity(orchard, tmp_path, DIRECT_ROLES + POD_ROLES)
    result = give(orchard, kubeconfig=config, recreate_failed_pods=True)
    assert actions(result)[-1] == "recreate_pods", result
    assert pod not in orchard.pods("pear")


@pytest.mark.parametrize("verb", ["list", "delete"])
def test_recreating_pods_requires_its_own_role(orchard: Cluster, tmp_path: Path, verb: str) -> None:
    pod = failing_pod(orchard)
    lacking = copy.deepcopy(POD_ROLES)
    lacking[0]["rules"][0]["verbs"].remove(verb)
    config = identity(orchard, tmp_path, DIRECT_ROLES + lacking)
    result = give(orchard, kubeconfig=config, recreate_failed_pods=True)
    assert refusal_of(result) == (verb, "pods", None if verb == "list" else "pear")
    assert pod in orchard.pods("pear")


def refusal_of(result: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """Verb, resource and namespace that the message of a failure names; without one it is the whole cluster."""
    assert result.get("failed"), result
    assert "grant what is missing; the module's documentation has the whole role" in result["msg"]
    found = re.search(
        r'cannot (\w+) resource "(\w+)" in API group "" (?:in the namespace "([\w-]+)"|at the cluster scope)',
        result["msg"],
    )
    assert found is not None, result["msg"]
    verb, resource, namespace = found.groups()
    return verb, resource, namespace


@dataclass(frozen=True)
class Need:
    """A run that needs one right: what an admin's run leaves before it, what goes wrong, and its own options."""

    before: str | None = None
    fault: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


ABSENT = Need("same", options={"state": "absent"})
LOST_POST = {"method": "POST", "path": "*/secrets", "skip": 1, "drop": True}
NEEDS: dict[str, dict[tuple[str, str], Need]] = {
    "direct": {
        ("serviceaccounts", "get"): Need(fault={"method": "PATCH", "drop": True}),
        (DIRECT, "get"): Need(fault=LOST_POST),
        (DIRECT, "update"): Need("same", options={"force_rotation": True}),
        (DIRECT, "delete"): ABSENT,
        (OPERATOR, "get"): Need("other", fault={"method": "DELETE", "drop": True}),
        (OPERATOR, "delete"): Need("other"),
        (JOURNAL, "delete"): ABSENT,
    },
    "operator": {
        ("serviceaccounts", "get"): Need("other", fault={"method": "PATCH", "drop": True}),
        ("serviceaccounts", "patch"): Need("other"),
        (DIRECT, "get"): Need("other", fault={"method": "DELETE", "drop": True}),
        (DIRECT, "delete"): Need("other"),
        (OPERATOR, "get"): Need(fault=LOST_POST),
        (OPERATOR, "update"): Need("same", options={"force_rotation": True}),
        (OPERATOR, "delete"): ABSENT,
        (JOURNAL, "delete"): ABSENT,
    },
}


def cases(roles: list[Role]) -> Iterator[tuple[str, str, list[Role]]]:
    """Each right by what it is for and its verb, and the roles without it."""
    for number, role in enumerate(roles):
        for place, rule in enumerate(role["rules"]):
            for name in rule.get("resourceNames", (None,)):
                for verb in rule["verbs"]:
                    lacking = copy.deepcopy(roles)
                    rules = lacking[number]["rules"]
                    kept = [{**rule, "verbs": [one for one in rule["verbs"] if one != verb]}]
                    others = [one for one in rule.get("resourceNames", ()) if one != name]
                    kept += [{**rule, "resourceNames": others}] if others else []
                    rules[place : place + 1] = [one for one in kept if one["verbs"]]
                    yield name or rule["resources"][0], verb, lacking


@pytest.mark.parametrize(("method", "roles"), [("direct", DIRECT_ROLES), ("operator", OPERATOR_ROLES)])
def test_each_missing_permission_is_named_with_verb_resource_and_namespace(
    marsh: Cluster, tmp_path: Path, method: str, roles: list[Role]
) -> None:
    marsh.add_namespaces("pear")
    marsh.sandbox.switch("rate_limit", False)
    assert marsh.proxy is not None
    with Runs(marsh.sandbox) as runs:
        lab = Lab(marsh, marsh.proxy, runs, method)
        for number, (what, verb, lacking) in enumerate(cases(roles)):
            need = NEEDS[method].get((what, verb), Need())
            config = identity(marsh, tmp_path, lacking, f"worker-{number}")
            result = lab.run(need, config)
            said, resource, namespace = refusal_of(result)
            kind = what if what in ("namespaces", "serviceaccounts") else "secrets"
            assert (said, resource) == (verb, kind), (what, verb, result["msg"])
            assert (namespace is None) == (verb == "list")
            assert namespace is None or f"{namespace}/" in result["msg"]
            lab.reset()
    assert number > 15


@dataclass(frozen=True)
class Lab:
    """Runs in one cluster with all rights or with some, and back to nothing."""

    cluster: Cluster
    proxy: Proxy
    runs: Runs
    method: str

    def options(self, method: str, **more: Any) -> dict[str, Any]:
        common = {"registries": ["kiwi"], "method": method, "wait_timeout": 15, "wait_sleep": 1}
        if more.get("state") != "absent":
            common["rotate_every"] = "11d"
        return {**common, **more}

    def run(self, need: Need, config: str) -> dict[str, Any]:
        """What the run comes to that lacks a right."""
        other = {"direct": "operator", "operator": "direct"}[self.method]
        if need.before is not None:
            self.runs.run(self.options(self.method if need.before == "same" else other, clusters=["marsh"]))
        self.proxy.clear()
        if need.fault:
            self.proxy.fault(**need.fault)
        self.runs.start(self.options(self.method, kubeconfig=config, **need.options))
        result = self.runs.result()
        self.proxy.clear()
        return result

    def reset(self) -> None:
        """End all access, and check that every minted credential is revoked."""
        for method in ("direct", "operator"):
            self.runs.run(self.options(method, clusters=["marsh"], state="absent"))
        assert valid(self.cluster.sandbox) == 0
