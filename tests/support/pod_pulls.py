# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pod would come to that is made at this moment."""

from __future__ import annotations

import requests

from support.control_plane import Cluster, token_in


def can_pull(cluster: Cluster, namespace: str) -> bool:
    """Whether a pod that is made now would get a secret whose token is good."""
    for name in cluster.pull_secrets(namespace):
        status, secret = cluster.plane.request("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        if status != 200:
            continue
        token = token_in(secret)
        bought = requests.get(
            f"{cluster.sandbox.url}/v2/registry/auth",
            params={"scope": "repository:kiwi/app:pull"},
            auth=(token, token),
            verify=cluster.sandbox.ca_file,
            timeout=10,
        )
        if bought.status_code == 200:
            return True
    return False
