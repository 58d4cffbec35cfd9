# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps of App Platform, as far as the images of their deployments go."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.clock import rfc3339

ACTIVE, SUPERSEDED = "ACTIVE", "SUPERSEDED"
PENDING = ("PENDING_BUILD",)
IN_PROGRESS = ("BUILDING", "PENDING_DEPLOY", "DEPLOYING")
PHASES = (ACTIVE, SUPERSEDED, *PENDING, *IN_PROGRESS, "ERROR", "CANCELED", "UNKNOWN")
TYPES = (
    "MANUAL",
    "DEPLOY_ON_PUSH",
    "MAINTENANCE",
    "MANUAL_ROLLBACK",
    "AUTO_ROLLBACK",
    "UPDATE_DATABASE_TRUSTED_SOURCES",
    "AUTOSCALED",
)
_KINDS = ("services", "workers", "jobs")
_TIER = "basic"


@dataclass
class AppDeployment:
    """A deployment: the app's specification at its time, which names the images; times in Unix seconds."""

    spec: dict[str, Any]
    created_at: float
    phase: str = ACTIVE
    type: str = TYPES[0]
    is_pinned: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def to_json(self) -> dict[str, Any]:
        """The deployment as the API shows it."""
        at = rfc3339(self.created_at)
        components = {kind: [{"name": one["name"]} for one in self.spec[kind]] for kind in _KINDS if kind in self.spec}
        return {
            "id": self.id,
            "spec": self.spec,
            **components,
            "phase": self.phase,
            "phase_last_updated_at": at,
            "created_at": at,
            "updated_at": at,
            "cause": self.type.lower().replace("_", " "),
            "tier_slug": _TIER,
        }


@dataclass
class App:
    """An app with its deployments, oldest first."""

    name: str
    region: str
    created_at: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    deployments: list[AppDeployment] = field(default_factory=list)

    def add(self, deployment: AppDeployment) -> None:
        """Add a deployment; an active one supersedes the one before, a pinned one ends the pin before."""
        for one in self.deployments:
            if deployment.phase == ACTIVE and one.phase == ACTIVE:
                one.phase = SUPERSEDED
            one.is_pinned = one.is_pinned and not deployment.is_pinned
        self.deployments.append(deployment)

    def find(self, deployment_id: str) -> AppDeployment | None:
        """A deployment by its ID."""
        return next((one for one in self.deployments if one.id == deployment_id), None)

    def to_json(self, owner: str) -> dict[str, Any]:
        """The app as the API shows it; a kind of deployment that the app has not is left out."""
        newest_first = self.deployments[::-1]
        roles = {
            "active_deployment": [one for one in newest_first if one.phase == ACTIVE],
            "in_progress_deployment": [one for one in newest_first if one.phase in IN_PROGRESS],
            "pending_deployment": [one for one in newest_first if one.phase in PENDING],
            "pinned_deployment": [one for one in newest_first if one.is_pinned],
        }
        host = f"{self.name}-sandbox.ondigitalocean.app"
        last = [rfc3339(one.created_at) for one in newest_first[:1]]
        return {
            "id": self.id,
            "owner_uuid": owner,
            "spec": newest_first[0].spec if newest_first else {"name": self.name, "region": self.region},
            "created_at": rfc3339(self.created_at),
            "updated_at": (last or [rfc3339(self.created_at)])[0],
            "default_ingress": f"https://{host}",
            "live_url": f"https://{host}",
            "live_url_base": f"https://{host}",
            "live_domain": host,
            "region": {"slug": self.region},
            "tier_slug": _TIER,
            **({"last_deployment_created_at": last[0]} if last else {}),
            **{role: found[0].to_json() for role, found in roles.items() if found},
        }
