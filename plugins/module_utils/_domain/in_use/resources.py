# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The field `resources` of the option `in_use`: custom resources, and the paths to images in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..clusters.resources import ApiResource
from ..field_errors import REQUIRED, UNSUPPORTED, FieldError
from ..names import shown
from .paths import Path, parse_path
from .workloads import CustomResource

_PARTS = ("tag", "digest", "semver")
_FIELDS = ("group", "version", "resource", "image", "address", *_PARTS)
_GROUP = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_VERSION = re.compile(r"v\d+((alpha|beta)\d+)?", re.ASCII)
_RESOURCE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_LOOK_UP = "kubectl api-resources shows names, groups and versions"


def read_resources(value: object, where: str) -> tuple[tuple[CustomResource, ...], tuple[FieldError, ...]]:
    """The resources of a list, and all that is wrong with them."""
    if value is None or value == "":
        return (), ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (), (FieldError(where, "the value is no list", "write a list of maps"),)
    faults: list[FieldError] = []
    found = []
    for number, one in enumerate(value):
        place = f"{where}[{number}]"
        if isinstance(one, Mapping):
            found.append(_read_resource(one, place, faults))
        else:
            faults.append(FieldError(place, "the value is no map", f"write a map with {', '.join(_FIELDS)}"))
    return tuple(found), tuple(faults)


def _read_resource(raw: Mapping[Any, Any], where: str, faults: list[FieldError]) -> CustomResource:
    faults += [
        FieldError(f"{where}.{name}", "the field is not known", f"use some of {', '.join(_FIELDS)}", UNSUPPORTED)
        for name in raw
        if name not in _FIELDS
    ]
    images, address = _paths(raw, "image", where, faults), _paths(raw, "address", where, faults)
    parts = {name: _paths(raw, name, where, faults) for name in _PARTS}
    faults += _place_faults(raw, where)
    faults += _path_faults(images, {"address": address, **parts}, where, raw)
    source = ApiResource(*(str(raw.get(name) or "").strip() for name in ("group", "version", "resource")))
    first = {name: paths[0] if paths else None for name, paths in (("address", address), *parts.items())}
    return CustomResource(source, images, **first)


def _place_faults(raw: Mapping[Any, Any], where: str) -> Iterator[FieldError]:
    for name, pattern, example in (
        ("group", _GROUP, "source.toolkit.fluxcd.io"),
        ("version", _VERSION, "v1"),
        ("resource", _RESOURCE, "ocirepositories, the plural in lower case"),
    ):
        value = raw.get(name)
        if name == "group" and value in (None, ""):
            continue
        if value in (None, ""):
            yield FieldError(f"{where}.{name}", "the field is missing", f"write it, such as {example}", REQUIRED)
        elif not isinstance(value, str) or not pattern.fullmatch(value.strip()):
            yield FieldError(f"{where}.{name}", f"{shown(value)} is no {name}", f"write {example}; {_LOOK_UP}")


def _paths(raw: Mapping[Any, Any], name: str, where: str, faults: list[FieldError]) -> tuple[Path, ...]:
    value = raw.get(name)
    given = [value] if isinstance(value, str) else value or []
    found = []
    for number, one in enumerate(given if isinstance(given, Sequence) else [given]):
        place = f"{where}.{name}" + ("" if isinstance(value, str) else f"[{number}]")
        try:
            found.append(parse_path(one if isinstance(one, str) else ""))
        except ValueError as error:
            advice = "write a path such as spec.template.spec.containers[*].image"
            faults.append(FieldError(place, str(error), advice))
    return tuple(found)


def _path_faults(
    images: tuple[Path, ...], apart: Mapping[str, tuple[Path, ...]], where: str, raw: Mapping[Any, Any]
) -> Iterator[FieldError]:
    if not raw.get("image") and not raw.get("address"):
        advice = "write image, the path to whole references, or address"
        yield FieldError(where, "the resource has no path to an image", advice, REQUIRED)
    if images and apart["address"]:
        yield FieldError(f"{where}.address", "image is set too", "write an entry for each", UNSUPPORTED)
    for name, paths in apart.items():
        if len(paths) > 1:
            yield FieldError(f"{where}.{name}", "the list has several paths", "write an entry for each", UNSUPPORTED)
        if name != "address" and paths and not raw.get("address"):
            yield FieldError(f"{where}.{name}", "address is missing", "set address to its path", REQUIRED)
