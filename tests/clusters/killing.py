# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that are killed in the middle of what they ask of an API server."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from docr_sandbox.doks.proxy import Proxy


def kill_at_call(
    proxy: Proxy, number: int, start: Callable[[], subprocess.Popen[str]], *, after_effect: bool = False
) -> int | None:
    """Start a module and kill it while it waits for the answer to a request; its status, where it ended before.

    ``number`` counts from 0. The request does not reach the API server, or with ``after_effect`` only its answer does
    not come back. The log stays; what was held ends.
    """
    hold = proxy.hold(skip=number, after_effect=after_effect)
    process = start()
    while not hold.reached.wait(0.02) and process.poll() is None:
        pass
    ended = process.poll()
    process.kill()
    process.wait()
    proxy.let_go()
    return ended
