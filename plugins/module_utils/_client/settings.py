# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client needs to know about where and how to connect."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._domain.registry.model import IMAGE_HOST
from .secret_texts import SecretTexts

DEFAULT_ENDPOINT = "https://api.digitalocean.com"
DEFAULT_REGISTRY_HOST = IMAGE_HOST
DEFAULT_REVOKE_URL = "https://cloud.digitalocean.com/v1/oauth/revoke"


@dataclass(frozen=True)
class Settings:
    """Connection settings; times are seconds. `ca_path` None means the system's and the environment's trust.

    The clients note in `secrets` what must not be shown. A client that is read-only may still mint its way into
    clusters if `may_enter_clusters`, to read in them.
    """

    token: str = field(repr=False)
    endpoint: str = DEFAULT_ENDPOINT
    registry_host: str = DEFAULT_REGISTRY_HOST
    revoke_url: str = DEFAULT_REVOKE_URL
    ca_path: str | None = None
    connect_timeout_s: int = 10
    read_timeout_s: int = 30
    rate_limit_wait_s: int = 120
    is_read_only: bool = False
    may_enter_clusters: bool = False
    user_agent: str = "planton.digitalocean"
    secrets: SecretTexts = field(default_factory=SecretTexts, repr=False, compare=False)
