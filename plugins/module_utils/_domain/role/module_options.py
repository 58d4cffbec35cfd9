# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From manifests and variables to options of docr_registry, docr_gc, docr_doks_integration and docr_credentials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from posixpath import join
from typing import Any

from ..access.methods import DIRECT, ONE_CLICK
from ..login.lifetimes import lifetime_options
from ..manifest.access import Access, access_of, access_variables, shape_entries

Values = Mapping[str, Any]
Entries = list[dict[str, Any]]


def desired_registries(manifests: Iterable[Values]) -> Entries:
    """The manifests as the option `registries` of docr_registry and docr_plan."""
    keys = ("name", "region", "subscription_tier", "origin")
    return [{key: manifest[key] for key in keys} for manifest in manifests]


def gc_overrides(manifests: Iterable[Values]) -> Entries:
    """The garbage collection of the manifests as the option `overrides` of docr_gc."""
    return [
        {"registries": [manifest["name"]], "origin": manifest["origin"], **manifest["garbage_collection"]}
        for manifest in manifests
        if manifest["garbage_collection_enabled"] and manifest["garbage_collection"]
    ]


def desired_logins(manifests: Iterable[Values], folder: str | None) -> Entries:
    """The logins that manifests ask for, as the options of docr_credentials; none without a folder for their files.

    A login without a lifetime has the module's.
    """
    if folder is None:
        return []
    wanted = [(one["name"], one["docker_credentials"]) for one in manifests if one["docker_credentials"] is not None]
    return [
        {"registry": name, "path": login_path(folder, name), "read_write": login["write"]}
        | lifetime_options(login.get("expiry_seconds") or 0)
        for name, login in wanted
    ]


def login_path(folder: str, registry: str) -> str:
    """The file of a registry's login below a folder. The folder of the file is a value for DOCKER_CONFIG."""
    return join(folder, registry, "config.json")


def desired_integrations(manifests: Iterable[Values], variables: Values) -> Entries:
    """The manifests as the option `integrations` of docr_doks_integration.

    `variables` are the role variables docr_doks_* without their prefix. They count where a manifest has no value.
    An option without any value has no key. A manifest without clusters has no entry.
    """
    return [
        entry | {"registries": [manifest["name"]], "origin": _origin(manifest["origin"], entry, access)}
        for manifest, access in _accesses(manifests, variables)
        for entry in shape_entries(access)
    ]


def _origin(origin: str, entry: Values, access: Access) -> str:
    """Where the clusters of an entry are named: in the manifest, or in a variable that counts for the manifest."""
    by_variable = [name for name in ("clusters", "contexts") if name in entry and name not in access.own]
    return f"{origin} with docr_doks_{by_variable[0]}" if by_variable else origin


def managed_integrations(manifests: Iterable[Values], variables: Values) -> Entries:
    """The desired integrations with the methods operator and direct, whose secrets this collection manages."""
    return [entry for entry in desired_integrations(manifests, variables) if "method" in entry]


def integrations_to_remove(manifests: Iterable[Values], registries: Sequence[str], variables: Values) -> Entries:
    """What removes the access that this collection manages for some registries, as the option `integrations`.

    An entry covers all namespaces of a cluster, since the manifest may have named other namespaces before.
    """
    return [
        entry | {"registries": [manifest["name"]], "origin": manifest["origin"]}
        for manifest, access in _accesses(manifests, variables)
        if manifest["name"] in registries and access.method != ONE_CLICK
        for entry in shape_entries(
            replace(access, options={"service_accounts": ["*"]} if access.method == DIRECT else {})
        )
    ]


def one_click_integrations(clusters: Iterable[Values], registries: Sequence[str]) -> Entries:
    """DigitalOcean's own integrations of clusters with some registries, as the option `integrations`.

    `clusters` is the result of docr_doks_integration_info.
    """
    entries = []
    for cluster in clusters:
        listed = [name for name in registries if name in (cluster["registries"] or ())]
        if listed:
            entries.append({"clusters": [cluster["id"]], "registries": listed})
    return entries


def _accesses(manifests: Iterable[Values], variables: Values) -> Iterator[tuple[Values, Access]]:
    """Each manifest with the access of its clusters."""
    values, _faults = access_variables(variables)
    return ((manifest, access_of(manifest["doks_integration"], values)) for manifest in manifests)
