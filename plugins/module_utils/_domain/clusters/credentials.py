# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials of a DOKS cluster as DigitalOcean mints them (digitalocean-api.md 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ClusterCredentials:
    """Address, CA (PEM in base64), and a token; old clusters have a client certificate with its key instead."""

    server: str
    ca_data: str
    token: str | None = field(default=None, repr=False)
    certificate_data: str | None = None
    key_data: str | None = field(default=None, repr=False)

    def kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig with only these credentials."""
        user = {
            "token": self.token,
            "client-certificate-data": self.certificate_data,
            "client-key-data": self.key_data,
        }
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "doks", "cluster": {"server": self.server, "certificate-authority-data": self.ca_data}}
            ],
            "users": [{"name": "doks", "user": {key: value for key, value in user.items() if value}}],
            "contexts": [{"name": "doks", "context": {"cluster": "doks", "user": "doks"}}],
            "current-context": "doks",
        }


def parse_cluster_credentials(raw: Mapping[str, Any]) -> ClusterCredentials:
    """The answer of `GET .../credentials`; raises KeyError for an answer without an address or a CA."""
    return ClusterCredentials(
        server=str(raw["server"]),
        ca_data=str(raw["certificate_authority_data"]),
        token=raw.get("token") or None,
        certificate_data=raw.get("client_certificate_data") or None,
        key_data=raw.get("client_key_data") or None,
    )
