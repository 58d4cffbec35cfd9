# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a converge without changes over an empty play, with answers of the API that take their time.

Ansible runs with its default settings, as for a user: the ansible.cfg of this checkout does not count.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench_rows import Row, most
from bench_terraform import NotMeasuredError, plan_seconds
from docr_sandbox.testing import Sandbox
from playing import SITE, play, with_variables, write_play

# Seconds of each answer of the API, and what a converge without changes may cost over an empty play: the plan's lists
# are read at the same time, and so are the collections after the plan.
ANSWERS_S = (0.0, 0.05, 0.3)
OVER_EMPTY_PLAY_S = 0.5
ANSWER_TIMES = 2
RUNS = 5


def answer_rows(sandbox: Sandbox, folder: Path, settle: Callable[[], Mapping[str, Any]]) -> Iterator[Row]:
    """The converge and its peers; `settle` fills the sandbox and returns the role's variables."""
    variables = settle()
    empty = write_play(folder / "empty.yml", [])
    (folder / "defaults.cfg").touch()
    runner = with_variables(ANSIBLE_CONFIG=str(folder / "defaults.cfg"))
    for delay in ANSWERS_S:
        over, empties, processor = [], [], []
        for _run in range(RUNS):
            sandbox.fault(path="/v2/*", times=1000, delay=delay)
            site = play(SITE, sandbox, variables, runner=runner)
            sandbox.clear_faults()
            none = play(empty, sandbox, runner=runner)
            empties.append(none.seconds)
            over.append(site.seconds - none.seconds)
            processor.append(site.cpu_seconds - none.cpu_seconds)
        name = f"converge, {delay * 1000:g} ms an answer"
        limit = OVER_EMPTY_PLAY_S + ANSWER_TIMES * delay
        peer = f"to an empty play, {statistics.median(empties):.2f} s"
        yield most(f"{name}: over empty", statistics.median(over), "s", limit, peer)
        yield Row(f"{name}: processor", round(statistics.median(processor), 3), "s", None, "over the empty play")
        yield from terraform_rows(sandbox, folder, delay)


def terraform_rows(sandbox: Sandbox, folder: Path, delay: float) -> Iterator[Row]:
    """The plan of Terraform for the registry alone, where Terraform and its provider are there."""
    try:
        seconds = plan_seconds(sandbox, folder / f"terraform-{delay:g}", delay, RUNS)
    except NotMeasuredError as error:
        print(f"terraform plan is NOT measured: {error}")
        return
    yield Row(f"terraform plan, {delay * 1000:g} ms an answer", round(seconds, 3), "s", None, "of the registry alone")
