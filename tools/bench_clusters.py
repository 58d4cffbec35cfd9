# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure cluster access on a real control plane: a thousand namespaces and more, against a bare client and pings."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_crowd import CONNECTIONS, WRITES, Crowd, crowded
from bench_rows import Row, most
from docr_sandbox.testing import Sandbox
from go_programs import Unavailable
from playing import ROOT, play, run_module_in, write_play

MODULE = "docr_doks_integration"
PACKAGE = "ansible_collections.planton.digitalocean.plugins"
CLUSTER = "bench-field"
OPTIONS = {"clusters": [CLUSTER], "registries": ["bench-00"], "method": "direct", "rotate_every": "30d"}
MANY, VERY_MANY = 1000, 4000
RUNS = 3

# Runs a module as Ansible does, and says how much memory it had at its peak. What getrusage knows includes the process
# that started it, so Linux is asked for this program's own.
RUNNER = """
import atexit, re, resource, runpy, sys
place, module = sys.argv[1:]
del sys.argv[1:]
def tell():
    try:
        peak = int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    open(place, "w").write(str(peak))
atexit.register(tell)
runpy.run_module(module, run_name="__main__")
"""


@dataclass(frozen=True)
class Ran:
    """One run of the module as a process: seconds, peak of memory, and what it returned."""

    seconds: float
    peak_mib: float
    result: dict[str, Any]


def run(sandbox: Sandbox, **options: Any) -> Ran:
    """Run the module once; a failure ends the measurement."""
    with tempfile.NamedTemporaryFile(prefix="docr-bench-") as peak:
        started = time.monotonic()
        printed = run_module_in(RUNNER, MODULE, {**OPTIONS, **options}, sandbox.environment, peak.name)
        seconds = time.monotonic() - started
        return Ran(seconds, int(peak.read()) / 1024, json.loads(printed))


def expect(ran: Ran, *, changed: bool) -> Ran:
    """The run, if the run made the measured changes."""
    if ran.result["changed"] is not changed:
        raise AssertionError(f"changed should be {changed}: {json.dumps(ran.result)[:2000]}")
    return ran


def first_rows(sandbox: Sandbox, crowd: Crowd) -> Iterator[Row]:
    """A first run and the bare client, in turns."""
    bare, ours, peaks = [], [], []
    for _run in range(RUNS):
        crowd.wipe()
        bare.append(crowd.fill_bare())
        crowd.wipe()
        ran = expect(run(sandbox), changed=True)
        ours.append(ran.seconds)
        peaks.append(ran.peak_mib)
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    other = statistics.median(bare)
    yield Row(f"pull secret into {MANY} namespaces", round(statistics.median(ours), 2), "s")
    yield most(
        "the same over a bare client", ratio, "x", 1.5, f"{other:.2f} s, {2 * MANY} writes, {CONNECTIONS} connections"
    )
    yield most(f"{MANY} namespaces, first run: memory", max(peaks), "MiB", 120)


def again_rows(sandbox: Sandbox, crowd: Crowd, folder: Path) -> Iterator[Row]:
    """A second run, without changes."""
    before = crowd.requests()
    ran = expect(run(sandbox), changed=False)
    asked = crowd.requests() - before
    yield most(f"{MANY} namespaces, nothing to do: lists", asked["LIST"], "calls", 10)
    yield most(f"{MANY} namespaces, nothing to do: writes", _writes(asked), "calls", 0)
    yield most(f"{MANY} namespaces, nothing to do: memory", ran.peak_mib, "MiB", 120)
    over = over_ping(sandbox, folder)
    yield most(f"{MANY} namespaces, nothing to do: over ping", over, "s", 1, "to one ping task of the same round")
    yield from over_empty_rows(sandbox, folder)


def over_ping(sandbox: Sandbox, folder: Path) -> float:
    """The seconds that a task without changes takes more than a ping."""
    pings = write_play(folder / "cluster-ping.yml", [{"ansible.builtin.ping": {}}])
    ours = again_play(folder)
    return statistics.median(play(ours, sandbox).seconds - play(pings, sandbox).seconds for _run in range(RUNS))


def over_empty_rows(sandbox: Sandbox, folder: Path) -> Iterator[Row]:
    """The seconds that a task without changes takes more than an empty play."""
    empty, ours = write_play(folder / "cluster-empty.yml", []), again_play(folder)
    seconds, processor = [], []
    for _run in range(RUNS):
        task, none = play(ours, sandbox), play(empty, sandbox)
        seconds.append(task.seconds - none.seconds)
        processor.append(task.cpu_seconds - none.cpu_seconds)
    name = f"{MANY} namespaces, nothing to do"
    yield most(f"{name}: over empty", statistics.median(seconds), "s", 0.5, "to an empty play of the same round")
    yield Row(f"{name}: processor", round(statistics.median(processor), 3), "s", None, "over the empty play")


def again_play(folder: Path) -> Path:
    """A play of the task that has nothing to do."""
    return write_play(folder / "cluster-again.yml", [{f"planton.digitalocean.{MODULE}": OPTIONS}])


def rotation_rows(sandbox: Sandbox, crowd: Crowd) -> Iterator[Row]:
    """A forced rotation."""
    before = crowd.requests()
    ran = expect(run(sandbox, force_rotation=True), changed=True)
    asked = crowd.requests() - before
    yield most(f"rotation over {MANY} namespaces: writes", _writes(asked), "calls", 1100)
    yield Row(f"rotation over {MANY} namespaces", round(ran.seconds, 2), "s", None, f"{asked['LIST']} lists")
    yield most(f"rotation over {MANY} namespaces: memory", ran.peak_mib, "MiB", 120)


def scale_rows(sandbox: Sandbox, crowd: Crowd) -> Iterator[Row]:
    """The memory for very many namespaces."""
    crowd.wipe()
    crowd.grow(VERY_MANY)
    first = expect(run(sandbox), changed=True)
    again = expect(run(sandbox), changed=False)
    yield most(f"{VERY_MANY} namespaces, first run: memory", first.peak_mib, "MiB", 120)
    yield most(f"{VERY_MANY} namespaces, nothing to do: memory", again.peak_mib, "MiB", 120)
    yield Row(f"{VERY_MANY} namespaces, first run", round(first.seconds, 2), "s")
    yield Row(f"{VERY_MANY} namespaces, nothing to do", round(again.seconds, 2), "s")


def controller_row() -> Row:
    """The memory of a controller that has loaded all libraries: the share of a task that is not the work's own."""
    code = f"import ansible.cli.playbook, {PACKAGE}.action.{MODULE}, {PACKAGE}.module_utils._client.kube.client\n"
    code += "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return Row("the controller alone: memory", round(int(printed) / 1024, 1), "MiB", None, "share of a task's memory")


def import_rows() -> Iterator[Row]:
    """The seconds to load the module with its Kubernetes client, compared with the module ping."""
    ours = [f"{PACKAGE}.modules.{MODULE}", f"{PACKAGE}.module_utils._client.kube.client"]
    times = [import_time(ours) - import_time(["ansible.modules.ping"]) for _run in range(2 * RUNS + 1)]
    yield most(f"{MODULE}: import over ping", statistics.median(times), "s", 0.6)


def import_time(names: Sequence[str]) -> float:
    """The seconds of a process that imports these modules and ends."""
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "; ".join(f"import {name}" for name in names)], cwd=ROOT, check=True)
    return time.monotonic() - started


def _writes(asked: dict[str, int]) -> int:
    return sum(asked.get(verb, 0) for verb in WRITES)


def cluster_rows(sandbox: Sandbox, folder: Path) -> Iterator[Row]:
    """Measure everything; print a line instead if no control plane is available."""
    yield from import_rows()
    if sys.platform == "linux":
        yield controller_row()
    try:
        with crowded(sandbox, folder / "plane", CLUSTER) as crowd:
            crowd.grow(MANY)
            yield from first_rows(sandbox, crowd)
            yield from again_rows(sandbox, crowd, folder)
            yield from rotation_rows(sandbox, crowd)
            yield from scale_rows(sandbox, crowd)
    except Unavailable as error:
        print(f"Clusters are NOT measured: {error}")
