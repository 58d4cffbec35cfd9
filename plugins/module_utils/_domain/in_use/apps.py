# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images that apps of App Platform use.

An app names a repository, and not which of the team's registries has the repository (digitalocean-api.md 4). So the app
protects the repository's name in every registry. The newest deployments can be rolled back to, and DigitalOcean does
not say how many; so every deployment that the API still lists counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..raw import required_text
from .reference import Reference

_KINDS = ("services", "workers", "jobs", "static_sites", "functions")
# Types of other registries; everything else may be DigitalOcean's.
_OTHER_REGISTRIES = frozenset({"DOCKER_HUB", "GHCR"})
_ROLES = ("active_deployment", "pinned_deployment", "in_progress_deployment", "pending_deployment")
_LATEST = "latest"


@dataclass(frozen=True)
class AppImages:
    """An app, or a deployment of an app, and the images of its components."""

    id: str
    name: str
    references: tuple[Reference, ...]


def parse_app(raw: Mapping[str, Any]) -> AppImages:
    """An app of `GET /v2/apps`, with the images of its specification and of the deployments that the app shows.

    Raises KeyError, TypeError, AttributeError or ValueError for an app that lacks what the API describes.
    """
    spec = raw["spec"]
    specs = [spec, *((raw.get(role) or {}).get("spec") or {} for role in _ROLES)]
    return AppImages(required_text(raw, "id"), required_text(spec, "name"), _of_specs(specs))


def parse_deployment(raw: Mapping[str, Any]) -> AppImages:
    """A deployment of `GET /v2/apps/{app}/deployments`; raises as `parse_app`."""
    return AppImages(required_text(raw, "id"), "", _of_specs([raw["spec"]]))


def _of_specs(specs: list[Mapping[str, Any]]) -> tuple[Reference, ...]:
    return tuple(dict.fromkeys(one for spec in specs for one in _of_spec(spec)))


def _of_spec(spec: Mapping[str, Any]) -> Iterator[Reference]:
    for kind in _KINDS:
        for component in spec.get(kind) or ():
            image = component.get("image")
            if image is not None and image.get("registry_type") not in _OTHER_REGISTRIES:
                repository = required_text(image, "repository").strip("/")
                digest = image.get("digest") or None
                tag = None if digest else image.get("tag") or _LATEST
                # Another registry of the team may have the image.
                yield Reference(repository, tag, digest, is_expected=False)
