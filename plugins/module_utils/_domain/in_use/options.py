# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `in_use`: the sources of uses as a user writes them, and all that is wrong with them.

A value may also come as text, since AWX and `-e name=value` hand over text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ..field_errors import INVALID, REQUIRED, UNSUPPORTED, FieldError
from ..names import shown
from .reference import RegistryAddress, read_listed
from .resources import read_resources
from .workloads import CustomResource

NONE = "none"
APPS = "apps"
FIELDS = (
    "clusters", "kubeconfig", "contexts", "apps", "images", "image_files", "resources", "may_be_missing",
)  # fmt: skip
_TRUE = frozenset({"true", "yes", "on", "1", "y", "t"})
_FALSE = frozenset({"false", "no", "off", "0", "n", "f"})
_BLANK = frozenset({"", "null", "~"})
_FORMS = "cluster NAME, context NAME, kubeconfig PATH, resource NAME, file PATH"
_ADVICE = f"write {NONE}, or a map with some of {', '.join(FIELDS)}"
# Only the form of an image is checked here.
_ANY = RegistryAddress("any")


@dataclass(frozen=True)
class InUseOptions:
    """The sources of uses. `is_stated` is False where the user neither named a source nor stated that there is none.

    `clusters` are names, IDs and globs; `contexts` are of `kubeconfig`, and None stands for its current context.
    """

    is_stated: bool = False
    clusters: tuple[str, ...] = ()
    kubeconfig: str | None = None
    contexts: tuple[str | None, ...] = ()
    apps: bool = False
    images: tuple[str, ...] = ()
    image_files: tuple[str, ...] = ()
    resources: tuple[CustomResource, ...] = ()
    may_be_missing: frozenset[str] = frozenset()

    @property
    def enters_clusters(self) -> bool:
        """Whether objects of clusters are read."""
        return bool(self.clusters or self.contexts)


def read_in_use(value: object, where: str = "in_use") -> tuple[InUseOptions, tuple[FieldError, ...]]:
    """The sources in a value of the option, and all that is wrong; `where` is the path of the option."""
    faults: list[FieldError] = []
    raw = _unpacked(value)
    if raw is None or (isinstance(raw, str) and raw.strip().lower() in _BLANK):
        return InUseOptions(), ()
    if isinstance(raw, str) and raw.strip().lower() == NONE:
        return InUseOptions(is_stated=True), ()
    if not isinstance(raw, Mapping):
        return InUseOptions(), (FieldError(where, "the value is neither none nor a map of sources", _ADVICE),)
    faults += _unknown_fields(raw, where)
    texts = {name: _texts(raw.get(name), f"{where}.{name}", faults)
             for name in ("clusters", "contexts", "images", "image_files", "may_be_missing")}  # fmt: skip
    kubeconfig = _text(raw.get("kubeconfig"), f"{where}.kubeconfig", faults)
    resources, wrong = read_resources(_unpacked(raw.get("resources")), f"{where}.resources")
    options = InUseOptions(
        is_stated=True,
        clusters=texts["clusters"],
        kubeconfig=kubeconfig,
        contexts=texts["contexts"] or ((None,) if kubeconfig else ()),
        apps=_truth(raw.get(APPS), f"{where}.{APPS}", faults),
        images=texts["images"],
        image_files=texts["image_files"],
        resources=resources,
        may_be_missing=frozenset(texts["may_be_missing"]),
    )
    faults += [*wrong, *_contradictions(options, texts, where)]
    if not faults and not (options.enters_clusters or options.apps or options.images or options.image_files):
        faults.append(FieldError(where, "the map names no source", f"name a source, or write {NONE}", REQUIRED))
    return options, tuple(faults)


def _unpacked(value: object) -> object:
    """The value of a text in JSON, as AWX hands over a map or a list; other values as they are."""
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _unknown_fields(raw: Mapping[Any, Any], where: str) -> Iterator[FieldError]:
    for name in raw:
        if name not in FIELDS:
            near = get_close_matches(str(name), FIELDS, n=1)
            advice = f"did you mean {near[0]}?" if near else f"use some of {', '.join(FIELDS)}"
            yield FieldError(f"{where}.{name}", "the field is not known", advice, UNSUPPORTED)


def _texts(value: object, path: str, faults: list[FieldError]) -> tuple[str, ...]:
    """A list of texts; a text with commas is a list, as for other options of Ansible."""
    unpacked = _unpacked(value)
    if unpacked is None:
        return ()
    if isinstance(unpacked, str):
        unpacked = [one for one in unpacked.split(",") if one.strip()]
    if not isinstance(unpacked, Sequence):
        faults.append(FieldError(path, "the value is no list", "write a list of texts"))
        return ()
    for number, one in enumerate(unpacked):
        if not isinstance(one, str):
            kind = type(one).__name__
            faults.append(FieldError(f"{path}[{number}]", f"the value is no text ({kind})", "put the value in quotes"))
        elif not one.strip():
            faults.append(FieldError(f"{path}[{number}]", "the text is empty", "write a value, or remove it", REQUIRED))
    return tuple(one.strip() for one in unpacked if isinstance(one, str) and one.strip())


def _text(value: object, path: str, faults: list[FieldError]) -> str | None:
    if value is not None and not isinstance(value, str):
        faults.append(FieldError(path, "the value is no text", "write a text"))
        return None
    return (value or "").strip() or None


def _truth(value: object, path: str, faults: list[FieldError]) -> bool:
    text = str(value).strip().lower()
    if value is None or text in _BLANK or text in _FALSE:
        return False
    if text not in _TRUE:
        faults.append(FieldError(path, f"{value!r} is no truth value", "write true or false"))
    return True


def _contradictions(options: InUseOptions, texts: Mapping[str, tuple[str, ...]], where: str) -> Iterator[FieldError]:
    if texts["contexts"] and not options.kubeconfig:
        advice = "set kubeconfig to the file that has the contexts"
        yield FieldError(f"{where}.contexts", "the option requires kubeconfig", advice, REQUIRED)
    if options.resources and not options.enters_clusters:
        yield FieldError(f"{where}.resources", "no cluster is named", "name clusters or a kubeconfig", REQUIRED)
    for number, one in enumerate(options.images):
        try:
            read_listed(one, _ANY)
        except ValueError as error:
            advice = "write REPOSITORY:TAG, REPOSITORY@DIGEST or a whole reference"
            yield FieldError(f"{where}.images[{number}]", f"{shown(one)} is no reference: {error}", advice)
    for number, one in enumerate(options.image_files):
        if not one.startswith(("/", "~")):
            advice = "write an absolute path"
            yield FieldError(f"{where}.image_files[{number}]", f"the path {one} is not absolute", advice)
    for number, one in enumerate(texts["may_be_missing"]):
        wrong = _source_fault(one, options)
        if wrong is not None:
            yield FieldError(f"{where}.may_be_missing[{number}]", *wrong)


def _source_fault(name: str, options: InUseOptions) -> tuple[str, str, str] | None:
    """What is wrong with the name of a source; a cluster may be there by a glob, and is not looked up here."""
    kind, _blank, rest = name.partition(" ")
    known: Mapping[str, bool] = {
        "cluster": bool(options.clusters and rest),
        "context": rest in options.contexts,
        "kubeconfig": rest == options.kubeconfig,
        "resource": rest in {one.source.name for one in options.resources},
        "file": rest in options.image_files,
        APPS: options.apps and not rest,
    }
    if kind not in known:
        return f"{shown(name)} names no source", f"write {_FORMS} or {APPS}", INVALID
    if not known[kind]:
        return f"the sources have no {shown(name)}", "correct the name, or remove the entry", INVALID
    return None
