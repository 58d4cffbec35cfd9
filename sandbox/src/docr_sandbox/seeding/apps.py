# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds the apps of a seed to an account."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from docr_sandbox.clock import parse_rfc3339
from docr_sandbox.model.account import Account
from docr_sandbox.model.apps import App, AppDeployment
from docr_sandbox.seeding.document import AppSeed


def add_app(account: Account, seed: AppSeed, now: float) -> None:
    """Add an app; an app that the account has already by this name gets the deployments."""
    known = next((one for one in account.apps.values() if one.name == seed.name), None)
    app = known or App(seed.name, seed.region, now, seed.id or str(uuid.uuid4()))
    account.apps[app.id] = app
    for one in seed.deployments:
        at = now if one.created_at is None else parse_rfc3339(one.created_at)
        spec = {"name": app.name, "region": app.region, **(one.spec or _spec(one.images))}
        app.add(AppDeployment(spec, at, one.phase, one.type, one.is_pinned, one.id or str(uuid.uuid4())))
    app.created_at = min([app.created_at, *(one.created_at for one in app.deployments)])


def _spec(images: Mapping[str, str]) -> dict[str, Any]:
    """Services by name, each with an image of the team's registry: `web:v1`, `web@sha256:...` or `web`."""
    return {"services": [{"name": name, "image": _source(reference)} for name, reference in images.items()]}


def _source(reference: str) -> dict[str, str]:
    repository, _, digest = reference.partition("@")
    if digest:
        return {"registry_type": "DOCR", "repository": repository, "digest": digest}
    repository, _, tag = reference.partition(":")
    return {"registry_type": "DOCR", "repository": repository} | ({"tag": tag} if tag else {})
