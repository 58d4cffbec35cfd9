# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's config file and the note beside it, on the host where the module runs.

Files are replaced whole, by a new one beside them that is private from its first byte. A symbolic link is followed, so
that it goes on pointing to the file. What a killed run leaves has a name by which the next one finds it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import stat
import tempfile
from contextlib import AbstractContextManager, suppress
from functools import partial

from ..._domain.login.docker_config import ConfigFileContent, ConfigFileError
from ..errors import reason_of, refuse_in_check_mode, translated
from ..settings import Settings
from .whole_file import sync_folder

_PRIVATE_FILE = 0o600
# A config file with a thousand logins has 0.3 MiB. A larger file would use up the memory and the time of the task.
_MOST_BYTES = 16 * 1024 * 1024
_PRIVATE_FOLDER = 0o700
_NOTE = ".docr.json"
_TEMPORARY = ".docr-", ".tmp"
_ADVICE = (
    "check that the module's user may replace the file; where the file itself is mounted, mount its folder instead"
)

# The path leads to no file: to a folder, a device or a loop of links, or through a file.
_NO_PLACE = frozenset({errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EINVAL})
_NO_FILE = "name a file in a folder with path, or with the variable that names the client's file or folder"


class DockerConfigFile:
    """One config file by its real path; the protocol ConfigFile of the services says what each call promises.

    A file that is read-only refuses every write with ReadOnlyClient.
    """

    def __init__(self, path: str, settings: Settings) -> None:
        self.path = path
        self._is_read_only = settings.is_read_only
        self._secrets = settings.secrets
        self._note_path = path + _NOTE
        self._folder, self._name = os.path.split(path)
        # Held until the process ends: all is written then.
        self._lock: int | None = None

    def try_lock(self) -> bool:
        """Keep other runs out."""
        if self._lock is not None:
            return True
        with _file_errors(f"lock {self._folder}"):
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

    def read(self) -> ConfigFileContent:
        """The file, its note, and what was on its way to it."""
        with _file_errors(f"read {self.path}"):
            text = _read(self.path)
            mode = None if text is None else stat.S_IMODE(os.stat(self.path).st_mode)
            # Half of a file may end within a character.
            leftovers = tuple(_read(path, errors="replace") or "" for path in self._leftovers())
        self._secrets.add_document(text)
        for leftover in leftovers:
            self._secrets.add_document(leftover)
        with _file_errors(f"read {self._note_path}"):
            return ConfigFileContent(text, mode, _read(self._note_path), leftovers)

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
        """Let only the owner read and write the file."""
        with self._writing(f"change the mode of {self.path}"):
            os.chmod(self.path, _PRIVATE_FILE)

    def remove_leftovers(self) -> None:
        """Remove what killed runs left."""
        for path in self._leftovers():
            self._remove(path)

    def _writing(self, words: str) -> AbstractContextManager[None]:
        """Where a write happens: refused in check mode before anything is touched."""
        refuse_in_check_mode(words, self._is_read_only)
        return _file_errors(words)

    def _replace(self, target: str, text: str) -> None:
        prefix, suffix = _TEMPORARY
        with self._writing(f"write {target}"):
            _make_folders(self._folder)
            handle, temporary = tempfile.mkstemp(suffix, f".{self._name}{prefix}", self._folder)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    os.fchmod(handle, _PRIVATE_FILE)
                    _set_owner(handle, (target, self.path))
                    file.write(text)
                    file.flush()
                    os.fsync(handle)
                os.replace(temporary, target)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise
            sync_folder(self._folder)

    def _remove(self, path: str) -> None:
        with self._writing(f"remove {path}"), suppress(FileNotFoundError):
            os.unlink(path)
            sync_folder(self._folder)

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


def _make_folders(folder: str) -> None:
    """Create a folder and the folders above, each for its owner only, whatever the umask is."""
    if os.path.isdir(folder):
        return
    _make_folders(os.path.dirname(folder))
    owner = _owner_of_home(folder)
    with suppress(FileExistsError):
        os.mkdir(folder, _PRIVATE_FOLDER)
        os.chmod(folder, _PRIVATE_FOLDER)
        if owner is not None:
            os.chown(folder, *owner, follow_symlinks=False)


def _read(path: str, errors: str = "strict") -> str | None:
    try:
        # Without O_NONBLOCK a pipe would hold the task until a writer comes.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    # Windows tools write a byte order mark.
    with os.fdopen(handle, encoding="utf-8-sig", errors=errors) as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "the path is not a regular file")
        if found.st_size > _MOST_BYTES:
            raise OSError(errno.EFBIG, "the file is larger than 16 MiB")
        return file.read()


def _set_owner(handle: int, targets: tuple[str, ...]) -> None:
    """The owner of the first target that exists becomes the owner; where none exists, the owner of the home folder.

    Only root can give a file to another user.
    """
    owner = next(filter(None, (_owner_of_file(target) for target in targets)), None) or _owner_of_home(targets[-1])
    if owner is not None and owner[0] != os.geteuid():
        os.fchown(handle, *owner)


def _owner_of_file(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_uid, status.st_gid


def _owner_of_home(path: str) -> tuple[int, int] | None:
    """The owner of the home folder that holds a path, where root runs the module; None outside home folders."""
    if os.geteuid() != 0:
        return None
    folder = os.path.dirname(path)
    while folder != os.path.dirname(folder):
        owner = _owner_of_file(folder)
        if owner is not None and _home_of(owner[0]) == folder:
            return owner
        folder = os.path.dirname(folder)
    return None


def _home_of(user_id: int) -> str | None:
    try:
        return os.path.realpath(pwd.getpwuid(user_id).pw_dir)
    except KeyError:
        return None


def _file_errors(words: str) -> AbstractContextManager[None]:
    """Errors of the operating system as ConfigFileError, without what the file holds. `words` say what was tried."""
    return translated(partial(_translate, words), UnicodeError, OSError)


def _translate(words: str, error: Exception) -> ConfigFileError:
    if isinstance(error, OSError):
        return ConfigFileError(words, reason_of(error), _NO_FILE if error.errno in _NO_PLACE else _ADVICE)
    return ConfigFileError(words, "the content is not UTF-8", "check which program wrote the file")


def open_docker_config(path: str, settings: Settings) -> DockerConfigFile:
    """The file that a path leads to, through symbolic links too."""
    return DockerConfigFile(os.path.realpath(path), settings)


def read_docker_config(path: str, settings: Settings) -> str | None:
    """The text of a config file of another client; None where the user of the module cannot read the file."""
    try:
        text = _read(path)
    except (OSError, UnicodeError):
        return None
    settings.secrets.add_document(text)
    return text
