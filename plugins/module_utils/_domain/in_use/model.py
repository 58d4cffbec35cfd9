# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""References to images of a registry, and the sources that gave them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageUse:
    """A reference to an image of the registry.

    `where` says for people what refers to the image, such as "pod shop/web-0 in the cluster plum". `repository` is
    None where the reference has none: the digest may then be in any repository. `digest` is that of a manifest, an
    index or a configuration. With a digest the tag does not count.
    """

    where: str
    repository: str | None
    tag: str | None = None
    digest: str | None = None


@dataclass(frozen=True)
class UnreadSource:
    """A source of uses that could not be read. `source` is the name by which the user may excuse the source."""

    source: str
    error: str


@dataclass(frozen=True)
class ImageUses:
    """What is in use. `is_stated` says whether the user named a source, or stated that there is none."""

    uses: tuple[ImageUse, ...] = ()
    unread: tuple[UnreadSource, ...] = ()
    is_stated: bool = False
