# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of the stages did, in lines that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..gc.rules import COLLECTED
from ..registry.steps import ChangeTier, CreateRegistry
from .former_outputs import NOT_RUN
from .outputs import StageResults
from .table import MOST_NOTES, fit_table, limit_notes, list_names

Output = Mapping[str, Any]

_DONE = {CreateRegistry.action: "created", ChangeTier.action: "tier changed"}
_PLANNED = {CreateRegistry.action: "would be created", ChangeTier.action: "tier would change"}
_COLUMNS = ("REGISTRY", "REGION", "TIER", "CHANGE", "COLLECTION", "NEXT WINDOW", "CLUSTERS")


def summarize_stages(
    outputs: Mapping[str, Output],
    results: StageResults,
    *,
    is_check_mode: bool = False,
    switched_off: Sequence[str] = (),
) -> list[str]:
    """A table with a row for each registry, changed registries first, then notes; at most 40 lines.

    `switched_off` is the stages that a variable switches off.
    """
    changed = [one for one in outputs.values() if one["changed"]]
    rest = [one for one in outputs.values() if not one["changed"]]
    tier = _tier(results)
    rows = [_row(one, tier, is_check_mode) for one in (*changed, *rest)]
    off = [f"The stage {one} is switched off by the variable docr_{one}_enabled." for one in switched_off]
    notes = limit_notes([*_failures(results), *off, *_notes(results)], MOST_NOTES)
    return fit_table(_head(len(changed), len(rest), is_check_mode), _COLUMNS, rows, notes, "the fact docr_outputs")


def _head(changed: int, unchanged: int, is_check_mode: bool) -> str:
    if is_check_mode:
        return f"Check mode, nothing was changed. Registries that would change: {changed}, unchanged: {unchanged}."
    return f"Registries changed: {changed}, unchanged: {unchanged}."


def _row(output: Output, tier: str | None, is_check_mode: bool) -> tuple[str, ...]:
    window = output["garbage_collection"]["next_window"]
    return (
        output["endpoint"],
        output["region"] or "",
        tier or output["subscription_tier"] or "",
        ", ".join(_changes(output, is_check_mode)) or "none",
        _collection(output["garbage_collection"], is_check_mode),
        f"{window['opens_at_local'][:16].replace('T', ' ')} {window['time_zone']}" if window else "",
        _clusters(output["clusters"]),
    )


def _changes(output: Output, is_check_mode: bool) -> Iterator[str]:
    words = _PLANNED if is_check_mode else _DONE
    for action in dict.fromkeys(one["action"] for one in output["actions"]):
        yield words.get(action, action.replace("_", " "))
    if output["garbage_collection"]["decision"] == COLLECTED:
        yield "garbage collection would start" if is_check_mode else "garbage collection started"
    if any(one["changed"] for one in output["clusters"]):
        yield "cluster access would change" if is_check_mode else "cluster access changed"


def _collection(collection: Output, is_check_mode: bool) -> str:
    decision, last = collection["decision"], collection["last"]
    if not collection["enabled"]:
        return "off"
    if decision == NOT_RUN:
        return ""
    if decision == COLLECTED and is_check_mode:
        return "would start"
    if decision == COLLECTED and last:
        return f"{last['status']}, {format_bytes(last['freed_bytes'] or 0)} freed"
    return str(decision).replace("_", " ")


def _clusters(clusters: Sequence[Output]) -> str:
    return list_names(
        f"{one['name']} ({one['method']}{', added' if one['added'] else ''})"
        for one in sorted(clusters, key=lambda one: not one["changed"])
    )


def _tier(results: StageResults) -> str | None:
    """The tier with its price; None where no stage read the price."""
    tier = (results.registry_stage["subscription"] or {}).get("tier") or {}
    price = tier.get("monthly_price_in_cents")
    return None if price is None else f"{tier['slug']} ${price / 100:.2f} a month"


def _failures(results: StageResults) -> Iterator[str]:
    for stage, result in (
        ("comparison", results.plan),
        ("registry", results.registry),
        ("doks_integration", results.integration),
        ("gc", results.gc_check),
        ("gc", results.garbage_collection),
        ("registry", results.login),
    ):
        if result.get("failed"):
            yield f"The stage {stage} failed: {result.get('msg', '')}"


def _notes(results: StageResults) -> Iterator[str]:
    planned = results.plan.get("registry", {}), results.plan.get("integration", {})
    for result in (*planned, results.registry, results.integration, results.garbage_collection):
        yield from result.get("notes") or ()


def format_bytes(count: int) -> str:
    """A number of bytes as a person reads the number, in powers of 1000."""
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
