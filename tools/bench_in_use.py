# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how the images in use of a large cluster are read: calls, memory and seconds, on a real control plane."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench_clusters import RUNNER
from bench_crowd import Crowd, crowded
from bench_rows import Row, most
from docr_sandbox.testing import Sandbox
from go_programs import Unavailable
from playing import run_module_in

PODS, SETS = 5000, 2000
MODULE, CLUSTER = "docr_image_info", "bench-crowded"
RESOURCES = ("pods", "replicasets", "controllerrevisions", "jobs", "replicationcontrollers", "daemonsets",
             "statefulsets", "deployments", "cronjobs")  # fmt: skip
# A pod of a user has some kilobytes of variables, annotations and managed fields.
FILLING = "x" * 400
IMAGES = 1000


def pod_spec(host: str, number: int) -> dict[str, Any]:
    """Two containers, as with a proxy beside each application."""
    variables = [{"name": f"SETTING_{one}", "value": FILLING} for one in range(8)]
    image = f"{host}/bench-00/app:v{number % IMAGES}"
    return {"containers": [{"name": "app", "image": image, "env": variables}, {"name": "proxy", "image": "envoy:v3"}]}


def fill(crowd: Crowd, host: str) -> None:
    """Make the pods, and the ReplicaSets as Deployments keep them for a rollback."""
    notes = {f"example.org/note-{one}": FILLING for one in range(4)}
    pods = [
        ("POST", "namespaces/default/pods", {"metadata": {"name": f"pod-{one}", "annotations": notes},
         "spec": pod_spec(host, one)})
        for one in range(PODS)
    ]  # fmt: skip
    sets = []
    for number in range(SETS):
        labels = {"app": f"web-{number}"}
        template = {"metadata": {"labels": labels}, "spec": pod_spec(host, number)}
        spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        sets.append(("POST", "/apis/apps/v1/namespaces/default/replicasets",
                     {"metadata": {"name": f"web-{number}"}, "spec": spec}))  # fmt: skip
    crowd.send_all([*pods, *sets])


def reading_rows(sandbox: Sandbox, crowd: Crowd, folder: Path) -> Iterator[Row]:
    """One run of the module with nothing else to read."""
    options = {"registry": "bench-00", "cache_path": str(folder / "cache"), "in_use": {"clusters": [CLUSTER]}}
    before = crowd.requests(RESOURCES)
    with tempfile.NamedTemporaryFile(prefix="docr-bench-") as peak:
        started = time.monotonic()
        result = json.loads(run_module_in(RUNNER, MODULE, options, sandbox.environment, peak.name))
        seconds = time.monotonic() - started
        peak_mib = int(peak.read()) / 1024
    lists = crowd.requests(RESOURCES)["LIST"] - before["LIST"]
    if result["in_use"]["unread"] or len(result["warnings"]) < 2:
        raise AssertionError(f"The cluster was not read: {json.dumps(result)[:2000]}")
    name = f"in use, {PODS} pods, {SETS} ReplicaSets"
    yield most(f"{name}: lists", lists, "calls", 15)
    yield most(f"{name}: memory", peak_mib, "MiB", 150)
    yield Row(name, round(seconds, 2), "s")


def in_use_rows(sandbox: Sandbox, folder: Path) -> Iterator[Row]:
    """Measure everything; print a line instead if no control plane is available."""
    try:
        with crowded(sandbox, folder / "crowded", CLUSTER) as crowd:
            fill(crowd, sandbox.registry_host)
            yield from reading_rows(sandbox, crowd, folder)
    except Unavailable as error:
        print(f"Images in use are NOT measured: {error}")
