# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of a manifest: the one table that reader, JSON Schema and documentation come from.

The format is Project Planton's DigitalOceanContainerRegistry; `spec.garbage_collection` and `spec.doks_integration` are
this collection's additions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from ..access.methods import METHODS, rotation_error
from ..durations import duration_fault
from ..gc.rules import CANCEL, FAIL, FINISH, SKIP, TYPES, WAIT, stuck_after_fault
from ..registry.name import NAME_MAX_LENGTH, NAME_PATTERN, name_fault
from ..windows.calendar import UTC
from ..windows.options import DAYS
from .checks import (
    blackout_fault,
    meant_duration,
    meant_period,
    meant_time,
    start_fault,
    window_length_fault,
    zone_fault,
)

KIND = "DigitalOceanContainerRegistry"

# Where the format has lived. All homes take all fields; documentation and examples use the first.
HOME = "digital-ocean.planton.dev/v1"
NEWEST_PAGES = "digital-ocean.planton.dev/v1alpha1"
OLD_HOMES = (
    "digital-ocean.openmcf.org/v1",
    "digital-ocean.project-planton.org/v1",
    "digitalocean.project-planton.org/v1",
)

_TIERS = ("starter", "basic", "professional")
_NO_TIER = "digitalocean_container_registry_tier_unspecified"
_NO_REGION = "digital_ocean_region_unspecified"
# By their numbers in the format's region.proto.
_REGIONS = ("nyc3", "sfo3", "fra1", "sgp1", "lon1", "tor1", "blr1", "ams3")

# The API's maximum, about 50 years.
MOST_EXPIRY_SECONDS = 1_576_800_000

# The types that a field can have.
STRING = "string"
BOOLEAN = "boolean"
STRINGS = "list of strings"
DATES = "list of dates"  # text as YAML reads it with quotes, and what it makes of one without
STRING_MAP = "map of strings"
INTEGER = "integer"  # digits in quotes too
MAPS = "list of maps"  # not looked into
OBJECT = "object"  # its fields stand in the table too
OBJECTS = "list of objects"  # theirs too, below the path with [] at its end
ANYTHING = "anything"  # not looked at

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class Field:
    """One field: `path` in its published spelling; `unset` is a value that counts as none.

    What is said of text holds for each entry of a list of texts. `check` tells what is wrong with it and what is right,
    `meant` how to write what YAML did not read as text. `numbers` has the words of an enum by their numbers, which
    protobuf's JSON takes in place of the words; the first word is that of 0. A whole number is `maximum` at most.
    """

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
    meant: Callable[[object], str | None] | None = None
    min_items: int = 0
    numbers: tuple[str, ...] = ()
    maximum: int | None = None

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


def _duration(path: str, description: str) -> Field:
    return Field(
        path,
        STRING,
        description,
        pattern="^([0-9]{1,4}h([0-9]{1,5}m)?|[0-9]{1,5}m)$",
        check=duration_fault,
        meant=meant_duration,
    )


def _choice(path: str, choices: Iterable[str], description: str) -> Field:
    return Field(path, STRING, description, enum=tuple(choices), ignore_case=True)


_GC = "spec.garbage_collection"
_WINDOW = f"{_GC}.maintenance_windows[]"

# What each says is said in full by the options of docr_gc.
_GC_FIELDS = (
    Field(
        _GC,
        OBJECT,
        "How and when garbage is collected; an addition of this collection. What it leaves out comes from the role's "
        "docr_gc_*.",
    ),
    _choice(f"{_GC}.type", TYPES, "What a collection removes. All but the first need a consent outside the manifest."),
    Field(f"{_GC}.maintenance_windows", OBJECTS, "When a collection may start, once in each.", min_items=1),
    Field(
        f"{_WINDOW}.days",
        STRINGS,
        "The days on which it opens.",
        required=True,
        enum=DAYS,
        ignore_case=True,
        min_items=1,
    ),
    Field(
        f"{_WINDOW}.start",
        STRING,
        "When it opens, in quotes.",
        required=True,
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$",
        advice='write "HH:MM" with quotes, such as "03:00"',
        check=start_fault,
        meant=meant_time,
    ),
    replace(
        _duration(f"{_WINDOW}.duration", "How long the window is open, past midnight too; at most 168h."),
        required=True,
        advice="write hours and minutes, such as 4h, 90m or 4h30m",
        check=window_length_fault,
    ),
    Field(
        f"{_WINDOW}.time_zone",
        STRING,
        "The time zone of days and start, by its tz name.",
        default=UTC,
        check=zone_fault,
    ),
    Field(
        f"{_GC}.blackout_dates",
        DATES,
        "Days on which no window is open, each a date or a range with both its ends.",
        pattern=f"^{_DATE}(/{_DATE})?$",
        check=blackout_fault,
    ),
    _duration(f"{_GC}.min_interval", "The least time between the starts of two collections."),
    _duration(f"{_GC}.max_age", "A registry without a successful collection for longer is reported."),
    _choice(
        f"{_GC}.outside_window",
        (SKIP, FAIL, WAIT),
        "What to do with a registry that is due and may not start now.",
    ),
    _choice(f"{_GC}.overrun", (FINISH, CANCEL), "What to do with a collection that runs on when its window closes."),
    _duration(f"{_GC}.quiet_period", "Nothing starts while the newest image is younger."),
    replace(
        _duration(f"{_GC}.stuck_after", "A collection without progress for so long is stuck."), check=stuck_after_fault
    ),
    _choice(f"{_GC}.on_stuck", (FAIL, CANCEL), "What to do with a collection that is stuck."),
)

_DOKS = "spec.doks_integration"

# What each says is said in full by the options of docr_doks_integration.
_DOKS_FIELDS = (
    Field(
        _DOKS,
        OBJECT,
        "Which Kubernetes clusters may pull, and how; an addition of this collection. What it leaves out comes from "
        "the role's docr_doks_*.",
    ),
    Field(
        f"{_DOKS}.clusters",
        STRINGS,
        "Names or ids of DOKS clusters. Where neither it nor contexts is given the role's docr_doks_clusters and "
        "docr_doks_contexts count; an empty list is no cluster.",
    ),
    Field(
        f"{_DOKS}.contexts",
        STRINGS,
        "Clusters of any kind, as contexts of the kubeconfig that the role's docr_doks_kubeconfig names.",
    ),
    _choice(f"{_DOKS}.method", METHODS, "Who writes the pull secrets; the default is one_click."),
    Field(f"{_DOKS}.namespaces", STRINGS, "Names and globs of namespaces; all without it. Direct only.", min_items=1),
    Field(f"{_DOKS}.exclude_namespaces", STRINGS, "Names and globs of namespaces to leave out. Direct only."),
    Field(f"{_DOKS}.namespace_selector", STRING, "A label selector that namespaces must fit as well. Direct only."),
    Field(
        f"{_DOKS}.service_accounts",
        STRINGS,
        "Names and globs of service accounts that pull; `default` without it. Direct only.",
        min_items=1,
    ),
    Field(
        f"{_DOKS}.rotate_every",
        STRING,
        "How often the credential is renewed; it expires after three times that. Operator and direct.",
        pattern="^(?=[0-9])([0-9]{1,5}d)?([0-9]{1,4}h)?([0-9]{1,5}m)?$",
        check=rotation_error,
        meant=meant_period,
    ),
    Field(
        f"{_DOKS}.never_expires",
        BOOLEAN,
        "In place of rotate_every: the credential is never renewed and never expires. Operator and direct.",
    ),
)

FIELDS = (
    Field(
        "apiVersion",
        STRING,
        "The home of the format; all homes take all fields, and an old home is a note.",
        required=True,
        enum=(HOME, NEWEST_PAGES, *OLD_HOMES),
        advice=f"write {HOME}",
    ),
    Field("kind", STRING, "What the document describes.", required=True, enum=(KIND,)),
    Field("metadata", OBJECT, "About the document; carried along, not interpreted.", required=True),
    Field("metadata.name", STRING, "The document's own name; need not be the registry's.", required=True),
    Field("metadata.slug", STRING, "Its slug."),
    Field("metadata.id", STRING, "Its id."),
    Field("metadata.org", STRING, "The organization."),
    Field("metadata.env", STRING, "The environment."),
    Field("metadata.group", STRING, "The group."),
    Field("metadata.labels", STRING_MAP, "Labels."),
    Field("metadata.annotations", STRING_MAP, "Annotations."),
    Field("metadata.tags", STRINGS, "Tags."),
    Field("metadata.relationships", MAPS, "Other resources."),
    Field("metadata.version", OBJECT, "The document's version."),
    Field("metadata.version.id", STRING, "Its id."),
    Field("metadata.version.message", STRING, "What was changed."),
    Field("spec", OBJECT, "The desired registry.", required=True),
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
        enum=_TIERS,
        ignore_case=True,
        unset=_NO_TIER,
        numbers=(_NO_TIER, *_TIERS),
    ),
    Field(
        "spec.region",
        STRING,
        "The registry's region; DigitalOcean decides which there are, and chooses where the field is missing.",
        pattern="^[a-z]+[0-9]+$",
        ignore_case=True,
        unset=_NO_REGION,
        numbers=(_NO_REGION, *_REGIONS),
        advice="write a region such as nyc3 or fra1",
    ),
    Field(
        "spec.garbage_collection_enabled",
        BOOLEAN,
        "Whether garbage is collected within the maintenance windows.",
        default=False,
    ),
    Field(
        "spec.docker_credentials",
        OBJECT,
        "A login for the registry; a Docker config file receives the login, and the outputs never do.",
    ),
    Field("spec.docker_credentials.write", BOOLEAN, "Whether the login can push too.", default=False),
    Field(
        "spec.docker_credentials.expiry_seconds",
        INTEGER,
        "The lifetime of the login in seconds.",
        maximum=MOST_EXPIRY_SECONDS,
        advice=f"write seconds, from 0 to {MOST_EXPIRY_SECONDS}",
    ),
    *_GC_FIELDS,
    *_DOKS_FIELDS,
    Field("status", ANYTHING, "Output of other tools; ignored."),
)


def fields_of(parent: str) -> tuple[Field, ...]:
    """The fields directly below a path; the empty path is the document."""
    return tuple(field for field in FIELDS if field.parent == parent)
