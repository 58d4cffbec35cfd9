# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""The fields of a manifest: the one table from which validation, JSON Schema and documentation come."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .registry_name import NAME_MAX_LENGTH, NAME_PATTERN, name_fault

API_VERSIONS = ("digitalocean.project-planton.org/v1", "digital-ocean.project-planton.org/v1")
KIND = "DigitalOceanContainerRegistry"
TIERS = ("starter", "basic", "professional")
# The zero value of the format's enum: protobuf writes it for a field that nobody set.
TIER_UNSPECIFIED = "digitalocean_container_registry_tier_unspecified"
REGION_PATTERN = r"^[a-z]+[0-9]+$"

STRING, BOOLEAN, MAP, LIST, STRINGS, ANY = "string", "boolean", "map", "list", "list of strings", "anything"

# What is wrong with a value and what is right; None for a good one.
Check = Callable[[Any], "tuple[str, str] | None"]


@dataclass(frozen=True)
class Field:
    """A field by its path in snake case; `check` sees a value of the right type, `fold` makes letters small before."""

    path: tuple[str, ...]
    type: str
    description: str
    required: bool = False
    default: Any = None
    check: Check | None = None
    fold: bool = False
    values: tuple[str, ...] = ()
    pattern: str | None = None
    max_length: int | None = None

    @property
    def name(self) -> str:
        """Its own name in snake case."""
        return self.path[-1]

    @property
    def camel(self) -> str:
        """Its own name in camel case."""
        return camel(self.name)


def camel(name: str) -> str:
    """A snake case name in camel case."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def one_of(words: tuple[str, ...]) -> Check:
    """A check for one of some words."""
    return lambda value: None if value in words else (f"{value!r} is not known", f"use {' or '.join(words)}")


def _check_region(value: str) -> tuple[str, str] | None:
    # Which regions there are, the service says: its list and the format's differ in both directions.
    if re.match(REGION_PATTERN, value):
        return None
    return f"{value!r} is no region", "use a slug such as nyc3 or fra1"


FIELDS: tuple[Field, ...] = (
    Field(("api_version",), STRING, "The format.", required=True, check=one_of(API_VERSIONS), values=API_VERSIONS),
    Field(("kind",), STRING, "What the document is.", required=True, check=one_of((KIND,)), values=(KIND,)),
    Field(("metadata",), MAP, "About the document; carried along.", required=True),
    Field(("metadata", "name"), STRING, "The resource's own name; need not be the registry's.", required=True),
    Field(("metadata", "id"), STRING, "Carried along."),
    Field(("metadata", "org"), STRING, "Carried along."),
    Field(("metadata", "env"), STRING, "Carried along."),
    Field(("metadata", "labels"), MAP, "Carried along."),
    Field(("metadata", "annotations"), MAP, "Carried along."),
    Field(("metadata", "tags"), LIST, "Carried along."),
    Field(("metadata", "version"), MAP, "Carried along."),
    Field(("metadata", "version", "id"), STRING, "Carried along."),
    Field(("metadata", "version", "message"), STRING, "Carried along."),
    Field(("spec",), MAP, "What is wanted.", required=True),
    Field(
        ("spec", "name"),
        STRING,
        "The registry's name, unique over all customers of DigitalOcean.",
        required=True,
        check=name_fault,
        pattern=NAME_PATTERN,
        max_length=NAME_MAX_LENGTH,
    ),
    Field(
        ("spec", "subscription_tier"),
        STRING,
        "The tier that the registry needs, in any case. It is the whole team's.",
        required=True,
        check=one_of(TIERS),
        fold=True,
        values=TIERS,
    ),
    Field(
        ("spec", "region"),
        STRING,
        "The region, in any case; which there are, the service says.",
        required=True,
        check=_check_region,
        fold=True,
        pattern=REGION_PATTERN,
    ),
    Field(
        ("spec", "garbage_collection_enabled"),
        BOOLEAN,
        "Whether garbage is collected in maintenance windows.",
        default=False,
    ),
    Field(("spec", "doks_integration"), MAP, "Which Kubernetes clusters pull."),
    Field(
        ("spec", "doks_integration", "clusters"),
        STRINGS,
        "Names or ids of clusters to add, instead of those in docr_doks_clusters. No other cluster is touched.",
    ),
    Field(("status",), ANY, "Output of other tools; ignored."),
)


def children(path: tuple[str, ...]) -> Iterable[Field]:
    """The fields directly below a path; none where a map's keys are free."""
    return (field for field in FIELDS if field.path[:-1] == path)
