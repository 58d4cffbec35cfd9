# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker config files of a history: real files, whose writes are calls of a run as requests are."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.docker_config import DockerConfigFile
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from support.history_transport import IMAGE_HOST, Moments

FILES = ("config.json", "auth.json")


class HistoryConfigFile(DockerConfigFile):
    """A config file whose writes may be killed, and are looked at as other calls are."""

    def __init__(self, path: str, settings: Settings, moments: Moments) -> None:
        super().__init__(os.path.realpath(path), settings)
        self._moments = moments

    def _replace(self, target: str, text: str) -> None:
        call = f"FILE write {os.path.basename(target)}"
        self._moments.before(call)
        super()._replace(target, text)
        self._moments.after(call)

    def _remove(self, path: str) -> None:
        call = f"FILE remove {os.path.basename(path)}"
        self._moments.before(call)
        super()._remove(path)
        self._moments.after(call)

    def let_go(self) -> None:
        """The process of the run has ended: the lock is free."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@dataclass
class Logins:
    """A folder with config files; `registries` are the registries of the last login of each file."""

    registries: dict[str, str] = field(default_factory=dict)
    _folder: TemporaryDirectory[str] = field(default_factory=TemporaryDirectory)

    def path(self, name: str) -> Path:
        """The path of a config file."""
        return Path(self._folder.name) / name

    def note(self, name: str) -> Path:
        """The path of the note beside a config file."""
        return self.path(f"{name}.docr.json")

    def tokens(self) -> Iterator[tuple[str, str, str]]:
        """File, entry and token of each entry in each file of the folder."""
        for path in sorted(Path(self._folder.name).iterdir()):
            try:
                entries = json.loads(path.read_text(encoding="utf-8"))["auths"].items()
                for key, one in entries:
                    yield path.name, key, base64.b64decode(one["auth"]).decode().partition(":")[2]
            except (ValueError, KeyError, AttributeError, TypeError):
                continue

    def current(self) -> Iterator[tuple[str, str]]:
        """File and token of each login."""
        return ((name, token) for name, key, token in self.tokens() if name in FILES and key == IMAGE_HOST)

    def forget(self, name: str) -> None:
        """Delete a file and its note, as another program may."""
        for path in (self.path(name), self.note(name)):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Delete the folder."""
        self._folder.cleanup()
