# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of the secrets that serve a registry, by method and by maker."""

from __future__ import annotations

import hashlib

from .methods import DIRECT, ONE_CLICK, OPERATOR

_LABEL_LENGTH = 63


def secret_name(method: str, registry: str) -> str:
    """The name of the pull secrets of a method; no two methods share a name.

    DigitalOcean's operator uses the name as a label, which is limited to 63 characters.
    """
    if method == ONE_CLICK:
        return registry
    name = f"docr-{method}-{registry}"
    if len(name) <= _LABEL_LENGTH:
        return name
    digest = hashlib.sha256(registry.encode()).hexdigest()[:8]
    return f"{name[: _LABEL_LENGTH - len(digest) - 1].rstrip('-')}-{digest}"


def doctl_name(registry: str) -> str:
    """The name of the secret that `doctl registry kubernetes-manifest` makes."""
    return f"registry-{registry}"


def secret_names(registry: str) -> tuple[str, ...]:
    """The names of all secrets that serve a registry; a Kubernetes role lists them in `resourceNames`."""
    return (*(secret_name(method, registry) for method in (DIRECT, OPERATOR, ONE_CLICK)), doctl_name(registry))
