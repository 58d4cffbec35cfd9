# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state file: account, CA, tokens and ports over restarts. Images are in a folder beside the state file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from docr_sandbox.failures import CommandError
from docr_sandbox.files import write_atomically
from docr_sandbox.tls import Authority

VERSION = 3


@dataclass(frozen=True)
class SavedState:
    """What a restart restores. ``world`` has the shape of ``World.dump()``."""

    port: int
    registry_port: int
    authority: Authority
    world: dict[str, Any] = field(repr=False)

    def to_json(self) -> str:
        """The file's text."""
        ca = {"certificate": self.authority.certificate, "key": self.authority.key}
        ports = {"port": self.port, "registry_port": self.registry_port}
        return json.dumps({"version": VERSION, **ports, "ca": ca, "world": self.world})


def read_state(path: Path) -> SavedState | None:
    """Read a state file; ``None`` when there is none yet. Raises :class:`CommandError` when it cannot be used."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(path, error) from error
    try:
        fields = json.loads(text)
        version = fields["version"]
        if version != VERSION:
            raise CommandError(f"State file {path} is of version {version}; this sandbox reads version {VERSION}.")
        authority = Authority(str(fields["ca"]["certificate"]), str(fields["ca"]["key"]))
        ports = int(fields["port"]), int(fields["registry_port"])
        return SavedState(*ports, authority, dict(fields["world"]))
    except (ValueError, TypeError, KeyError) as error:
        raise unusable(path, error) from error


def unusable(path: Path, error: Exception) -> CommandError:
    """The error for a state file with invalid content."""
    return CommandError(
        f"State file {path} is damaged ({type(error).__name__}: {error}). Delete it to start with an empty account."
    )


class StateKeeper:
    """Keeps the state file up to date.

    Every request may change the state (some reads mint tokens), so after a request the next :meth:`save` takes a
    snapshot. The file is written only when the snapshot differs from the file.
    """

    def __init__(self, path: Path, snapshot: Callable[[], SavedState]) -> None:
        self._path = path
        self._snapshot = snapshot
        self._written = ""
        self._touched = True

    def watch(self, app: ASGIApp) -> ASGIApp:
        """``app``, with each request noted as a possible change."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            finally:
                self.touch()

        return watched

    def touch(self) -> None:
        """Note that something may have changed."""
        self._touched = True

    def save(self) -> None:
        """Write the file if anything changed. Raises :class:`CommandError` when that is not possible."""
        if not self._touched:
            return
        self._touched = False
        text = self._snapshot().to_json()
        if text != self._written:
            write_atomically(self._path, text)
            self._written = text
