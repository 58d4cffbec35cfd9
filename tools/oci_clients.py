# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the image clients that tests/clients uses, each once for this machine (go_programs.py says where they lie).

python tools/oci_clients.py [CLIENT...]   builds what is missing, and says where each client lies
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from go_programs import GO_LANGUAGE, Unavailable, build, cache_folder, only_one

KIND = "clients"


@dataclass(frozen=True)
class Client:
    """A program from a Go module; ``package`` is its folder in the module."""

    name: str
    module: str
    version: str
    package: str = ""
    tags: str = ""

    @property
    def place(self) -> Path:
        """Where the program lies once it is built; with another recipe it is another place."""
        recipe = f"{self.module} {self.version} {self.package} {self.tags} {platform.system()} {platform.machine()}"
        folder = f"{self.name}-{self.version}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"
        return cache_folder(KIND) / folder / self.name


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


def provide(name: str) -> Path:
    """Return the path of a client's program, built now if it was not yet; raises :class:`Unavailable`."""
    client = CLIENTS[name]
    with only_one(cache_folder(KIND), name):
        if not client.place.exists():
            make(client)
    return client.place


def make(client: Client) -> None:
    """Build a client in a module of its own that names its version, so that no other module has a say in it."""
    with tempfile.TemporaryDirectory(dir=cache_folder(KIND)) as scratch:
        folder = Path(scratch)
        (folder / "go.mod").write_text(
            f"module clients\n\ngo {GO_LANGUAGE}\n\nrequire {client.module} {client.version}\n", encoding="utf-8"
        )
        program = folder / client.name
        build(folder, f"{client.module}/{client.package}".rstrip("/"), program, tags=client.tags)
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
