# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which service accounts get the secret of the method direct, and which lose the secret."""

from __future__ import annotations

from typing import Any

from support.access_module import DIRECT, OPERATOR, actions, give, valid
from support.control_plane import Cluster

PEAR: dict[str, Any] = {"namespaces": ["pear"]}


def holders(cluster: Cluster, namespace: str = "pear") -> set[str]:
    """The service accounts of a namespace that name the secret."""
    return {name for (place, name), names in cluster.accounts().items() if place == namespace and DIRECT in names}


def test_a_glob_leaves_accounts_of_kube_system_alone_unless_the_namespace_is_named(orchard: Cluster) -> None:
    orchard.add_accounts("kube-system", "cilium", "coredns")
    orchard.add_namespaces("pear")
    orchard.add_accounts("pear", "builder")
    give(orchard, service_accounts=["*"])
    assert (holders(orchard), holders(orchard, "kube-system")) == ({"default", "builder"}, {"default"})
    assert give(orchard, service_accounts=["*"])["changed"] is False
    give(orchard, service_accounts=["*", "cilium"])
    assert holders(orchard, "kube-system") == {"default", "cilium"}
    give(orchard, service_accounts=["*"], namespaces=["kube-system"])
    assert holders(orchard, "kube-system") >= {"default", "cilium", "coredns"}


def test_absent_takes_the_entry_from_the_named_accounts_only_until_no_account_is_left(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    orchard.add_accounts("pear", "builder", "runner")
    give(orchard, service_accounts=["*"], **PEAR)
    left = give(orchard, state="absent", service_accounts=["builder"], **PEAR)
    assert (actions(left), holders(orchard)) == (["patch_service_accounts"], {"default", "runner"})
    assert "stays in pear, since service accounts that service_accounts does not name" in " ".join(left["warnings"])
    assert (set(orchard.secrets(DIRECT)), valid(orchard.sandbox)) == ({"pear"}, 1)
    again = give(orchard, state="absent", service_accounts=["builder"], **PEAR)
    assert again["changed"] is False
    give(orchard, state="absent", service_accounts=["default", "run*"], **PEAR)
    assert (holders(orchard), orchard.secrets(DIRECT), valid(orchard.sandbox)) == (set(), {}, 0)


def test_absent_without_accounts_ends_the_access_of_all(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    orchard.add_accounts("pear", "builder")
    give(orchard, service_accounts=["builder"], **PEAR)
    give(orchard, state="absent")
    assert (holders(orchard), orchard.secrets(DIRECT), valid(orchard.sandbox)) == (set(), {}, 0)


def test_a_narrower_list_removes_other_accounts_only_when_asked_to(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    orchard.add_accounts("pear", "builder", "stranger")
    orchard.give("pear", ["theirs"], account="stranger")
    give(orchard, service_accounts=["builder", "default"], **PEAR)
    assert give(orchard, service_accounts=["builder"], **PEAR)["changed"] is False
    narrowed = give(orchard, service_accounts=["builder"], exclusive_service_accounts=True, **PEAR)
    assert (actions(narrowed), holders(orchard)) == (["patch_service_accounts"], {"builder"})
    assert orchard.pull_secrets("pear", "stranger") == ["theirs"]
    assert give(orchard, service_accounts=["builder"], exclusive_service_accounts=True, **PEAR)["changed"] is False


def test_absent_with_another_method_says_what_stays(orchard: Cluster) -> None:
    give(orchard)
    result = give(orchard, state="absent", method="operator")
    assert result["changed"] is False
    told = " ".join(result["warnings"])
    assert "The cluster orchard keeps access to the registry kiwi by the method direct" in told
    assert "run the task with state=absent and method=direct" in told
    assert orchard.secrets(OPERATOR) == {}


def test_a_selector_that_chooses_nothing_is_a_warning_that_names_the_selector(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", labels={"team": "shop"})
    result = give(orchard, namespace_selector="team==")
    assert "The label selector 'team==' chooses no namespace of the cluster orchard" in " ".join(result["warnings"])
    assert orchard.secrets(DIRECT) == {}
