# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module gives the same result in the controller's process and as a module, key by key.

A play runs every module in a success, a success without a change, a refusal of its options, a failure of the API, and
check mode, with and without diff. The play runs once in each way, on the same account.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from docr_sandbox.testing import Sandbox
from playing import ROOT, write_play
from support.plays import play
from support.ways import WAY_VARIABLE, WAYS, WayName, count_tasks

SUNDAY_MORNING = "2026-03-01T03:30:00Z"
PREFIX = "planton.digitalocean."
# The folder of what modules write on this machine, which each way finds empty.
FILES = "files"
# What the sandbox makes up anew on each run, and times that pass.
IDENTITY = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|sha256:[0-9a-f]{12,64}|\d+(?= (?:s|seconds)\b)"
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
DIFFERENT_KEYS: Mapping[str, str] = {
    "request_id": "the sandbox gives each request another ID",
    "fingerprint": "the hash of a token, and each run mints another token",
    "ansible_facts": "only a module lets Ansible look for a Python interpreter, which becomes a fact",
}


@dataclass(frozen=True)
class Case:
    """A task: what the name says, the module and its options, further keys, and whether the task fails."""

    name: str
    module: str
    options: Mapping[str, Any]
    keys: Mapping[str, Any] = field(default_factory=dict)
    fails: bool = False

    def task(self) -> dict[str, Any]:
        """The task, which goes on after a failure."""
        common = {"name": self.name, "ignore_errors": self.fails}
        return {**common, PREFIX + self.module: dict(self.options), **self.keys}


Options = Mapping[str, Any]
CHECK = {"check_mode": True}
DIFF = {"diff": True}
KIWI = {"name": "kiwi", "region": "syd1"}
GC: Options = {"registries": ["kiwi"], "wait_sleep": 1}
ACCESS: Options = {"clusters": ["meadow"], "registries": ["kiwi"], "wait_for_secrets": "never"}
NO_TOKEN = {"token": "dop_v1_unknown"}
UNICODE = "Äpfel, 苹果 🍏"


def cases(folder: Path) -> Iterator[Case]:
    """Every module in every situation."""
    login: Options = {"registry": "kiwi", "path": str(folder / FILES / "config.json"), "expires_in": "20h"}
    writing: Mapping[str, Options] = {
        "docr_registry": {"name": "fig", "region": "syd1"},
        "docr_gc": GC,
        "docr_doks_integration": ACCESS,
        "docr_credentials": login,
    }
    writing = {**writing, "docr_image_prune": prune_options(folder)}
    for name, options in writing.items():
        yield Case(f"{name} predicts", name, options, {**CHECK, **DIFF})
        yield Case(f"{name} changes", name, options, DIFF)
        yield Case(f"{name} is unchanged", name, options)
        yield Case(f"{name} predicts no change", name, options, CHECK)
    reading: Mapping[str, Options] = {
        "docr_plan": {"registries": [KIWI], "integrations": [{"clusters": ["meadow"], "registries": ["kiwi"]}]},
        "docr_registry_info": {},
        "docr_gc_info": {"registries": ["kiwi"]},
        "docr_doks_integration_info": {},
        "docr_image_info": {"registry": "kiwi", "cache_path": str(folder / FILES / "cache")},
    }
    for name, options in reading.items():
        yield Case(f"{name} reads", name, options, DIFF)
        yield Case(f"{name} reads in check mode", name, options, CHECK)
    yield from failing_cases(login)


def prune_options(folder: Path) -> Options:
    """A clean-up that deletes an untagged manifest."""
    paths = {name: str(folder / FILES / name) for name in ("cache_path", "undo_path")}
    return {"registry": "kiwi", "in_use": "none", "max_delete_percent": 100, **paths}


def failing_cases(login: Options) -> Iterator[Case]:
    """Every module in failures."""
    refused: Mapping[str, Options] = {
        "docr_registry": {"name": "kiwi", "state": "absent"},
        "docr_gc": {"registries": ["nowhere"]},
        "docr_doks_integration": {**ACCESS, "clusters": ["nowhere"]},
        "docr_credentials": {**login, "registry": "nowhere"},
        "docr_plan": {"registries": [{"name": "kiwi", "region": "nyc3"}]},
        "docr_registry_info": {"team": UNICODE},
        "docr_gc_info": {"registries": ["nowhere"]},
        "docr_doks_integration_info": {"clusters": ["nowhere"]},
        "docr_image_info": {"registry": "nowhere"},
        "docr_image_prune": {"registry": "nowhere"},
    }
    for name, options in refused.items():
        yield Case(f"{name} meets a refused token", name, {**options, **NO_TOKEN}, fails=True)
        yield Case(f"{name} is refused", name, options, fails=True)
        yield Case(f"{name} has an unknown option", name, {**options, "colour": UNICODE}, fails=True)
    info = "docr_registry_info"
    yield Case(f"{info} has an option of a wrong type", info, {"read_timeout": "soon"}, fails=True)
    yield Case(f"{info} lacks a token", info, {"token": ""}, fails=True)
    yield Case(f"{info} has a bad address", info, {"endpoint": "http://127.0.0.1:1"}, fails=True)


OLD: dict[str, Any] = {"updated_at": "2021-04-05T06:07:08Z"}
FIG = {"name": "fig", "manifests": [OLD, {**OLD, "tags": ["v1"], "size_bytes": 7}]}
ACCOUNT: dict[str, Any] = {
    "tier": "professional",
    "registries": [
        {"name": "kiwi", "region": "syd1", "unreferenced_bytes": 900, "repositories": [FIG]},
        {"name": "plum", "region": "nyc3"},
    ],
    "clusters": [
        {"name": "orchard", "region": "syd1", "registries": ["kiwi"]},
        {"name": "meadow", "region": "nyc3", "registries": []},
    ],
}


# A module that writes and a module that reads: what the short form compares.
SHORT_FORM = ("docr_registry", "docr_registry_info")


@pytest.fixture
def compared(is_long: bool, tmp_path: Path) -> list[Case]:
    """The cases of the form of the test."""
    return [case for case in cases(tmp_path) if is_long or case.module in SHORT_FORM]


def results(
    sandbox: Sandbox, folder: Path, compared: Sequence[Case], way: WayName, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The results of all cases by name, in one way."""
    sandbox.reset()
    sandbox.control("PUT", "clock", {"rate": 0})
    sandbox.set_clock(SUNDAY_MORNING)
    sandbox.control("PUT", "clock", {"rate": 60})
    sandbox.seed(ACCOUNT)
    shutil.rmtree(folder / FILES, ignore_errors=True)
    names = [case.name for case in compared]
    tasks = [{**case.task(), "register": f"told{number}"} for number, case in enumerate(compared)]
    place = folder / f"{way}.json"
    told = f"{{{{ [{', '.join(one['register'] for one in tasks)}] | to_json }}}}"
    tasks.append({"ansible.builtin.copy": {"content": told, "dest": str(place), "mode": "0600"}})
    monkeypatch.setenv(WAY_VARIABLE, way)
    played = play(write_play(folder / "play.yml", tasks), sandbox, None, "-vvv")
    assert count_tasks(played.output, way) == len(names)
    return dict(zip(names, json.loads(place.read_text(encoding="utf-8")), strict=True))


def comparable(value: Any) -> Any:
    """A result without what differs from run to run."""
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if key not in DIFFERENT_KEYS}
        return {comparable(key): comparable(one) for key, one in kept.items()}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, str):
        return MOMENT.sub("MOMENT", IDENTITY.sub("IDENTITY", value))
    return value


def test_every_module_gives_the_same_result_in_both_ways(
    sandbox: Sandbox, tmp_path: Path, compared: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_way = {way: results(sandbox, tmp_path, compared, way, monkeypatch) for way in WAYS}
    one, other = (by_way[way] for way in WAYS)
    assert {name: bool(result.get("failed")) for name, result in one.items()} == {
        case.name: case.fails for case in compared
    }
    assert {name for name in one if name.endswith(" changes") and not one[name]["changed"]} == set()
    for name, result in one.items():
        assert (name, comparable(result)) == (name, comparable(other[name]))
        # Values that only look alike, such as 1 and true, differ here.
        assert json.dumps(comparable(result), sort_keys=True) == json.dumps(comparable(other[name]), sort_keys=True)


def test_every_module_that_calls_digitalocean_is_compared(tmp_path: Path) -> None:
    group = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]["docr"]
    assert {case.module for case in cases(tmp_path)} == set(group)
