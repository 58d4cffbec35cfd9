# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of the option `integrations`, which docr_doks_integration and docr_plan share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..._domain.access.desired import AccessEntry
from ..._domain.access.methods import (
    EXPIRY,
    KUBECONFIG,
    METHODS,
    ONE_CLICK,
    OPERATOR,
    WHERE,
    access_errors,
    allows_option,
)
from ..._domain.clusters.selection import DEFAULT_ACCOUNTS, EVERY, Where
from ..._domain.credentials.rotation import RotationPolicy
from ..._domain.durations import parse_period
from ..._domain.field_errors import REQUIRED, UNSUPPORTED, FieldError
from ..._domain.names import NameRef

# Options of an entry, which the module also has for all entries that do not set them.
OWN_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "kubeconfig": {"type": "path"},
    "contexts": {"type": "list", "elements": "str"},
    "method": {"type": "str", "choices": list(METHODS)},
    "namespaces": {"type": "list", "elements": "str"},
    "exclude_namespaces": {"type": "list", "elements": "str"},
    "namespace_selector": {"type": "str"},
    "service_accounts": {"type": "list", "elements": "str"},
    "rotate_every": {"type": "str"},
    "never_expires": {"type": "bool"},
}

# The methods with which this collection itself works in the cluster.
_ENTERING = tuple(one for one in METHODS if one != ONE_CLICK)

# One entry of `integrations`, shared with docr_plan.
ENTRY_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "clusters": {"type": "list", "elements": "str"},
    "registries": {"type": "list", "elements": "str", "required": True},
    **OWN_OPTIONS,
    "origin": {"type": "str"},
}

OptionValues = Mapping[str, Any]


def names_entering_method(options: Mapping[str, Any]) -> bool:
    """Whether options, or entries in `integrations`, name a method that enters clusters; for options of any form."""
    entries = options.get("integrations")
    named = [options, *(entries if isinstance(entries, list) else ())]
    return any(isinstance(one, Mapping) and one.get("method") in _ENTERING for one in named)


@dataclass(frozen=True)
class CommonSettings:
    """What applies to all entries: the options that an entry does not set, and how credentials are renewed."""

    options: OptionValues = field(default_factory=dict)
    is_present: bool = True
    revoke_after: timedelta = timedelta(hours=1)
    force_rotation: bool = False
    waits_for_all: bool = False
    is_exclusive: bool = False


def read_entries(
    entries: Sequence[OptionValues], common: CommonSettings
) -> tuple[tuple[AccessEntry, ...], tuple[FieldError, ...]]:
    """The entries of an `integrations` option, and their errors."""
    found = []
    errors: list[FieldError] = []
    for number, entry in enumerate(entries):
        path = f"{entry['origin']}, " if entry.get("origin") else f"integrations[{number}]."
        found.append(read_entry(path, entry, common, errors))
    return tuple(found), tuple(errors)


def read_entry(path: str, entry: OptionValues, common: CommonSettings, errors: list[FieldError]) -> AccessEntry:
    """An entry with the common options that it does not set. The method must allow the options that the entry sets."""
    options = _merge(entry, common.options)
    method = options["method"] or ONE_CLICK
    # The methods of some entries may not allow a common option.
    own = {name: entry.get(name) for name in (*WHERE, *EXPIRY, *KUBECONFIG)}
    shared = {name: options[name] for name in EXPIRY} if method != ONE_CLICK else {}
    given = {**own, **shared, "force_rotation": common.force_rotation}
    found = access_errors(lambda name: f"{path}{name}", method, given, is_present=common.is_present)
    errors += [*_names_errors(path, entry), *_cluster_errors(path, method, entry, options), *found]
    has_policy = common.is_present and method != ONE_CLICK and not found
    return AccessEntry(
        registries=_read_names(f"{path}registries", entry.get("registries") or ()),
        clusters=_read_names(f"{path}clusters", entry.get("clusters") or ()),
        kubeconfig=options["kubeconfig"] if not entry.get("clusters") else None,
        contexts=_contexts(entry, options),
        method=method,
        where=_read_where(options if method not in (ONE_CLICK, OPERATOR) else {}, common),
        policy=_read_policy(options, common) if has_policy else None,
        origin=entry.get("origin") or "",
    )


def _contexts(entry: OptionValues, options: OptionValues) -> tuple[str | None, ...]:
    if entry.get("clusters") or not options["kubeconfig"]:
        return ()
    return tuple(entry.get("contexts") or ()) or (None,)


def _read_where(options: OptionValues, common: CommonSettings) -> Where:
    # Where access ends, no list means all service accounts that an earlier run gave an entry.
    default = DEFAULT_ACCOUNTS if common.is_present else EVERY
    return Where(
        namespaces=tuple(options.get("namespaces") or EVERY),
        exclude_namespaces=tuple(options.get("exclude_namespaces") or ()),
        namespace_selector=options.get("namespace_selector"),
        service_accounts=tuple(options.get("service_accounts") or default),
        is_exclusive=common.is_exclusive and common.is_present,
    )


def _read_policy(options: OptionValues, common: CommonSettings) -> RotationPolicy:
    rotate_every = parse_period(options["rotate_every"]) if options["rotate_every"] else None
    return RotationPolicy(rotate_every, common.revoke_after, common.force_rotation, common.waits_for_all)


def _cluster_errors(path: str, method: str, entry: OptionValues, options: OptionValues) -> Iterator[FieldError]:
    own = [name for name in KUBECONFIG if entry.get(name)]
    if entry.get("clusters") is not None:
        for name in (one for one in own if allows_option(method, one)):
            yield FieldError(
                f"{path}{name}",
                "clusters is set too",
                "write an entry for the clusters and an entry for the kubeconfig",
                UNSUPPORTED,
            )
    elif method == ONE_CLICK and not own and options["kubeconfig"]:
        yield FieldError(
            f"{path}clusters",
            "no cluster is named",
            "name clusters of DigitalOcean, or use the method direct",
            REQUIRED,
        )
    elif not options["kubeconfig"]:
        yield FieldError(
            f"{path}clusters", "no cluster is named", "name clusters of DigitalOcean, or a kubeconfig", REQUIRED
        )


def _names_errors(path: str, entry: OptionValues) -> Iterator[FieldError]:
    if entry.get("registries") is None:
        yield FieldError(f"{path}registries", "the list is missing", "name at least one registry", REQUIRED)
    for name in ("clusters", "registries", "contexts"):
        if entry.get(name) is not None:
            yield from empty_list_errors(path + name, entry[name])
            yield from blank_errors(path + name, entry[name])


def _merge(entry: OptionValues, common: OptionValues) -> dict[str, Any]:
    """The options of an entry, and the common options that it does not set; the EXPIRY options go together."""
    unset = {name for name in OWN_OPTIONS if entry.get(name) is None}
    if not unset.issuperset(EXPIRY):
        unset -= set(EXPIRY)
    return {name: common.get(name) if name in unset else entry.get(name) for name in OWN_OPTIONS}


def _read_names(path: str, names: Sequence[str]) -> tuple[NameRef, ...]:
    return tuple(NameRef(f"{path}[{number}]", name) for number, name in enumerate(names))


def empty_list_errors(path: str, values: Sequence[object]) -> Iterator[FieldError]:
    """An error for a list without values."""
    if not values:
        yield FieldError(path, "the list is empty", "name at least one, or leave the task out", REQUIRED)


def blank_errors(path: str, names: Sequence[str]) -> Iterator[FieldError]:
    """An error for each name that is blank, such as the value of an empty variable."""
    for number, name in enumerate(names):
        if not name.strip():
            yield FieldError(f"{path}[{number}]", "the name is empty", "write a name, or remove the entry", REQUIRED)
