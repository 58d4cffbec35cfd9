# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress lines that docr_gc shows during a wait."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from docr_sandbox.testing import Sandbox
from playing import Played, write_play
from support.gc_module import LINE, RAN, START, collections, hold, run, run_and_listen, seed, set_rate
from support.plays import play


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    task = {
        "name": "Collect",
        "planton.digitalocean.docr_gc": {
            "registries": ["kiwi"],
            "wait_sleep": 1,
            "maintenance_windows": "{{ windows }}",
        },
        "register": "collected",
        "async": "{{ background | default(0) }}",
        "poll": 1,
    }
    path = tmp_path / "collect.yml"
    path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    return path


WINDOWS = [{"days": ["sunday"], "start": "03:00", "duration": "4h"}]


def lines(played: Played) -> list[str]:
    return LINE.findall(played.notes)


def test_each_change_of_status_shows_with_elapsed_time_and_deadline(sandbox: Sandbox, playbook: Path) -> None:
    seed(sandbox, RAN, rate=4)
    played = play(playbook, sandbox, {"windows": WINDOWS})
    assert played.changed == ["Collect"]
    shown = lines(played)
    assert [line.split(",")[0] for line in shown[:1]] == ["kiwi: requested"]
    assert any(line.startswith("kiwi: scanning manifests, ") for line in shown)
    assert shown[-1].startswith("kiwi: succeeded, ")
    deadlines = r"window closes 2026-03-01T07:00:00Z, waiting until 2026-03-01T05:2\d:\d\dZ"
    assert re.fullmatch(rf"kiwi: requested, \d+s since its start, {deadlines}", shown[0])
    assert sandbox.token not in played.output + played.notes


@pytest.mark.waits
def test_progress_lines_appear_while_the_task_runs_and_at_least_once_a_minute(sandbox: Sandbox, playbook: Path) -> None:
    seed(sandbox, RAN, rate=1)
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(play, playbook, sandbox, {"windows": WINDOWS})
        while START not in sandbox.calls():
            time.sleep(0.05)
        hold(sandbox, status="waiting for delete requests")
        time.sleep(62)
        hold(sandbox, status=None)
        set_rate(sandbox, 60)
        played = playing.result()
    waiting = [line for line in lines(played) if line.startswith("kiwi: waiting for delete requests, ")]
    assert len(waiting) >= 2
    assert "s since its start" in waiting[0]


def test_a_failure_is_reported_while_other_collections_continue(sandbox: Sandbox, tmp_path: Path) -> None:
    seed(sandbox, names=("kiwi", "plum"), rate=4)
    sandbox.fault(method="POST", path="*/kiwi/garbage-collection", status=403)
    said = run_and_listen(sandbox, tmp_path, "kiwi", "plum")
    failed = [line for line in said if line.startswith("kiwi: ")]
    assert len(failed) == 1
    assert "Could not start a garbage collection of the registry kiwi" in failed[0]
    assert said.index(failed[0]) < said.index(next(line for line in said if line.startswith("plum: succeeded")))


def test_a_reader_of_an_awx_log_sees_lines_while_the_task_still_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    # AWX runs playbooks by ansible-runner, and shows the events of its stream as they come.
    seed(sandbox, RAN, rate=1)
    (tmp_path / "project").mkdir()
    task = {"registries": ["kiwi"], "wait_sleep": 1, "maintenance_windows": WINDOWS}
    write_play(tmp_path / "project" / "collect.yml", [{"planton.digitalocean.docr_gc": task}])
    binaries = Path(sys.executable).parent
    with subprocess.Popen(
        [binaries / "ansible-runner", "run", tmp_path, "--playbook", "collect.yml"],
        env={**sandbox.environment, "PATH": f"{binaries}{os.pathsep}{sandbox.environment['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as runner:
        for line in runner.stdout or ():
            if "docr_gc: kiwi: requested, " in line:
                assert collections(sandbox)[0]["status"] not in ("succeeded", "failed")
                set_rate(sandbox, 60)
    assert runner.returncode == 0
    events = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("artifacts/*/job_events/*.json")]
    told = [one["stdout"] for one in sorted(events, key=lambda one: int(one["counter"]))]
    parts = ("docr_gc: kiwi: requested, ", "docr_gc: kiwi: succeeded, ", "changed: [localhost]")
    places = [next(at for at, text in enumerate(told) if part in text) for part in parts]
    assert places == sorted(places)


def test_in_check_mode_in_the_background_and_by_itself_the_module_works_without_lines(
    sandbox: Sandbox, playbook: Path
) -> None:
    seed(sandbox, RAN)
    assert lines(play(playbook, sandbox, {"windows": WINDOWS}, "--check")) == []
    in_background = play(playbook, sandbox, {"windows": WINDOWS, "background": 60})
    assert (in_background.changed, lines(in_background)) == (["Collect"], [])
    assert run(sandbox)["garbage_collections"][0]["decision"] == "recent"
