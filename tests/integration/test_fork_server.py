# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A forked run of the tests ends as a program does, although the interpreter of the run does not clear its memory."""

from __future__ import annotations

import os
import sys

import pytest

from support import fork_server

AT_THE_END = """
import atexit, sys, threading
atexit.register(print, "at exit")
threading.Timer(0.1, print, ["in a thread"]).start()
sys.stdout.write("first, ")
sys.exit()
"""


@pytest.mark.parametrize(
    ("code", "status", "output", "errors"),
    [
        ("raise SystemExit(3)", 3, "", ""),
        ("raise SystemExit('no colour')", 1, "", "no colour\n"),
        (AT_THE_END, 0, "first, in a thread\nat exit\n", ""),
    ],
    ids=["status", "message", "threads and functions of atexit"],
)
def test_a_run_ends_with_its_threads_its_streams_and_its_status(
    code: str, status: int, output: str, errors: str
) -> None:
    run = fork_server.start(surroundings(), "json.tool", "", os.environ, code)
    assert run.wait() == (output, errors)
    assert run.status == status


def test_an_error_that_nothing_catches_is_printed_with_its_place() -> None:
    run = fork_server.start(surroundings(), "json.tool", "no JSON", os.environ, "colours = {}['blue']")
    output, errors = run.wait()
    assert (run.status, output, errors.splitlines()[0]) == (1, "", "Traceback (most recent call last):")
    assert errors.endswith("KeyError: 'blue'\n")


def surroundings() -> fork_server.Surroundings:
    return fork_server.Surroundings(sys.executable, tuple(sorted(os.environ.items())), "/")
