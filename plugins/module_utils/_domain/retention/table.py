# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a clean-up as lines of text for people, grouped by repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..images.tags import parse_companion_tag
from ..names import join_names
from .plan import ManifestDecision, PrunePlan, RepositoryPlan

_COLUMNS = ("action", "manifest", "tags", "rule", "with")
_SHORT_DIGEST = len("sha256:") + 12
MOST_ROWS = 200


def plan_lines(plan: PrunePlan, most_rows: int = MOST_ROWS) -> list[str]:
    """The table of each repository that changes or is refused, a line for each other, and the closing line.

    A repository has at most `most_rows` rows; the plan itself has all.
    """
    lines = [line for one in plan.repositories for line in _repository_lines(one, most_rows)]
    deleted = sum(len(one.deletions) for one in plan.repositories)
    untagged = sum(len(one.untagged) for one in plan.repositories)
    lines.append(
        f"The registry {plan.registry}: {deleted} manifests to delete, {untagged} tags to remove, "
        f"{size_text(plan.freed_bytes)} to free."
    )
    return [*lines, plan.refusal] if plan.refusal is not None else lines


def size_text(count: int) -> str:
    """Bytes in powers of 1000, with one decimal from 1 kB on."""
    power = max(0, min(4, (len(str(count)) - 1) // 3))
    return f"{count} B" if power == 0 else f"{count / 1000**power:.1f} {'kMGT'[power - 1]}B"


def kept_text(plan: RepositoryPlan) -> str:
    """What stays and why in one line, the most frequent reason first."""
    reasons = Counter(one.reason for one in plan.decisions if not one.is_deleted or plan.refusal is not None)
    told = ", ".join(
        f"{count} {reason}" for reason, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    )
    return f"keeps {told}" if told else "keeps nothing"


def _repository_lines(plan: RepositoryPlan, most_rows: int) -> Iterator[str]:
    yield f"{plan.repository}: {kept_text(plan)}"
    if plan.refusal is not None:
        yield f"  {plan.refusal}"
    rows = list(_rows(plan))
    yield from (f"  {line}" for line in _aligned([_COLUMNS, *rows[:most_rows]]) if rows)
    if len(rows) > most_rows:
        yield f"  {len(rows) - most_rows} more rows are in the plan."


def _rows(plan: RepositoryPlan) -> Iterator[Sequence[str]]:
    decisions = {one.digest: one for one in plan.decisions}
    action = "delete" if plan.refusal is None else "refused"
    going = plan.deletions if plan.refusal is None else [one.digest for one in plan.decisions if one.is_deleted]
    for digest in going:
        yield action, _short(digest), *_cells(decisions[digest])
    for one in plan.untagged:
        yield "untag", _short(one.digest), one.tag, "", ""


def _cells(decision: ManifestDecision) -> tuple[str, str, str]:
    return join_names(map(_short_tag, decision.tags)), decision.rule or "", _short(decision.by or "")


def _short(digest: str) -> str:
    return digest[:_SHORT_DIGEST]


def _short_tag(tag: str) -> str:
    """A tag of a companion without most of the digest in it."""
    told = parse_companion_tag(tag)
    return tag if told is None else f"{tag[:_SHORT_DIGEST]}...{tag[len(told.subject) :]}"


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(f"{cell or '-':{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
