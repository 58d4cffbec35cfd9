# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The graph against a slow model that follows the definitions word by word, on random registries."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.damage import find_damage
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.graph import ImageGraph
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import ManifestPlace
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.keeping import (
    explain_keeping,
    find_keeping,
    is_kept,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.sizes import (
    blob_sizes,
    find_images,
    measure_images,
)
from support.image_graphs import LAYER, Drawn, companion_tag, image, index, sha

REPOSITORIES = ("app", "far")
NEVER_PUSHED = ("lost-1", "lost-2")
LAYERS = ("base", "app", "tools")
SUFFIXES = ("", ".sig", ".att", ".sbom")


@cache
def documents(number: int) -> st.SearchStrategy[dict[str, Any]]:
    """A document that names earlier ones, as a digest can, and things that were never pushed."""
    earlier = st.sampled_from([*(f"m{one}" for one in range(number)), *NEVER_PUSHED])
    layers = st.lists(st.sampled_from(LAYERS), max_size=2)
    images = st.builds(lambda names, to: image(*names, subject=to), layers, st.none() | earlier)
    indexes = st.lists(earlier, max_size=3).map(lambda names: index(*names))
    caches = st.just({**index(), "manifests": [{"mediaType": LAYER, "digest": sha("base"), "size": 4000}]})
    strange = earlier.map(lambda name: {"mediaType": "application/x+json", "at": [{"digest": sha(name)}]})
    return st.one_of(images, indexes, caches, strange)


@cache
def tags(count: int) -> st.SearchStrategy[list[str]]:
    """Tags of a user, and tags that attach a manifest to any of so many."""
    anything = st.sampled_from([*(f"m{one}" for one in range(count)), *NEVER_PUSHED])
    companions = st.builds(companion_tag, anything, st.sampled_from(SUFFIXES))
    return st.lists(st.sampled_from(["v1", "v2"]) | companions, max_size=2, unique=True)


@st.composite
def registries(draw: st.DrawFn) -> tuple[Drawn, dict[str, dict[str, Any] | None]]:
    """A registry, and its documents by name; None for a document that cannot be read."""
    drawn = Drawn()
    raws: dict[str, dict[str, Any] | None] = {}
    count = draw(st.integers(1, 9))
    tags_of_one = tags(count)
    for number in range(count):
        name = f"m{number}"
        is_readable = draw(st.integers(0, 9)) > 0
        raws[name] = draw(documents(number)) if is_readable else None
        for repository in draw(st.sets(st.sampled_from(REPOSITORIES), min_size=1)):
            named = (f"{tag}-{name}" if tag[0] == "v" else tag for tag in draw(tags_of_one))
            drawn.add(name, raws[name], *named, repository=repository)
    return drawn, raws


class Model:
    """What the definitions say, by asking every manifest about every other one."""

    def __init__(self, drawn: Drawn, raws: dict[str, dict[str, Any] | None]) -> None:
        self.raws = {sha(name): raw for name, raw in raws.items()}
        self.tags = {
            ManifestPlace(repository, one.digest): one.tags
            for repository, all_ in drawn.repositories.items()
            for one in all_
        }

    def is_unknown(self, digest: str) -> bool:
        raw = self.raws[digest]
        return raw is not None and raw["mediaType"] == "application/x+json"

    def names(self, parent: str, child: str) -> bool:
        raw = self.raws[parent]
        if raw is None:
            return False
        return child in {one["digest"] for one in (*raw.get("manifests", ()), *raw.get("at", ()))}

    def attaches(self, companion: str, subject: str) -> bool:
        raw = self.raws[companion]
        by_field = raw is not None and raw.get("subject", {}).get("digest") == subject
        tags = {tag for place, all_ in self.tags.items() if place.digest == companion for tag in all_}
        by_tag = companion != subject and any(tag.startswith(subject.replace(":", "-")) for tag in tags)
        return by_field or by_tag

    def stands_alone(self, place: ManifestPlace) -> bool:
        """Whether a manifest is kept without another manifest."""
        for tag in self.tags[place]:
            subject = tag[:71].replace("-", ":")
            if not tag.startswith("sha256-") or subject not in self.raws or subject == place.digest:
                return True
        raw = self.raws[place.digest]
        is_beside = any(self.raws[other.digest] is None for other in self.tags if other.repository == place.repository)
        if is_beside and not self.tags[place]:
            return True
        subject = (raw or {}).get("subject", {}).get("digest")
        is_lost = subject is not None and subject not in self.raws and None in self.raws.values()
        return raw is None or self.is_unknown(place.digest) or is_lost

    def kept_digests(self) -> set[str]:
        kept = {place.digest for place in self.tags if self.stands_alone(place)}
        while True:
            more = {
                one for one in self.raws for other in kept if self.names(other, one) or self.attaches(one, other)
            } - kept
            if not more:
                return kept
            kept |= more

    def kept(self) -> set[ManifestPlace]:
        kept = self.kept_digests()
        return {
            place
            for place in self.tags
            if self.stands_alone(place)
            or any(self.names(one, place.digest) or self.attaches(place.digest, one) for one in kept)
        }

    def missing(self) -> dict[ManifestPlace, set[str]]:
        found: dict[ManifestPlace, set[str]] = {}
        for place in self.tags:
            raw = self.raws[place.digest] or {}
            named = {one["digest"] for one in raw.get("manifests", ()) if one["mediaType"] != LAYER}
            lost = {one for one in named if ManifestPlace(place.repository, one) not in self.tags}
            if lost:
                found[place] = lost
        return found


@settings(max_examples=150)
@given(registries())
def test_the_graph_says_what_the_slow_model_says(made: tuple[Drawn, dict[str, dict[str, Any] | None]]) -> None:
    model = Model(*made)
    graph = made[0].graph()
    assert_kept_and_damaged(graph, model)
    assert_explained(graph)
    assert_measured(graph)


def assert_kept_and_damaged(graph: ImageGraph, model: Model) -> None:
    keeping = find_keeping(graph)
    assert {place for place in graph.listed if is_kept(graph, keeping, place)} == model.kept()
    damage = find_damage(graph)
    assert {one.place: set(one.missing) for one in damage if "children" in one.kind} == model.missing()
    lost = {(place.digest, subject) for place in model.tags for subject in map(sha, NEVER_PUSHED)
            if model.attaches(place.digest, subject)}  # fmt: skip
    assert {(one.place.digest, *one.missing) for one in damage if "children" not in one.kind} == lost


def assert_explained(graph: ImageGraph) -> None:
    """Each reason leads up to a manifest that is kept by itself."""
    keeping = find_keeping(graph)
    for digest in graph.repositories_of:
        keepers = explain_keeping(graph, keeping, digest)
        assert bool(keepers) == (digest in keeping.kept)
        explained = {one.digest for one in keepers}
        assert {one.by for one in keepers if one.by is not None} <= explained
        assert not keepers or any(one.repository is not None for one in keepers)


def assert_measured(graph: ImageGraph) -> None:
    """Each manifest belongs to an image, and own and shared blobs are counted separately."""
    images = find_images(graph)
    assert {place for tree in images for place in tree.places} == set(graph.listed)
    sizes = blob_sizes(graph)
    named = {
        tree.root: {
            digest
            for place in tree.places
            if (document := graph.document(place.digest)) is not None
            for digest, _size in document.blobs
        }
        for tree in images
    }
    for root, size in measure_images(graph, images).items():
        others = set[str]().union(*(blobs for other, blobs in named.items() if other != root))
        assert size.own_bytes == sum(sizes[one] for one in named[root] - others)
        assert size.size_bytes == sum(sizes[one] for one in named[root])
