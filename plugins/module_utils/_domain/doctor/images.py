# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of images in registries of DigitalOcean."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from ..registry.name import is_repository_name


@dataclass(frozen=True, slots=True)
class Image:
    """An image by its place; without a `repository` its name is none. `has_host`: the host was not left out."""

    registry: str
    repository: str
    reference: str
    has_host: bool = True

    @property
    def is_possible(self) -> bool:
        """Whether an image can have this name: no image host has a repository with capital letters."""
        return is_repository_name(self.repository)

    @property
    def is_whole(self) -> bool:
        """Whether there can be such an image."""
        return self.has_host and self.is_possible

    def __str__(self) -> str:
        mark = "@" if self.reference.startswith("sha256:") else ":"
        return f"{self.registry}/{self.repository}{mark}{self.reference}"


def read_image(name: str, host: str, registries: Container[str]) -> Image | None:
    """The image that a container names, if it lies on the image host; None for one of elsewhere.

    One that names a registry of the team and no host is looked for at Docker Hub, and meant for here.
    """
    has_host = name.startswith(f"{host}/")
    path = name.removeprefix(f"{host}/")
    registry, _slash, rest = path.partition("/")
    if not has_host and (registry not in registries or not rest):
        return None
    repository, _at, digest = rest.partition("@")
    head, colon, tag = repository.rpartition(":")
    if colon and "/" not in tag:
        repository = head
    else:
        tag = "latest"
    return Image(registry, repository, digest or tag, has_host)


def is_misspelled(name: str, host: str) -> bool:
    """Whether an image's name means the image host and is not written as one: with a scheme, blanks or capitals."""
    return re.sub(r"^https?://", "", name.strip().casefold()).startswith(f"{host.casefold()}/")
