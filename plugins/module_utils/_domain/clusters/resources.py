# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resources of Kubernetes by their place in the API: group, version and plural name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ApiResource:
    """A kind of objects; the group of Kubernetes' own core is empty. `resource` is the plural name."""

    group: str
    version: str
    resource: str

    @property
    def name(self) -> str:
        """The name as kubectl and roles write the resource (`deployments.apps`)."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def path(self) -> str:
        """The path of the list of all objects in all namespaces."""
        root = f"/apis/{self.group}" if self.group else "/api"
        return f"{root}/{self.version}/{self.resource}"
