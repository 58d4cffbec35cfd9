# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What random histories found, each as a short history. `Team` looks at the access after each call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from docr_sandbox.faults import Fault
from support.history_team import Team, Trouble, Wish

MONTH_S = 21 * 86_400


def refusing(method: str) -> Trouble:
    """The namespace pear refuses requests of a method."""
    return Trouble(Fault(method=method, path="*/namespaces/pear/*", times=50, status=403), "orchard")


def test_move_with_a_renewal_keeps_the_former_credential_where_a_service_account_is_refused() -> None:
    team = Team()
    with team.alive():
        team.begin(Wish(method="operator", revoke_after="0m"))
        team.sandbox.world.clock.advance(MONTH_S)
        team.wish = replace(team.wish, method="direct")
        assert team.give(refusing("P*")).error is not None
        assert team.give(refusing("PATCH")).error is not None
        assert len(team.valid_tokens()) == 2
        team.settle()
        assert len(team.valid_tokens()) == 1


def test_rotation_whose_source_is_refused_revokes_nothing_that_the_operator_copied() -> None:
    team = Team()
    with team.alive():
        team.begin(Wish(method="operator"))
        before = set(team.valid_tokens())
        refused = Trouble(Fault(method="PUT", path="*/secrets/docr-operator-*", times=50, status=403), "orchard")
        assert team.give(refused, force=True).error is not None
        held = {token for _space, name, token in team.clusters["orchard"].tokens() if name.startswith("docr-operator-")}
        assert held
        assert held <= before & set(team.valid_tokens())
        team.settle()


def test_secret_of_a_former_method_that_a_finalizer_holds_up_is_not_revoked_in_each_run() -> None:
    team = Team()
    with team.alive():
        team.begin(Wish(method="direct", revoke_after="0m"))
        cluster = team.clusters["orchard"]
        cluster.set_finalizer(next(key for key in sorted(cluster.objects) if key[2].startswith("docr-direct-")))
        team.sandbox.world.clock.advance(MONTH_S)
        team.wish = replace(team.wish, method="operator")
        # Each run that succeeds is followed by a plan, which must be empty.
        assert team.give(force=True).error is None
        assert len(team.valid_tokens()) == 1
        team.settle()


@pytest.mark.parametrize("kill_at", range(6))
def test_login_that_ended_is_renewed_by_the_next_run_wherever_a_run_was_killed(kill_at: int) -> None:
    team = Team()
    with team.alive():
        team.begin(Wish(registries=("kiwi",)))
        assert team.log_in("config.json", "kiwi", read_write=True).error is None
        team.sandbox.world.clock.advance(MONTH_S)
        team.log_in("config.json", "kiwi", Trouble(kill_at=kill_at, kill_after=True))
        assert team.log_in("config.json", "kiwi").error is None
