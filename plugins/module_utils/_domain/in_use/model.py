# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""References to images of a registry, and the sources that gave them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageUse:
    """A reference to an image of the registry.

    `where` says for people what refers to the image, such as "the pod shop/web-0 in the cluster plum". `repository` is
    None where the reference has none: the digest may then be in any repository. `digest` is that of a manifest, an
    index or a configuration. With a digest the tag does not count. `semver` is a range of versions, and stands for each
    tag in the range. `is_expected` is False where the reference may mean an image of another registry, so that nothing
    is wrong where this registry has no such image.
    """

    where: str
    repository: str | None
    tag: str | None = None
    digest: str | None = None
    semver: str | None = None
    is_expected: bool = True


@dataclass(frozen=True)
class UnreadSource:
    """A source of uses that could not be read. `source` is the name by which the user may excuse the source.

    The names are `cluster NAME`, `context NAME`, `kubeconfig PATH`, `resource NAME`, `apps` and `file PATH`.
    """

    source: str
    error: str


@dataclass(frozen=True)
class ImageUses:
    """What is in use. `is_stated` says whether the user named a source, or stated that there is none.

    `excused` are sources that could not be read, and that the user allows to be missing.
    """

    uses: tuple[ImageUse, ...] = ()
    unread: tuple[UnreadSource, ...] = ()
    is_stated: bool = False
    excused: tuple[UnreadSource, ...] = ()
