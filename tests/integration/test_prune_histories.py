# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random registries, uses and pushes: after a clean-up and a collection, crane pulls everything that must live.

The variable DOCR_PRUNE_HISTORIES sets another number of histories.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.documents import ManifestBytes
from docr_sandbox.testing import HeldRequest, Sandbox, SandboxError
from support.image_clients import Shell
from support.image_host import INDEX, MANIFEST, client
from support.modules import run_module

OLD, NOW = "2031-04-05T06:07:08Z", "2031-05-18T02:30:00Z"
BLOBS, ALL = "unreferenced blobs only", "untagged manifests and unreferenced blobs"
RULES = [{"rules": [
    {"name": "builds", "delete": {"tags": ["b*"], "older_than": "3d"}},
    {"name": "garbage", "delete": {"untagged": True}},
    {"name": "marked", "keep": {"tags": ["*k"]}},
]}]  # fmt: skip
REPOSITORIES = ("app", "team/tool")


def drawn_manifest(chance: Random, number: int) -> dict[str, Any]:
    """An image, an index with or without attestations, a referrer or an untagged manifest."""
    tag = f"{chance.choice('bbv')}{number}{chance.choice(['', 'k'])}"
    found: dict[str, Any] = {"updated_at": OLD, "size_bytes": 100 + chance.randrange(3), "tags": [tag]}
    shape = chance.randrange(5)
    if shape < 3:
        found |= {"platforms": ["linux/amd64", "linux/arm64"][: 1 + shape % 2], "attestations": shape == 1}
    if shape == 3:
        found |= {"size_bytes": 1000 + number, "tags": []}
    return found


def seed_registry(sandbox: Sandbox, chance: Random) -> None:
    repositories: list[dict[str, Any]] = [
        {"name": name, "manifests": [drawn_manifest(chance, number) for number in range(5)]} for name in REPOSITORIES
    ]
    for repository in repositories:
        subjects = [one["tags"][0] for one in repository["manifests"] if one["tags"]]
        repository["manifests"] += [
            {"updated_at": OLD, "subject": subject, "size_bytes": 7} for subject in chance.sample(subjects, 1)
        ]
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "repositories": repositories}]})


def tags_of(sandbox: Sandbox) -> Iterator[tuple[str, str]]:
    api = client(sandbox)
    for repository in api.list_repositories("kiwi"):
        for manifest in api.list_manifests("kiwi", repository.name):
            yield from ((repository.name, tag) for tag in manifest.tags)


def push_reusing(sandbox: Sandbox, chance: Random, hold: HeldRequest) -> tuple[str, str] | None:
    """While a deletion is held, push an index of a manifest that is there; None where no deletion came."""
    try:
        hold.wait()
    except (SandboxError, TimeoutError, AssertionError):
        return None
    repository = chance.choice(REPOSITORIES)
    api = client(sandbox)
    images = [one for one in api.list_manifests("kiwi", repository) if one.blobs]
    host = api.open_image_host()
    try:
        child = {"mediaType": MANIFEST, "digest": chance.choice(images).digest, "size": 300}
        content = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [child]}).encode()
        host.put_manifest("kiwi", repository, "live", ManifestBytes(content, INDEX))
    finally:
        host.close()
        hold.let_go()
    return repository, "live"


@pytest.mark.parametrize("number", range(int(os.environ.get("DOCR_PRUNE_HISTORIES", "3"))))
def test_a_clean_up_and_a_collection_break_no_image(sandbox: Sandbox, tmp_path: Path, number: int) -> None:
    chance = Random(number)
    sandbox.set_clock(NOW)
    seed_registry(sandbox, chance)
    found = list(tags_of(sandbox))
    used = chance.choice(found)
    must_live = {(name, tag) for name, tag in found if not tag.startswith("b") or tag.endswith("k")} | {used}
    hold = sandbox.hold("DELETE", "*/digests/*", skip=chance.randrange(4))
    options: dict[str, Any] = {
        "registry": "kiwi", "policies": RULES, "allow_delete_images": True, "max_delete_percent": 100,
        "in_use": {"images": [":".join(used)]},
        "undo_path": str(tmp_path / "undo"), "cache_path": str(tmp_path / "cache"),
    }  # fmt: skip
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(push_reusing, sandbox, chance, hold)
        done = run_module(sandbox, "docr_image_prune", **options)
        sandbox.clear_holds()
        pushed = pushing.result()
    assert "failed" not in done, done["msg"]
    must_live |= {pushed} if pushed is not None else set()
    sandbox.advance(3600)
    # With False, a collection of untagged manifests itself breaks images.
    sandbox.switch("gc_untagged_spares_children", chance.choice([True, "referrers"]))
    client(sandbox).start_garbage_collection("kiwi", chance.choice([BLOBS, ALL]))
    sandbox.advance(7200)
    shell = Shell(sandbox, tmp_path).log_in(sandbox.token)
    assert must_live <= set(tags_of(sandbox))
    for name, tag in sorted(must_live):
        shell.run(
            "crane", "pull", "--format", "oci", f"{shell.host}/kiwi/{name}:{tag}", tmp_path / "pulled" / name / tag
        )
