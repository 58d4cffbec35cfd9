# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Complete answers that a second answer speaks against are read again."""

from __future__ import annotations

from ..._domain.registry.model import Registry, Repository
from ..ports.registries import ImageApi


def list_repositories(api: ImageApi, registry: Registry) -> tuple[Repository, ...]:
    """The repositories; an empty list is read again where the registry's storage says that there may be images."""
    found = api.list_repositories(registry.name)
    return api.list_repositories(registry.name) if not found and registry.storage_usage_bytes else found
