# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode of every module and state writes nothing and predicts the real run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from docr_sandbox.testing import Sandbox
from support.modules import run_module, writes

ROOT = Path(__file__).parents[2]
SUNDAY_MORNING = "2026-03-01T03:30:00Z"
OLD: dict[str, Any] = {"updated_at": "2021-04-05T06:07:08Z"}
ACCOUNT: dict[str, Any] = {
    "tier": "professional",
    "registries": [
        {
            "name": "kiwi",
            "region": "syd1",
            "unreferenced_bytes": 900,
            "repositories": [{"name": "fig", "manifests": [OLD, {**OLD, "tags": ["v1"], "size_bytes": 7}]}],
        },
        {"name": "plum", "region": "nyc3"},
        {"name": "pear", "region": "nyc3"},
    ],
    "clusters": [
        {"name": "orchard", "region": "syd1", "registries": ["kiwi"]},
        {"name": "meadow", "region": "nyc3", "registries": []},
    ],
}

# Nothing answers for these clusters; check mode inside of real ones stands in tests/clusters.
API_ONLY = {"wait_for_secrets": "never"}
PRUNE = {
    "registry": "kiwi", "in_use": "none", "max_delete_percent": 100,
    "undo_path": "FOLDER/undo", "cache_path": "FOLDER/cache",
}  # fmt: skip
RESTORE = {**PRUNE, "state": "restored"}
LOGIN = {"registry": "kiwi", "path": "FOLDER/config.json", "expires_in": "20h"}


@dataclass(frozen=True)
class Case:
    """One module in one state, and the keys of its result that only a real run can fill.

    `FOLDER` in an option is a folder of the test; `first` are options of a run before both.
    """

    module: str
    options: dict[str, Any]
    changed: bool
    unpredictable: frozenset[str] = field(default=frozenset())
    first: dict[str, Any] | None = None

    def __str__(self) -> str:
        state = self.options.get("state", "")
        return "-".join(part for part in (self.module, state, "changes" if self.changed else "unchanged") if part)


CASES = [
    Case("docr_registry", {"name": "fig", "region": "blr1"}, True, frozenset({"registry", "registries"})),
    Case("docr_registry", {"name": "kiwi", "region": "syd1"}, False),
    Case("docr_registry", {"name": "plum", "state": "absent"}, True),
    Case("docr_registry", {"name": "fig", "state": "absent"}, False),
    Case("docr_credentials", LOGIN, True, frozenset({"credentials"})),
    Case("docr_credentials", LOGIN, False, first=LOGIN),
    Case("docr_credentials", {**LOGIN, "state": "absent"}, False),
    Case("docr_credentials", {**LOGIN, "state": "absent"}, True, first=LOGIN),
    Case("docr_image_prune", PRUNE, True, frozenset({"plan", "summary", "validation"})),
    Case("docr_image_prune", PRUNE, False, frozenset({"plan", "summary", "validation"}), first=PRUNE),
    Case("docr_image_prune", RESTORE, True, first=PRUNE),
    Case("docr_image_prune", RESTORE, False),
    Case("docr_gc", {"registries": ["kiwi"], "wait_sleep": 1}, True, frozenset({"garbage_collections"})),
    Case("docr_gc", {"registries": ["kiwi"], "maintenance_windows": [
        {"days": ["friday"], "start": "01:15", "duration": "2h"}]}, False),
    # Whether a registry with images accepts pushes is only known by a push, so these registries have none.
    Case("docr_gc", {"registries": ["pear", "plum"], "state": "idle"}, False),
    Case("docr_doks_integration", {"clusters": ["meadow"], "registries": ["kiwi", "plum"], **API_ONLY}, True),
    Case("docr_doks_integration", {"clusters": ["orchard"], "registries": ["kiwi"], **API_ONLY}, False),
    Case("docr_doks_integration", {"clusters": ["orchard"], "registries": ["kiwi"], "state": "absent"}, True),
    Case("docr_doks_integration", {"clusters": ["meadow"], "registries": ["kiwi"], "state": "absent"}, False),
]  # fmt: skip


def placed(value: Any, folder: Path) -> Any:
    return value.replace("FOLDER", str(folder)) if isinstance(value, str) else value


def decisions(result: dict[str, Any], case: Case) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key not in case.unpredictable}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check_mode_writes_nothing_and_predicts_the_real_run(sandbox: Sandbox, tmp_path: Path, case: Case) -> None:
    options, first = ({name: placed(value, tmp_path) for name, value in (given or {}).items()}
                      for given in (case.options, case.first))  # fmt: skip
    sandbox.set_clock(SUNDAY_MORNING)
    sandbox.control("PUT", "clock", {"rate": 60})
    sandbox.seed(ACCOUNT)
    if first:
        run_module(sandbox, case.module, **first)
    sandbox.clear_log()
    predicted = run_module(sandbox, case.module, check=True, **options)
    assert writes(sandbox) == []
    done = run_module(sandbox, case.module, **options)
    assert "failed" not in done
    assert done["changed"] is case.changed
    assert bool(writes(sandbox)) is case.changed
    assert set(predicted) == set(done)
    # Whether pushes work is found out by an upload, which check mode does not open.
    proofs = [one.pop("write_proof", None) for one in predicted.get("garbage_collections", ())]
    assert set(proofs) <= {None}
    for one in done.get("garbage_collections", ()):
        one.pop("write_proof", None)
    assert decisions(predicted, case) == decisions(done, case)


def test_every_module_that_writes_is_in_the_table() -> None:
    group = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]["docr"]
    reading = {name for name in group if name.endswith("_info")} | {"docr_plan"}
    assert {case.module for case in CASES} == set(group) - reading
