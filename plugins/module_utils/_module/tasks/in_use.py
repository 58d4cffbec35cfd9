# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `in_use` of modules: read, looked up in the graph of a registry, and shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._domain.images.graph import ImageGraph
from ..._domain.in_use.model import ImageUses
from ..._domain.in_use.options import read_in_use
from ..._domain.in_use.resolve import ResolvedUses, describe_unresolved

IN_USE_OPTION: Mapping[str, Mapping[str, Any]] = {"in_use": {"type": "raw"}}
# Of the images that a registry does not have, so many are named in warnings.
_MOST_WARNINGS = 10


def names_clusters(options: Mapping[str, Any]) -> bool:
    """Whether the option names clusters, whose objects are then read; for an option of any form."""
    return read_in_use(options.get("in_use"))[0].enters_clusters


def shape_uses(graph: ImageGraph, uses: ImageUses, resolved: ResolvedUses) -> dict[str, Any]:
    """The result key `in_use`: images with what uses them, and sources that could not be read."""
    return {
        "stated": uses.is_stated,
        "images": [
            {"digest": digest, "repositories": list(graph.repositories_of[digest]), "used_by": list(where)}
            for digest, where in resolved.uses_of.items()
        ],
        "unread": [{"source": one.source, "error": one.error} for one in uses.unread],
        "excused": [{"source": one.source, "error": one.error} for one in uses.excused],
    }


def warn_of_uses(uses: ImageUses, resolved: ResolvedUses, registry: str) -> Iterator[str]:
    """A warning for each source that was not read, and for uses of images that the registry does not have."""
    for one in (*uses.unread, *uses.excused):
        yield f"The source {one.source!r} of in_use was not read as a whole: {one.error}"
    sentences = list(dict.fromkeys(describe_unresolved(resolved.unresolved, registry)))
    yield from sentences[:_MOST_WARNINGS]
    if len(sentences) > _MOST_WARNINGS:
        yield f"{len(sentences) - _MOST_WARNINGS} more uses name images that the registry {registry} does not have."
