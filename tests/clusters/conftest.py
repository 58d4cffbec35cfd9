# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Kubernetes control planes behind the sandbox's clusters; two for each process of tests, started when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

import kubernetes_programs
from docr_sandbox.doks.control_plane import ControlPlane
from docr_sandbox.doks.proxy import Proxy
from docr_sandbox.testing import Sandbox
from go_programs import Unavailable
from support.control_plane import Cluster

Planes = Callable[[str], ControlPlane]
REGISTRIES = [{"name": "kiwi", "region": "blr1"}, {"name": "plum", "region": "syd1"}]


@pytest.fixture(scope="session")
def programs() -> Mapping[str, Path]:
    """The programs of a control plane; a test is skipped where they cannot be had."""
    try:
        return kubernetes_programs.provide()
    except Unavailable as error:
        pytest.skip(f"no control plane can be built: {error}")


@pytest.fixture(scope="session")
def planes(
    programs: Mapping[str, Path], sandbox_server: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Planes]:
    """Gives a control plane by its name."""
    started: dict[str, ControlPlane] = {}
    with ExitStack() as stack:

        def get(name: str) -> ControlPlane:
            if name not in started:
                folder = tmp_path_factory.mktemp(name)
                door = (sandbox_server.url, sandbox_server.ca_file)
                started[name] = stack.enter_context(ControlPlane.start(programs, folder, name=name, sandbox=door))
                sandbox_server.control("PUT", f"control-planes/{name}", started[name].to_json())
            return started[name]

        yield get


@pytest.fixture
def orchard(sandbox: Sandbox, planes: Planes) -> Cluster:
    """An account with the registries ``kiwi`` and ``plum``, and a clean cluster."""
    plane = planes("first")
    sandbox.seed({"tier": "professional", "registries": REGISTRIES})
    return join(sandbox, plane, "orchard")


@pytest.fixture
def meadow(orchard: Cluster, sandbox: Sandbox, planes: Planes) -> Cluster:
    """Another clean cluster in the same account."""
    return join(sandbox, planes("second"), "meadow")


@pytest.fixture
def marsh(sandbox: Sandbox, planes: Planes) -> Iterator[Cluster]:
    """As ``orchard``, but clients are sent to a proxy, which logs what they ask and can let it go wrong."""
    plane = planes("first")
    sandbox.seed({"tier": "professional", "registries": REGISTRIES})
    with Proxy.start(plane) as proxy:
        sandbox.control("PUT", f"control-planes/{plane.name}", plane.to_json(proxy.front))
        try:
            yield join(sandbox, plane, "marsh", proxy)
        finally:
            sandbox.control("PUT", f"control-planes/{plane.name}", plane.to_json())


def join(sandbox: Sandbox, plane: ControlPlane, name: str, proxy: Proxy | None = None) -> Cluster:
    """A clean cluster of that name in the account."""
    cluster = Cluster(sandbox, plane, name, proxy)
    cluster.clean()
    sandbox.seed({"clusters": [{"name": name, "region": "blr1", "control_plane": plane.name}]})
    sandbox.clear_log()
    return cluster
