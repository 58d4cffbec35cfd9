# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open questions about the real service, each as a switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.model.collection import BOTH, UNREFERENCED


@dataclass(frozen=True)
class Switch:
    """An open question, and the possible answers of the sandbox; the first value is the default."""

    question: str
    values: tuple[Any, ...]


SWITCHES: Mapping[str, Switch] = {
    "gc_active_none": Switch("Read of the active collection when none is: 404, {} or null", ("404", "empty", "null")),
    "gc_active_after_end": Switch("Read of the active collection right after its end", ("404", "finished")),
    "gc_second_start": Switch("Start while one is active: its status", (409, 412, 422)),
    "gc_list_order": Switch("Order of the list of collections", ("newest_first", "oldest_first")),
    "gc_list_active": Switch("Whether the list of collections holds the active one", (True, False)),
    "gc_list_paging": Switch("Whether the list of collections has links and meta", (True, False)),
    "gc_type_shown": Switch("Whether a collection shows its type", (False, True)),
    "gc_cancel_answer": Switch("Answer to a cancel: the collection or an empty object", ("collection", "empty")),
    "gc_default_type": Switch("Start without a type: what it collects", (UNREFERENCED, BOTH)),
    "gc_succeeded_word": Switch("Last status of a good collection", ("succeeded", "success", "completed")),
    "gc_updated_at": Switch("What moves a running collection's updated_at", ("time", "status_change")),
    "gc_late_cancel": Switch("Cancel while it deletes already", ("cancelled", "ignored")),
    "gc_second_cancel": Switch("Cancel of one that is being cancelled: its status", (200, 409)),
    "gc_untagged_spares_children": Switch(
        "Whether a collection of untagged manifests spares those that a tagged index names, or these and referrers",
        (False, True, "referrers"),
    ),
    "gc_cancel_ended": Switch("Cancel of a collection that is not active: its status", (404, 409)),
    "create_other_tier": Switch("Create with another tier than the team's", ("changed", "ignored", "refused")),
    "create_without_tier": Switch("Create without a tier and without a subscription: its status", (422, 412)),
    "create_second_on_small_tier": Switch("Create beyond the tier's registries: its status", (412, 422)),
    "create_taken_name": Switch("Create on a taken name: its status", (409, 422)),
    "create_bad_value": Switch("Create with a bad name, region or tier: its status", (422, 400)),
    "delete_last_subscription": Switch("Subscription after the last registry's deletion", ("stays", "ends")),
    "deleted_name": Switch("A deleted registry's name", ("free", "taken")),
    "registries_none": Switch("List of registries when there are none", ("empty", "null", "missing", "404")),
    "subscription_none": Switch("Read of the subscription before the first registry: its status", (404, 412)),
    "registry_subscription": Switch("Whether listed registries carry the subscription", (False, True)),
    "unknown_keys": Switch("Whether objects carry keys that no description has", (False, True)),
    "reserved_names": Switch(
        "options, subscription, validate-name as names: refused or taken as free", ("422", "free")
    ),
    "validate_malformed_name": Switch("validate-name of a malformed name: its status", (422, 400)),
    "credentials_key": Switch("Key of docker credentials on the plural path", ("host", "host_and_registry")),
    "credentials_open_others": Switch("Whether a registry's credentials open the team's others", (False, True)),
    "credentials_max_expiry": Switch("expiry_seconds beyond the most: its status", (422, 400)),
    "per_page_range": Switch("per_page out of range, except on repositoriesV2", ("clamp", "refuse")),
    "read_only_lingers_seconds": Switch("Seconds of read-only after a collection's end", (0, 90, 86_400)),
    "write_tokens_while_read_only": Switch(
        "Image host: tokens for writing that were given out before a collection", ("refused", "work")
    ),
    "image_host_delete": Switch("Image host: whether manifests, tags and blobs can be deleted there", (False, True)),
    "image_host_referrers": Switch("Image host: whether it has the referrers API", (False, True)),
    "image_host_index_blobs": Switch("Image host: whether an index may name blobs, as BuildKit's cache", (False, True)),
    "image_host_sparse_index": Switch("Image host: whether an index may name absent manifests", (False, True)),
    "image_host_digest_tags": Switch("Image host: whether the tag sha256-<hex> is read as the digest", (False, True)),
    "image_host_rate_limit": Switch(
        "Image host: whether requests count for no limit, for the API's, or for a limit of their own",
        ("none", "api", "own"),
    ),
    "delete_child_of_index": Switch("Delete of a digest that an index names: its status", (204, 409)),
    "delete_tagged_digest": Switch("Delete of a digest that has tags: its status", (204, 409)),
    "delete_last_tag": Switch("Delete of a digest's last tag: what becomes of the manifest", ("stays", "deleted")),
    "tag_updated_at": Switch("Whose time a tag's updated_at is", ("manifest", "tag")),
    "retag_updates_manifest": Switch("Whether one more tag moves a manifest's updated_at", (False, True)),
    "delete_while_read_only": Switch("Deletes of images while read-only: their status, 0 for allowed", (409, 412, 0)),
    "delete_registry_during_gc": Switch("Delete of a registry with an active collection: its status", (204, 409)),
    "delete_integrated_registry": Switch("Delete of an integrated registry: its status", (204, 409)),
    "cluster_keeps_deleted_registry": Switch("Whether a cluster still lists a deleted registry", (True, False)),
    "plural_remove": Switch("DELETE /v2/kubernetes/registries: its status", (204, 404, 405)),
    "integration_repeated": Switch("Adding twice, removing what is not there: its status", (204, 409)),
    "singular_with_several": Switch("Singular integration with several registries: its status", (412, 422, 204)),
    "cluster_registries_null": Switch("registries null although registry_enabled is true", (False, True)),
    "doks_operator": Switch("Whether DigitalOcean's operator works in clusters", ("runs", "stopped")),
    "operator_copy_name": Switch(
        "What copies are called where a secret's name is not its annotation's value", ("secret", "annotation")
    ),
    "operator_restores_copies": Switch("Whether the operator undoes edits and deletions of its copies", (True, False)),
    "operator_deletes_copies": Switch("Whether the operator deletes copies whose source is gone", (True, False)),
    "sso_credentials": Switch("Credentials of a cluster with sso.required: their status", (403, 401)),
    "rate_limit": Switch("Whether the rate limits apply", (True, False)),
    "storage_lag_seconds": Switch("Seconds until usage follows a change", (60, 0, 3600)),
}


@dataclass
class Switches:
    """The switches that differ from their defaults."""

    changed: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.changed.get(name, SWITCHES[name].values[0])

    def set(self, name: str, value: Any) -> None:
        """Set a switch; raises ValueError for an unknown switch or value."""
        if name not in SWITCHES:
            raise ValueError(f"switch {name!r} is unknown")
        if value not in SWITCHES[name].values:
            raise ValueError(f"{name} must be one of {list(SWITCHES[name].values)}, not {value!r}")
        self.changed[name] = value
