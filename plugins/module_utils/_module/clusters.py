# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""Modules that go into clusters; apart, since the others should not pay for a second client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._client.clusters import open_cluster_api
from .argspec import Spec
from .run import Params, Task, run_task


def run_cluster_task(spec: Spec, build: Callable[[Params], Task[Any, Any, Any, Any]]) -> None:
    """Be a module whose task gets a client for clusters too."""
    run_task(spec, build, open_cluster_api)
