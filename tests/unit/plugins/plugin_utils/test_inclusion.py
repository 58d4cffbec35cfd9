# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

from ansible_collections.planton.digitalocean.plugins.plugin_utils._inclusion import claim


def task_of(inclusion: int) -> Any:
    """A task of an included role, as Ansible gives the task to an action plugin of the strategy free."""
    play = SimpleNamespace(_uuid="a", serial=[], strategy="free")
    return SimpleNamespace(_play=play, get_path=lambda: "", get_include_params=lambda: {"item": inclusion})


def test_hosts_that_claim_an_inclusion_at_the_same_time_all_learn_the_host_that_works(tmp_path: Path) -> None:
    hosts = [f"host{number}" for number in range(8)]
    barrier = Barrier(len(hosts))

    def claims(host: str) -> list[str]:
        working = []
        for inclusion in range(50):
            barrier.wait()
            working.append(claim(task_of(inclusion), host, str(tmp_path)))
        return working

    with ThreadPoolExecutor(len(hosts)) as pool:
        found = list(pool.map(claims, hosts))
    for told in zip(*found, strict=True):
        assert len(set(told)) == 1
        assert told[0] in hosts
