# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DigitalOcean's OpenAPI description as the checks need it: operations by path, schemas with their keys merged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docr_sandbox.failures import CommandError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class Operation:
    """One operation. ``fields`` is its part of the description, ``path_values`` are decoded."""

    method: str
    template: str
    fields: Mapping[str, Any]
    path_values: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


@dataclass(frozen=True)
class ObjectShape:
    """The keys an object may have, with their schemas. ``optional`` are those that one of several variants lacks."""

    properties: Mapping[str, Mapping[str, Any]]
    optional: frozenset[str]
    is_open: bool


def find_description(root: Path, patterns: str) -> Path | None:
    """The first file that one of these globs below `root` finds, the first glob first; None without a file."""
    for pattern in map(Path, patterns.split()):
        folder = root / pattern.parent
        found = sorted(folder.glob(pattern.name)) if folder.is_dir() else []
        if found:
            return found[0].resolve()
    return None


class Description:
    """An OpenAPI 3.0 document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._templates = [(template, template.split("/")) for template in document["paths"]]
        self._shapes: dict[int, ObjectShape] = {}

    @classmethod
    def read(cls, path: Path) -> Description:
        """Read a JSON file. Raises :class:`CommandError` when it is not an OpenAPI document."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(document["paths"], dict):
                raise TypeError("paths is not a mapping")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"Cannot use {path} as an OpenAPI description (JSON): {error!r}.") from error
        return cls(document)

    def find(self, method: str, raw_path: str) -> Operation | None:
        """The operation of a request; fixed words win over ``{parameters}``, and ``%2F`` does not separate."""
        segments = raw_path.split("/")
        fitting = [
            (sum(part.startswith("{") for part in parts), template, parts)
            for template, parts in self._templates
            if _fits(parts, segments)
        ]
        for _, template, parts in sorted(fitting):
            fields = self.document["paths"][template].get(method.lower())
            if fields is not None:
                values = {
                    part[1:-1]: unquote(segment)
                    for part, segment in zip(parts, segments, strict=True)
                    if part.startswith("{")
                }
                return Operation(method, template, fields, values)
        return None

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """``node``, or what its ``$ref`` stands for."""
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def query_names(self, operation: Operation) -> set[str]:
        """The query values that an operation describes."""
        parameters = map(self.resolve, operation.fields.get("parameters", ()))
        return {str(parameter["name"]) for parameter in parameters if parameter["in"] == "query"}

    def request_schema(self, operation: Operation) -> Mapping[str, Any] | None:
        """The schema of the JSON body, ``None`` when the operation describes no body."""
        body = operation.fields.get("requestBody")
        return None if body is None else _json_schema(self.resolve(body))

    def response_schema(self, operation: Operation, status: int) -> Mapping[str, Any] | None:
        """The schema of the JSON answer with this status, or of the ``default`` one; ``None`` when there is no JSON."""
        responses = operation.fields["responses"]
        response = responses.get(str(status), responses.get("default"))
        return None if response is None else _json_schema(self.resolve(response))

    def shape(self, schema: Mapping[str, Any]) -> ObjectShape:
        """The keys of an object schema, ``allOf`` and variants merged."""
        known = self._shapes.get(id(schema))
        if known is None:
            known = self._shapes[id(schema)] = self._merge(schema)
        return known

    def _merge(self, schema: Mapping[str, Any]) -> ObjectShape:
        schema = self.resolve(schema)
        properties = dict(schema.get("properties", {}))
        optional: set[str] = set()
        is_open = bool(schema.get("additionalProperties", False))
        for part, certain in _parts(schema):
            merged = self.shape(part)
            properties.update(merged.properties)
            optional |= merged.optional if certain else set(merged.properties)
            is_open = is_open or merged.is_open
        return ObjectShape(properties, frozenset(optional), is_open)

    def items(self, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The schema of an array's items, ``None`` when it is not described."""
        schema = self.resolve(schema)
        if "items" in schema:
            found: Mapping[str, Any] = schema["items"]
            return found
        return next(filter(None, (self.items(part) for part, _ in _parts(schema))), None)


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """The sub-schemas, each with whether it always holds."""
    for part in schema.get("allOf", ()):
        yield part, True
    for word in ("oneOf", "anyOf"):
        variants = schema.get(word, ())
        for part in variants:
            yield part, len(variants) == 1


def _fits(parts: list[str], segments: list[str]) -> bool:
    return len(parts) == len(segments) and all(
        bool(segment) if part.startswith("{") else part == segment
        for part, segment in zip(parts, segments, strict=True)
    )


def _json_schema(described: Mapping[str, Any]) -> Mapping[str, Any] | None:
    schema: Mapping[str, Any] | None = described.get("content", {}).get("application/json", {}).get("schema")
    return schema
