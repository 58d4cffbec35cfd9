# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform's plan of a registry that exists, as a peer of a converge without changes."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from docr_sandbox.testing import Sandbox

NAME, REGION, TIER = "bench-00", "ams3", "professional"


class NotMeasuredError(RuntimeError):
    """Terraform or its provider is missing; the text says which."""


def plan_seconds(sandbox: Sandbox, folder: Path, delay: float, runs: int) -> float:
    """The median of the seconds of `terraform plan`, with answers of the API that take `delay` seconds.

    Raises NotMeasuredError.
    """
    program = shutil.which("terraform")
    if program is None:
        raise NotMeasuredError("there is no program terraform")
    folder.mkdir()
    (folder / "main.tf.json").write_text(json.dumps(_configuration(sandbox)), encoding="utf-8")
    environment = {**sandbox.environment, "SSL_CERT_FILE": str(sandbox.ca_file)}
    # The provider comes from Terraform's registry or a mirror, whose certificates are not the sandbox's.
    _run([program, "init", "-no-color", "-input=false"], folder, sandbox.environment)
    times = []
    for _number in range(runs):
        sandbox.fault(path="/v2/*", times=1000, delay=delay)
        started = time.monotonic()
        _run([program, "plan", "-no-color", "-input=false"], folder, environment)
        times.append(time.monotonic() - started)
        sandbox.clear_faults()
    return statistics.median(times)


def _configuration(sandbox: Sandbox) -> dict[str, object]:
    """The registry of the measurement, which the plan imports and so reads."""
    kind = "digitalocean_container_registry"
    registry = {"name": NAME, "region": REGION, "subscription_tier_slug": TIER}
    return {
        "terraform": {"required_providers": {"digitalocean": {"source": "digitalocean/digitalocean"}}},
        "provider": {"digitalocean": {"token": sandbox.token, "api_endpoint": sandbox.url}},
        "import": {"to": f"{kind}.peer", "id": NAME},
        "resource": {kind: {"peer": registry}},
    }


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "rror" in line] or ["no reason is given"]
        raise NotMeasuredError(f"terraform {command[1]} failed: {lines[0].strip()}")
