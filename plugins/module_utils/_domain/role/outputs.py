# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From manifests to the options of modules, and from their results to the one fact that users read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..access.methods import DIRECT, ONE_CLICK
from ..gc.rules import COLLECTED, UNREFERENCED_BLOBS
from ..manifest.access import Access, access_of, access_variables, shape_entries
from ..registry.model import IMAGE_HOST, Registry
from ..registry.steps import ChangeTier

Result = Mapping[str, Any]

UNREFERENCED_NOTE = (
    "Frees only blobs that no manifest names: what untagged images hold stays stored until they are deleted."
)

# What only DigitalOcean knows of a registry; its address follows from the name.
UNREAD = dict.fromkeys(("region", "created_at", "storage_usage_bytes", "storage_usage_bytes_updated_at"))

# The plans of stages that no comparison was made for.
NO_REGISTRIES: Result = {"registries": (), "subscription": None, "actions": ()}
NO_CLUSTERS: Result = {"integrations": ()}

# What docr_doks_integration tells of a registry in a cluster: what there is, what was done, and the credential.
_FOUND = ("secret", "namespaces", "service_accounts", "duplicates")
_DONE = ("written", "deleted", "patched", "revoked", "recreated_pods")
_CREDENTIAL = ("fingerprint", "minted_at", "expires_at", "renew_at")

# What docr_gc tells of a registry that is shown as it is.
_TOLD = ("reason", "next_window", "read_only_seconds", "is_overdue", "is_writable", "write_proof")


def wanted_registries(manifests: Iterable[Result]) -> list[dict[str, Any]]:
    """The manifests as `registries` of docr_registry and docr_plan."""
    return [{key: one[key] for key in ("name", "region", "subscription_tier", "origin")} for one in manifests]


def wanted_integrations(manifests: Iterable[Result], variables: Result) -> list[dict[str, Any]]:
    """The manifests as `integrations`; `variables` are docr_doks_* by what follows, for what manifests do not say.

    What is said nowhere has no key, and a manifest without clusters no entry.
    """
    return [
        entry | {"registries": [one["name"]], "origin": one["origin"]}
        for one, access in _accesses(manifests, variables)
        for entry in shape_entries(access)
    ]


def ended_integrations(
    manifests: Iterable[Result], registries: Sequence[str], variables: Result
) -> list[dict[str, Any]]:
    """What takes away the access to some registries that this collection keeps up, as `integrations`.

    From everywhere in the clusters, since the manifest may have meant other namespaces before.
    """
    return [
        entry | {"registries": [one["name"]], "origin": one["origin"]}
        for one, access in _accesses(manifests, variables)
        if one["name"] in registries and access.method != ONE_CLICK
        for entry in shape_entries(
            replace(access, options={"service_accounts": ["*"]} if access.method == DIRECT else {})
        )
    ]


def _accesses(manifests: Iterable[Result], variables: Result) -> Iterator[tuple[Result, Access]]:
    """Each manifest with what holds for its clusters."""
    values, _faults = access_variables(variables)
    return ((one, access_of(one["doks_integration"], values)) for one in manifests)


def gc_overrides(manifests: Iterable[Result]) -> list[dict[str, Any]]:
    """What the manifests say of their collections, as `overrides` of docr_gc."""
    return [
        {"registries": [one["name"]], **one["garbage_collection"]}
        for one in manifests
        if one["garbage_collection_enabled"] and one["garbage_collection"]
    ]


def integrations_of(clusters: Iterable[Result], registries: Sequence[str]) -> list[dict[str, Any]]:
    """What of `registries` the clusters (of docr_doks_integration_info) are integrated with, as `integrations`."""
    entries = []
    for cluster in clusters:
        listed = [name for name in registries if name in (cluster["registries"] or ())]
        if listed:
            entries.append({"clusters": [cluster["id"]], "registries": listed})
    return entries


@dataclass(frozen=True)
class Run:
    """What a run of the role found and did; a stage that was skipped left the plan, or nothing.

    `gc_type` is the type of collections where a manifest does not say, `registry_host` that of the images.
    """

    manifests: Sequence[Result]
    plan: Result
    registry: Result
    garbage_collection: Result
    integration: Result
    gc_type: str
    registry_host: str = IMAGE_HOST

    @property
    def registry_stage(self) -> Result:
        """The registries' result, or the plan for them, which says the same where nothing was to be done."""
        return self.registry if "registries" in self.registry else self.plan.get("registry", NO_REGISTRIES)

    @property
    def integration_stage(self) -> Result:
        """The integration's result, or the plan for it."""
        return self.integration if "integrations" in self.integration else self.plan.get("integration", NO_CLUSTERS)


def shape_outputs(run: Run) -> dict[str, dict[str, Any]]:
    """The outputs by registry name; what no stage of the run read is None. No secret is among them."""
    return {one["name"]: _output(run, one) for one in run.manifests}


def _output(run: Run, manifest: Result) -> dict[str, Any]:
    name = manifest["name"]
    stage = run.registry_stage
    found = next((one for one in stage["registries"] if one["name"] == name), None)
    # The tier is the team's, so a change of it happens to every registry.
    actions = [one for one in stage["actions"] if one["target"] == name or one["action"] == ChangeTier.action]
    collection = _collection(run, manifest)
    clusters = _clusters(run, name)
    is_changed = bool(actions) or collection["decision"] == COLLECTED or any(one["changed"] for one in clusters)
    return {
        **(found or Registry(name, "").shape(run.registry_host) | UNREAD),
        "subscription_tier": (stage["subscription"] or {}).get("tier", {}).get("slug"),
        "changed": is_changed,
        "actions": actions,
        "garbage_collection": collection,
        "clusters": clusters,
    }


def _collection(run: Run, manifest: Result) -> dict[str, Any]:
    is_enabled = manifest["garbage_collection_enabled"]
    type_ = manifest["garbage_collection"].get("type", run.gc_type) if is_enabled else None
    results = run.garbage_collection.get("garbage_collections", ())
    result: Result = next((one for one in results if one["registry"] == manifest["name"]), {})
    return {
        "enabled": is_enabled,
        "type": type_,
        "decision": result.get("decision", "not_run"),
        "last": result.get("garbage_collection") or result.get("last"),
        **{key: result.get(key) for key in _TOLD},
        "note": UNREFERENCED_NOTE if type_ == UNREFERENCED_BLOBS else None,
    }


def _clusters(run: Run, name: str) -> list[dict[str, Any]]:
    return [
        _cluster(one, name, _pull_access(one, name))
        for one in run.integration_stage["integrations"]
        if name in (one["registries"] or ()) or _pull_access(one, name)
    ]


def _pull_access(integration: Result, name: str) -> Result:
    """What was found and done in a cluster for a registry; empty where nobody looked into it."""
    return next((one for one in integration.get("pull_access") or () if one["registry"] == name), {})


def _cluster(integration: Result, name: str, access: Result) -> dict[str, Any]:
    credential = access.get("credential") or {}
    done = {key: len(access.get(key) or ()) for key in _DONE}
    return {
        "id": integration["cluster"]["id"],
        "name": integration["cluster"]["name"],
        "method": access.get("method") or integration.get("method") or ONE_CLICK,
        "added": name in integration["added"],
        "changed": name in (*integration["added"], *integration.get("removed", ())) or any(done.values()),
        **{key: access.get(key) for key in _FOUND},
        **done,
        **{key: credential.get(key) for key in _CREDENTIAL},
    }
