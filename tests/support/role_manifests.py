# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests for tests of the role: as a user writes them, and as the module docr_manifests returns them."""

from __future__ import annotations

from typing import Any

from playing import MANIFEST


def written(name: str, **spec: Any) -> dict[str, Any]:
    """A manifest as a user writes it, with these fields of its spec."""
    return {**MANIFEST, "metadata": {"name": f"res-{name}"}, "spec": {"name": name, **spec}}


def manifest(name: str, *, collects: bool = False, **gc: Any) -> dict[str, Any]:
    """A manifest as docr_manifests returns it, with these options of garbage collection."""
    return {
        "name": name,
        "region": "syd1",
        "subscription_tier": "starter",
        "garbage_collection_enabled": collects,
        "garbage_collection": gc,
        "doks_integration": {},
        "origin": f"m.yaml document 3 ({name})",
        "metadata": {"name": f"res-{name}"},
    }


def pulled(name: str, **access: Any) -> dict[str, Any]:
    """A manifest as docr_manifests returns it, with these options of cluster access."""
    return manifest(name) | {"doks_integration": access}
