# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A garbage collection on pushed images: what is deleted, what is freed, and that pushes fail during the collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clients.conftest import Draw
from support.buildx_images import TwoPlatforms
from support.image_clients import Shell
from support.image_moves import CLIENTS, PULL, pulled, push, push_words, words

BLOBS = "unreferenced blobs only"
MANIFESTS = "untagged manifests only"
BOTH = "untagged manifests and unreferenced blobs"


def start(shell: Shell, kind: str) -> None:
    status, _headers, body = shell.sandbox.request("POST", "/v2/registries/plum/garbage-collection", {"type": kind})
    assert status == 201, body


def collect(shell: Shell, kind: str) -> dict[str, Any]:
    """Run a collection to its end; longer than any write token lives."""
    start(shell, kind)
    shell.sandbox.advance(3600)
    (ended,) = shell.api("plum/garbage-collections")["garbage_collections"]
    assert ended["status"] == "succeeded"
    assert isinstance(ended, dict)
    return ended


@pytest.fixture
def live_old_gone(shell: Shell, draw: Draw) -> tuple[TwoPlatforms, TwoPlatforms, TwoPlatforms]:
    """One image with a tag, one whose tag went to the first, and one whose manifests were deleted."""
    live, old, gone = draw("v7", 3), draw("v7", 4), draw("v6", 5)
    push(shell, "oras", gone, "plum/app")
    for image in (old, live):
        push(shell, "regctl", image, "plum/app")
    for digest in (gone.digest, *gone.children):
        path = f"/v2/registries/plum/repositories/app/digests/{digest}"
        assert shell.sandbox.request("DELETE", path)[0] == 204
    return live, old, gone


@pytest.mark.parametrize(
    ("kind", "spares_children", "stays"),
    [
        (BLOBS, False, {"live", "old"}),
        (MANIFESTS, True, {"live"}),
        (MANIFESTS, False, set()),
        (BOTH, True, {"live"}),
        (BOTH, False, set()),
    ],
)
def test_a_collection_deletes_and_counts_the_objects_of_its_type(
    shell: Shell,
    live_old_gone: tuple[TwoPlatforms, TwoPlatforms, TwoPlatforms],
    tmp_path: Path,
    kind: str,
    spares_children: bool,
    stays: set[str],
) -> None:
    live, old, gone = live_old_gone
    shell.sandbox.switch("gc_untagged_spares_children", spares_children)
    ended = collect(shell, kind)

    kept = {live.digest} | (live.children if "live" in stays else set()) | (old.manifests if "old" in stays else set())
    assert set(shell.manifests("plum", "app")) == kept
    freed = {} if kind == MANIFESTS else dict(gone.blobs)
    if kind == BOTH:
        freed |= old.blobs | ({} if "live" in stays else live.blobs)
    assert (ended["blobs_deleted"], ended["freed_bytes"]) == (len(freed), sum(freed.values()))

    reference = f"{shell.host}/plum/app:v7"
    if "live" in stays:
        assert pulled(shell, "skopeo", reference, tmp_path / "pulled") == set(live.sizes)
    else:
        refused = shell.refused("skopeo", *words(PULL["skopeo"], reference=reference, folder=tmp_path / "pulled"))
        assert "manifest unknown" in refused


@pytest.mark.parametrize("has_api", [True, False], ids=["referrers API", "fallback tag"])
def test_referrers_of_an_image_are_collected_with_untagged_manifests_where_the_host_does_not_spare_them(
    shell: Shell, draw: Draw, has_api: bool
) -> None:
    shell.sandbox.switch("image_host_referrers", has_api)
    reference = push(shell, "oras", draw(), "plum/app")
    put = "artifact put --artifact-type application/x.note --subject"
    shell.run("regctl", *put.split(), reference, stdin="picked by hand")
    get = ("artifact", "get", "--subject", reference, "--filter-artifact-type", "application/x.note")
    assert shell.run("regctl", *get) == "picked by hand"
    collect(shell, MANIFESTS)
    assert "v7" in shell.tags("plum", "app")
    shell.refused("regctl", *get)


@pytest.mark.parametrize("client", CLIENTS)
def test_pushes_fail_and_pulls_work_while_a_collection_runs_and_pushes_work_afterwards(
    shell: Shell, draw: Draw, tmp_path: Path, client: str
) -> None:
    image, new = draw(), draw("v8", 4)
    reference = push(shell, client, image, "plum/app")
    start(shell, BLOBS)
    said = shell.refused(client, *push_words(client, new, f"{shell.host}/plum/app:v8")).lower()
    assert "unauthorized" in said or "denied" in said
    assert pulled(shell, client, reference, tmp_path / "meanwhile") >= image.manifests
    # Other registries are not concerned.
    push(shell, client, new, "cherry/app")

    shell.sandbox.advance(3600)
    push(shell, client, new, "plum/app")
    assert shell.tags("plum", "app") == {"v7": image.digest, "v8": new.digest}
