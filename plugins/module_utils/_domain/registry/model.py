# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries and repositories as DigitalOcean reports them, and the shape in which users see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..raw import required_text

# One image host for all registries of all accounts (digitalocean-api.md, head), where no option names another.
IMAGE_HOST = "registry.digitalocean.com"


@dataclass(frozen=True)
class Registry:
    """A registry; `created_at` is None for a registry to be created, `is_read_only` where the API does not say.

    `region` is empty for a registry to be created in the region that DigitalOcean chooses.
    """

    name: str
    region: str
    created_at: str | None = None
    storage_usage_bytes: int = 0
    storage_usage_bytes_updated_at: str | None = None
    is_read_only: bool | None = None

    def shape(self, host: str) -> dict[str, Any]:
        """The registry as modules, info modules and the role return it; `host` is the image host."""
        return {
            "name": self.name,
            "region": self.region or None,
            "endpoint": f"{host}/{self.name}",
            "server_url": host,
            "created_at": self.created_at,
            "storage_usage_bytes": self.storage_usage_bytes,
            "storage_usage_bytes_updated_at": self.storage_usage_bytes_updated_at,
        }


@dataclass(frozen=True)
class Repository:
    """A repository, its size, and the time of its newest manifest (empty where the API does not say)."""

    name: str
    tag_count: int
    manifest_count: int
    pushed_at: str = ""


@dataclass(frozen=True)
class Team:
    """The team that a token belongs to; both parts are None outside a team."""

    uuid: str | None
    name: str | None

    def is_called(self, name_or_uuid: str) -> bool:
        """Whether the user means this team. UUIDs compare without regard to case, names exactly."""
        return name_or_uuid == self.name or (self.uuid is not None and name_or_uuid.lower() == self.uuid.lower())


def parse_registry(raw: Mapping[str, Any]) -> Registry:
    """A registry of any answer; unknown keys are ignored, and storage without a figure counts as none."""
    return Registry(
        name=required_text(raw, "name"),
        region=str(raw.get("region", "")),
        created_at=raw.get("created_at"),
        storage_usage_bytes=int(raw.get("storage_usage_bytes") or 0),
        storage_usage_bytes_updated_at=raw.get("storage_usage_bytes_updated_at"),
        is_read_only=raw["read_only"] if isinstance(raw.get("read_only"), bool) else None,
    )


def parse_repository(raw: Mapping[str, Any]) -> Repository:
    """A repository of `repositoriesV2`."""
    return Repository(
        required_text(raw, "name"),
        int(raw.get("tag_count") or 0),
        int(raw.get("manifest_count") or 0),
        str((raw.get("latest_manifest") or {}).get("updated_at") or ""),
    )


def parse_team(account: Mapping[str, Any]) -> Team:
    """The team of `GET /v2/account`."""
    team = account.get("team") or {}
    return Team(uuid=team.get("uuid"), name=team.get("name"))
