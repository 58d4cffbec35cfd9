# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""Read manifests: parsed YAML documents in, registries as wanted out, or all faults of all documents at once."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import Fault, InvalidInput
from .manifest_rules import (
    ANY,
    BOOLEAN,
    KIND,
    LIST,
    MAP,
    STRING,
    STRINGS,
    TIER_UNSPECIFIED,
    Field,
    children,
)


@dataclass(frozen=True)
class Document:
    """One parsed YAML document: the label of its file, its number there from 1, and its value."""

    file: str
    number: int
    value: Any


@dataclass(frozen=True)
class Manifest:
    """A registry as a manifest wants it. `clusters` is None where the manifest does not say."""

    name: str
    region: str
    subscription_tier: str
    garbage_collection_enabled: bool
    clusters: tuple[str, ...] | None
    origin: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def shape(self) -> dict[str, Any]:
        """The manifest as users and the role see it."""
        return {
            "name": self.name,
            "region": self.region,
            "subscription_tier": self.subscription_tier,
            "garbage_collection_enabled": self.garbage_collection_enabled,
            "doks_integration": {"clusters": None if self.clusters is None else list(self.clusters)},
            "origin": self.origin,
            "metadata": dict(self.metadata),
        }

    def says_the_same(self, other: Manifest) -> bool:
        """Whether both want the same of the registry."""
        return _wish(self) == _wish(other)


@dataclass(frozen=True)
class ManifestSet:
    """All manifests in the order of the documents, each registry once, and what to warn of."""

    manifests: tuple[Manifest, ...]
    warnings: tuple[str, ...]


def read_manifests(
    documents: Iterable[Document], *, skip_other_kinds: bool = False, faults: Iterable[Fault] = ()
) -> ManifestSet:
    """The manifests in the documents; raises InvalidInput with `faults` (of reading them) and all that is wrong."""
    found = list(faults)
    manifests: dict[str, Manifest] = {}
    for document in documents:
        manifest = _read_document(document, skip_other_kinds, found)
        if manifest is None:
            continue
        first = manifests.setdefault(manifest.name, manifest)
        if not manifest.says_the_same(first):
            found.append(_contradiction(manifest, first))
    if found:
        raise InvalidInput(tuple(found))
    return ManifestSet(tuple(manifests.values()), tuple(_warnings(manifests.values())))


def _wish(manifest: Manifest) -> tuple[object, ...]:
    return (
        manifest.region,
        manifest.subscription_tier,
        manifest.garbage_collection_enabled,
        None if manifest.clusters is None else frozenset(manifest.clusters),
    )


def _contradiction(manifest: Manifest, first: Manifest) -> Fault:
    return Fault(
        f"{manifest.origin}, spec.name",
        f"the registry {manifest.name} is asked for differently in {first.origin}",
        "let both say the same, or keep one",
    )


def _warnings(manifests: Iterable[Manifest]) -> Iterable[str]:
    for manifest in manifests:
        if manifest.name[0].isdigit():
            yield (
                f"{manifest.origin}, spec.name: {manifest.name} starts with a digit, which the format allows "
                "and DigitalOcean's documentation does not; the service decides."
            )


def _read_document(document: Document, skip_other_kinds: bool, faults: list[Fault]) -> Manifest | None:
    """The document's manifest; None for an empty one, one of another kind, and one with faults, which are added."""
    value = document.value
    origin = _origin(document)
    if value is None:
        return None
    if not isinstance(value, Mapping):
        faults.append(Fault(origin, f"it is {_kind_of(value)}, not a manifest", "write a map with apiVersion, kind, …"))
        return None
    kind = value.get("kind")
    if isinstance(kind, str) and kind != KIND:
        if not skip_other_kinds:
            advice = f"write {KIND}, or skip documents of other kinds with docr_skip_other_kinds"
            faults.append(Fault(f"{origin}, kind", f"it is {kind!r}", advice))
        return None
    reader = _Reader(origin, [])
    read = reader.read_map((), value)
    faults += reader.faults
    return None if reader.faults else _manifest(origin, read)


def _origin(document: Document) -> str:
    metadata = document.value.get("metadata") if isinstance(document.value, Mapping) else None
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    label = f"{document.file} document {document.number}"
    return f"{label} ({name})" if isinstance(name, str) and name else label


def _manifest(origin: str, read: Mapping[str, Any]) -> Manifest:
    spec = read["spec"]
    clusters = (spec["doks_integration"] or {}).get("clusters")
    return Manifest(
        name=spec["name"],
        region=spec["region"],
        subscription_tier=spec["subscription_tier"],
        garbage_collection_enabled=spec["garbage_collection_enabled"],
        clusters=None if clusters is None else tuple(dict.fromkeys(clusters)),
        origin=origin,
        metadata={key: value for key, value in read["metadata"].items() if value is not None},
    )


@dataclass(frozen=True)
class _Reader:
    """Reads one document by the table of fields, collecting its faults."""

    origin: str
    faults: list[Fault]

    def read_map(self, path: tuple[str, ...], value: Mapping[Any, Any]) -> dict[str, Any]:
        """The known fields of a map by their names in snake case; those with a fault are None."""
        known = tuple(children(path))
        given: dict[str, list[Any]] = {}
        for key in value:
            one = next((field for field in known if key in (field.name, field.camel)), None)
            if one is None:
                self._unknown(path, key, known)
            else:
                given.setdefault(one.name, []).append(key)
        return {
            one.name: self._read_field(one, [(key, value[key]) for key in given.get(one.name, ())]) for one in known
        }

    def _read_field(self, one: Field, given: list[tuple[Any, Any]]) -> Any:
        if len(given) > 1:
            self._fault(one, f"it is given twice, as {' and '.join(str(key) for key, _ in given)}", "keep one of them")
            return None
        value = given[0][1] if given else None
        if value is None or (one.name == "subscription_tier" and value == TIER_UNSPECIFIED):
            if one.required:
                self._fault(one, "it is missing", f"give {_wanted(one)}")
            return one.default
        wrong = _type_fault(one, value)
        if wrong is not None:
            self._fault(one, *wrong)
            return None
        return self._read_value(one, value)

    def _read_value(self, one: Field, value: Any) -> Any:
        if one.type == MAP and any(children(one.path)):
            return self.read_map(one.path, value)
        folded = value.lower() if one.fold else value
        wrong = one.check(folded) if one.check else None
        if wrong is not None:
            self._fault(one, *wrong)
        return folded

    def _unknown(self, path: tuple[str, ...], key: Any, known: tuple[Field, ...]) -> None:
        names = [spelling for one in known for spelling in dict.fromkeys((one.name, one.camel))]
        nearest = difflib.get_close_matches(str(key), names, n=1)
        advice = f"did you mean {nearest[0]}" if nearest else f"known are {', '.join(one.camel for one in known)}"
        self.faults.append(Fault(f"{self.origin}, {'.'.join((*path, str(key)))}", "this field is not known", advice))

    def _fault(self, one: Field, what: str, advice: str) -> None:
        path = one.camel if one.path == ("api_version",) else ".".join(one.path)
        self.faults.append(Fault(f"{self.origin}, {path}", what, advice))


def _wanted(one: Field) -> str:
    return " or ".join(one.values) if one.values else f"a {one.type}"


def _type_fault(one: Field, value: Any) -> tuple[str, str] | None:
    """What is wrong with a value's type; None where it is right."""
    if _is_of_type(one.type, value):
        return _element_fault(value) if one.type == STRINGS else None
    if one.type == STRING and not isinstance(value, (Mapping, list)):
        return f"YAML reads {value!s} as {_kind_of(value)}", f'quote it: "{value!s}"'
    if one.type == BOOLEAN and isinstance(value, str):
        return f"{value!r} is text", "write true or false, without quotes"
    return f"it is {_kind_of(value)}", f"write a {one.type}"


def _is_of_type(type_: str, value: Any) -> bool:
    types: Mapping[str, type] = {STRING: str, BOOLEAN: bool, MAP: Mapping, LIST: list, STRINGS: list, ANY: object}
    return isinstance(value, types[type_])


def _element_fault(values: list[Any]) -> tuple[str, str] | None:
    for number, value in enumerate(values):
        if not isinstance(value, str):
            return f"YAML reads entry {number} as {_kind_of(value)}", f'quote it: "{value!s}"'
        if not value.strip():
            return f"entry {number} is empty", "name a cluster, or leave the entry out"
    return None


def _kind_of(value: Any) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "a boolean"),
        ((int, float), "a number"),
        ((datetime.date, datetime.datetime), "a date"),
        (str, "text"),
        (list, "a list"),
        (Mapping, "a map"),
    )
    return next((word for kind, word in kinds if isinstance(value, kind)), f"of the type {type(value).__name__}")
