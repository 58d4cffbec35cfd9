# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of docr_image_prune: what a plan, a clean-up, a restoration or a validation came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..images.inventory import ManifestPlace
from .document import plan_digest, shape_plan, summarize_plan
from .plan import PrunePlan, RepositoryPlan
from .restoring import LostManifest
from .table import plan_lines
from .validation import MissingPart


@dataclass(frozen=True)
class PruneReport:
    """What a run came to; a state fills what belongs to the state.

    `kept` says as a sentence part why a planned deletion was left out. `put_back` are manifests that were stored again,
    since newer manifests need them. `manifests` and `blobs` are how many a validation asked for.
    """

    plan: PrunePlan | None = None
    kept: Mapping[ManifestPlace, str] = field(default_factory=dict)
    put_back: tuple[ManifestPlace, ...] = ()
    lost: tuple[LostManifest, ...] = ()
    taken_tags: tuple[str, ...] = ()
    missing: tuple[MissingPart, ...] = ()
    manifests: int = 0
    blobs: int = 0


def shape_report(report: PruneReport) -> dict[str, Any]:
    """The result keys, each of which every state has."""
    plan = report.plan
    return {
        "plan": shape_plan(plan) if plan is not None else None,
        "plan_digest": plan_digest(plan) if plan is not None else None,
        "summary": summarize_plan(plan) if plan is not None else None,
        "table": plan_lines(plan) if plan is not None else [],
        "kept": [
            {"repository": one.repository, "digest": one.digest, "reason": why} for one, why in report.kept.items()
        ],
        "put_back": [one._asdict() for one in report.put_back],
        "not_restorable": [one.shape() for one in report.lost],
        "taken_tags": list(report.taken_tags),
        "validation": {
            "manifests": report.manifests,
            "blobs": report.blobs,
            "missing": [one.shape() for one in report.missing],
        },
    }


def shape_changes(plan: PrunePlan) -> tuple[dict[str, Any], dict[str, Any]]:
    """The manifests that change with their tags, before and after, by repository, for the diff."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for one in plan.repositories if plan.has_changes else ():
        if one.deletions or one.untagged:
            before[one.repository], after[one.repository] = _changes_of(one)
    return before, after


def _changes_of(plan: RepositoryPlan) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    tags = {one.digest: sorted(one.tags) for one in plan.decisions}
    going = {(one.digest, one.tag) for one in plan.untagged}
    left = {one.digest: [tag for tag in tags[one.digest] if (one.digest, tag) not in going] for one in plan.untagged}
    return {digest: tags[digest] for digest in (*plan.deletions, *left)}, left
