# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the role on a local DigitalOcean: ``make demo``. The demo requires no account and leaves no files."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from docr_sandbox.testing import Sandbox
from playing import ROOT, PlaybookFailedError, Played, play

MANIFESTS = ROOT / "examples" / "manifests"
SITE = ROOT / "playbooks" / "site.yml"
DESTROY = ROOT / "playbooks" / "destroy.yml"
TUESDAY_NOON = "2031-05-06T12:00:00Z"
SUNDAY_NIGHT = "2031-05-11T03:10:00Z"
# Of the sandbox's clock to the real one: a collection of minutes passes while the demo waits for seconds.
CLOCK_RATE = 60
GIB = 1024**3


def step(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}", flush=True)


def tell(played: Played) -> None:
    """Print a summary of a playbook."""
    print(
        f"   {played.seconds:.1f} s: " + ("nothing changed" if not played.changed else f"{len(played.changed)} changed")
    )
    for task in played.changed:
        print(f"   changed: {task}")


def show_outputs(outputs: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the facts at the end of a converge as a table."""
    rows: list[tuple[str, ...]] = [
        ("registry", "region", "tier", "stored", "pulled by", "last collection", "next window")
    ]
    for name, output in sorted(outputs.items()):
        rows.append((name, *(str(cell) for cell in cells(output))))
    print_table(rows)


def cells(output: Mapping[str, Any]) -> Sequence[object]:
    """The cells of a registry in the table."""
    collection = output.get("garbage_collection") or {}
    last, window = collection.get("last") or {}, collection.get("next_window") or {}
    freed = f"{last['status']}, {size(last.get('freed_bytes'))} freed" if last else "-"
    return (
        output["region"],
        output["subscription_tier"],
        size(output.get("storage_usage_bytes")),
        ", ".join(cluster["name"] for cluster in output["clusters"]),
        freed,
        window.get("opens_at") or "-",
    )


def size(count: int | None) -> str:
    """Write bytes in GiB."""
    return "-" if count is None else f"{count / GIB:.2f} GiB"


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, the first one underlined."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print("   " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("   " + "  ".join("-" * width for width in widths))


def registry_names() -> list[str]:
    """The registries of the sample manifests."""
    documents = [
        document
        for path in sorted(MANIFESTS.glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text("utf-8"))
    ]
    return [document["spec"]["name"] for document in documents]


def demonstrate(sandbox: Sandbox) -> None:
    """Walk through the life of three registries and two clusters."""
    clusters = yaml.safe_load((ROOT / "examples" / "sandbox.yaml").read_text(encoding="utf-8"))
    names = registry_names()
    variables = {
        "docr_manifest_files": str(MANIFESTS),
        "docr_doks_clusters": [one["name"] for one in clusters["clusters"]],
    }
    sandbox.set_clock(TUESDAY_NOON)
    sandbox.seed(clusters)

    step(f"Tuesday noon: converge {len(names)} manifests and 2 clusters on an empty account")
    tell(play(SITE, sandbox, variables))

    step("A week of pushes: new images and moved tags leave unreferenced layers")
    push(sandbox, names)

    step("Sunday 03:10, inside the maintenance window: converge again, garbage is collected")
    sandbox.set_clock(SUNDAY_NIGHT)
    sandbox.control("PUT", "clock", {"rate": CLOCK_RATE})
    tell(play(SITE, sandbox, {**variables, "docr_gc_wait_sleep": 1}))

    step("Sunday again: a second run changes nothing")
    again = play(SITE, sandbox, variables)
    tell(again)
    show_outputs(again.statistics["docr_outputs"])

    step("Clean up: repeat the names to destroy, and give both consents")
    team = sandbox.account()["team"]["name"]
    consents = {"docr_allow_delete_images": True, "docr_allow_delete_integrated": True}
    tell(play(DESTROY, sandbox, {**variables, **consents, "docr_destroy_names": names, "docr_team": team}))
    left = sandbox.account()["registries"]
    print(f"   {len(left)} registries left.")


def push(sandbox: Sandbox, names: Sequence[str]) -> None:
    """Put images and unreferenced blobs into the registries, as clients would have by a week's work."""
    repositories = [{"name": "api", "manifests": [{"tags": ["v1"], "size_bytes": 2 * GIB}]}]
    for name in names:
        sandbox.seed({"registries": [{"name": name, "repositories": repositories, "unreferenced_bytes": 3 * GIB}]})


def main() -> int:
    """Run the demo; 1 when a playbook failed, with what it printed."""
    started = time.monotonic()
    print("A local DigitalOcean: no account, no network.")
    try:
        with Sandbox.start() as sandbox:
            print(f"   The sandbox listens at {sandbox.url}.")
            demonstrate(sandbox)
    except PlaybookFailedError as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"\nDone in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
