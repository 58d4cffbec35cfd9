# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's config file and the note beside it, on the host where the module runs.

Files are replaced whole, by a new one beside them that is private from its first byte. A symbolic link is followed, so
that it goes on pointing to the file. What a killed run leaves has a name by which the next one finds it.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..._domain.login.docker_config import FileFault, Snapshot

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700
_NOTE = ".docr.json"
_TEMPORARY = ".docr-", ".tmp"
_ADVICE = (
    "see whether its user may read and replace it; one that is mounted by itself cannot be replaced: mount its folder"
)


class DockerConfigFile:
    """One config file by its real path; what its calls promise stands in the ConfigFile protocol of the services."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._note_path = path + _NOTE
        self._folder, self._name = os.path.split(path)
        # Held until the process ends: by then all is written.
        self._lock: int | None = None

    @classmethod
    def at(cls, path: str) -> DockerConfigFile:
        """The file that a path leads to, through links too."""
        return cls(os.path.realpath(path))

    def try_lock(self) -> bool:
        """Keep other runs out."""
        with _told(f"lock {self._folder}"):
            folder = self._nearest_folder()
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        except OSError:
            # Some network file systems lock no folders; then edits are compared with what was read, and no more.
            os.close(lock)
            return True
        if folder != self._nearest_folder():
            os.close(lock)
            return False
        self._lock = lock
        return True

    def read(self) -> Snapshot:
        """The file, its note, and what was on its way to it."""
        with _told(f"read {self.path}"):
            text = _read(self.path)
            mode = None if text is None else stat.S_IMODE(os.stat(self.path).st_mode)
            # Half of a file may end within a character.
            leftovers = tuple(_read(path, errors="replace") or "" for path in self._leftovers())
        with _told(f"read {self._note_path}"):
            return Snapshot(text, mode, _read(self._note_path), leftovers)

    def write(self, text: str) -> None:
        """Replace the file."""
        self._replace(self.path, text)

    def write_note(self, text: str | None) -> None:
        """Replace the note, or remove it."""
        if text is None:
            self._remove(self._note_path)
        else:
            self._replace(self._note_path, text)

    def remove(self) -> None:
        """Remove the file."""
        self._remove(self.path)

    def protect(self) -> None:
        """Leave the file to its owner."""
        with _told(f"change the mode of {self.path}"):
            os.chmod(self.path, _PRIVATE_FILE)

    def remove_leftovers(self) -> None:
        """Remove what killed runs left."""
        for path in self._leftovers():
            self._remove(path)

    def _replace(self, target: str, text: str) -> None:
        prefix, suffix = _TEMPORARY
        with _told(f"write {target}"):
            if not os.path.isdir(self._folder):
                os.makedirs(self._folder, _PRIVATE_FOLDER, exist_ok=True)
                # Whatever umask there is.
                os.chmod(self._folder, _PRIVATE_FOLDER)
            handle, temporary = tempfile.mkstemp(suffix, f".{self._name}{prefix}", self._folder)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    os.fchmod(handle, _PRIVATE_FILE)
                    _keep_owner(handle, target)
                    file.write(text)
                    file.flush()
                    os.fsync(handle)
                os.replace(temporary, target)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise
            self._sync_folder()

    def _remove(self, path: str) -> None:
        with _told(f"remove {path}"), suppress(FileNotFoundError):
            os.unlink(path)
            self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _leftovers(self) -> list[str]:
        prefix, suffix = _TEMPORARY
        with suppress(FileNotFoundError):
            names = sorted(os.listdir(self._folder))
            return [
                os.path.join(self._folder, name)
                for name in names
                if name.startswith(f".{self._name}{prefix}") and name.endswith(suffix)
            ]
        return []

    def _nearest_folder(self) -> str:
        folder = self._folder
        while not os.path.isdir(folder) and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
        return folder


def _read(path: str, errors: str = "strict") -> str | None:
    try:
        with open(path, encoding="utf-8", errors=errors) as file:
            return file.read()
    except FileNotFoundError:
        return None


def _keep_owner(handle: int, target: str) -> None:
    """Whoever owns the file goes on owning it; where that is somebody else, only root can see to it."""
    with suppress(FileNotFoundError):
        owner = os.stat(target)
        if owner.st_uid != os.geteuid():
            os.fchown(handle, owner.st_uid, owner.st_gid)


@contextmanager
def _told(words: str) -> Iterator[None]:
    """Errors as ours, without what the file holds."""
    try:
        yield
    except UnicodeError:
        raise FileFault(words, "it is not UTF-8", "see what wrote it") from None
    except OSError as error:
        raise FileFault(words, error.strerror or type(error).__name__, _ADVICE) from None
