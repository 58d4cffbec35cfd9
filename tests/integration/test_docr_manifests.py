# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_manifests as a task: real Ansible, real files, and no calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.modules import PACKAGE
from support.plays import run_forked


def manifest(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "digital-ocean.planton.dev/v1",
        "kind": "DigitalOceanContainerRegistry",
        "metadata": {"name": f"res-{name}"},
        "spec": {"name": name, "subscriptionTier": "Professional", "region": "SYD1", **spec},
    }


def write(path: Path, *documents: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump_all(documents), encoding="utf-8")


def run(folder: Path, *arguments: str, **options: Any) -> dict[str, Any]:
    """The result of the task, run in `folder` by a playbook that fails with it."""
    tasks: list[dict[str, Any]] = [
        {"planton.digitalocean.docr_manifests": options, "register": "read", "ignore_errors": True},
        {
            "ansible.builtin.copy": {"content": "{{ read | to_json }}", "dest": "{{ playbook_dir }}/read.json"},
            "check_mode": False,
        },
    ]
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    (folder / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    # A token and an address that nothing may use.
    environment = {**os.environ, "DIGITALOCEAN_API_URL": "https://localhost:1", "DIGITALOCEAN_ACCESS_TOKEN": "unused"}
    done = run_forked(["ansible-playbook", "play.yml", *arguments], environment, folder)
    assert done.status == 0, done.output + done.errors
    result: dict[str, Any] = json.loads((folder / "read.json").read_text(encoding="utf-8"))
    return result | {"printed": " ".join((done.output + done.errors).split())}


def test_files_folders_globs_and_inline_documents_come_in_their_order(tmp_path: Path) -> None:
    write(tmp_path / "one.yaml", manifest("kiwi", garbageCollectionEnabled=True))
    write(tmp_path / "many" / "b.yml", manifest("plum"), manifest("fig", doksIntegration={"clusters": ["orchard"]}))
    write(tmp_path / "many" / "a.yaml", manifest("pear", garbageCollection={"onStuck": "CANCEL"}))
    write(tmp_path / "team-x" / "registry.yaml", None, {"kind": "Pod"}, manifest("lime"))
    result = run(
        tmp_path,
        files=["one.yaml", "many", "team-*/registry.yaml"],
        manifests=[manifest("7up"), manifest("kiwi", garbageCollectionEnabled=True)],
        skip_other_kinds=True,
    )
    assert (result["changed"], result["failed"]) == (False, False)
    assert [one["origin"] for one in result["manifests"]] == [
        "one.yaml document 1 (res-kiwi)",
        "many/a.yaml document 1 (res-pear)",
        "many/b.yml document 1 (res-plum)",
        "many/b.yml document 2 (res-fig)",
        "team-x/registry.yaml document 3 (res-lime)",
        "manifests document 1 (res-7up)",
    ]
    assert result["manifests"][0] == {
        "name": "kiwi",
        "region": "syd1",
        "subscription_tier": "professional",
        "garbage_collection_enabled": True,
        "garbage_collection": {},
        "doks_integration": {},
        "docker_credentials": None,
        "origin": "one.yaml document 1 (res-kiwi)",
        "metadata": {"name": "res-kiwi"},
    }
    assert result["manifests"][3]["doks_integration"] == {"clusters": ["orchard"]}
    assert result["manifests"][1]["garbage_collection"] == {"on_stuck": "cancel"}
    assert "7up starts with a digit" in result["printed"]
    assert "(res-pear), spec.garbage_collection: the block has no effect, since" in result["printed"]


def test_all_errors_of_all_sources_are_reported_at_once_in_check_mode_too(tmp_path: Path) -> None:
    write(tmp_path / "one.yaml", manifest("kiwi", region=33), {"kind": "Pod"})
    (tmp_path / "two.yaml").write_text("a: [", encoding="utf-8")
    result = run(
        tmp_path,
        "--check",
        files=["one.yaml", "two.yaml", "gone.yaml"],
        manifests=[manifest("Plum"), manifest("fig", regoin="fra1"), "no map"],
    )
    assert (result["failed"], result["changed"], "manifests" in result) == (True, False, False)
    assert [fault["where"] for fault in result["field_errors"]] == [
        "two.yaml line 1, column 5",
        "gone.yaml",
        "one.yaml document 1 (res-kiwi), spec.region",
        "one.yaml document 2, kind",
        "manifests document 1 (res-Plum), spec.name",
        "manifests document 2 (res-fig), spec.regoin",
        "manifests document 3",
    ]
    assert result["msg"].startswith("Nothing was changed, 7 errors:\n- two.yaml line 1, column 5: ")
    assert "spec.regoin: this field is not known; did you mean region." in result["msg"]
    assert result["error"]["kind"] == "invalid_input"


def test_variables_for_all_manifests_are_checked_with_the_manifests_and_named(tmp_path: Path) -> None:
    of_all = {"overrun": "stop", "maintenance_windows": [{"days": ["friday"], "start": 1350, "duration": "4h"}]}
    result = run(tmp_path, manifests=[manifest("Plum")], garbage_collection=of_all)
    assert [fault["where"] for fault in result["field_errors"]] == [
        "garbage_collection.maintenance_windows[0].start",
        "garbage_collection.overrun",
        "manifests document 1 (res-Plum), spec.name",
    ]


def test_check_mode_reads_the_same(tmp_path: Path) -> None:
    write(tmp_path / "one.yaml", manifest("kiwi"))
    assert run(tmp_path, "--check", files="one.yaml")["manifests"] == run(tmp_path, files=["one.yaml"])["manifests"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no manifest is given; name files, folders or globs"),
        (
            {"manifests": [{"kind": "Pod"}], "skip_other_kinds": True},
            "of 1 documents none is a DigitalOceanContainerRe",
        ),
        ({"file": "one.yaml"}, "Supported parameters include: doks_integration, files, garbage_collection, manifests"),
        ({"skip_other_kinds": "perhaps"}, "not a valid boolean"),
    ],
)
def test_a_task_that_returns_no_manifest_fails_with_an_error(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    result = run(tmp_path, **options)
    assert result["failed"]
    assert words in result["msg"]


def test_the_module_file_says_that_it_runs_on_the_controller() -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.docr_manifests"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {}}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["msg"].startswith("docr_manifests runs on the controller, by its action plugin")
