# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks run in a fork of Ansible's worker, or as a module: which way, why, and what ends a task."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from playing import play, write_play
from support.gc_module import RAN, START, seed

READ = "planton.digitalocean.docr_registry_info"
COLLECT = "planton.digitalocean.docr_gc"
ACCESS = "planton.digitalocean.docr_doks_integration"
DOCTOR = "planton.digitalocean.docr_doks_integration_info"
IMAGES, PRUNE = (f"planton.digitalocean.docr_image_{one}" for one in ("info", "prune"))
PLAN = "planton.digitalocean.docr_plan"
OTHER_PYTHON = "/usr/bin/python3-of-nobody"
HERE = "in the controller's process: "

# What a task says beside its options, and the way with the reason.
WAYS: list[tuple[dict[str, Any], str]] = [
    ({}, f"{HERE}nothing prevents this"),
    ({READ: {"run_in": "controller"}}, f"{HERE}run_in=controller"),
    ({"vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}}, f"{HERE}nothing prevents this"),
    ({READ: {"run_in": "module"}}, "as a module: run_in=module"),
    ({"environment": {"DOCR_RUN_IN": "module"}}, "as a module: DOCR_RUN_IN=module"),
    ({"async": 30, "poll": 1}, "as a module: the task is asynchronous"),
    ({"environment": {"PYTHONUTF8": "1"}}, "as a module: the environment of the task sets PYTHONUTF8"),
]
# What prevents that a task runs in the controller's process, and the reason.
OBSTACLES: list[tuple[dict[str, Any], str]] = [
    ({"async": 30, "poll": 1}, "the task is asynchronous"),
    ({"become": True, "become_user": "nobody"}, "the task becomes the user nobody"),
    ({"vars": {"ansible_python_interpreter": OTHER_PYTHON}}, f"the Python interpreter {OTHER_PYTHON} is named"),
    ({"vars": {"ansible_connection": "ssh"}}, "the connection is ssh"),
]


def test_a_task_says_where_it_runs_and_why(sandbox: Sandbox, tmp_path: Path) -> None:
    tasks = [{READ: {}, **more} for more, _way in WAYS]
    printed = play(write_play(tmp_path / "ways.yml", tasks), sandbox, None, "-vvv").output
    assert re.findall(r"^docr_registry_info runs (.*)$", printed, re.MULTILINE) == [way for _more, way in WAYS]


def test_a_task_that_must_run_in_the_controller_and_cannot_names_the_reason(sandbox: Sandbox, tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = []
    for number, (more, _reason) in enumerate(OBSTACLES):
        task = {READ: {"run_in": "controller"}, "register": f"refused{number}", "ignore_errors": True, **more}
        tasks.append(task)
    tasks.append({READ: {"run_in": "elsewhere"}, "register": "unknown", "ignore_errors": True})
    names = [*(f"refused{number}" for number in range(len(OBSTACLES))), "unknown"]
    results = results_of(sandbox, tmp_path, tasks, names)
    texts = [
        f"Could not run docr_registry_info in the process of the controller: {reason}; "
        for _options, reason in OBSTACLES
    ]
    for result, text in zip(results, [*texts, "Nothing was changed: run_in: 'elsewhere' is no place"], strict=True):
        assert result["failed"]
        assert result["msg"].startswith(text)
    assert sandbox.calls() == []


def test_a_broken_library_of_the_controller_lets_tasks_run_as_modules_and_ends_no_other_task(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pydo.py").write_text("raise RuntimeError", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    tasks: list[dict[str, Any]] = [{READ: {}, "ignore_errors": True}, {"ansible.builtin.debug": {"msg": "goes on"}}]
    printed = play(write_play(tmp_path / "broken.yml", tasks), sandbox, None, "-vvv").output
    assert "runs as a module: the library pydo cannot be imported in the controller" in printed
    assert "Failed to import the required Python library (pydo)" in printed
    assert "goes on" in printed


def test_a_task_that_enters_clusters_runs_as_a_module_where_another_interpreter_may_have_kubernetes(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kubernetes.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi"}], "clusters": [{"name": "orchard"}]})
    entry = {"clusters": ["orchard"], "registries": ["kiwi"]}
    direct = {"integrations": [{**entry, "method": "direct", "rotate_every": "30d"}]}
    found = {"vars": {"ansible_python_interpreter": "auto_silent"}, "ignore_errors": True}
    tasks: list[dict[str, Any]] = [
        {ACCESS: direct, **found},
        {PLAN: {"integrations": [entry], "read_clusters": True}, **found},
        {DOCTOR: {"diagnose": True}, **found},
        {IMAGES: {"registry": "kiwi", "in_use": {"clusters": ["orchard"]}}, **found},
        {PRUNE: {"registry": "kiwi", "in_use": '{"clusters": "orchard"}'}, **found},
        {ACCESS: {**entry, "wait_for_secrets": "never"}, **found},
        {DOCTOR: {}, **found},
        {IMAGES: {"registry": "kiwi", "in_use": "none"}, **found},
        {ACCESS: direct, "ignore_errors": True},
    ]
    printed = play(write_play(tmp_path / "clusters.yml", tasks), sandbox, None, "-vvv").output
    without = "as a module: the library kubernetes cannot be imported in the controller"
    here = f"{HERE}nothing prevents this"
    assert re.findall(r"^docr_\w+ runs (.*)$", printed, re.MULTILINE) == [without] * 5 + [here] * 4
    assert "the Python library kubernetes is missing" in printed


def test_killed_work_is_a_failed_task_and_the_next_task_runs(sandbox: Sandbox, tmp_path: Path, mark: str) -> None:
    seed(sandbox, RAN, rate=1)
    killed = {"name": "Killed", **collecting(), "register": "killed"}
    tasks = [{"block": [killed], "rescue": [{"name": "Next", READ: {}, "register": "after"}]}]
    with ThreadPoolExecutor(1) as pool:
        played = pool.submit(results_of, sandbox, tmp_path, tasks, ["killed", "after"])
        os.kill(working_process(sandbox, mark), signal.SIGKILL)
        result, after = played.result()
    assert result["msg"].startswith("Could not finish docr_gc: the process was ended by SIGKILL; run the task again")
    assert [one["name"] for one in after["registries"]] == ["kiwi"]


def test_the_time_limit_of_a_task_ends_the_work(sandbox: Sandbox, tmp_path: Path, mark: str) -> None:
    seed(sandbox, RAN, rate=1)
    tasks = [{**collecting(), "timeout": 3, "register": "late", "ignore_errors": True}]
    (late,) = results_of(sandbox, tmp_path, tasks, ["late"])
    assert late["failed"]
    assert late["timedout"]["period"] == 3
    assert list(marked(mark)) == []


def test_the_log_of_the_controller_gets_no_lines_of_libraries(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "ansible.log"
    monkeypatch.setenv("ANSIBLE_LOG_PATH", str(log))
    play(write_play(tmp_path / "read.yml", [{READ: {}}]), sandbox, None, "-vvv")
    text = log.read_text(encoding="utf-8")
    assert HERE in text
    assert [word for word in ("Request URL", "Request headers", "/v2/") if word in text] == []


def collecting() -> dict[str, Any]:
    windows = [{"days": ["sunday"], "start": "03:00", "duration": "4h"}]
    return {COLLECT: {"registries": ["kiwi"], "wait_sleep": 1, "maintenance_windows": windows, "run_in": "controller"}}


def results_of(sandbox: Sandbox, folder: Path, tasks: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """What a play of these tasks registers under these names."""
    path = folder / "results.json"
    # The filter reads each name by itself, since a failed task of a block is a result too.
    content = "{{ [" + ", ".join(names) + "] | to_json }}"
    tasks = [*tasks, {"ansible.builtin.copy": {"content": content, "dest": str(path)}}]
    play(write_play(folder / "play.yml", tasks), sandbox)
    results: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return results


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A mark in the environment of a play, by which the processes of the play are found."""
    text = f"DOCR_TEST_MARK={tmp_path}"
    monkeypatch.setenv(*text.split("=", 1))
    return text


def marked(mark: str) -> Iterator[int]:
    """The processes that have the mark, except this process."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in environment.split(b"\0") and folder.name != str(os.getpid()):
            yield int(folder.name)


def working_process(sandbox: Sandbox, mark: str) -> int:
    """The process that does the work, once a collection was started."""
    while START not in sandbox.calls():
        time.sleep(0.05)
    processes = set(marked(mark))
    texts = [Path(f"/proc/{one}/stat").read_text(encoding="utf-8") for one in processes]
    (leaf,) = processes - {int(text.rpartition(")")[2].split()[1]) for text in texts}
    return leaf
