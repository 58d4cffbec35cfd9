# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes without the cost of a new interpreter: a server imports a program once and forks for each run.

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

from canaries import require_no_secret

# The server forks for each connection, once the module is imported. The new process answers its process id and then
# becomes the run, which answers its exit status where the run is not killed. The connection closes when the process
# ends. The run ends as an interpreter does (threads, functions of atexit, streams), but leaves the memory to the
# kernel: an interpreter would look at each object of the imported libraries again, which takes longer than most runs.
_SERVER = """
import atexit, gc, importlib, json, os, signal, socket, sys, threading
exec(sys.argv.pop(), {})
listener = socket.socket(fileno=int(sys.argv.pop()))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    connection = listener.accept()[0]
    with connection.makefile() as lines:
        order = json.loads(lines.readline())
    module = importlib.import_module(order["module"])
    gc.freeze()
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
    status = 1
    try:
        exec(order["prelude"], {})
        module.main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(b"%d\\n" % status)
        os._exit(status)
"""


@dataclass
class Run:
    """A process of a program."""

    folder: tempfile.TemporaryDirectory[str]
    connection: socket.socket
    process_id: int
    status: int | None = None
    _ended: bool = field(default=False, repr=False)

    def has_ended(self) -> bool:
        """Whether the process is over, or will be in a moment."""
        return self._ended or bool(select.select([self.connection], [], [], 0)[0])

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        os.kill(self.process_id, number)

    def kill(self) -> None:
        """Kill the process and wait for its end."""
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, seconds: float = 120.0) -> tuple[str, str]:
        """Standard output and standard error once the process has ended; TimeoutError after so many seconds.

        Sets the exit status, which stays None where the process was killed.
        """
        if not self._ended:
            self.connection.settimeout(seconds)
            answer = b""
            try:
                while part := self.connection.recv(16):
                    answer += part
            except TimeoutError:
                os.kill(self.process_id, signal.SIGKILL)
                raise
            finally:
                self.connection.close()
            self.status = int(answer) if answer else None
            self._ended = True
        printed = [Path(self.folder.name, name).read_text(encoding="utf-8") for name in ("output", "errors")]
        require_no_secret("the process", *printed)
        return printed[0], printed[1]


@dataclass(frozen=True)
class Surroundings:
    """Where a server imports modules: the interpreter, the environment's variables and the working directory.

    ``warm_up`` is Python code that the server runs once, for what each run would do again.
    """

    python: str
    variables: tuple[tuple[str, str], ...]
    directory: str
    warm_up: str = ""


def start(
    surroundings: Surroundings,
    module: str,
    given: str,
    environment: Mapping[str, str],
    prelude: str = "",
    directory: Path | None = None,
) -> Run:
    """Start a run of the function ``main`` of a module, which reads ``given``.

    ``prelude`` is Python code that runs before the function. The run's working directory is the server's, unless
    ``directory`` names another.
    """
    folder = tempfile.TemporaryDirectory(prefix="docr-run-")
    paths = {name: str(Path(folder.name, name)) for name in ("input", "output", "errors")}
    Path(paths["input"]).write_text(given, encoding="utf-8")
    for name in ("output", "errors"):
        Path(paths[name]).touch()
    order = {
        "module": module,
        "environment": dict(environment),
        "directory": str(directory or surroundings.directory),
        "prelude": prelude,
    }
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_server(surroundings))
    connection.sendall(json.dumps({**order, **paths}).encode() + b"\n")
    # Without a buffer, which would take a part of the exit status.
    process_id = b""
    while not process_id.endswith(b"\n"):
        process_id += connection.recv(1)
    return Run(folder, connection, int(process_id))


_starting = threading.Lock()


def _server(surroundings: Surroundings) -> str:
    # Threads may ask at the same time, and there is to be a single server.
    with _starting:
        return _start_server(surroundings)


@cache
def _start_server(surroundings: Surroundings) -> str:
    folder = tempfile.TemporaryDirectory(prefix="docr-programs-")
    address = str(Path(folder.name) / "socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    server = subprocess.Popen(
        [surroundings.python, "-c", _SERVER, str(listener.fileno()), surroundings.warm_up],
        pass_fds=[listener.fileno()],
        cwd=surroundings.directory,
        env=dict(surroundings.variables),
        stdin=subprocess.DEVNULL,
    )
    listener.close()

    def stop() -> None:
        server.kill()
        server.wait()
        folder.cleanup()

    atexit.register(stop)
    return address
