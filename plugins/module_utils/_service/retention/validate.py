# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation: every manifest and blob that must be there answers, asked for by HEAD and in parallel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from ..._domain.errors import DocrError, NotFound, Unreachable
from ..._domain.images.graph import ImageGraph
from ..._domain.images.inventory import ManifestPlace
from ..._domain.retention.validation import BLOB, MissingPart, Target, describe_missing
from ..flow.parallel import parallel_map
from ..images.manifests import SIDE_BY_SIDE, ManifestReader
from .access import RetentionAccess


@dataclass(frozen=True)
class Validation:
    """How many manifests and blobs were asked for, and what is wrong with which."""

    manifests: int = 0
    blobs: int = 0
    missing: tuple[MissingPart, ...] = ()


def validate(
    access: RetentionAccess, graph: ImageGraph, targets: Mapping[Target, list[str]], except_: Iterable[Target] = ()
) -> Validation:
    """Ask for each target once, except for `except_`. Raises Unreachable where the image host is."""
    skipped = frozenset(except_)
    asked = [one for one in targets if one not in skipped]
    told = ask_all(access, asked)
    missing = (describe_missing(graph, one, targets[one], error or None) for one, error in told.items())
    blobs = sum(one.kind == BLOB for one in asked)
    return Validation(len(asked) - blobs, blobs, tuple(missing))


def ask_all(access: RetentionAccess, targets: Iterable[Target]) -> Mapping[Target, str]:
    """The targets that are not there, each with empty text, or with a sentence where the answer does not say."""
    found: dict[Target, str] = {}
    reader = access.reader
    for asked in reader.authorized(targets, lambda one: one.repository):
        told = parallel_map(asked, partial(_ask, reader), SIDE_BY_SIDE)
        found |= {target: answer for target, answer in zip(asked, told, strict=True) if answer is not None}
    return found


def _ask(reader: ManifestReader, target: Target) -> str | None:
    """None where the target is there, empty where it is not, and a sentence where the answer is neither."""
    try:
        reader.ask(ManifestPlace(target.repository, target.digest), is_blob=target.kind == BLOB)
    except NotFound:
        return ""
    except Unreachable:
        raise
    except DocrError as error:
        return str(error)
    return None
