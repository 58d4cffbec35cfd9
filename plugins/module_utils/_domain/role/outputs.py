# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the results of the stages to the fact docr_outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..access.methods import ONE_CLICK
from ..gc.rules import COLLECTED, UNREFERENCED_BLOBS
from ..registry.model import IMAGE_HOST, Registry
from ..registry.steps import ChangeTier, CreateRegistry
from .former_outputs import NOT_RUN, ONLY_READ, with_former

Result = Mapping[str, Any]

UNREFERENCED_NOTE = (
    "Frees only blobs that no manifest names: what untagged images hold stays stored until they are deleted."
)

UNREAD = dict.fromkeys(ONLY_READ)

# The result of a stage of which nothing is known.
NO_STAGE: Result = {"registries": (), "subscription": None, "actions": (), "integrations": ()}

# The result of docr_doks_integration for a registry in a cluster: what was found, what was done, and the credential.
_FOUND = ("secret", "namespaces", "service_accounts", "duplicates")
_DONE = ("written", "deleted", "patched", "revoked", "recreated_pods")
_CREDENTIAL = ("fingerprint", "minted_at", "expires_at", "renew_at")

# Fields of a result of docr_gc that the outputs show unchanged.
_COLLECTION_FIELDS = ("reason", "next_window", "read_only_seconds", "is_overdue", "is_writable", "write_proof")


@dataclass(frozen=True)
class StageResults:
    """The manifests and the results of the role's stages.

    The result of a stage that was skipped or not reached is empty, and a failed stage has an incomplete result. `plan`
    is the result of docr_plan, and `gc_check` the check of docr_gc before the other stages. `gc_type` is the type of
    collections where a manifest has none, and `registry_host` the host of the images. `former` is the outputs of an
    earlier run, whose values count where this run read none. `login` is the result of the loop over docr_credentials.
    """

    manifests: Sequence[Result]
    plan: Result
    registry: Result
    garbage_collection: Result
    integration: Result
    gc_type: str
    registry_host: str = IMAGE_HOST
    gc_check: Result = field(default_factory=dict)
    login: Result = field(default_factory=dict)
    former: Mapping[str, Any] = field(default_factory=dict)

    @property
    def registry_stage(self) -> Result:
        """The result of the stage registry, or its plan, which says the same where the stage had nothing to do."""
        if "registries" in self.registry:
            return self.registry
        planned: Result = self.plan.get("registry", NO_STAGE)
        done = [one for one in self.registry.get("actions") or () if one in planned["actions"]]
        if len(done) == len(planned["actions"]):
            return planned
        created = [one["target"] for one in done if one["action"] == CreateRegistry.action]
        absent = {name for name in planned["create"] if name not in created}
        known = [one for one in planned["registries"] if one["name"] not in absent]
        return {"registries": known, "subscription": None, "actions": done}

    @property
    def integration_stage(self) -> Result:
        """The result of the stage doks_integration, or its plan where the stage had nothing to do."""
        if "integrations" in self.integration:
            return self.integration
        if isinstance(self.integration.get("last"), Sequence):
            return {"integrations": self.integration["last"]}
        planned: Result = self.plan.get("integration", NO_STAGE)
        return NO_STAGE if planned.get("actions") else planned

    @property
    def collections(self) -> Sequence[Result]:
        """The result of the stage gc by registry; where a collection failed, the last known state."""
        result = self.garbage_collection
        found: Sequence[Result] = result.get("garbage_collections") or result.get("last") or ()
        return found

    @property
    def host(self) -> str:
        """The image host as docr_gc has the host, else the image host of the variables."""
        return self.garbage_collection.get("registry_host") or self.registry_host


def shape_outputs(results: StageResults) -> dict[str, dict[str, Any]]:
    """The outputs by registry name, without secrets; what no stage read is None."""
    # The result of the stage is empty only where the stage is off or was not reached.
    has_clusters = bool(results.integration) and results.integration_stage is not NO_STAGE
    return {
        one["name"]: with_former(
            _output(results, one),
            results.former.get(one["name"]),
            has_clusters=has_clusters,
            has_logins=bool(results.login),
        )
        for one in results.manifests
    }


def _output(results: StageResults, manifest: Result) -> dict[str, Any]:
    name = manifest["name"]
    stage = results.registry_stage
    found = next((one for one in stage["registries"] if one["name"] == name), None)
    # The tier is the team's, so a change of it happens to every registry.
    actions = [one for one in stage["actions"] if one["target"] == name or one["action"] == ChangeTier.action]
    collection = _collection(results, manifest)
    clusters = _clusters(results, name)
    is_changed = bool(actions) or collection["decision"] == COLLECTED or any(one["changed"] for one in clusters)
    return {
        "registry_name": name,
        **(found or Registry(name, "").shape(results.host) | UNREAD),
        "subscription_tier": (stage["subscription"] or {}).get("tier", {}).get("slug"),
        "changed": is_changed,
        "actions": actions,
        "garbage_collection": collection,
        "clusters": clusters,
        **_login(results, name),
    }


def _login(results: StageResults, name: str) -> dict[str, Any]:
    """The file and the expiry of a registry's login, by Planton's name; the login itself is in the file alone."""
    found = [one.get("credentials") or {} for one in results.login.get("results") or () if isinstance(one, Mapping)]
    login: Result = next((one for one in found if one.get("registry") == name), {})
    return {"docker_config_path": login.get("path"), "credential_expiration_time": login.get("expires_at")}


def _collection(results: StageResults, manifest: Result) -> dict[str, Any]:
    is_enabled = manifest["garbage_collection_enabled"]
    type_ = manifest["garbage_collection"].get("type", results.gc_type) if is_enabled else None
    result: Result = next((one for one in results.collections if one["registry"] == manifest["name"]), {})
    return {
        "enabled": is_enabled,
        "type": type_,
        "decision": result.get("decision", NOT_RUN),
        "last": result.get("garbage_collection") or result.get("last"),
        **{key: result.get(key) for key in _COLLECTION_FIELDS},
        "note": UNREFERENCED_NOTE if type_ == UNREFERENCED_BLOBS else None,
    }


def _clusters(results: StageResults, name: str) -> list[dict[str, Any]]:
    return [
        _cluster(one, name, _pull_access(one, name))
        for one in results.integration_stage["integrations"]
        if name in (one["registries"] or ()) or _pull_access(one, name)
    ]


def _pull_access(integration: Result, name: str) -> Result:
    """What was found and done in a cluster for a registry; empty where no module looked into the cluster."""
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
