# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration killed at every call where DigitalOcean's operator copies: one more run heals.

A move between the ways is always either not done or done: until the other one works, the one before stays.
"""

from __future__ import annotations

from access import DIRECT, EVERYWHERE, OPERATOR, actions, give, valid
from clusters.cluster import Cluster
from clusters.crashes import check_moment


def test_a_move_to_an_operator_that_does_nothing_ends_nothing(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    give(orchard)
    orchard.sandbox.switch("doks_operator", "stopped")
    for _run in range(2):
        result = give(orchard, way="operator", wait_timeout=1)
        assert result["failed"], result
        assert "see the secret docr-operator-kiwi of DigitalOcean in the cluster orchard" in result["msg"]
        check_moment(orchard, EVERYWHERE | {"pear"})
        assert set(orchard.secrets(DIRECT)) == EVERYWHERE | {"pear"}
    orchard.sandbox.switch("doks_operator", "runs")
    healed = give(orchard, way="operator")
    assert actions(healed)[-2:] == ["patch_service_accounts", "delete_pull_secrets"]
    assert set(orchard.secrets(OPERATOR)) == EVERYWHERE | {"pear"}
    assert orchard.pull_secrets("pear") == [OPERATOR]
    assert valid(orchard.sandbox) == 1
