# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which namespaces and service accounts are chosen."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.selection import Where, plain_names


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (Where(), ["ci", "team-a", "team-b-lab", "Team-c"]),
        (Where(namespaces=("team-*",)), ["team-a", "team-b-lab"]),
        (Where(namespaces=("team-*", "ci"), exclude_namespaces=("*-lab",)), ["ci", "team-a"]),
        (Where(namespaces=("team-[ab]",)), ["team-a"]),
        (Where(namespaces=("c?",)), ["ci"]),
        (Where(namespaces=("team",)), []),
        (Where(exclude_namespaces=("*",)), []),
        (Where(namespace_selector="tier=web"), ["ci", "team-a", "team-b-lab", "Team-c"]),
    ],
)
def test_names_and_globs_choose_namespaces(where: Where, names: list[str]) -> None:
    assert [one for one in ("ci", "team-a", "team-b-lab", "Team-c") if where.has_namespace(one)] == names


@pytest.mark.parametrize(
    ("accounts", "chosen", "only"),
    [
        (("default",), ["default"], "default"),
        (("build",), ["build"], "build"),
        (("build-*", "default"), ["default", "build-1"], None),
        (("build-?",), ["build-1"], None),
        (("default", "build"), ["default", "build"], None),
        (("*",), ["default", "build", "build-1"], None),
    ],
)
def test_names_and_globs_choose_service_accounts(
    accounts: tuple[str, ...], chosen: list[str], only: str | None
) -> None:
    where = Where(service_accounts=accounts)
    assert [one for one in ("default", "build", "build-1") if where.has_account(one)] == chosen
    assert where.only_account == only


def test_default_account_is_chosen_by_default() -> None:
    assert Where().only_account == "default"


def test_plain_names_are_patterns_without_a_glob() -> None:
    assert plain_names(["ci", "team-*", "c?", "team-[ab]", "shop"]) == ("ci", "shop")


@pytest.mark.parametrize(
    ("where", "served"),
    [
        (Where(service_accounts=("*",)), ["default"]),
        (Where(service_accounts=("c*", "coredns")), ["coredns"]),
        (Where(service_accounts=("*",), namespaces=("kube-*",)), ["default"]),
        (Where(service_accounts=("*",), namespaces=("*", "kube-system")), ["default", "cilium", "coredns"]),
        (Where(service_accounts=("cilium",)), ["cilium"]),
    ],
)
def test_a_glob_chooses_no_component_of_kubernetes(where: Where, served: list[str]) -> None:
    names = ("default", "cilium", "coredns")
    assert [one for one in names if where.serves_account("kube-system", one)] == served
    assert all(where.serves_account("shop", one) is where.has_account(one) for one in names)
