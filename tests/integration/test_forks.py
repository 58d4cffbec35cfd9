# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in a fork: its streams and lines, what stays in the fork, and its end."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from playing import ROOT

PRELUDE = f"""
import json, os, signal, sys, tempfile, time
sys.path.insert(0, {str(ROOT / "plugins" / "plugin_utils")!r})
from _fork import run_forked
"""

STREAMS = """
def work(say):
    say("first\\nline")
    print("told")
    print("complained", file=sys.stderr)
    os.environ["LEAK"], _mask = "1", os.umask(0o777)
    os.chdir("/")
    say(sys.stdin.read() + "second")
    sys.exit(3)

lines = []
ended = run_forked(work, lines.append)
here = [os.getcwd() == "/", "LEAK" in os.environ, os.umask(0o22) == 0o777]
print(json.dumps([lines, ended.output.decode(), ended.errors.decode(), ended.code, here]))
"""

ENDS = """
def crash(say):
    os.kill(os.getpid(), signal.SIGSEGV)

def fail(say):
    raise ValueError("unknown")

def hold(say):
    with tempfile.TemporaryDirectory(dir=sys.argv[1]):
        say("held")
        time.sleep(60)

def stop(line):
    raise TimeoutError(line)

codes = [run_forked(work, print).code for work in (crash, fail)]
try:
    run_forked(hold, stop)
except TimeoutError as error:
    print(json.dumps([codes, str(error), os.listdir(sys.argv[1])]))
"""

WORKER = """
def work(say):
    with tempfile.TemporaryDirectory(dir=sys.argv[1]):
        say(str(os.getpid()))
        time.sleep(60)

if sys.argv[2] == "below a parent" and os.fork():
    time.sleep(60)
run_forked(work, lambda line: print(os.getpid(), line, flush=True))
"""


def run(program: str, *arguments: str) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: list[object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_streams_and_lines_of_a_fork_arrive_and_its_changes_stay_there() -> None:
    lines, output, errors, code, here = run(STREAMS)
    assert lines == ["first line", "second"]
    assert (output, errors, code) == ("told\n", "complained\n", 3)
    assert here == [False, False, False]


def test_a_crash_is_told_and_an_exception_of_the_listener_ends_the_fork_with_its_files(tmp_path: Path) -> None:
    codes, error, left = run(ENDS, str(tmp_path))
    assert codes == [-signal.SIGSEGV, 1]
    assert (error, left) == ("held", [])


@pytest.mark.parametrize("place", ["alone", "below a parent"])
def test_the_end_of_the_worker_or_of_its_parent_ends_the_fork(tmp_path: Path, place: str) -> None:
    command = [sys.executable, "-c", PRELUDE + WORKER, str(tmp_path), place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        processes = [int(one) for one in started.stdout.readline().split()]
        started.kill()
    assert [one for one in processes if not ends_within(one, 10)] == []
    assert list(tmp_path.iterdir()) == []


def ends_within(process_id: int, seconds: float) -> bool:
    """Whether a process, which need not be a child, ends in time."""
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)
