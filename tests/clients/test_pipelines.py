# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipelines of the guide run as written, and the image that they push holds no login.

The runner and the container engine have stand-ins: the stand-in of docker copies the whole build context, as `COPY . .`
does, and pushes the image with crane and the login that docker would use.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from docr_sandbox.testing import Sandbox
from playing import ROOT
from support.command_lines import named_files
from support.image_clients import program
from support.image_host import minted

GUIDE = ROOT / "docs" / "login.md"
HOST = "registry.digitalocean.com"
# What an image of a checkout with a login would hold.
LOGIN_MARKS = (b'"auths"', b"dop_v1_", b"ZG9wX3Yx")
DOCKER = """\
#!/usr/bin/env bash
set -euo pipefail
while [ "$1" != -t ]; do shift; done
test -f "$3/Dockerfile"
tar -C "$3" -cf "$RUNNER_SCRATCH/layer.tar" .
exec crane append --new_layer "$RUNNER_SCRATCH/layer.tar" --new_tag "${2/registry.digitalocean.com/$DOCR_REGISTRY_HOST}"
"""


@dataclass(frozen=True)
class Runner:
    """The stand-in of a runner: a home folder, a checkout with a Dockerfile, and a folder for programs."""

    sandbox: Sandbox
    folder: Path

    @property
    def checkout(self) -> Path:
        """The working folder of a job."""
        return self.folder / "checkout"

    def run(self, lines: str, **variables: str) -> None:
        """Run lines of a job in a new shell that stops at the first error."""
        foreign = ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "DOCKER_AUTH_CONFIG")
        kept = {name: value for name, value in self.sandbox.environment.items() if name not in foreign}
        path = os.pathsep.join((str(self.folder / "bin"), str(Path(sys.executable).parent), kept["PATH"]))
        own = {"HOME": str(self.folder / "home"), "PATH": path, "RUNNER_SCRATCH": str(self.folder)}
        done = subprocess.run(
            ["bash", "-ec", lines],
            cwd=self.checkout,
            env=kept | own | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, f"{lines}\n{done.stdout}\n{done.stderr}"


@pytest.fixture
def runner(sandbox: Sandbox, tmp_path: Path) -> Runner:
    """A runner whose checkout holds the files of the guide and a Dockerfile."""
    sandbox.seed({"tier": "basic", "registries": [{"name": "acme-payments", "region": "fra1"}]})
    found = Runner(sandbox, tmp_path)
    for name in ("bin", "home", "checkout/ci", "temp"):
        (tmp_path / name).mkdir(parents=True)
    for name, content in named_files(GUIDE).items():
        path = found.checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (found.checkout / "Dockerfile").write_text("FROM scratch\nCOPY . .\n", encoding="utf-8")
    # What the container of a job brings, or fetches from the internet, is there already.
    stand_ins = {"docker": DOCKER, "apk": "#!/bin/sh\n", "pip": "#!/bin/sh\n", "ansible-galaxy": "#!/bin/sh\n"}
    stand_ins["python3"] = f'#!/bin/sh\n[ "$1 $2" = "-m venv" ] || exec {sys.executable} "$@"\n'
    for name, text in stand_ins.items():
        (tmp_path / "bin" / name).write_text(text, encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "bin" / "crane").symlink_to(program("crane"))
    return found


def run_github(runner: Runner, workflow: Mapping[str, Any]) -> str:
    """Run the steps of a workflow; returns the tag that the playbook pushes."""
    values = {"runner.temp": str(runner.folder / "temp"), "github.workspace": str(runner.checkout)}
    values["secrets.DIGITALOCEAN_ACCESS_TOKEN"] = runner.sandbox.token
    (job,) = workflow["jobs"].values()
    for step in job["steps"]:
        given = {**job.get("env", {}), **step.get("env", {})}
        resolved = {
            name: re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: values[found[1]], text) for name, text in given.items()
        }
        if "run" in step:
            runner.run(step["run"], **resolved)
    return "v7"


def run_gitlab(runner: Runner, pipeline: Mapping[str, Any]) -> str:
    """Run the scripts of a job; returns the tag that the job pushes."""
    own = {"CI_PROJECT_DIR": str(runner.checkout), "CI_COMMIT_SHORT_SHA": "1f3870be"}
    (job,) = pipeline.values()
    variables = {
        name: text.replace("$CI_PROJECT_DIR", own["CI_PROJECT_DIR"]) for name, text in job.get("variables", {}).items()
    }
    runner.run("\n".join([*job["before_script"], *job["script"]]), **own, **variables)
    runner.run("\n".join(job["after_script"]), **own, **variables)
    return own["CI_COMMIT_SHORT_SHA"]


@pytest.mark.parametrize(("file", "run"), [(".github/workflows/push.yml", run_github), (".gitlab-ci.yml", run_gitlab)])
def test_the_image_that_a_pipeline_of_the_guide_pushes_holds_no_login(
    runner: Runner, tmp_path: Path, file: str, run: Any
) -> None:
    tag = run(runner, yaml.safe_load((runner.checkout / file).read_text(encoding="utf-8")))
    reference = f"{runner.sandbox.registry_host}/acme-payments/api:{tag}"
    config = tmp_path / "reader"
    config.mkdir()
    pull = (
        f"crane auth login {runner.sandbox.registry_host} -u x -p {runner.sandbox.token} && crane export {reference} "
    )
    runner.run(f"{pull}{tmp_path}/image.tar", DOCKER_CONFIG=str(config))
    with tarfile.open(tmp_path / "image.tar") as image:
        files = {one.name: (image.extractfile(one) or io.BytesIO()).read() for one in image if one.isfile()}
    assert any(name.endswith("Dockerfile") for name in files)
    assert [name for name, content in files.items() if any(mark in content for mark in LOGIN_MARKS)] == []
    # The login of the job was minted, and no longer opens anything.
    assert [one["is_valid"] for one in minted(runner.sandbox)] == [False]
