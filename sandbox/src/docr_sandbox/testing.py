# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox for tests: a real ``docr-sandbox serve`` process, started and driven from Python.

    with Sandbox.start() as sandbox:
        sandbox.seed({"registries": [{"name": "shop"}]})
        subprocess.run(["doctl", "registries", "list"], env=sandbox.environment)
        assert sandbox.calls() == ["GET /v2/registries"]

Needs the standard library only.
"""

from __future__ import annotations

import json
import os
import shlex
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from docr_sandbox.kept_connections import KeptConnections

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
CONTROL_TIMEOUT_S = 30.0

# Variables of the caller's shell that would point a test at a real account or at another sandbox.
_FOREIGN_NAMES = (
    "DIGITALOCEAN_ACCESS_TOKEN",
    "DIGITALOCEAN_TOKEN",
    "DO_API_TOKEN",
    "DO_API_KEY",
    "DO_OAUTH_TOKEN",
    "OAUTH_TOKEN",
    "DIGITALOCEAN_API_URL",
    "DOCR_REGISTRY_HOST",
)


class SandboxError(RuntimeError):
    """The sandbox did not start, or its control side refused a request."""


@dataclass
class Sandbox:
    """One running sandbox. Make it with :meth:`start`; end it with :meth:`stop` or by leaving its ``with`` block."""

    folder: Path
    process: subprocess.Popen[bytes]
    exports: dict[str, str]
    _owned_folder: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)

    @classmethod
    def start(
        cls,
        folder: Path | str | None = None,
        *,
        port: int | None = 0,
        state_file: Path | str | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Start a sandbox and return once it answers.

        ``folder`` holds the env file, the CA file and the server's output (a temporary one by default);
        ``arguments`` are added to ``docr-sandbox serve``; ``environment`` is added to this process's own.
        Raises :class:`SandboxError` with the server's output when the sandbox does not start.
        """
        owned = tempfile.TemporaryDirectory(prefix="docr-sandbox-") if folder is None else None
        place = Path(owned.name if owned else str(folder))
        place.mkdir(parents=True, exist_ok=True)
        env_file = place / "sandbox.env"
        env_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "docr_sandbox", "serve", "--env-file", str(env_file)]
        if port is not None:
            command += ["--port", str(port), "--registry-port", "0"]
        if state_file is not None:
            command += ["--state-file", str(state_file)]
        with (place / "server.log").open("ab") as output:
            process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )
        _wait_for(env_file, process, place / "server.log")
        return cls(place, process, read_exports(env_file), owned)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """End the server by SIGTERM, or by SIGKILL when that takes too long; return its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        status = self.process.wait()
        if self._owned_folder is not None:
            self._owned_folder.cleanup()
        return status

    # What clients need

    @property
    def url(self) -> str:
        """The API's address, such as ``https://127.0.0.1:40001``."""
        return self.exports["DIGITALOCEAN_API_URL"]

    @property
    def registry_host(self) -> str:
        """The image host as part of image names, such as ``127.0.0.1:40002``."""
        return self.exports["DOCR_REGISTRY_HOST"]

    @property
    def token(self) -> str:
        """The first token, which holds every scope. A reset keeps this token."""
        return self.exports["DIGITALOCEAN_ACCESS_TOKEN"]

    @property
    def ca_file(self) -> str:
        """The system's CA bundle with the sandbox's CA added."""
        return self.exports["DOCR_SANDBOX_CA"]

    @property
    def revoke_url(self) -> str:
        """The URL that revokes a token: on another host name than the API's."""
        return self.exports["DIGITALOCEAN_OAUTH_REVOKE_URL"]

    @property
    def environment(self) -> dict[str, str]:
        """A whole environment for a subprocess: this process's own, pointed at the sandbox."""
        kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN_NAMES}
        return {**kept, **self.exports}

    @property
    def output(self) -> str:
        """What the server process has printed."""
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    @cached_property
    def _connections(self) -> KeptConnections:
        address = urllib.parse.urlsplit(self.url)
        # Reading a whole bundle takes longer than a request.
        context = ssl.create_default_context(cafile=self.ca_file)
        return KeptConnections(address.hostname or "127.0.0.1", address.port or 443, context, CONTROL_TIMEOUT_S)

    # The control side

    def control(self, method: str, path: str, json_body: object = None) -> Any:
        """Send one request to the control side, ``path`` below ``/_sandbox/``; the answer's JSON, or ``None``.

        Raises :class:`SandboxError` for every status of 400 or more.
        """
        address = f"/_sandbox/{path.lstrip('/')}"
        status, _, body = self.request(method, address, json_body, token=None)
        if status >= 400:
            raise SandboxError(
                f"{method} /_sandbox/{path.lstrip('/')} answered {status}: {body.decode(errors='replace')}"
            )
        return json.loads(body) if body else None

    def request(
        self, method: str, path: str, json_body: object = None, *, token: str | None = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a plain HTTPS request without a client library: ``path`` is sent unchanged.

        ``token`` is the account's own by default, none when ``None``. Returns status, headers (lower case) and body.
        """
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.token}"
        body = None
        if json_body is not None:
            body = json.dumps(json_body).encode()
            headers["Content-Type"] = "application/json"
        status, answered, content = self._connections.send(method, path, body, headers)
        return status, {name.lower(): value for name, value in answered.items()}, content

    def account(self) -> dict[str, Any]:
        """The whole account as JSON, to verify what clients changed."""
        answer: dict[str, Any] = self.control("GET", "account")
        return answer

    def log(self) -> list[dict[str, Any]]:
        """Every API request since the last reset or :meth:`clear_log`, oldest first."""
        answer = self.control("GET", "requests")
        entries: list[dict[str, Any]] = answer["requests"] if isinstance(answer, dict) else answer
        return entries

    def calls(self) -> list[str]:
        """The log in short: ``["GET /v2/registries", ...]``, paths without their query."""
        return [f"{entry['method']} {entry['path'].partition('?')[0]}" for entry in self.log()]

    def clear_log(self) -> None:
        """Clear the log."""
        self.control("DELETE", "requests")

    def reset(self) -> None:
        """Return to an empty account without faults and log; clock and switches as at the start."""
        self.control("POST", "reset")

    def seed(self, mapping: Mapping[str, Any]) -> Any:
        """Fill the account (the shape of a seed file, see the sandbox's README)."""
        return self.control("POST", "seed", dict(mapping))

    def set_clock(self, moment: str) -> Any:
        """Set the service's clock to an RFC 3339 time, such as ``2026-03-01T03:30:00Z``."""
        return self.control("PUT", "clock", {"now": moment})

    def advance(self, seconds: float) -> Any:
        """Move the service's clock forward."""
        return self.control("POST", "clock/advance", {"seconds": seconds})

    def fault(self, **fields: Any) -> Any:
        """Arm a fault, such as ``fault(method="POST", path="/v2/registries", status=503, times=2)``.

        The fields: ``method``, ``path`` (``*`` stands for anything), ``times``, ``skip``, ``status``, ``body``,
        ``retry_after``, ``delay``, ``after_effect``, ``drop``, ``spoil``, ``media_type``; the README explains each.
        """
        return self.control("POST", "faults", fields)

    def clear_faults(self) -> None:
        """Disarm every fault."""
        self.control("DELETE", "faults")

    def hold(self, method: str = "*", path: str = "*", **fields: Any) -> HeldRequest:
        """Hold the next request that matches, such as ``hold("DELETE", "*/digests/*", skip=2)``.

        The fields: ``skip``, ``after_effect``, ``actions``; the README says what each does.
        """
        answer = self.control("POST", "holds", {"method": method, "path": path, **fields})
        return HeldRequest(self, int(answer["number"]))

    def clear_holds(self) -> None:
        """Remove every hold; held requests lose their connections."""
        self.control("DELETE", "holds")

    def switch(self, name: str, value: Any) -> Any:
        """Set a switch: the answer of the sandbox to an open question about DigitalOcean."""
        return self.control("PUT", f"switches/{name}", {"value": value})

    def mint(self, *, scopes: Sequence[str] | None = None, team: str | None = None, **fields: Any) -> str:
        """Mint an API token, by default with all scopes, and return the token."""
        given = {"scopes": list(scopes) if scopes is not None else None, "team": team, **fields}
        answer = self.control("POST", "tokens", {name: value for name, value in given.items() if value is not None})
        return str(answer["token"])

    def contract(self) -> dict[str, Any] | None:
        """What the check against DigitalOcean's description found so far, or ``None`` without that check."""
        status, _, body = self.request("GET", "/_sandbox/contract", token=None)
        return json.loads(body) if status == 200 else None


@dataclass(frozen=True)
class HeldRequest:
    """A hold that was armed; made with :meth:`Sandbox.hold`."""

    sandbox: Sandbox
    number: int

    def show(self) -> dict[str, Any]:
        """The hold: ``state`` is ``armed``, ``reached``, ``continued`` or ``dropped``; ``results`` of its actions."""
        shown: dict[str, Any] = self.sandbox.control("GET", f"holds/{self.number}")
        return shown

    def wait(self, timeout: float = 30.0) -> None:
        """Wait until a request is or was held. Raises :class:`TimeoutError` when none is in time (seconds)."""
        deadline = time.monotonic() + timeout
        while self.show()["state"] == "armed":
            if time.monotonic() > deadline:
                raise TimeoutError(f"no request met the hold within {timeout} s: {self.show()}")
            time.sleep(0.01)

    def let_go(self) -> None:
        """Let the request go on."""
        self.sandbox.control("POST", f"holds/{self.number}/continue")

    def drop(self) -> None:
        """End the connection of the request."""
        self.sandbox.control("POST", f"holds/{self.number}/drop")


def read_exports(env_file: Path) -> dict[str, str]:
    """Read the ``export NAME=value`` lines that ``docr-sandbox serve --env-file`` wrote."""
    words = shlex.split(env_file.read_text(encoding="utf-8"), comments=True)
    return dict(word.split("=", 1) for word in words if word != "export")


def _wait_for(env_file: Path, process: subprocess.Popen[bytes], output: Path) -> None:
    """Wait for the env file, which the server writes when it is ready."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not env_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise SandboxError(f"The sandbox did not start; its output: {output.read_text(errors='replace').strip()}")
        time.sleep(0.01)
