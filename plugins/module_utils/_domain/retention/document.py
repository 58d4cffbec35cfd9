# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a clean-up as a JSON document, for results, for files, and for the artifacts of AWX."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..times import format_time, parse_time
from .plan import REASONS, ManifestDecision, PrunePlan, RepositoryPlan, TagRemoval

FORMAT = "planton.digitalocean/prune-plan"
VERSION = 1


def shape_plan(plan: PrunePlan) -> dict[str, Any]:
    """The plan as a user sees it. Two plans of the same registry differ only in `made_at` and the checksum.

    `plan_digest` is over what the plan deletes, `checksum` over the whole document.
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "registry": plan.registry,
        "made_at": format_time(plan.made_at),
        "plan_digest": plan_digest(plan),
        "refusal": plan.refusal,
        "freed_bytes": plan.freed_bytes,
        "warnings": list(plan.warnings),
        "notes": list(plan.notes),
        "repositories": [_shape_repository(one) for one in plan.repositories],
    }
    return {**document, "checksum": digest_of(document)}


def write_plan(plan: PrunePlan) -> str:
    """The content of a plan file."""
    return json.dumps(shape_plan(plan), indent=1, ensure_ascii=True) + "\n"


def digest_of(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """The digest of a value of JSON, whatever the order of its keys."""
    return f"sha256:{hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()}"


def plan_digest(plan: PrunePlan) -> str:
    """A digest over what the plan deletes: the same for the same deletions, whatever stays and whenever planned."""
    changed = [one for one in plan.repositories if one.deletions or one.untagged]
    return digest_of([plan.registry, sorted(_effect(one) for one in changed)])


def summarize_plan(plan: PrunePlan) -> dict[str, Any]:
    """What a person reads before an approval, small enough for an artifact of AWX.

    A repository without changes and without a refusal is only counted.
    """
    changed = [one for one in plan.repositories if one.deletions or one.untagged or one.refusal is not None]
    return {
        "registry": plan.registry,
        "made_at": format_time(plan.made_at),
        "plan_digest": plan_digest(plan),
        "refusal": plan.refusal,
        "deleted_manifests": sum(len(one.deletions) for one in plan.repositories),
        "untagged_tags": sum(len(one.untagged) for one in plan.repositories),
        "freed_bytes": plan.freed_bytes,
        "kept": dict(sorted(Counter(_kept_reasons(plan)).items())),
        "unchanged_repositories": len(plan.repositories) - len(changed),
        "repositories": {one.repository: _summarize_repository(one) for one in changed},
    }


def summary_differences(approved: Mapping[str, Any], fresh: PrunePlan) -> tuple[str, ...]:
    """How a plan differs from the summary of an approved plan, as sentences that name repositories."""
    now = summarize_plan(fresh)["repositories"]
    before = approved.get("repositories")
    pairs = before.items() if isinstance(before, Mapping) else ()
    # The summary passes through artifacts and extra variables, where people edit.
    before = {str(name): one for name, one in pairs if isinstance(one, Mapping)}
    return tuple(
        f"The repository {name}: {_counts(before.get(name))} were approved, and the plan has {_counts(now.get(name))}."
        for name in sorted({*now, *before})
        if (before.get(name) or {}).get("digest") != (now.get(name) or {}).get("digest")
    )


def read_plan(content: str, registry: str) -> PrunePlan:
    """The plan of a file. Raises ValueError with a sentence part for every other content."""
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("the content is not JSON") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ValueError("the content is not a plan of docr_image_prune")
    if raw.get("version") != VERSION:
        raise ValueError(f"the version {raw.get('version')!r} of the plan is not known")
    if raw.get("checksum") != digest_of({key: value for key, value in raw.items() if key != "checksum"}):
        raise ValueError("the plan was changed after it was made")
    if raw.get("registry") != registry:
        raise ValueError(f"the plan is for the registry {raw.get('registry')}")
    try:
        plan = _read(raw)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ValueError("the plan lacks what its format requires") from None
    if plan_digest(plan) != raw["plan_digest"] or any(_is_contradiction(one) for one in plan.repositories):
        raise ValueError("the plan contradicts itself")
    return plan


def _shape_repository(plan: RepositoryPlan) -> dict[str, Any]:
    return {
        "name": plan.repository,
        "refusal": plan.refusal,
        "delete": list(plan.deletions),
        "untag": [{"tag": one.tag, "digest": one.digest} for one in sorted(plan.untagged)],
        "manifests": [_shape_decision(one) for one in sorted(plan.decisions, key=lambda one: one.digest)],
    }


def _shape_decision(decision: ManifestDecision) -> dict[str, Any]:
    return {
        "digest": decision.digest,
        "tags": sorted(decision.tags),
        "decision": "delete" if decision.is_deleted else "keep",
        "reason": decision.reason,
        "rule": decision.rule,
        "by": decision.by,
        "used_by": list(decision.used_by),
    }


def _effect(plan: RepositoryPlan) -> list[Any]:
    tags = {one.digest: sorted(one.tags) for one in plan.decisions}
    return [
        plan.repository,
        sorted([one, tags.get(one, [])] for one in plan.deletions),
        sorted([one.tag, one.digest] for one in plan.untagged),
    ]


def _summarize_repository(plan: RepositoryPlan) -> dict[str, Any]:
    return {
        "deleted_manifests": len(plan.deletions),
        "untagged_tags": len(plan.untagged),
        "refusal": plan.refusal,
        "digest": digest_of(_effect(plan)),
    }


def _counts(summary: Mapping[str, Any] | None) -> str:
    told = summary or {}
    return f"{told.get('deleted_manifests', 0)} deletions and {told.get('untagged_tags', 0)} removed tags"


def _kept_reasons(plan: PrunePlan) -> list[str]:
    return [one.reason for part in plan.repositories for one in part.decisions if not one.is_deleted]


def _read(raw: Mapping[str, Any]) -> PrunePlan:
    return PrunePlan(
        registry=_text(raw["registry"]),
        made_at=_time(raw["made_at"]),
        repositories=tuple(_read_repository(one) for one in raw["repositories"]),
        freed_bytes=int(raw["freed_bytes"]),
        warnings=_texts(raw["warnings"]),
        refusal=_optional(raw["refusal"]),
        notes=_texts(raw["notes"]),
    )


def _read_repository(raw: Mapping[str, Any]) -> RepositoryPlan:
    return RepositoryPlan(
        _text(raw["name"]),
        tuple(_read_decision(one) for one in raw["manifests"]),
        tuple(TagRemoval(_text(one["tag"]), _text(one["digest"])) for one in raw["untag"]),
        _texts(raw["delete"]),
        _optional(raw["refusal"]),
    )


def _read_decision(raw: Mapping[str, Any]) -> ManifestDecision:
    if raw["decision"] not in ("delete", "keep") or raw["reason"] not in REASONS:
        raise ValueError("a decision that is not known")
    return ManifestDecision(
        _text(raw["digest"]),
        _texts(raw["tags"]),
        raw["decision"] == "delete",
        raw["reason"],
        _optional(raw["rule"]),
        _optional(raw["by"]),
        _texts(raw["used_by"]),
    )


def _is_contradiction(plan: RepositoryPlan) -> bool:
    """Whether the deletions are not those of the decisions."""
    decisions = {one.digest: one for one in plan.decisions}
    deleted = sorted(one.digest for one in plan.decisions if one.is_deleted)
    is_other = sorted(plan.deletions) != (deleted if plan.refusal is None else [])
    staying = {digest: set(one.tags) for digest, one in decisions.items() if not one.is_deleted}
    for one in plan.untagged:
        if one.tag not in staying.get(one.digest, ()):
            return True
        staying[one.digest].discard(one.tag)
    is_last = any(not staying[one.digest] for one in plan.untagged)
    return is_other or is_last or len(decisions) != len(plan.decisions)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no text")
    return value


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return tuple(_text(one) for one in value)


def _time(value: object) -> datetime:
    return parse_time(_text(value))
