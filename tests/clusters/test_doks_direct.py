# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration writes each namespace itself: the way that works on any Kubernetes."""

from __future__ import annotations

from access import DIRECT, EVERYWHERE, JOURNAL, actions, give, minted, pull_access, tokens, valid
from clusters.cluster import Cluster


def test_each_namespace_and_its_default_account_get_one_credential_and_a_second_run_changes_nothing(
    orchard: Cluster,
) -> None:
    orchard.add_namespaces("pear", "lime")
    orchard.give("pear", ["theirs", "other"])
    first = give(orchard)
    assert first["changed"], first
    assert actions(first) == ["mint_credentials", "write_pull_secrets", "settle_credentials", "patch_service_accounts"]
    found = tokens(orchard)
    assert set(found) == EVERYWHERE | {"pear", "lime"}
    assert len(set(found.values())) == 1
    assert orchard.pull_secrets("pear") == ["theirs", "other", DIRECT]
    assert orchard.pull_secrets("kube-system") == [DIRECT]
    assert set(orchard.secrets(JOURNAL)) == {"kube-system"}
    (token,) = minted(orchard.sandbox)
    assert token["is_valid"]
    again = give(orchard)
    assert (again["changed"], again["actions"]) == (False, [])
    assert pull_access(again)["credential"] == pull_access(first)["credential"]
    assert valid(orchard.sandbox) == 1
