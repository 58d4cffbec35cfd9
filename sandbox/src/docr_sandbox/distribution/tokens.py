# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokens of the image host: how a token is issued and checked, and the challenge that asks for a token."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from docr_sandbox.distribution.protocol import DistributionError
from docr_sandbox.model.collection import WRITE_TOKEN_S
from docr_sandbox.model.tokens import Bearer, Rate, RateWindow, Token
from docr_sandbox.world import World

TOKEN_PATH = "/v2/registry/auth"
# What an API token needs for each action.
SCOPES = {"pull": "registry:read", "push": "registry:update", "delete": "registry:delete"}
WRITE_ACTIONS = ("push", "delete")


def challenge(world: World, scope: str | None = None, *, is_short: bool = False) -> DistributionError:
    """The 401 that names the token endpoint and the scope; `is_short` when the token of the request allows less."""
    words = [f'Bearer realm="{world.addresses.api}{TOKEN_PATH}"', f'service="{world.addresses.image_host}"']
    words += [f'scope="{scope}"'] if scope else []
    words += ['error="insufficient_scope"'] if is_short else []
    return DistributionError("UNAUTHORIZED", "authentication required", {"WWW-Authenticate": ",".join(words)})


def issue(world: World, token: Token, scopes: Iterable[str]) -> Bearer:
    """A token for the image host with as much of these scopes as an API token allows now.

    An example of a scope is `repository:shop/web:pull,push`. An action that is not allowed is left out without an
    error, as in Docker's specification: the image host refuses the action later.
    """
    now = world.now()
    bearer = Bearer(secrets.token_urlsafe(48), token.team, now + WRITE_TOKEN_S, fingerprint=token.fingerprint)
    for scope in scopes:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        if kind != "repository" or not name:
            continue
        granted = _allowed(world, token, name.partition("/")[0], set(actions.split(",")))
        bearer.grants[name] = sorted({*bearer.grants.get(name, ()), *granted})
        registry = world.account.registries.get(name.partition("/")[0])
        if registry is not None and "push" in granted:
            registry.last_push = now
    for value in [value for value, one in world.tokens.bearers.items() if one.expires_at <= now]:
        del world.tokens.bearers[value]
    world.tokens.bearers[bearer.value] = bearer
    return bearer


def _allowed(world: World, token: Token, registry_name: str, requested: set[str]) -> set[str]:
    if token.registry not in (None, registry_name) and not world.switches["credentials_open_others"]:
        return set()
    possible = set(SCOPES) if "*" in requested else requested & set(SCOPES)
    registry = world.account.registries.get(registry_name)
    if registry is not None and world.is_read_only(registry):
        possible -= set(WRITE_ACTIONS)
    return {action for action in possible if not token.lacks((SCOPES[action],))}


def count_request(world: World, header: str) -> Rate | None:
    """Count a request for the limits of the API token behind its token; None where no limit counts the request."""
    counts = world.switches["image_host_rate_limit"]
    if counts == "none":
        return None
    bearer = world.tokens.bearers.get(header.partition(" ")[2].strip())
    key = ("images/" if counts == "own" else "") + (bearer.fingerprint if bearer is not None else "")
    window = world.traffic.rates.setdefault(key, RateWindow())
    return window.count(world.now(), applies=bool(world.switches["rate_limit"]))


def authenticate(world: World, header: str) -> Bearer:
    """The valid token of a request; else the challenge."""
    scheme, _, value = header.partition(" ")
    bearer = world.tokens.bearers.get(value.strip()) if scheme.lower() == "bearer" else None
    if bearer is None or bearer.expires_at <= world.now():
        raise challenge(world)
    return bearer


def authorize(world: World, header: str, name: str, action: str) -> Bearer:
    """The token of a request when the token allows an action on a repository; else the challenge."""
    scope = f"repository:{name}:{'pull,push' if action == 'push' else action}"
    try:
        bearer = authenticate(world, header)
    except DistributionError:
        raise challenge(world, scope) from None
    registry = world.seen_by(bearer.team).account.registries.get(name.partition("/")[0])
    is_refused = world.switches["write_tokens_while_read_only"] == "refused"
    if registry is not None and action in WRITE_ACTIONS and is_refused and world.is_read_only(registry):
        raise challenge(world, scope, is_short=True)
    if not bearer.allows(name, action):
        raise challenge(world, scope, is_short=True)
    return bearer
