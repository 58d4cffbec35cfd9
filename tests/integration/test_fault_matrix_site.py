# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook site.yml with a fault at each call: one failed task, and the next play does the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from docr_sandbox.testing import Sandbox
from playing import PlaybookFailedError
from support.fault_matrix import READ_TIMEOUT_S, Scenario, Share, check_matrix
from support.gc_module import SUNDAY, collections
from support.plays import play
from support.role_manifests import written

SITE = "playbooks/site.yml"
TEAM = {"subscription_tier": "professional", "region": "blr1"}
VARIABLES: dict[str, Any] = {
    "docr_manifests": [written("kiwi", **TEAM, garbage_collection_enabled=True), written("plum", **TEAM)],
    "docr_doks_clusters": ["orchard"],
    "docr_doks_wait_for_secrets": "never",
    "docr_gc_wait_sleep": 1,
    "docr_read_timeout": READ_TIMEOUT_S,
    "docr_rate_limit_wait": 2,
}
# What ansible-core says of a failed task, in one line.
FAILED = re.compile(r"^\[ERROR\]: Task failed: Module failed: (.*)$", re.MULTILINE)


def prepare(sandbox: Sandbox) -> None:
    """A team with a cluster and one of two registries, which has an image, while the maintenance window is open."""
    sandbox.reset()
    sandbox.set_clock(SUNDAY)
    sandbox.control("PUT", "clock", {"rate": 60})
    kiwi = {"name": "kiwi", "region": "blr1", "repositories": [{"name": "app", "manifests": [{"tags": ["v3"]}]}]}
    clusters = [{"name": "orchard", "region": "blr1"}]
    sandbox.seed({"tier": "professional", "registries": [kiwi], "clusters": clusters})


def converge(sandbox: Sandbox) -> dict[str, Any]:
    try:
        played = play(SITE, sandbox, VARIABLES)
    except PlaybookFailedError as error:
        output = str(error)
        assert "Traceback" not in output, output
        (message,) = FAILED.findall(output)
        assert output.count("FAILED!") == 1, output
        return {"failed": True, "msg": message}
    return {"changed": bool(played.changed)}


def state(sandbox: Sandbox) -> object:
    account = sandbox.account()
    names = sorted(one["name"] for one in account["registries"])
    collected = {name: [one["status"] for one in collections(sandbox, name)] for name in names}
    return account["tier"], collected, [sorted(one["registries"]) for one in account["clusters"]]


def test_fault_is_one_error_and_the_next_play_heals(
    sandbox: Sandbox, is_long: bool, record_property: Callable[[str, object], None]
) -> None:
    done = ("professional", {"kiwi": ["succeeded"], "plum": []}, [["kiwi", "plum"]])
    scenario = Scenario(prepare, converge, state, done, is_costly=True)
    # A play takes as long as forty modules: one call of docr_plan, of docr_registry and of docr_gc.
    check_matrix(sandbox, scenario, record_property, is_long=is_long, share=Share(3, 7))
