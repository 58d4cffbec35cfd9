# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds what a Kubernetes control plane consists of, once for this machine: etcd, API server and controller manager.

Where ``KUBEBUILDER_ASSETS`` names a folder, as envtest has it, the programs in there are used, and only what it lacks
(the controller manager, as a rule) is built. A further program is built from Kubernetes' own code: kubelet-logins says
what a kubelet sends for an image. go_programs.py says where what is built lies.

    python tools/kubernetes_programs.py   builds what is missing, and says where each program lies
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from go_programs import GO_LANGUAGE, Unavailable, build, cache_folder, find_go, only_one, run

# The versions belong together: etcd is the one that this release of Kubernetes requires.
KUBERNETES = "v1.34.4"
ETCD = "v3.6.4"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager")
SOURCE = Path(__file__).resolve().parent / "control_plane" / "main.go"
LOGINS = "kubelet-logins"
LOGINS_SOURCE = SOURCE.parent.parent / "kubelet_logins" / "main.go"
KIND = "kubernetes"


def provide() -> Mapping[str, Path]:
    """Return the path of each program and build missing programs; raises :class:`Unavailable`."""
    given = Path(os.environ.get("KUBEBUILDER_ASSETS") or os.devnull)
    found = {name: given / name for name in PROGRAMS if os.access(given / name, os.X_OK)}
    missing = [name for name in PROGRAMS if name not in found]
    folder = place()
    if missing:
        with only_one(cache_folder(KIND), KUBERNETES):
            if not folder.exists():
                make(folder, SOURCE, PROGRAMS)
    return found | {name: folder / name for name in missing}


def provide_logins() -> Path:
    """Return the path of the program that says what a kubelet sends; raises :class:`Unavailable`."""
    folder = place(LOGINS_SOURCE)
    with only_one(cache_folder(KIND), LOGINS):
        if not folder.exists():
            make(folder, LOGINS_SOURCE, (LOGINS,))
    return folder / LOGINS


def place(source: Path = SOURCE) -> Path:
    """The folder of the programs that are built from a source; each recipe has its own folder."""
    recipe = f"{ETCD} {GO_LANGUAGE} {platform.system()} {platform.machine()} {source.read_text(encoding='utf-8')}"
    return cache_folder(KIND) / f"{KUBERNETES}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"


def make(folder: Path, source: Path, names: Sequence[str]) -> None:
    """Build a source into a program that runs as any of the programs, by its name."""
    with tempfile.TemporaryDirectory(dir=cache_folder(KIND)) as scratch:
        module, programs = Path(scratch) / "module", Path(scratch) / "programs"
        module.mkdir()
        programs.mkdir()
        shutil.copy(source, module)
        (module / "go.mod").write_text("\n".join(go_mod(module)), encoding="utf-8")
        build(module, ".", programs / names[0], flags=version_flags())
        for name in names[1:]:
            (programs / name).symlink_to(names[0])
        programs.rename(folder)


def go_mod(module: Path) -> Iterator[str]:
    """The lines of go.mod. Kubernetes requires parts of itself as v0.0.0, which only its own repository has."""
    (module / "go.mod").write_text(f"module control-plane\n\ngo {GO_LANGUAGE}\n", encoding="utf-8")
    said = run([find_go(), "mod", "download", "-json", f"k8s.io/kubernetes@{KUBERNETES}"], module)
    own = Path(json.loads(said)["GoMod"]).read_text(encoding="utf-8")
    released = f"v0{KUBERNETES.removeprefix('v1')}"
    yield from ("module control-plane", f"go {GO_LANGUAGE}")
    yield f"require k8s.io/kubernetes {KUBERNETES}"
    yield f"require go.etcd.io/etcd/server/v3 {ETCD}"
    for name in re.findall(r"^\s*(k8s\.io/\S+) v0\.0\.0$", own, re.MULTILINE):
        yield f"replace {name} => {name} {released}"
    yield ""


def version_flags() -> str:
    """Without these the server reports a version that clients cannot read."""
    major, minor, _patch = KUBERNETES.removeprefix("v").split(".")
    values = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor}
    return " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())


def main() -> int:
    """Provide the programs; say for each where it lies, or why they cannot be had."""
    started = time.monotonic()
    try:
        found = {**provide(), LOGINS: provide_logins()}
    except Unavailable as error:
        print(f"NOT available: {error}")
        return 1
    for name, path in found.items():
        print(f"{name:<24} {time.monotonic() - started:6.1f} s  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
