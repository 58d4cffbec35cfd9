# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing a file atomically."""

from __future__ import annotations

import tempfile
from pathlib import Path

from docr_sandbox.failures import CommandError

PRIVATE = 0o600
PUBLIC = 0o644


def write_atomically(path: Path, text: str, mode: int = PRIVATE) -> None:
    """Put ``text`` at ``path`` by way of a temporary file beside it and a rename.

    Raises :class:`CommandError` when the folder is missing or not writable.
    """
    try:
        # mkstemp makes the file 0600 from the first moment, so a secret in it is never open to others.
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise CommandError(f"Cannot write {path}: {error.strerror}.") from error
    temporary = Path(name)
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CommandError(f"Cannot write {path}: {error.strerror}.") from error
