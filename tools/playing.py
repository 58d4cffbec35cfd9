# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running playbooks against a sandbox, as the demo and the benchmark do it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canaries import require_no_secret
from docr_sandbox.testing import Sandbox

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "playbooks" / "site.yml"
MODULES = "ansible_collections.planton.digitalocean.plugins.modules"
# The environment variable that names ansible-playbook of another version of ansible-core.
PLAYBOOK_PROGRAM = "DOCR_ANSIBLE_PLAYBOOK"
# The environment variable that names the Python of another environment, in which modules run without a playbook.
MODULE_PYTHON = "DOCR_MODULE_PYTHON"
MANIFEST = {"apiVersion": "digital-ocean.planton.dev/v1", "kind": "DigitalOceanContainerRegistry"}


class PlaybookFailedError(RuntimeError):
    """A playbook did not end well; the text is what it printed."""


@dataclass(frozen=True)
class Played:
    """One run: seconds, what it printed, the tasks that ran by their action's name, those that changed something.

    ``cpu_seconds`` are the processor's seconds of the play and its processes, where nothing else runs meanwhile.
    ``notes`` is what came beside the output: warnings, and lines of tasks that wait.
    """

    seconds: float
    output: str
    notes: str
    ran: Mapping[str, int]
    changed: Sequence[str]
    skipped: int
    statistics: Mapping[str, Any]
    cpu_seconds: float = 0.0


def run_module_in(
    code: str, module: str, options: Mapping[str, Any], environment: Mapping[str, str], *arguments: str
) -> str:
    """Run Python code that runs a module of the collection as Ansible does; returns what the module printed.

    The code gets `arguments` and then the name of the module. Raises AssertionError where the module fails.
    """
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, f"{MODULES}.{module}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {"_ansible_remote_tmp": "/tmp", **options}}),
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"The module failed: {done.stdout} {done.stderr}")
    return done.stdout


def playbook_program() -> str:
    """The program ansible-playbook that plays run with."""
    return os.environ.get(PLAYBOOK_PROGRAM) or str(Path(sys.executable).parent / "ansible-playbook")


def module_python() -> str:
    """The Python that modules run with where no playbook runs the modules."""
    return os.environ.get(MODULE_PYTHON) or sys.executable


@dataclass(frozen=True)
class Ended:
    """What a program printed, and its exit status."""

    status: int
    output: str
    errors: str


# Runs a command from the checkout's root in an environment.
Runner = Callable[[Sequence[str], Mapping[str, str]], Ended]


def run_program(command: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """Run a command from the checkout's root."""
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def with_variables(**variables: str) -> Runner:
    """Run commands as `run_program` does, with more variables in the environment."""
    return lambda command, environment: run_program(command, {**environment, **variables})


# Every task of a play runs as a module, in a process of its own.
AS_MODULES = with_variables(DOCR_RUN_IN="module")


def play(
    playbook: Path | str,
    sandbox: Sandbox,
    variables: Mapping[str, Any] | None = None,
    *arguments: str,
    runner: Runner = run_program,
) -> Played:
    """Run a playbook from the checkout's root; raise :class:`PlaybookFailedError` when a task failed.

    ``arguments`` are added to the command, such as ``--check``.
    """
    command = [playbook_program(), str(playbook)]
    command += ["--extra-vars", json.dumps(dict(variables or {})), *arguments]
    with tempfile.TemporaryDirectory(prefix="docr-play-") as folder:
        report = Path(folder) / "report.json"
        environment = {
            **sandbox.environment,
            "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tools" / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "play_report",
            "DOCR_PLAY_REPORT": str(report),
        }
        started, cpu = time.monotonic(), cpu_of_children()
        done = runner(command, environment)
        seconds, cpu = time.monotonic() - started, cpu_of_children() - cpu
        require_no_secret("the playbook", done.output, done.errors)
        if done.status != 0:
            raise PlaybookFailedError(f"{' '.join(command)}\n{done.output}\n{done.errors}")
        told = json.loads(report.read_text(encoding="utf-8"))
    kinds = told["ran"], told["changed"], told["skipped"], told["statistics"]
    return Played(seconds, done.output, done.errors, *kinds, cpu_seconds=cpu)


def cpu_of_children() -> float:
    """The processor's seconds of all processes that this process started and that are over."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_play(path: Path, tasks: Sequence[Mapping[str, Any]]) -> Path:
    """Write a play of these tasks on the controller."""
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]), encoding="utf-8")
    return path
