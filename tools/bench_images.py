# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the graph of images in memory, and the calls that reading a registry takes."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.client import open_api
from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.manifest_cache import FolderCache
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.budget import share_of_team
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.damage import find_damage
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.documents import (
    ManifestDocument,
    parse_document,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.graph import build_graph
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import (
    Inventory,
    ListedRepository,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.keeping import find_keeping, is_kept
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.sizes import (
    find_images,
    measure_images,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.model import ImageUses
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.images import ImageManifest
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.options import parse_policies
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.planner import plan_prune
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.request import (
    PlanUses,
    PruneSettings,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import format_time
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.budget import CallBudget
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.wait import SystemClock
from ansible_collections.planton.digitalocean.plugins.module_utils._service.images.registry import (
    RegistryReader,
    RegistryReading,
)
from bench_rows import Row, most
from docr_sandbox.testing import Sandbox

REPOSITORIES = 200
SMALL, LARGE = 20_000, 200_000
# An image: two platforms, an attestation, the index, and a signature.
OF_AN_IMAGE = 5
READ_REPOSITORIES, READ_IMAGES = 50, 4
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PUSHED = datetime(2031, 5, 4, 3, 5, tzinfo=UTC)
PLANNED = datetime(2041, 5, 4, 3, 5, tzinfo=UTC)


def sha(name: str) -> str:
    """The digest that stands for a name."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def parsed(raw: dict[str, Any]) -> ManifestDocument:
    """The document as the collection reads it."""
    return parse_document(json.dumps({"schemaVersion": 2, **raw}).encode())


def image(*layers: str) -> ManifestDocument:
    """An image of layers by name."""
    named = [{"digest": sha(one), "size": 1000} for one in layers]
    return parsed({"mediaType": MANIFEST, "config": {"digest": sha(f"of {layers}"), "size": 7}, "layers": named})


def inventory(manifests: int) -> Inventory:
    """A registry of signed images of two platforms."""
    documents: dict[str, ManifestDocument] = {}
    repositories = []
    for number in range(REPOSITORIES):
        listed = []
        for build in range(manifests // REPOSITORIES // OF_AN_IMAGE):
            name = f"{number}/{build}"
            children = [f"{name} {part}" for part in ("arm64", "amd64", "note")]
            parts = {one: image(f"base {number}", one) for one in (*children, f"{name} signature")}
            parts[name] = parsed(
                {"mediaType": INDEX, "manifests": [{"mediaType": MANIFEST, "digest": sha(one)} for one in children]}
            )
            tags = {name: f"v{build}", f"{name} signature": sha(name).replace(":", "-") + ".sig"}
            documents |= {sha(one): document for one, document in parts.items()}
            pushed = format_time(PUSHED + timedelta(hours=build))
            listed += [ImageManifest(sha(one), (tags[one],) if one in tags else (), pushed) for one in parts]
        repositories.append(ListedRepository(f"team/app-{number}", tuple(listed)))
    return Inventory(tuple(repositories), documents)


def graph_seconds(manifests: int) -> float:
    """The processor's seconds for everything that is decided in memory."""
    read = inventory(manifests)
    started = time.process_time()
    graph = build_graph(read)
    keeping = find_keeping(graph)
    kept = sum(is_kept(graph, keeping, place) for place in graph.listed)
    images = find_images(graph)
    sizes = measure_images(graph, images)
    damage = find_damage(graph)
    seconds = time.process_time() - started
    if (kept, len(sizes), damage) != (manifests, manifests // OF_AN_IMAGE, ()):
        raise AssertionError("The graph is not what was drawn.")
    return seconds


def growth_rows(name: str, seconds: Callable[[int], float]) -> Iterator[Row]:
    """What is decided in memory, and how its time grows."""
    small = min(seconds(SMALL) for _run in range(3))
    large = min(seconds(LARGE) for _run in range(2))
    yield most(f"{name} of {SMALL:,} manifests", small, "s", 1, "of the processor")
    yield most(f"{name} of {LARGE:,} manifests", large / small, "x", 15, f"{large:.1f} s; ten times as many")


def plan_seconds(manifests: int) -> float:
    """The processor's seconds for a plan of rules of all kinds; the graph is in memory already."""
    graph = build_graph(inventory(manifests))
    builds = manifests // REPOSITORIES // OF_AN_IMAGE
    rules = [
        {"delete": {"tags": ["v*"], "older_than": "30d"}},
        {"delete": {"tag_regex": "pr-[0-9]+|(tmp|test)-.*"}},
        {"delete": {"untagged": True}},
        {"delete": {"orphaned": True}},
        {"keep": {"newest": builds // 2 - 1}},
        {"keep": {"semver": ">=1.0.0", "tags": ["v*"]}},
    ]
    policies, _faults = parse_policies([{"rules": rules}])
    used = {sha(f"{number}/{builds // 4} arm64"): ("pod shop/web-0",) for number in range(REPOSITORIES)}
    settings = PruneSettings("bench", max_delete_percent=100, allow_delete_images=True)
    started = time.process_time()
    plan = plan_prune(graph, policies, PlanUses(used, ImageUses(is_stated=True)), settings, PLANNED)
    seconds = time.process_time() - started
    deleted = sum(len(one.deletions) for one in plan.repositories)
    if deleted != REPOSITORIES * (builds - (builds // 2 - 1) - 1) * OF_AN_IMAGE:
        raise AssertionError(f"The plan deletes {deleted} manifests.")
    return seconds


def reading_rows(sandbox: Sandbox) -> Iterator[Row]:
    """The calls of the API while a registry is read, and the image host's when it is read again."""
    built = [{"tags": [f"v{number}"], "platforms": ["linux/arm64", "linux/amd64"], "attestations": True}
             for number in range(READ_IMAGES)]  # fmt: skip
    repositories = [{"name": f"app-{number}", "manifests": built} for number in range(READ_REPOSITORIES)]
    sandbox.reset()
    sandbox.switch("rate_limit", False)
    sandbox.seed({"tier": "professional", "registries": [{"name": "bench-00", "repositories": repositories}]})
    with tempfile.TemporaryDirectory(prefix="docr-bench-cache-") as folder:
        sandbox.clear_log()
        first, seconds = timed(lambda: read(sandbox, folder))
        calls = [one for one in sandbox.calls() if "/v2/registries/" in one or "/v2/registry/" in one]
        least = 1 + READ_REPOSITORIES * math.ceil(READ_IMAGES * OF_AN_IMAGE / 200)
        manifests = first.image_host_requests
        yield most(f"images of {READ_REPOSITORIES} repositories: calls", len(calls) / least, "x", 1.2, f"to {least}")
        yield Row(f"images: {manifests} manifests", round(seconds, 2), "s", None, "nothing cached")
        again, seconds = timed(lambda: read(sandbox, folder))
        yield most("images read again: image host requests", again.image_host_requests, "calls", 0)
        yield Row(f"images read again: {again.manifests_from_cache} manifests", round(seconds, 2), "s")


def read(sandbox: Sandbox, folder: str) -> RegistryReading:
    """Read the registry as the module does, with the whole limit."""
    settings = Settings(sandbox.token, sandbox.url, sandbox.registry_host, ca_path=sandbox.ca_file)
    clock = SystemClock()
    budget = CallBudget(share_of_team(100), clock)
    return RegistryReader(open_api(settings), FolderCache(folder), budget, clock, lambda _line: None).read("bench-00")


def timed(do: Callable[[], RegistryReading]) -> tuple[RegistryReading, float]:
    """What a reading gives, and its seconds."""
    started = time.perf_counter()
    found = do()
    return found, time.perf_counter() - started


def image_rows(sandbox: Sandbox) -> Iterator[Row]:
    """Measure everything."""
    yield from growth_rows("image graph", graph_seconds)
    yield from growth_rows("prune plan", plan_seconds)
    yield from reading_rows(sandbox)
