# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of ansible-runner, as AWX starts them: every module and playbook ends, shows progress, and can be cancelled.

The long form runs both ways of running a module; the stage cores runs this form on each version of ansible-core.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_cores import AWX_RUNNER
from canaries import files_with_secrets, require_no_secret
from docr_sandbox.testing import Sandbox
from locks import LockUnusableError
from playing import MANIFEST
from support.gc_module import RAN, START, seed, set_rate
from support.runner_jobs import (
    NEWEST,
    RUNNERS,
    Ended,
    Job,
    kill_marked,
    left_after,
    runner_program,
    started_job,
    stream_job,
)
from support.ways import WayName, environment_of

WINDOWS = [{"days": ["sunday"], "start": "03:00", "duration": "4h"}]
COLLECT = {"registries": ["kiwi"], "wait_sleep": 1, "maintenance_windows": WINDOWS}
SPEC = {"name": "kiwi", "region": "syd1", "subscription_tier": "PROFESSIONAL", "garbage_collection_enabled": True}
FIRST_LINE, LAST_LINE = "docr_gc: kiwi: requested, ", "docr_gc: kiwi: succeeded, "
# What a runner writes of a process that did not go through Ansible's display.
STRAY = "errantly sent data directly"
# The runner records the environment of the job there.
ENVIRONMENT_OF_JOB = "command"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cancel" in metafunc.fixturenames:
        signals = (signal.SIGTERM, signal.SIGINT)
        chosen = signals if metafunc.config.getoption("--long") else signals[:1]
        metafunc.parametrize("cancel", chosen, ids=lambda one: one.name)


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> str:
    """A version of ansible-runner that is there; a test is skipped where the version cannot be installed."""
    try:
        runner_program(request.param)
    except LockUnusableError as error:
        pytest.skip(str(error))
    return str(request.param)


def play_of(*tasks: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]


def every_module(folder: Path) -> list[dict[str, Any]]:
    """A task for each module, named as the module; docr_gc waits for a collection."""
    manifest = {**MANIFEST, "metadata": {"name": "kiwi"}, "spec": SPEC}
    options: dict[str, dict[str, Any]] = {
        "docr_variables": {},
        "docr_manifests": {"manifests": [manifest]},
        "docr_registry": {"name": "fig", "region": "syd1"},
        "docr_plan": {"registries": [{"name": "kiwi", "region": "syd1"}]},
        "docr_registry_info": {},
        "docr_doks_integration": {"clusters": ["orchard"], "registries": ["kiwi"], "wait_for_secrets": "never"},
        "docr_doks_integration_info": {},
        "docr_credentials": {"registry": "kiwi", "path": str(folder / "config.json"), "expires_in": "20h"},
        "docr_gc": COLLECT,
        "docr_gc_info": {"registries": ["kiwi"]},
        "docr_image_info": {"registry": "kiwi", "cache_path": str(folder / "cache")},
        "docr_image_prune": {"registry": "kiwi", "cache_path": str(folder / "cache"), "undo_path": str(folder)},
    }
    return [{"name": name, f"planton.digitalocean.{name}": given} for name, given in options.items()]


def seed_team(sandbox: Sandbox, rate: float) -> None:
    seed(sandbox, RAN, rate=rate)
    sandbox.seed({"clusters": [{"name": "orchard", "region": "syd1"}]})


def test_every_module_ends_with_progress_before_the_result_and_no_token_anywhere(
    sandbox: Sandbox, tmp_path: Path, runner: str, way: WayName
) -> None:
    seed_team(sandbox, rate=20)
    tasks = every_module(tmp_path)
    environment = environment_of(sandbox, way)
    with started_job(tmp_path / "job", play_of(*tasks), environment, runner, "--cmdline=-vvvvv --diff") as job:
        ended = job.end()
        assert left_after(job.mark, 5) == {}
    assert ended.status == 0, ended.printed
    assert set(ended.results()) == {one["name"] for one in tasks}
    assert ended.results()["docr_gc"]["garbage_collections"][0]["decision"] == "collected"
    assert STRAY not in ended.printed
    if way != "module":
        assert ended.place_of(FIRST_LINE) < ended.place_of(LAST_LINE) < ended.place_of_result("docr_gc")
    require_no_secret("the job", ended.printed)
    assert files_with_secrets(tmp_path / "job", (ENVIRONMENT_OF_JOB,)) == []


def wait_for_collection(sandbox: Sandbox, job: Job, *, shows_lines: bool) -> None:
    """Return when the job waits for a collection."""
    deadline = time.monotonic() + 60

    def is_waiting() -> bool:
        return START in sandbox.calls() and (
            not shows_lines or any(FIRST_LINE in one["stdout"] for one in job.events())
        )

    while not is_waiting():
        assert job.process.poll() is None, job.end().printed
        assert time.monotonic() < deadline, job.events()
        time.sleep(0.1)


def test_cancelled_in_the_middle_of_a_wait_nothing_is_left_and_the_next_job_continues(
    sandbox: Sandbox, tmp_path: Path, runner: str, way: WayName, cancel: signal.Signals
) -> None:
    seed(sandbox, RAN, rate=0)
    task = {"name": "Collect", "planton.digitalocean.docr_gc": COLLECT}
    environment = environment_of(sandbox, way)
    with started_job(tmp_path / "first", play_of(task), environment, runner) as job:
        wait_for_collection(sandbox, job, shows_lines=way != "module")
        job.process.send_signal(cancel)
        assert job.end(30).status != 0
        left = left_after(job.mark, 5)
        if way != "module":
            assert left == {}
        kill_marked(job.mark)
    sandbox.clear_log()
    with started_job(tmp_path / "second", play_of(task), environment, runner) as job:
        while not sandbox.calls():
            assert job.process.poll() is None
            time.sleep(0.1)
        set_rate(sandbox, 60)
        ended = job.end()
    assert ended.status == 0, ended.printed
    assert ended.results()["Collect"]["garbage_collections"][0]["decision"] == "adopted"


PLAYBOOKS: Mapping[str, Mapping[str, Any]] = {
    "site": {},
    "gc": {"docr_gc_force": True},
    "destroy": {"docr_destroy_names": ["kiwi"], "docr_allow_delete_images": True, "docr_allow_delete_integrated": True},
    # Refuses, since the access by one_click is DigitalOcean's; real rotations are in tests/clusters.
    "rotate": {"docr_rotate_names": ["kiwi"]},
}


def test_every_playbook_ends(sandbox: Sandbox, tmp_path: Path, runner: str, way: WayName) -> None:
    seed_team(sandbox, rate=20)
    variables = {
        "docr_manifests": [{**MANIFEST, "metadata": {"name": "kiwi"}, "spec": SPEC}],
        "docr_team": sandbox.account()["team"]["name"],
        "docr_doks_clusters": ["orchard"],
        "docr_doks_wait_for_secrets": "never",
        "docr_gc_wait_sleep": 1,
    }
    playbook = [
        {"import_playbook": f"planton.digitalocean.{name}", "vars": {**variables, **more}}
        for name, more in PLAYBOOKS.items()
    ]
    with started_job(tmp_path / "job", playbook, environment_of(sandbox, way), runner) as job:
        ended: Ended = job.end()
        assert left_after(job.mark, 5) == {}
    assert "Nothing was rotated: docr_rotate_names names kiwi" in ended.printed
    assert (ended.printed.count("FAILED!"), STRAY in ended.printed) == (1, False)
    if way != "module":
        assert ended.printed.count(LAST_LINE) == 2
    assert sandbox.account()["registries"] == []


def test_the_runners_are_the_runner_of_awx_and_the_newest() -> None:
    assert RUNNERS == (AWX_RUNNER, NEWEST)


def test_a_job_on_an_execution_node_shows_progress_before_the_result(
    sandbox: Sandbox, tmp_path: Path, way: WayName
) -> None:
    seed_team(sandbox, rate=20)
    task = {"name": "Collect", "planton.digitalocean.docr_gc": COLLECT}
    ended = stream_job(tmp_path / "job", play_of(task), environment_of(sandbox, way))
    assert ended.status == 0, ended.printed
    assert ended.results()["Collect"]["changed"] is True
    if way == "controller":
        assert ended.place_of(FIRST_LINE) < ended.place_of(LAST_LINE) < ended.place_of_result("Collect")
    assert STRAY not in ended.printed
    require_no_secret("the events", ended.printed, str(ended.events))
