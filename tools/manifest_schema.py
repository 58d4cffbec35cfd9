# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what the table of a manifest's fields says for editors and readers: ``tools/manifest_schema.py``.

The JSON Schema is docs/manifest.schema.json, the table stands in docs/manifest.md. A test compares both.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest import schema as rules

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "manifest.schema.json"
PAGE = ROOT / "docs" / "manifest.md"
BEGIN = "<!-- fields: written by tools/manifest_schema.py -->"
END = "<!-- end of fields -->"

TEXT = {"type": "string", "pattern": r"\S"}
LISTS = (rules.STRINGS, rules.DATES)
TYPES: Mapping[str, Mapping[str, Any]] = {
    rules.BOOLEAN: {"type": "boolean"},
    rules.STRING_MAP: {"type": "object", "additionalProperties": {"type": "string"}},
    rules.MAPS: {"type": "array", "items": {"type": "object"}},
    rules.ANYTHING: {},
}


def schema() -> dict[str, Any]:
    """The JSON Schema of one document, in either spelling of each field."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": rules.KIND,
        "description": "A container registry of DigitalOcean, as the collection planton.digitalocean reads it.",
        **_object(""),
        "$defs": _definitions(),
    }


def _object(path: str) -> dict[str, Any]:
    fields = rules.fields_of(path)
    shape: dict[str, Any] = {
        "type": "object",
        "properties": {spelling: _property(field) for field in fields for spelling in field.spellings},
        "additionalProperties": False,
    }
    needed = [field.name for field in fields if field.required and len(field.spellings) == 1]
    if needed:
        shape["required"] = needed
    spelled = [_one_spelling(field) for field in fields if len(field.spellings) > 1]
    return shape | ({"allOf": spelled} if spelled else {})


def _one_spelling(field: rules.Field) -> dict[str, Any]:
    """A required field in exactly one of its spellings, another in one at most, and null has none of them."""
    each = [{"required": [spelling]} for spelling in field.spellings]
    return {"oneOf": each} if field.required else {"not": {"type": "object", "required": list(field.spellings)}}


def _property(field: rules.Field) -> dict[str, Any]:
    shape: dict[str, Any] = {"description": field.description}
    shape |= _object(field.path) if field.type == rules.OBJECT else _value(field)
    if field.default is not None:
        shape["default"] = field.default
    if "type" in shape and not field.required:
        shape["type"] = [shape["type"], "null"]
    if _is_wrapped(field) and field.type not in LISTS:
        return {key: shape[key] for key in ("description", "default") if key in shape} | _or_wrapped(field)
    return shape


def _is_wrapped(field: rules.Field) -> bool:
    """Whether the value, or each entry of a list, may be written as {value: X}."""
    return field.path.startswith("spec.") and field.type in (rules.STRING, rules.BOOLEAN, rules.INTEGER, *LISTS)


def _or_wrapped(field: rules.Field) -> dict[str, Any]:
    """The value, or the value as {value: X}; $defs has what both share."""
    value = {"$ref": f"#/$defs/{_definition_name(field)}"}
    wrapped = {"type": "object", "properties": {"value": value}, "required": ["value"], "additionalProperties": False}
    return {"anyOf": [value, wrapped]}


def _definition_name(field: rules.Field) -> str:
    return field.path.replace("[]", "")


def _definitions() -> dict[str, Any]:
    """The values that may be written as {value: X}."""
    return {_definition_name(field): _definition(field) for field in rules.FIELDS if _is_wrapped(field)}


def _definition(field: rules.Field) -> dict[str, Any]:
    if field.type in LISTS:
        return _text(field)
    shape = _value(field)
    return shape if field.required or "type" not in shape else shape | {"type": [shape["type"], "null"]}


def _value(field: rules.Field) -> dict[str, Any]:
    if field.type in TYPES:
        return dict(TYPES[field.type])
    if field.type == rules.STRING:
        return _text_or_number(field)
    if field.type == rules.INTEGER:
        number = {"type": ["integer", "null"], "minimum": 0, "maximum": field.maximum}
        return {"anyOf": [number, {"type": "string", "pattern": "^[0-9]{1,18}$"}]}
    items = _object(f"{field.path}[]") if field.type == rules.OBJECTS else _text(field)
    if _is_wrapped(field):
        items = _or_wrapped(field)
    shape = {"type": "array", "items": items}
    return shape | ({"minItems": field.min_items} if field.min_items else {})


def _text_or_number(field: rules.Field) -> dict[str, Any]:
    """A text, or the number of an enum's word."""
    shape = _text(field)
    if not field.numbers:
        return shape
    # An optional field may be null and may have the enum's zero value.
    unset = (
        [] if field.required else [{"enum": [None, 0]}, {"type": "string", "pattern": _any_case(f"^{field.unset}$")}]
    )
    numbers = {"enum": list(range(1, len(field.numbers)))}
    return {"anyOf": [shape, numbers, *unset]}


def _text(field: rules.Field) -> dict[str, Any]:
    shape: dict[str, Any] = dict(TEXT) if not field.enum else {"type": "string"}
    if field.max_length:
        shape["maxLength"] = field.max_length
    if field.pattern:
        shape["pattern"] = _any_case(field.pattern) if field.ignore_case else field.pattern
    if field.enum and field.ignore_case:
        # The list is what editors offer; the pattern takes the words in any other case.
        offered = [*field.enum, *(word.upper() for word in field.enum)]
        shape["anyOf"] = [{"enum": offered}, {"pattern": _any_case(f"^({'|'.join(field.enum)})$")}]
    elif field.enum:
        shape["enum"] = list(field.enum)
    return shape


def _any_case(pattern: str) -> str:
    """The pattern for either case: JSON Schema has no flag for it."""
    in_classes = pattern.replace("a-z", "A-Za-z")
    return in_classes if in_classes != pattern else re.sub(r"[a-z]", lambda it: f"[{it[0].upper()}{it[0]}]", pattern)


def table() -> str:
    """The fields as Markdown, between the page's marks."""
    lines = [f"| {_names(field)} | {field.type} | {_rule(field)} | {field.description} |" for field in rules.FIELDS]
    head = ["| field | type | rule | what it says |", "| --- | --- | --- | --- |"]
    return "\n".join([BEGIN, *head, *lines, END])


def _names(field: rules.Field) -> str:
    first, *others = field.spellings
    prefix = f"{field.parent}." if field.parent else ""
    return ", ".join([f"`{prefix}{first}`", *(f"`{other}`" for other in others)])


def _rule(field: rules.Field) -> str:
    parts = ["required"] if field.required else []
    if field.enum:
        parts.append(" or ".join(f"`{word}`" for word in field.enum) + (", in any case" if field.ignore_case else ""))
    if field.pattern:
        parts.append(f"`{field.pattern}`".replace("|", "\\|") + (", in any case" if field.ignore_case else ""))
    if field.numbers:
        parts.append(f"or the number of the format's enum, 1 to {len(field.numbers) - 1}")
    if field.maximum is not None:
        parts.append(f"0 to {field.maximum}")
    if field.max_length:
        parts.append(f"at most {field.max_length} characters")
    if field.min_items:
        parts.append(f"at least {field.min_items}")
    if field.unset:
        parts.append(f"`{field.unset}` counts as missing")
    if field.default is not None:
        parts.append(f"default `{json.dumps(field.default)}`")
    return "; ".join(parts)


def schema_text() -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema(), indent=2) + "\n"


def main() -> int:
    """Write the schema, and the table between its marks."""
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{table()}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
