# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the documents of files, folders and globs; whatever cannot be read is a fault like any other."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from ..module_utils._domain.field_errors import DUPLICATE, REQUIRED, FieldError
from ..module_utils._domain.manifest.place import WrittenList, WrittenMap
from ..module_utils._domain.manifest.reader import Document

SUFFIXES = (".yaml", ".yml")
NESTED_TOO_DEEPLY = "lists or mappings are nested too deeply"
MERGE = "tag:yaml.org,2002:merge"
TEXT = "tag:yaml.org,2002:str"
# A pattern such as /**/*.yaml would visit the whole host.
MOST_FOLDERS = 10_000
# Python reads no longer number.
MOST_DIGITS = 4_000


class TooManyFolders(Exception):
    """A pattern visits more than MOST_FOLDERS folders."""


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also notices keys that are given twice and knows where a bad value stands."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.repeated: list[yaml.ScalarNode] = []

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        # Here and not where mappings are constructed: by then merges have put the keys of others between.
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
                if (key.tag, key.value) in seen:
                    self.repeated.append(key)
                seen.add((key.tag, key.value))
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, OverflowError) as error:  # such as the date 2026-13-45
            is_long = isinstance(node, yaml.ScalarNode) and len(node.value) > MOST_DIGITS
            why = "the number has too many digits" if is_long else str(error)
            raise yaml.constructor.ConstructorError(None, None, why, node.start_mark) from error


class _FileLoader(_Loader):
    """A loader whose maps and lists remember the text of values that YAML does not read as text."""

    def construct_written_map(self, node: yaml.MappingNode) -> Iterator[WrittenMap]:
        """A map, given before its content since the content may name the map."""
        found = WrittenMap()
        yield found
        found.update(self.construct_mapping(node))
        # By now the merges are resolved.
        for key, value in node.value:
            if _is_text_lost(value):
                found.written[self.construct_object(key)] = value.value

    def construct_written_list(self, node: yaml.SequenceNode) -> Iterator[WrittenList]:
        """A list, given before its content since the content may name the list."""
        found = WrittenList()
        yield found
        found.extend(self.construct_sequence(node))
        found.written.update((index, value.value) for index, value in enumerate(node.value) if _is_text_lost(value))


_FileLoader.add_constructor("tag:yaml.org,2002:map", _FileLoader.construct_written_map)
_FileLoader.add_constructor("tag:yaml.org,2002:seq", _FileLoader.construct_written_list)


def _is_text_lost(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag != TEXT


def read_files(paths: Sequence[str]) -> tuple[tuple[Document, ...], tuple[FieldError, ...]]:
    """The documents of all paths in their order, each file once, and what could not be read.

    A path is a file, a folder (its *.yaml and *.yml, not those in folders below) or a glob; relative ones start at the
    working directory.
    """
    documents: list[Document] = []
    faults: list[FieldError] = []
    seen: set[str] = set()
    for path in paths:
        for file in _files_of(path, faults):
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                documents += _read_file(file, faults)
    return tuple(documents), tuple(faults)


def _files_of(path: str, faults: list[FieldError]) -> Iterable[str]:
    label = _label(path)
    if not path.strip():
        faults.append(FieldError("docr_manifest_files", "a path is empty", "name a file, a folder or a glob", REQUIRED))
        return ()
    if os.path.isdir(path):
        return _files_in(path, faults)
    if os.path.lexists(path):
        return (path,)
    if not glob.has_magic(path):
        faults.append(
            FieldError(label, "the file or folder does not exist", f"the working directory is {_label(os.getcwd())}")
        )
        return ()
    try:
        found = sorted(one for one in _matches(path) if not os.path.isdir(one))
    except TooManyFolders:
        what = f"the pattern visits more than {MOST_FOLDERS} folders"
        faults.append(FieldError(label, what, "name a folder that is nearer to the manifests"))
        return ()
    if not found:
        faults.append(FieldError(label, "no file matches", f"the working directory is {_label(os.getcwd())}"))
    return found


def _matches(pattern: str) -> Iterator[str]:
    """What a glob matches. `**` visits each folder once, although links lead to the folder again; else as glob does."""
    above, stars, below = pattern.partition("**")
    if not stars or (above and not above.endswith(os.sep)):
        yield from glob.iglob(pattern)
        return
    rest = below.replace("**" + os.sep, "").replace("**", "*").lstrip(os.sep) or "*"
    roots = glob.glob(above) if glob.has_magic(above) else [above or os.curdir]
    seen: set[tuple[int, int]] = set()
    for root in roots:
        for folder in _folders_below(root, seen):
            base = "" if not above and folder == os.curdir else folder.removeprefix(os.curdir + os.sep)
            yield from glob.iglob(os.path.join(glob.escape(base), rest))


def _folders_below(root: str, seen: set[tuple[int, int]]) -> Iterator[str]:
    """A folder and all folders below, without hidden folders, each once; raises TooManyFolders."""
    left = [root]
    while left:
        folder = left.pop()
        try:
            status = os.stat(folder)
            names = sorted(os.listdir(folder), reverse=True)
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        if len(seen) > MOST_FOLDERS:
            raise TooManyFolders
        yield folder
        paths = (os.path.join(folder, name) for name in names if not name.startswith("."))
        left += [path for path in paths if os.path.isdir(path)]


def _files_in(folder: str, faults: list[FieldError]) -> Iterable[str]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIXES) and not name.startswith("."))
    except OSError as error:
        faults.append(
            FieldError(_label(folder), f"the folder cannot be read ({error.strerror})", "check its permissions")
        )
        return ()
    found = [path for path in (os.path.join(folder, name) for name in names) if not os.path.isdir(path)]
    if not found:
        faults.append(
            FieldError(_label(folder), "the folder has no *.yaml or *.yml file", "folders below it are not read")
        )
    return found


def _read_file(path: str, faults: list[FieldError]) -> Iterator[Document]:
    label = _label(path)
    if not os.path.isfile(path):
        # A pipe would block, and a link may lead nowhere.
        faults.append(FieldError(label, "the path is not a regular file", "name a regular file"))
        return
    try:
        with open(path, "rb") as stream:
            text = stream.read().decode("utf-8-sig")
    except OSError as error:
        faults.append(FieldError(label, f"the file cannot be read ({error.strerror})", "check its permissions"))
        return
    except UnicodeDecodeError as error:
        faults.append(FieldError(label, f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8"))
        return
    count = len(faults)
    documents = list(parse_documents(label, _without_tabs(text), faults, _FileLoader))
    if len(faults) == count and all(one.value is None for one in documents):
        advice = "write a manifest, or leave the file out"
        faults.append(FieldError(label, "the file has no document", advice, REQUIRED))
    yield from documents


def _without_tabs(text: str) -> str:
    """JSON with blanks in the place of tabs, with which PyYAML reads no line. A text in JSON holds no tab."""
    if "\t" in text and text.lstrip().startswith(("{", "[")):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return text
        return text.replace("\t", " ")
    return text


def parse_documents(
    label: str, text: str, faults: list[FieldError], loader_type: type[_Loader] = _Loader
) -> Iterator[Document]:
    """The documents as far as the text is YAML; what is wrong is added to `faults`. `label` may be blank."""
    number = 0
    try:
        loader = loader_type(text)
        while loader.check_data():  # type: ignore[no-untyped-call]
            number += 1
            content = loader.get_data()
            faults += [_repeated_fault(label, node) for node in loader.repeated]
            loader.repeated.clear()
            yield Document(label, number, content)
    except yaml.YAMLError as error:
        faults.append(syntax_fault(label, text, error))
    except RecursionError:
        faults.append(FieldError(label, NESTED_TOO_DEEPLY, "write a plain manifest"))


def _repeated_fault(label: str, node: yaml.ScalarNode) -> FieldError:
    place = _place(label, node.start_mark.line, node.start_mark.column)
    return FieldError(place, f"the key {str(node.value)!r} is given twice", "keep one key", DUPLICATE)


# The parser speaks of Python's types.
_WORDS_OF_THE_PARSER = {
    "found unhashable key": "a list or a map is the key of a map",
    "could not determine a constructor for the tag": "this format has no value with the tag",
}


def syntax_fault(label: str, text: str, error: yaml.YAMLError) -> FieldError:
    """Where a text is not YAML, and why."""
    advice = "correct the text there or just before"
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        place = _place(label, before.count("\n"), len(before) - before.rfind("\n") - 1)
        return FieldError(place, f"a character that YAML does not allow ({error.reason})", advice)
    mark = getattr(error, "problem_mark", None)
    problem = " ".join(str(getattr(error, "problem", None) or "the text cannot be parsed").split())
    place = _place(label, mark.line, mark.column) if mark else label
    line = text.split("\n")[mark.line] if mark else ""
    if "{{" in line:
        advice = "render the file first, or quote the value"
        return FieldError(place, "the text is not valid YAML: the line holds a template in double braces", advice)
    for theirs, ours in _WORDS_OF_THE_PARSER.items():
        problem = problem.replace(theirs, ours)
    return FieldError(place, f"the text is not valid YAML: {problem}", advice)


def _place(label: str, line: int, column: int) -> str:
    return f"{label} line {line + 1}, column {column + 1}".lstrip()


def _label(path: str) -> str:
    """A path as messages show it, also when its bytes are no text."""
    return path.encode(errors="backslashreplace").decode()
