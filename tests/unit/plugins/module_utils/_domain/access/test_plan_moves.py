# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for DigitalOcean's operator, and for moves from one method to another."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    ClusterAccess,
    CurrentCluster,
    DesiredAccess,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.plan import plan_presence
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    Secret,
    ServiceAccount,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Plan, Step
from support.access_states import (
    COPIED,
    DIRECT,
    ONE_CLICK,
    OPERATOR,
    PEAR,
    SETTLED,
    SOURCE,
    access,
    account,
    actions,
    cluster,
    edited,
    everywhere,
    named,
    ours,
    theirs,
)

RENEWAL = ["mint_credentials", "write_pull_secrets", "activate_credential"]


def plan(state: CurrentCluster, *accesses: DesiredAccess, recreates_pods: bool = False) -> Plan[Step]:
    return plan_presence(ClusterAccess(state, accesses or (access(),)), recreates_pods=recreates_pods)


def does(state: CurrentCluster, *accesses: DesiredAccess) -> list[str]:
    return actions(plan(state, *accesses).steps)


@pytest.mark.parametrize(
    ("secrets", "accounts", "expected"),
    [
        (COPIED, named(OPERATOR), []),
        ([], named(), ["write_pull_secrets", "activate_credential"]),
        ([edited(SOURCE[0]), *COPIED[1:]], named(OPERATOR), ["write_pull_secrets", "activate_credential"]),
        # Copies that lag are waited for only where another method is to end.
        (SOURCE, named(), []),
        (
            [*SOURCE, ours(PEAR)],
            named(DIRECT),
            ["activate_credential", "patch_service_accounts", "delete_pull_secrets"],
        ),
        ([*COPIED, ours(PEAR)], named(DIRECT, OPERATOR), ["patch_service_accounts", "delete_pull_secrets"]),
        ([*COPIED, ours(PEAR)], named(OPERATOR), ["delete_pull_secrets"]),
    ],
)
def test_operator_method_writes_one_secret_and_waits_for_copies(
    secrets: list[Secret], accounts: list[ServiceAccount], expected: list[str]
) -> None:
    assert does(cluster(secrets, accounts, SETTLED), access("operator")) == expected


@pytest.mark.parametrize(
    ("state", "desired", "expected"),
    [
        (
            cluster(COPIED, named(OPERATOR), SETTLED),
            access(),
            ["write_pull_secrets", "patch_service_accounts", "delete_operator_secret"],
        ),
        (
            cluster(COPIED[1:], named(OPERATOR, DIRECT), SETTLED),
            access(),
            ["write_pull_secrets", "patch_service_accounts", "delete_pull_secrets"],
        ),
        (
            cluster(everywhere(), named(DIRECT), SETTLED),
            access("operator"),
            ["write_pull_secrets", "activate_credential", "patch_service_accounts", "delete_pull_secrets"],
        ),
        (
            cluster([], named(ONE_CLICK), integrated=["kiwi"]),
            access("operator"),
            ["mint_credentials", "write_pull_secrets", "activate_credential", "remove_registries"],
        ),
        (
            cluster([], named(ONE_CLICK), integrated=["kiwi"]),
            access(),
            [*RENEWAL, "patch_service_accounts", "remove_registries"],
        ),
        (
            cluster(everywhere(), named(DIRECT, ONE_CLICK), SETTLED, integrated=["kiwi"]),
            access("one_click"),
            ["patch_service_accounts", "delete_pull_secrets", "revoke_credentials", "delete_journal"],
        ),
        (
            cluster(COPIED, named(OPERATOR), integrated=["kiwi"]),
            access("one_click"),
            ["record_credential", "delete_operator_secret", "revoke_credentials", "delete_journal"],
        ),
        (cluster([], named(ONE_CLICK), integrated=["kiwi"]), access("one_click"), []),
    ],
)
def test_move_completes_the_new_method_before_the_former_ends(
    state: CurrentCluster, desired: DesiredAccess, expected: list[str]
) -> None:
    found = plan(state, desired)
    assert actions(found.steps) == expected


def test_move_keeps_entries_that_name_a_foreign_secret() -> None:
    state = cluster([*everywhere(), theirs(PEAR, OPERATOR)], [account(PEAR, OPERATOR, DIRECT)], SETTLED)
    assert does(state) == []
