# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control side below /_sandbox/: what tests and users do to the sandbox, beside the API."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cattrs

from docr_sandbox.api.http import ApiError, Call
from docr_sandbox.clock import parse_rfc3339, rfc3339_fine
from docr_sandbox.control_holds import HOLD_CONTROLS
from docr_sandbox.faults import Fault
from docr_sandbox.model.cluster import Cluster, ConnectedControlPlane
from docr_sandbox.seeding.document import SeedError
from docr_sandbox.seeding.fill import fill
from docr_sandbox.switches import SWITCHES

Control = Callable[[Call], Any]


def ready(_: Call) -> Any:
    """GET ready."""
    return {"ready": True}


def account(call: Call) -> Any:
    """GET account: everything that belongs to the team, without tokens."""
    shown = cattrs.unstructure(call.world.account)
    for cluster in shown["clusters"].values():
        integration, backing = cluster.pop("integration"), cluster.pop("backing")
        cluster |= {"registries": integration["registries"], "one_click": sorted(integration["tokens"])}
        cluster["control_plane"] = backing and backing["control_plane"]
    for registry in shown["registries"].values():
        blobs = registry.pop("blobs")
        registry |= {"blobs": blobs["sizes"], "links": blobs["links"], **registry.pop("usage")}
    for kind in ("registries", "clusters", "apps"):
        shown[kind] = list(shown[kind].values())
    shown["tier"] = call.world.account.subscription.tier if call.world.account.subscription else None
    shown["team"] = {"name": call.world.account.team.name, "uuid": call.world.account.team.uuid}
    return shown


def requests(call: Call) -> Any:
    """GET requests."""
    return {"requests": list(call.world.traffic.requests)}


def forget_requests(call: Call) -> Any:
    """DELETE requests."""
    call.world.traffic.requests.clear()
    return {}


def clock(call: Call) -> Any:
    """GET clock."""
    return {"now": rfc3339_fine(call.world.now()), "rate": call.world.clock.rate}


def set_clock(call: Call) -> Any:
    """PUT clock: `now`, `rate`, or both."""
    body = call.body()
    if "rate" in body:
        call.world.clock.set_rate(_number(body, "rate"))
    if "now" in body:
        try:
            call.world.set_clock(parse_rfc3339(str(body["now"])))
        except ValueError as error:
            raise ApiError(422, str(error)) from error
    return clock(call)


def advance_clock(call: Call) -> Any:
    """POST clock/advance by `seconds`."""
    call.world.clock.advance(_number(call.body(), "seconds"))
    return clock(call)


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ApiError(422, f"{name} must be a number of 0 or more")
    return float(value)


def faults(call: Call) -> Any:
    """GET faults."""
    return {"faults": call.world.traffic.faults.to_json()}


def add_fault(call: Call) -> Any:
    """POST faults: the fields of a Fault."""
    body = call.body()
    unknown = sorted(set(body) - set(Fault.__dataclass_fields__))
    if unknown:
        raise ApiError(422, f"a fault has no field {', '.join(unknown)}")
    try:
        fault = cattrs.structure(body, Fault)
    except cattrs.BaseValidationError as error:
        raise ApiError(422, "; ".join(cattrs.transform_error(error, "fault"))) from error
    try:
        call.world.traffic.faults.arm(fault)
    except ValueError as error:
        raise ApiError(422, str(error)) from error
    return faults(call)


def clear_faults(call: Call) -> Any:
    """DELETE faults."""
    call.world.traffic.faults.clear()
    return {}


def switches(call: Call) -> Any:
    """GET switches: each switch with its question, its value and its possible values."""
    return {
        name: {"question": one.question, "value": call.world.switches[name], "values": list(one.values)}
        for name, one in SWITCHES.items()
    }


def set_switch(call: Call) -> Any:
    """PUT switches/{name}: `value`."""
    try:
        call.world.switches.set(call.parameters["name"], call.body().get("value"))
    except ValueError as error:
        raise ApiError(422, str(error)) from error
    return switches(call)[call.parameters["name"]]


def tokens(call: Call) -> Any:
    """GET tokens, by fingerprint."""
    return {
        "tokens": [
            {
                "fingerprint": one.fingerprint,
                "scopes": one.scopes,
                "team": one.team,
                "registry": one.registry,
                "cluster": one.cluster,
                "expires_at": None if one.expires_at is None else rfc3339_fine(one.expires_at),
                "is_valid": one.is_valid(call.world.now()),
            }
            for one in call.world.tokens.api.values()
        ]
    }


def add_token(call: Call) -> Any:
    """POST tokens: `scopes`, `expires_in` seconds, `team` by name. Only this answer shows the token."""
    body = call.body()
    scopes = body.get("scopes", ["*"])
    team = body.get("team")
    if not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
        raise ApiError(422, "scopes must be a list of strings")
    if team is not None:
        call.world.seen_by(str(team))
    expires_at = call.world.now() + _number(body, "expires_in") if "expires_in" in body else None
    return {"token": call.world.tokens.mint(scopes=scopes, team=team, expires_at=expires_at).value}


def add_names(call: Call) -> Any:
    """POST names: registries of other customers."""
    names = call.body().get("names")
    if not isinstance(names, list):
        raise ApiError(422, "names must be a list")
    call.world.accounts.foreign_names.update(str(name) for name in names)
    return {"names": sorted(call.world.accounts.foreign_names)}


def seed(call: Call) -> Any:
    """POST seed."""
    try:
        fill(call.world, call.body())
    except SeedError as error:
        raise SeedRefused(error.errors) from error
    return account(call)


class SeedRefused(ApiError):
    """A seed's document that cannot be used, with all its errors."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(422, "; ".join(errors))
        self.errors = errors


def hold_collection(call: Call) -> Any:
    """PUT collections/{registry}: keep the active collection in `status` (null ends the hold), or make it fail."""
    registry = call.world.account.registries.get(call.parameters["registry"])
    active = registry.active if registry else None
    if active is None:
        raise ApiError(404, "the registry has no active garbage collection")
    body = call.body()
    if "status" in body:
        active.hold(body["status"], call.world.now())
    active.fails = bool(body.get("fails", active.fails))
    return cattrs.unstructure(active)


def record_push(call: Call) -> Any:
    """POST pushes: record that a push token for `registry` was given out just now."""
    registry = call.world.account.registries.get(str(call.body().get("registry")))
    if registry is None:
        raise ApiError(404, "registry not found")
    registry.last_push = call.world.now()
    return {}


def connect_control_plane(call: Call) -> Any:
    """PUT control-planes/{name}: `server`, `ca` and `token` of a real control plane, which a seed can then name.

    With a `front` (`server` and `ca`) clients use the front, and only the operator uses the server itself.
    """
    try:
        plane = cattrs.structure(call.body(), ConnectedControlPlane)
    except cattrs.BaseValidationError as error:
        raise ApiError(422, "; ".join(cattrs.transform_error(error, "control_plane"))) from error
    call.world.kubernetes.control_planes[call.parameters["name"]] = plane
    return {"control_planes": sorted(call.world.kubernetes.control_planes)}


def review_token(call: Call) -> Any:
    """POST control-planes/{name}/token-reviews: the TokenReview of an API server for a token that it does not know."""
    spec = call.body().get("spec")
    token = call.world.tokens.api.get(str(spec.get("token")) if isinstance(spec, dict) else "")
    cluster = call.world.accounts.find_cluster(token.cluster) if token and token.cluster else None
    is_good = token is not None and cluster is not None and _control_plane(cluster) == call.parameters["name"]
    status: dict[str, Any] = {"authenticated": False}
    if token is not None and is_good and token.is_valid(call.world.now()):
        # DOKS gives the user of these credentials all rights.
        user = {"username": f"digitalocean:{token.fingerprint}", "groups": ["system:masters"]}
        status = {"authenticated": True, "user": user}
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}


def _control_plane(cluster: Cluster) -> str | None:
    return cluster.backing.control_plane if cluster.backing else None


def reset(call: Call) -> Any:
    """POST reset."""
    call.world.reset()
    return {}


CONTROLS: tuple[tuple[str, str, Control], ...] = (
    ("GET", "ready", ready),
    ("GET", "account", account),
    ("GET", "requests", requests),
    ("DELETE", "requests", forget_requests),
    ("GET", "clock", clock),
    ("PUT", "clock", set_clock),
    ("POST", "clock/advance", advance_clock),
    ("GET", "faults", faults),
    ("POST", "faults", add_fault),
    ("DELETE", "faults", clear_faults),
    *HOLD_CONTROLS,
    ("GET", "switches", switches),
    ("PUT", "switches/{name}", set_switch),
    ("GET", "tokens", tokens),
    ("POST", "tokens", add_token),
    ("POST", "names", add_names),
    ("POST", "seed", seed),
    ("PUT", "collections/{registry}", hold_collection),
    ("POST", "pushes", record_push),
    ("PUT", "control-planes/{name}", connect_control_plane),
    ("POST", "control-planes/{name}/token-reviews", review_token),
    ("POST", "reset", reset),
)
