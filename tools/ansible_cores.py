# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other versions of ansible-core that the collection supports, each in a virtual environment of its own.

The environments are kept beside the Go programs (`go_programs.cache_folder`). The version that .venv has is tested by
all other stages.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from go_programs import cache_folder, only_one
from playing import PLAYBOOK_PROGRAM, ROOT

# The newest release of each supported minor version beside the version in requirements/dev.txt, and the newest
# prerelease, which no user has yet.
OLDER_CORES = ("2.18.19", "2.19.14", "2.20.10")
PRERELEASES = ("2.22.0rc1",)
RUNTIME = ROOT / "requirements" / "runtime.txt"


class CoreUnavailableError(Exception):
    """A version of ansible-core cannot be installed; the text gives the reason."""


def provide(version: str) -> Path:
    """The program ansible-playbook of a version of ansible-core; raises CoreUnavailableError."""
    folder = cache_folder("cores")
    place = folder / f"{version}-python{sys.version_info.major}.{sys.version_info.minor}"
    program = place / "bin" / "ansible-playbook"
    with only_one(folder, place.name):
        if not (place / ".complete").exists():
            install = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", f"ansible-core=={version}"]
            for command in ([sys.executable, "-m", "venv", "--clear", str(place)], [*install, "-r", str(RUNTIME)]):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode != 0:
                    raise CoreUnavailableError(f"ansible-core {version}: {done.stderr.strip()[-500:]}")
            (place / ".complete").touch()
    return program


def environment_of(program: Path) -> Mapping[str, str]:
    """The environment variables that let tests play with a program, on the collection of this checkout."""
    return {PLAYBOOK_PROGRAM: str(program), "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "typing")}
