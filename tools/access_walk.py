# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the functions between the options of docr_doks_integration and the first pull secret that is written.

The module runs with the method direct for one cluster, one registry and one namespace, against the sandbox and a real
control plane. A step is a function, method or property of the collection that the run enters for the first time.
Generated methods, lambdas, nested functions and comprehensions are no steps: a reader reads them with what encloses
them. The walk ends with the function of the client for clusters that creates the pull secret.

`--tree` measures another checkout of the collection. `--method-option way` serves checkouts from before the option
`method` had its name.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import kubernetes_programs
from docr_sandbox.doks.control_plane import ControlPlane
from docr_sandbox.testing import Sandbox
from playing import ROOT, run_module_in

CLUSTER, REGISTRY = "orchard", "kiwi"
MODULE = "docr_doks_integration"
# Where the run starts to read a cluster: the name now, and the name in earlier checkouts.
READS = ("ClusterReader.fetch", "Reader.fetch")

# Runs the module and writes each new step as a line: file, line number and qualified name.
RECORDER = """
import inspect, runpy, sys, threading
place, root, secret, module = sys.argv[1:]
del sys.argv[1:]
seen, lines, is_over = set(), [], False
def record(frame, event, _argument):
    global is_over
    code = frame.f_code
    if is_over or event != "call" or not code.co_filename.startswith(root) or code in seen:
        return
    if not code.co_flags & inspect.CO_OPTIMIZED or code.co_name.startswith("<") or "<locals>" in code.co_qualname:
        return
    if code.co_name == "create_secret" and secret not in frame.f_locals.values():
        return
    seen.add(code)
    lines.append(f"{code.co_filename[len(root):]}\\t{code.co_firstlineno}\\t{code.co_qualname}\\n")
    is_over = code.co_name == "create_secret" and "_client" in code.co_filename
    if is_over:
        open(place, "w").writelines(lines)
threading.setprofile(record)
sys.setprofile(record)
runpy.run_module(module, run_name="__main__")
"""


@dataclass(frozen=True)
class WalkStep:
    """A function that the run enters for the first time."""

    file: str
    line: int
    name: str


def record_walk(tree: Path, method_option: str) -> list[WalkStep]:
    """The steps of one run of the module of a checkout, in their order."""
    with tempfile.TemporaryDirectory(prefix="docr-walk-") as name, _cluster(Path(name)) as sandbox:
        folder = Path(name)
        parent = folder / "path/ansible_collections/planton"
        parent.mkdir(parents=True)
        (parent / "digitalocean").symlink_to(tree)
        options = {
            "clusters": [CLUSTER],
            "registries": [REGISTRY],
            method_option: "direct",
            "namespaces": ["default"],
            "rotate_every": "30d",
        }
        root = f"{parent}/digitalocean/plugins/"
        place = folder / "steps"
        environment = {**sandbox.environment, "PYTHONPATH": str(folder / "path"), "PYTHONDONTWRITEBYTECODE": "1"}
        printed = run_module_in(RECORDER, MODULE, options, environment, str(place), root, f"docr-direct-{REGISTRY}")
        if not place.exists():
            raise AssertionError(f"The module wrote no secret: {printed}")
        parts = (line.split("\t") for line in place.read_text(encoding="utf-8").splitlines())
        return [WalkStep(file, int(number), function) for file, number, function in parts]


@contextmanager
def _cluster(folder: Path) -> Iterator[Sandbox]:
    """An account with a registry and a cluster that has a real control plane."""
    programs = kubernetes_programs.provide()
    with Sandbox.start() as sandbox:
        door = (sandbox.url, sandbox.ca_file)
        with ControlPlane.start(programs, folder / "plane", name="walk", sandbox=door) as plane:
            sandbox.control("PUT", "control-planes/walk", plane.to_json())
            sandbox.seed(
                {
                    "tier": "professional",
                    "registries": [{"name": REGISTRY, "region": "blr1"}],
                    "clusters": [{"name": CLUSTER, "region": "blr1", "control_plane": "walk"}],
                }
            )
            yield sandbox


def show(title: str, steps: list[WalkStep]) -> None:
    """Print a figure."""
    print(f"{title}: {len(steps)} steps through {len({step.file for step in steps})} files")


def main() -> None:
    """Print the steps and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, default=ROOT)
    parser.add_argument("--method-option", default="method")
    chosen = parser.parse_args()
    steps = record_walk(chosen.tree.resolve(), chosen.method_option)
    for number, step in enumerate(steps, 1):
        print(f"{number:4} {step.file}:{step.line} {step.name}")
    show("from the module's start", steps)
    ours = [step for step in steps if "/_client/" not in step.file or step.name.endswith("create_secret")]
    show("without the clients", ours)
    start = next((number for number, step in enumerate(ours) if step.name in READS), None)
    if start is not None:
        show("from reading the cluster, without the clients", ours[start:])


if __name__ == "__main__":
    main()
