# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which stages of the role have something to do."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.stages import plan_stages

ACTION = {"action": "create_registry", "target": "kiwi", "message": "create the registry kiwi in syd1"}
ONE_CLICK = {"clusters": ["orchard"], "registries": ["kiwi"]}
MANAGED = {**ONE_CLICK, "method": "direct"}
SKIPPED = {"changed": False, "skipped": True}


def comparison(*, registry: bool = False, integration: bool = False) -> dict[str, Any]:
    return {
        "registry": {"actions": [ACTION] if registry else []},
        "integration": {"actions": [ACTION] if integration else []},
    }


@pytest.mark.parametrize(
    ("compared", "integrations", "must_read", "stages"),
    [
        (SKIPPED, [], True, (False, False, False)),
        (comparison(), [], True, (False, False, False)),
        (comparison(registry=True), [], True, (True, False, True)),
        (comparison(integration=True), [ONE_CLICK], False, (False, True, True)),
        # DigitalOcean writes the secrets some time after the call, so a later run looks into the cluster.
        (comparison(), [ONE_CLICK], True, (False, True, False)),
        (comparison(), [ONE_CLICK], False, (False, False, False)),
        # Only a look into the cluster shows what is missing of secrets that this collection manages.
        (comparison(), [ONE_CLICK, MANAGED], False, (False, True, True)),
        (comparison(registry=True), [ONE_CLICK], True, (True, True, True)),
    ],
)
def test_stages_run_where_something_differs_or_a_cluster_must_be_looked_into(
    compared: dict[str, Any],
    integrations: list[dict[str, Any]],
    must_read: bool,
    stages: tuple[bool, bool, bool],
) -> None:
    plan = plan_stages(compared, integrations, must_read=must_read).shape()
    assert (plan["registry"], plan["doks_integration"], plan["gc_rehearsal"]) == stages
