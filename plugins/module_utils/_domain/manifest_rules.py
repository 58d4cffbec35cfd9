# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""The fields of a manifest: the one table that reader, JSON Schema and documentation come from.

The format is Project Planton's DigitalOceanContainerRegistry; `spec.doks_integration` is this collection's addition.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .registry_name import NAME_MAX_LENGTH, NAME_PATTERN, name_fault

KIND = "DigitalOceanContainerRegistry"

# The types that a field can have.
STRING = "string"
BOOLEAN = "boolean"
STRINGS = "list of strings"
STRING_MAP = "map of strings"
OBJECT = "object"  # its fields stand in the table too
ANYTHING = "anything"  # not looked at


@dataclass(frozen=True)
class Field:
    """One field: `path` in its published spelling; `unset` is a value that counts as none."""

    path: str
    type: str
    description: str
    required: bool = False
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    max_length: int | None = None
    ignore_case: bool = False
    unset: str | None = None
    default: Any = None
    advice: str = ""
    check: Callable[[str], tuple[str, str] | None] | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def parent(self) -> str:
        """The path of the object that holds it; empty for the document."""
        return self.path.rpartition(".")[0]

    @property
    def spellings(self) -> tuple[str, ...]:
        """The published spelling first, then the other one where they differ: snake_case or camelCase."""
        snake = re.sub(r"([A-Z])", r"_\1", self.name).lower()
        camel = re.sub(r"_([a-z])", lambda match: match.group(1).upper(), snake)
        return tuple(dict.fromkeys((self.name, snake, camel)))


FIELDS = (
    Field(
        "apiVersion",
        STRING,
        "The version of the format; both are in use.",
        required=True,
        enum=("digitalocean.project-planton.org/v1", "digital-ocean.project-planton.org/v1"),
    ),
    Field("kind", STRING, "What the document describes.", required=True, enum=(KIND,)),
    Field("metadata", OBJECT, "About the document; carried along, not interpreted.", required=True),
    Field("metadata.name", STRING, "The document's own name; need not be the registry's.", required=True),
    Field("metadata.id", STRING, "Its id."),
    Field("metadata.org", STRING, "The organization."),
    Field("metadata.env", STRING, "The environment."),
    Field("metadata.labels", STRING_MAP, "Labels."),
    Field("metadata.annotations", STRING_MAP, "Annotations."),
    Field("metadata.tags", STRINGS, "Tags."),
    Field("metadata.version", OBJECT, "The document's version."),
    Field("metadata.version.id", STRING, "Its id."),
    Field("metadata.version.message", STRING, "What was changed."),
    Field("spec", OBJECT, "The registry as it is wanted.", required=True),
    Field(
        "spec.name",
        STRING,
        "The registry's name at DigitalOcean, unique over all its customers.",
        required=True,
        pattern=NAME_PATTERN,
        max_length=NAME_MAX_LENGTH,
        check=name_fault,
    ),
    Field(
        "spec.subscription_tier",
        STRING,
        "The tier that the registry needs; the team has one for all its registries.",
        required=True,
        enum=("starter", "basic", "professional"),
        ignore_case=True,
        unset="digitalocean_container_registry_tier_unspecified",
    ),
    Field(
        "spec.region",
        STRING,
        "The registry's region; DigitalOcean decides which there are.",
        required=True,
        pattern="^[a-z]+[0-9]+$",
        ignore_case=True,
        advice="write a region such as nyc3 or fra1",
    ),
    Field(
        "spec.garbage_collection_enabled",
        BOOLEAN,
        "Whether garbage is collected within the maintenance windows.",
        default=False,
    ),
    Field("spec.doks_integration", OBJECT, "Which Kubernetes clusters may pull; an addition of this collection."),
    Field(
        "spec.doks_integration.clusters",
        STRINGS,
        "Names or ids of the clusters. Without it the role's docr_doks_clusters count; an empty list is no cluster.",
    ),
    Field("status", ANYTHING, "Output of other tools; ignored."),
)


def fields_of(parent: str) -> tuple[Field, ...]:
    """The fields directly below a path; the empty path is the document."""
    return tuple(field for field in FIELDS if field.parent == parent)
