# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that provides a control plane: what it takes, what it builds, and what it says when it cannot."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

import go_programs
import kubernetes_programs
from docr_sandbox.doks.control_plane import ControlPlane, ControlPlaneError
from kubernetes_programs import PROGRAMS


@pytest.fixture
def assets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder that KUBEBUILDER_ASSETS names, on a machine where nothing was built and nothing can be."""
    go_programs.find_go()  # before the cache moves: a toolchain that must be fetched stays for other runs
    folder = tmp_path / "assets"
    folder.mkdir()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(folder))
    monkeypatch.setenv("DOCR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    return folder


def put(folder: Path, *names: str, mode: int = 0o755) -> None:
    for name in names:
        (folder / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / name).chmod(mode)


def test_programs_of_kubebuilder_assets_are_taken_and_nothing_is_built(assets: Path) -> None:
    put(assets, *PROGRAMS)
    assert kubernetes_programs.provide() == {name: assets / name for name in PROGRAMS}
    assert not kubernetes_programs.place().parent.exists()


@pytest.mark.parametrize(("lacks", "mode"), [("kube-controller-manager", None), ("etcd", 0o644)])
def test_programs_that_kubebuilder_assets_lack_are_built_or_the_reason_is_given(
    assets: Path, lacks: str, mode: int | None
) -> None:
    put(assets, *(name for name in PROGRAMS if name != lacks))
    if mode is not None:
        put(assets, lacks, mode=mode)
    with pytest.raises(go_programs.Unavailable, match="module lookup disabled by GOPROXY=off"):
        kubernetes_programs.provide()
    assert [path.name for path in kubernetes_programs.place().parent.iterdir()] == [
        f".{kubernetes_programs.KUBERNETES}.lock"
    ]
    built = kubernetes_programs.place()
    built.mkdir()
    put(built, *PROGRAMS)
    other = next(name for name in PROGRAMS if name != lacks)
    found = kubernetes_programs.provide()
    assert (found[lacks], found[other]) == (built / lacks, assets / other)


def test_another_recipe_has_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    before = kubernetes_programs.place()
    monkeypatch.setattr(kubernetes_programs, "ETCD", "v3.6.5")
    assert kubernetes_programs.place() != before


def test_a_control_plane_runs_from_kubebuilder_assets(
    programs: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, path in programs.items():
        (tmp_path / name).symlink_to(path)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    taken = kubernetes_programs.provide()
    assert taken == {name: tmp_path / name for name in PROGRAMS}
    with ControlPlane.start(taken, tmp_path / "plane", name="lone") as plane:
        status, version = plane.request("GET", "/version")
        said = subprocess.run([taken["kube-apiserver"], "--version"], capture_output=True, text=True, check=True).stdout
        assert (status, f"Kubernetes {version['gitVersion']}\n") == (200, said)
        assert plane.kubeconfig()["current-context"] == "lone"
    with pytest.raises(OSError, match=r"refused|closed connection|reset by peer"):
        plane.request("GET", "/version")


def test_a_program_that_does_not_start_is_reported_with_its_last_lines(
    programs: Mapping[str, Path], tmp_path: Path
) -> None:
    broken = tmp_path / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho the pear is not ripe; exit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    with pytest.raises(ControlPlaneError, match="end of the log of kube-apiserver: the pear is not ripe"):
        ControlPlane.start({**programs, "kube-apiserver": broken}, tmp_path / "plane")
