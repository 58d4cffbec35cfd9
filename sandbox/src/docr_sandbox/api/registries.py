# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries, the subscription, options, names and docker credentials, on the plural and the deprecated paths."""

from __future__ import annotations

from typing import Any

from docr_sandbox.api.http import Answer, ApiError, Call, Route, text, whole_number
from docr_sandbox.clock import rfc3339
from docr_sandbox.model.registry import NAME, Registry
from docr_sandbox.model.tiers import REGIONS, TIERS
from docr_sandbox.model.tokens import docker_config

RESERVED = ("options", "subscription", "validate-name")
SEVERAL = (
    "There are several registries in this account, so use /v2/registries/{registry_name} instead, see "
    "https://docs.digitalocean.com/reference/api."
)
MOST_EXPIRY_S = 1_576_800_000


def find(call: Call, *, deletes: bool = False) -> Registry:
    """The registry of the path; 404 when the account has no such registry, or the token is limited to another."""
    name = call.parameters["registry_name"]
    registry = call.world.account.registries.get(name)
    limited = call.token.registry if call.token else None
    closed = limited not in (None, name) and not call.world.switches["credentials_open_others"]
    if registry is None or closed:
        raise ApiError(404, "registry not found")
    status = call.world.switches["delete_while_read_only"]
    if deletes and status and call.world.is_read_only(registry):
        raise ApiError(status, "registry is read-only while a garbage collection is active")
    return registry


def list_registries(call: Call) -> Answer:
    """GET /v2/registries."""
    registries = list(call.world.account.registries.values())
    if not registries:
        none = call.world.switches["registries_none"]
        if none == "404":
            raise ApiError(404, "registry not found")
        return Answer(200, {} if none == "missing" else {"registries": None if none == "null" else []})
    shown = [
        _shown(call, one, with_subscription=bool(call.world.switches["registry_subscription"])) for one in registries
    ]
    total = {"total_storage_usage_bytes": sum(one.usage.counted_bytes for one in registries)}
    return Answer(200, {"registries": shown} | (total if call.world.switches["unknown_keys"] else {}))


def _shown(call: Call, registry: Registry, *, with_subscription: bool = False) -> dict[str, Any]:
    shown = registry.to_json()
    if with_subscription:
        shown["subscription"] = _subscription(call)
    if call.world.switches["unknown_keys"]:
        shown |= {"read_only": call.world.is_read_only(registry), "type": "multi"}
    return shown


def create(call: Call) -> Answer:
    """POST /v2/registries."""
    return Answer(201, {"registry": _shown(call, _create(call, tier_required=False))})


def create_singular(call: Call) -> Answer:
    """POST /v2/registry."""
    return Answer(201, {"registry": _shown(call, _create(call, tier_required=True), with_subscription=True)})


def _create(call: Call, *, tier_required: bool) -> Registry:
    body = call.body()
    world, switches = call.world, call.world.switches
    name = text(body, "name", required=True) or ""
    tier = text(body, "subscription_tier_slug", required=tier_required)
    region = text(body, "region")
    if not _is_name(call, name) or tier not in (None, *TIERS) or region not in (None, *REGIONS):
        raise ApiError(switches["create_bad_value"], "name, region or subscription tier is not valid")
    if world.accounts.is_taken(name):
        raise ApiError(switches["create_taken_name"], "name already exists")
    current = world.account.tier
    if current is None and tier is None:
        raise ApiError(switches["create_without_tier"], "subscription tier is required")
    if current is not None and tier not in (None, current.slug) and switches["create_other_tier"] == "refused":
        raise ApiError(412, "registry has another subscription tier")
    changes = current is None or switches["create_other_tier"] == "changed"
    new_tier = TIERS[tier] if tier is not None and changes else current
    assert new_tier is not None  # see the two checks above
    reasons = world.account.reasons_against(new_tier, more_registries=1)
    if reasons:
        raise ApiError(switches["create_second_on_small_tier"], _not_eligible(reasons))
    if current is None or new_tier.slug != current.slug:
        world.account.set_tier(new_tier.slug, world.now())
    registry = Registry(name, region or REGIONS[0], world.now())
    world.account.registries[name] = registry
    return registry


def _is_name(call: Call, name: str) -> bool:
    if name in RESERVED and call.world.switches["reserved_names"] != "free":
        return False
    return NAME.fullmatch(name) is not None


def _not_eligible(reasons: list[str]) -> str:
    return f"registry is not eligible for tier because: [{' '.join(reasons)}]"


def get(call: Call) -> Answer:
    """GET /v2/registries/{registry_name}."""
    return Answer(200, {"registry": _shown(call, find(call))})


def get_singular(call: Call) -> Answer:
    """GET /v2/registry."""
    return Answer(200, {"registry": _shown(call, _only(call), with_subscription=True)})


def _only(call: Call) -> Registry:
    registries = list(call.world.account.registries.values())
    if not registries:
        raise ApiError(404, "registry not found")
    if len(registries) > 1:
        raise ApiError(412, SEVERAL)
    return registries[0]


def delete(call: Call) -> Answer:
    """DELETE /v2/registries/{registry_name}."""
    _delete(call, find(call))
    return Answer(204)


def delete_singular(call: Call) -> Answer:
    """DELETE /v2/registry: the only registry."""
    _delete(call, _only(call))
    return Answer(204)


def _delete(call: Call, registry: Registry) -> None:
    world, switches = call.world, call.world.switches
    listing = [one for one in world.account.clusters.values() if registry.name in one.integration.registries]
    if registry.active is not None and switches["delete_registry_during_gc"] != 204:
        raise ApiError(switches["delete_registry_during_gc"], "a garbage collection is active")
    if listing and switches["delete_integrated_registry"] != 204:
        raise ApiError(switches["delete_integrated_registry"], "registry is integrated with a Kubernetes cluster")
    del world.account.registries[registry.name]
    if not switches["cluster_keeps_deleted_registry"]:
        for cluster in listing:
            cluster.integration.registries.remove(registry.name)
    if switches["deleted_name"] == "taken":
        world.accounts.foreign_names.add(registry.name)
    if not world.account.registries and switches["delete_last_subscription"] == "ends":
        world.account.subscription = None


def get_options(call: Call) -> Answer:
    """GET .../options."""
    tiers = []
    for tier in TIERS.values():
        reasons = call.world.account.reasons_against(tier)
        shown = tier.to_json() | {"eligible": not reasons}
        tiers.append(shown | ({"eligibility_reasons": reasons} if reasons else {}))
    return Answer(200, {"options": {"available_regions": list(REGIONS), "subscription_tiers": tiers}})


def _subscription(call: Call) -> dict[str, Any] | None:
    subscription = call.world.account.subscription
    if subscription is None:
        return None
    return {
        "tier": TIERS[subscription.tier].to_json(),
        "created_at": rfc3339(subscription.created_at),
        "updated_at": rfc3339(subscription.updated_at),
    }


def get_subscription(call: Call) -> Answer:
    """GET .../subscription."""
    shown = _subscription(call)
    if shown is None:
        raise ApiError(call.world.switches["subscription_none"], "subscription not found")
    return Answer(200, {"subscription": shown})


def update_subscription(call: Call) -> Answer:
    """POST .../subscription."""
    slug = text(call.body(), "tier_slug", required=True)
    if slug not in TIERS:
        raise ApiError(422, "tier_slug is not a subscription tier")
    if call.world.account.subscription is None:
        raise ApiError(404, "subscription not found")
    reasons = call.world.account.reasons_against(TIERS[slug])
    if reasons:
        raise ApiError(412, _not_eligible(reasons))
    call.world.account.set_tier(slug, call.world.now())
    return Answer(200, {"subscription": _subscription(call)})


def validate_name(call: Call) -> Answer:
    """POST .../validate-name."""
    name = text(call.body(), "name", required=True) or ""
    if not _is_name(call, name):
        raise ApiError(call.world.switches["validate_malformed_name"], "name is not valid")
    if call.world.accounts.is_taken(name):
        raise ApiError(409, "registry name already exists")
    return Answer(204)


def docker_credentials(call: Call) -> Answer:
    """GET .../docker-credentials: each call mints a token."""
    registry = find(call) if "registry_name" in call.parameters else _only(call)
    values = call.query("expiry_seconds", "read_write")
    expiry = whole_number(values, "expiry_seconds", 0)
    if not 0 <= expiry <= MOST_EXPIRY_S:
        raise ApiError(call.world.switches["credentials_max_expiry"], f"expiry_seconds must be 0 to {MOST_EXPIRY_S}")
    read_write = values.get("read_write", "false")
    if read_write not in ("true", "false", "1", "0"):
        raise ApiError(400, "read_write must be true or false")
    scopes = ["registry:read", "account:read"] + (["registry:update"] if read_write in ("true", "1") else [])
    token = call.world.tokens.mint(
        scopes=scopes,
        expires_at=call.world.now() + expiry if expiry else None,
        registry=registry.name,
    )
    host_and_registry = call.world.switches["credentials_key"] == "host_and_registry" and call.parameters
    host = call.world.addresses.image_host
    key = f"{host}/{registry.name}" if host_and_registry else host
    return Answer(200, docker_config(key, token.value))


_READ, _CREATE, _UPDATE, _DELETE = ("registry:read",), ("registry:create",), ("registry:update",), ("registry:delete",)
_BOTH = ("/v2/registries", "/v2/registry")

ROUTES = (
    *(Route("GET", f"{base}/options", _READ, get_options) for base in _BOTH),
    *(Route("GET", f"{base}/subscription", _READ, get_subscription) for base in _BOTH),
    *(Route("POST", f"{base}/subscription", _UPDATE, update_subscription) for base in _BOTH),
    *(Route("POST", f"{base}/validate-name", _CREATE, validate_name) for base in _BOTH),
    Route("GET", "/v2/registries", _READ, list_registries),
    Route("POST", "/v2/registries", _CREATE, create),
    Route("GET", "/v2/registries/{registry_name}", _READ, get),
    Route("DELETE", "/v2/registries/{registry_name}", _DELETE, delete),
    Route("GET", "/v2/registries/{registry_name}/docker-credentials", _READ + _UPDATE, docker_credentials),
    Route("GET", "/v2/registry", _READ, get_singular),
    Route("POST", "/v2/registry", _CREATE, create_singular),
    Route("DELETE", "/v2/registry", _DELETE, delete_singular),
    Route("GET", "/v2/registry/docker-credentials", _READ + _UPDATE, docker_credentials),
)
