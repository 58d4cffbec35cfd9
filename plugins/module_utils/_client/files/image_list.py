# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files with references to images: a reference in each line, or a list in YAML or JSON."""

from __future__ import annotations

import json
import os
from typing import Any

from ..._domain.errors import Refused
from ..errors import reason_of

try:
    from yaml import SafeLoader, YAMLError, load
except ImportError:
    SafeLoader = load = None  # type: ignore[assignment,misc]
    YAMLError = ValueError  # type: ignore[assignment,misc]

# A list of a million references.
_MOST_BYTES = 64 * 1024 * 1024
_CORRECT = "correct the file"


def read_image_list(path: str) -> tuple[str, ...]:
    """The entries of a file; a line may end in a comment behind a blank and `#`.

    Raises Refused for a file that cannot be read, and for a file that holds neither lines nor a list of texts.
    """
    words = f"read the list of images {path}"
    text = _read(os.path.expanduser(path), words)
    lines = [one.strip() for one in text.splitlines()]
    significant = [one for one in lines if one and not one.startswith("#")]
    if not significant:
        raise Refused(words, "the file is empty", "write the images, or remove the file from the sources")
    if not significant[0].startswith(("[", "- ", "---")):
        return tuple(one.partition(" #")[0].strip() for one in significant)
    entries = _parse(text, words)
    if not isinstance(entries, list):
        raise Refused(words, "the file holds no list", "write a list of references, or a reference in each line")
    for number, one in enumerate(entries, 1):
        if not isinstance(one, str) or not one.strip():
            raise Refused(words, f"entry {number} is no text ({type(one).__name__})", _CORRECT)
    return tuple(entries)


def _read(path: str, words: str) -> str:
    # A pipe would hold the task until a writer comes.
    if not os.path.isfile(path):
        raise Refused(words, "the path is not a regular file", "correct the path")
    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Refused(words, f"the file cannot be read ({reason_of(error)})", "correct the path or the mode") from None
    if len(content) > _MOST_BYTES:
        raise Refused(words, f"the file is larger than {_MOST_BYTES // 1024 // 1024} MiB", _CORRECT)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(words, "the file is not UTF-8", _CORRECT) from None


def _parse(text: str, words: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if load is None:
        raise Refused(words, "the Python library PyYAML is missing", "write a reference in each line")
    try:
        return load(text, Loader=SafeLoader)  # a safe loader
    except (YAMLError, ValueError, RecursionError):
        raise Refused(words, "the file is neither YAML nor JSON", _CORRECT) from None
