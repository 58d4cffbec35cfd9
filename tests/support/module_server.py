# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes of modules without the cost of a new interpreter: a server imports a module once and forks for each run.

A run is a process of its own, with its own environment, standard input, output and error, as under Ansible.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from canaries import require_no_secret
from playing import module_python

# The server forks for each connection, once the module is imported. The new process answers its process id and then
# becomes the run; the connection closes when the process ends.
_SERVER = """
import importlib, json, os, signal, socket, sys
listener = socket.socket(fileno=int(sys.argv.pop()))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    connection = listener.accept()[0]
    with connection.makefile() as lines:
        order = json.loads(lines.readline())
    module = importlib.import_module(order["module"])
    if os.fork():
        connection.close()
        continue
    listener.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(order["directory"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for name, number, flags in (("input", 0, os.O_RDONLY), ("output", 1, os.O_WRONLY), ("errors", 2, os.O_WRONLY)):
        descriptor = os.open(order[name], flags)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, closefd=False)
    connection.sendall(b"%d\\n" % os.getpid())
    exec(order["prelude"], {})
    module.main()
    break
"""


@dataclass
class Run:
    """A process of a module."""

    folder: tempfile.TemporaryDirectory[str]
    connection: socket.socket
    process_id: int
    _ended: bool = field(default=False, repr=False)

    def has_ended(self) -> bool:
        """Whether the process is over."""
        return self._ended or bool(select.select([self.connection], [], [], 0)[0])

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        os.kill(self.process_id, number)

    def kill(self) -> None:
        """Kill the process and wait for its end."""
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, seconds: float = 120.0) -> tuple[str, str]:
        """Standard output and standard error once the process has ended; TimeoutError after so many seconds."""
        if not self._ended:
            self.connection.settimeout(seconds)
            try:
                assert self.connection.recv(1) == b""
            except TimeoutError:
                os.kill(self.process_id, signal.SIGKILL)
                raise
            finally:
                self.connection.close()
            self._ended = True
        printed = [Path(self.folder.name, name).read_text(encoding="utf-8") for name in ("output", "errors")]
        require_no_secret("the module", *printed)
        return printed[0], printed[1]


def start(module: str, options: Mapping[str, Any], environment: Mapping[str, str], prelude: str = "") -> Run:
    """Start a run of ``module`` (its full Python name); ``prelude`` is Python code that runs before the module."""
    folder = tempfile.TemporaryDirectory(prefix="docr-run-")
    paths = {name: str(Path(folder.name, name)) for name in ("input", "output", "errors")}
    Path(paths["input"]).write_text(json.dumps({"ANSIBLE_MODULE_ARGS": dict(options)}), encoding="utf-8")
    for name in ("output", "errors"):
        Path(paths[name]).touch()
    order = {"module": module, "environment": dict(environment), "directory": str(Path.cwd()), "prelude": prelude}
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_server())
    connection.sendall(json.dumps({**order, **paths}).encode() + b"\n")
    with connection.makefile() as lines:
        process_id = int(lines.readline())
    return Run(folder, connection, process_id)


_starting = threading.Lock()


def _server() -> str:
    # Threads may ask at the same time, and there is to be a single server.
    with _starting:
        return _start_server()


@cache
def _start_server() -> str:
    folder = tempfile.TemporaryDirectory(prefix="docr-modules-")
    address = str(Path(folder.name) / "socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    server = subprocess.Popen(
        [module_python(), "-c", _SERVER, str(listener.fileno())],
        pass_fds=[listener.fileno()],
        stdin=subprocess.DEVNULL,
    )
    listener.close()

    def stop() -> None:
        server.kill()
        server.wait()
        folder.cleanup()

    atexit.register(stop)
    return address
