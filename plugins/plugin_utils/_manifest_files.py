# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""Find manifest files and parse them; what cannot be read is a fault like any other."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from typing import Any

import yaml
from ansible.module_utils.common.text.converters import to_text

from ..module_utils._domain.errors import Fault
from ..module_utils._domain.manifest import Document

_ENDINGS = (".yaml", ".yml")


class _Loader(yaml.SafeLoader):
    """YAML as PyYAML reads it safely, except that a key given twice is an error and not the last one's."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        return dict(super().construct_mapping(node, deep))


def read_files(paths: Iterable[str]) -> tuple[tuple[Document, ...], tuple[Fault, ...]]:
    """All documents of files, folders and globs (relative to the working directory), and what could not be read."""
    documents: list[Document] = []
    faults: list[Fault] = []
    for file in _find(paths, faults):
        documents += _read_file(file, faults)
    return tuple(documents), tuple(faults)


def _find(paths: Iterable[str], faults: list[Fault]) -> list[str]:
    """Each file once, in the order in which they are named; those of a folder or a glob by name."""
    found: dict[str, None] = {}
    for path in paths:
        place = os.path.expanduser(path)
        if os.path.isdir(place):
            files = sorted(entry.path for entry in os.scandir(place) if entry.name.endswith(_ENDINGS))
            missing = Fault(path, "the folder holds no *.yaml and no *.yml", "name a folder with manifests")
        elif glob.has_magic(place) and not os.path.exists(place):
            files = sorted(glob.glob(place, recursive=True))
            missing = Fault(path, "nothing matches", "correct the pattern, which is relative to the working directory")
        else:
            files = [place] if os.path.exists(place) else []
            missing = Fault(path, "there is no such file", f"the working directory is {os.getcwd()}")
        if not files:
            faults.append(missing)
        found |= dict.fromkeys(file for file in files if not os.path.isdir(file))
    return list(found)


def _read_file(file: str, faults: list[Fault]) -> list[Document]:
    try:
        with open(file, encoding="utf-8") as stream:
            values = list(yaml.load_all(stream, Loader=_Loader))
    except OSError as error:
        faults.append(Fault(file, f"it cannot be read ({error.strerror})", "look at its permissions"))
        return []
    except UnicodeDecodeError:
        faults.append(Fault(file, "it is not text in UTF-8", "name a YAML file"))
        return []
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        faults.append(Fault(file, f"it is not YAML: {_sentence(error)}", "correct it there"))
        return []
    if all(value is None for value in values):
        faults.append(Fault(file, "it holds no document", "write a manifest into it, or leave it out"))
    return [Document(file, number, value) for number, value in enumerate(values, 1)]


def _sentence(error: Exception) -> str:
    problem = getattr(error, "problem", None) or to_text(error)
    mark = getattr(error, "problem_mark", None)
    return f"{problem}, line {mark.line + 1}, column {mark.column + 1}" if mark else " ".join(problem.split())
