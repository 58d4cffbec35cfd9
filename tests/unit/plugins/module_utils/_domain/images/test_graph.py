# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The graph of a registry: what is kept and why, and what is damaged.

The first four cases are those that the maintainers of docker/distribution named for a collection of untagged
manifests (distribution/distribution pull request 3822).
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.damage import find_damage
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import ManifestPlace
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.keeping import (
    explain_keeping,
    find_keeping,
    is_kept,
)
from support.image_graphs import LAYER, Drawn, companion_tag, image, index, sha


def draw() -> Drawn:
    return Drawn()


NAMES = (
    *("arm64", "amd64", "idx", "outer", "other", "note", "sig", "att", "sbom", "fall", "ref", "ref2"),
    *("img", "gone", "strange", "cache", "layer", "late"),
)


@dataclass(frozen=True)
class Case:
    """A registry, the names of the manifests that something keeps, and its damage with what is missing."""

    drawn: Drawn
    kept: str
    damage: tuple[tuple[str, str, str], ...] = ()


def two(drawn: Drawn) -> Drawn:
    return drawn.add("arm64", image("a")).add("amd64", image("b"))


CASES: dict[str, Case] = {
    "3822: a tagged list with untagged children": Case(
        two(draw().add("idx", index("arm64", "amd64"), "v7")), "arm64 amd64 idx"
    ),
    "3822: an untagged list with untagged children": Case(two(draw().add("idx", index("arm64", "amd64"))), ""),
    "3822: an untagged list with a tagged child": Case(
        draw().add("idx", index("arm64", "amd64")).add("arm64", image("a"), "arm").add("amd64", image("b")), "arm64"
    ),
    "3822: a tagged list with a missing child": Case(
        draw().add("idx", index("arm64", "amd64"), "v7").add("arm64", image("a")),
        "arm64 idx",
        (("children_partly_missing", "idx", "amd64"),),
    ),
    "a list without any of its children": Case(
        draw().add("idx", index("arm64", "amd64"), "v7"), "idx", (("children_missing", "idx", "arm64 amd64"),)
    ),
    "a child of two indexes of which one has a tag": Case(
        two(draw().add("idx", index("arm64", "amd64")).add("other", index("arm64"), "v8")), "arm64 other"
    ),
    "an index in an index": Case(
        two(draw().add("outer", index("idx"), "v7").add("idx", index("arm64", "amd64"))), "arm64 amd64 idx outer"
    ),
    "an attestation": Case(
        draw()
        .add("idx", index("arm64", attests={"note": "arm64"}), "v7")
        .add("arm64", image("a"))
        .add("note", image()),
        "arm64 idx note",
    ),
    "an empty index": Case(draw().add("idx", index(), "v7"), "idx"),
    "a sparse index of a mirror": Case(
        draw().add("idx", index("arm64", "amd64", "late"), "v7").add("late", image("a")),
        "idx late",
        (("children_partly_missing", "idx", "arm64 amd64"),),
    ),
    "a referrer without an index": Case(
        draw().add("img", image("a"), "v7").add("ref", image("n", subject="img")), "img ref"
    ),
    "a referrer of an untagged image": Case(draw().add("img", image("a")).add("ref", image("n", subject="img")), ""),
    "a referrer of a referrer": Case(
        draw()
        .add("img", image("a"), "v7")
        .add("ref", image("n", subject="img"))
        .add("ref2", image("m", subject="ref")),
        "img ref ref2",
    ),
    "a referrer of a child": Case(
        draw().add("idx", index("arm64"), "v7").add("arm64", image("a")).add("ref", image("n", subject="arm64")),
        "arm64 idx ref",
    ),
    "a referrer without its subject": Case(
        draw().add("ref", image("n", subject="gone")), "", (("subject_missing", "ref", "gone"),)
    ),
    "a fallback tag": Case(
        draw()
        .add("img", image("a"), "v7")
        .add("fall", index("ref"), companion_tag("img"))
        .add("ref", image("n", subject="img")),
        "fall img ref",
    ),
    "a fallback index that was superseded": Case(
        draw()
        .add("img", image("a"), "v7")
        .add("fall", index("ref", "ref2"), companion_tag("img"))
        .add("late", index("ref"))
        .add("ref", image("n", subject="img"))
        .add("ref2", image("m", subject="img")),
        "fall img ref ref2",
    ),
    "a fallback tag of an untagged image": Case(
        draw()
        .add("img", image("a"))
        .add("fall", index("ref"), companion_tag("img"))
        .add("ref", image("n", subject="img")),
        "",
    ),
    "a fallback tag without its subject": Case(
        draw().add("fall", index("ref"), companion_tag("gone")).add("ref", image("n", subject="gone")),
        "fall ref",
        (("fallback_tag_dangling", "fall", "gone"), ("subject_missing", "ref", "gone")),
    ),
    "companions of cosign": Case(
        draw()
        .add("img", image("a"), "v7")
        .add("sig", image("s"), companion_tag("img", ".sig"))
        .add("att", image("t"), companion_tag("img", ".att"))
        .add("sbom", image("u"), companion_tag("img", ".sbom")),
        "att img sbom sig",
    ),
    "companions of cosign, of an untagged image": Case(
        draw().add("img", image("a")).add("sig", image("s"), companion_tag("img", ".sig")), ""
    ),
    "a signature without its image": Case(
        draw().add("sig", image("s"), companion_tag("gone", ".sig")), "sig", (("subject_missing", "sig", "gone"),)
    ),
    "a signature in a repository of its own": Case(
        draw().add("img", image("a"), "v7").add("sig", image("s"), companion_tag("img", ".sig"), repository="signed"),
        "img sig",
    ),
    "a signature that has a tag of a user too": Case(
        draw().add("sig", image("s"), companion_tag("gone", ".sig"), "mine"),
        "sig",
        (("subject_missing", "sig", "gone"),),
    ),
    "a signature of a signature": Case(
        draw()
        .add("img", image("a"), "v7")
        .add("sig", image("s"), companion_tag("img", ".sig"))
        .add("att", image("t"), companion_tag("sig", ".sig")),
        "att img sig",
    ),
    "a manifest that is tagged as its own signature": Case(
        draw().add("img", image("a"), companion_tag("img", ".sig")), "img"
    ),
    "manifests that are tagged as each other's signature": Case(
        draw()
        .add("img", image("a"), companion_tag("sig", ".sig"))
        .add("sig", image("s"), companion_tag("img", ".sig")),
        "",
    ),
    "an older cache of BuildKit": Case(
        draw().add(
            "cache", {**index(), "manifests": [{"mediaType": LAYER, "digest": sha("layer"), "size": 4}]}, "cache"
        ),
        "cache",
    ),
    "a document of an unknown media type": Case(
        draw()
        .add("strange", {"mediaType": "application/x+json", "parts": [{"digest": sha("img")}, {"digest": sha("gone")}]})
        .add("img", image("a"))
        .add("other", image("b")),
        "img strange",
    ),
    "a manifest that cannot be read": Case(
        draw().add("idx", None, "v7").add("img", image("a")).add("other", image("b"), repository="far"), "idx img"
    ),
    "an untagged manifest that cannot be read": Case(draw().add("idx", None), "idx"),
    "a referrer while another manifest cannot be read": Case(
        draw().add("idx", None, "v7", repository="far").add("ref", image("n", subject="gone")),
        "idx ref",
        (("subject_missing", "ref", "gone"),),
    ),
    "manifests without a time": Case(
        draw().add("img", image("a"), at="").add("other", image("b"), at="soon").add("late", image("c")), "img other"
    ),
    "a child whose parent has a tag in another repository": Case(
        draw()
        .add("idx", index("arm64"), "v7", repository="far")
        .add("arm64", image("a"), repository="far")
        .add("arm64", image("a")),
        "arm64 idx",
    ),
}


def kept_names(drawn: Drawn) -> set[str]:
    graph = drawn.graph()
    keeping = find_keeping(graph)
    called = {sha(name): name for name in NAMES}
    return {called[place.digest] for place in graph.listed if is_kept(graph, keeping, place)}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_kept_and_what_is_damaged(case: Case) -> None:
    called = {sha(name): name for name in NAMES}
    assert kept_names(case.drawn) == set(case.kept.split())
    damage = find_damage(case.drawn.graph())
    found = [(one.kind, called[one.place.digest], " ".join(called[digest] for digest in one.missing)) for one in damage]
    assert sorted(found) == sorted(case.damage)


def explained(drawn: Drawn, name: str) -> list[str]:
    """Each reason as a line."""
    graph = drawn.graph()
    called = {sha(one): one for one in NAMES}
    return [
        " ".join(
            [called[one.digest], one.reason, called[one.by] if one.by else f"{one.repository} {'+'.join(one.tags)}"]
        )
        for one in explain_keeping(graph, find_keeping(graph), sha(name))
    ]


def test_the_whole_chain_of_what_keeps_a_manifest_is_told_the_nearest_first() -> None:
    drawn = (
        draw()
        .add("outer", index("idx"), "v7", "v8")
        .add("idx", index("arm64"))
        .add("other", index("arm64"))
        .add("arm64", image("a"), "arm")
        .add("ref", image("n", subject="arm64"))
        .add("sig", image("s"), companion_tag("ref", ".sig"))
    )
    assert explained(drawn, "sig") == [
        "sig companion_of ref",
        "ref companion_of arm64",
        "arm64 tagged app arm",
        "arm64 child_of idx",
        "idx child_of outer",
        "outer tagged app v7+v8",
    ]
    # An index that nothing keeps keeps nothing.
    assert explained(drawn, "other") == []
    assert explained(drawn, "late") == []


def test_what_keeps_a_manifest_of_several_repositories_is_told_of_each() -> None:
    drawn = draw().add("img", image("a"), "v7").add("img", image("a"), "v7", "v8", repository="far")
    assert explained(drawn, "img") == ["img tagged app v7", "img tagged far v7+v8"]


def test_a_circle_of_tags_is_explained_once() -> None:
    drawn = (
        draw()
        .add("img", image("a"), companion_tag("sig", ".sig"), "v7")
        .add("sig", image("s"), companion_tag("img", ".sig"))
    )
    assert explained(drawn, "sig") == ["sig companion_of img", "img tagged app v7", "img companion_of sig"]


def test_a_listed_manifest_that_the_image_host_does_not_have_is_damage_and_so_is_its_index() -> None:
    drawn = draw().add("idx", index("arm64"), "v7").add("arm64", image("a"))
    drawn.gone.add(ManifestPlace("app", sha("arm64")))
    kinds = [(one.kind, one.place.digest, one.tags) for one in find_damage(drawn.graph())]
    assert kinds == [("children_missing", sha("idx"), ("v7",)), ("manifest_missing", sha("arm64"), ())]


def test_while_a_list_is_not_read_no_subject_is_called_missing() -> None:
    drawn = (
        draw()
        .add("ref", image("n", subject="gone"))
        .add("sig", image("s"), companion_tag("gone", ".sig"))
        .add("idx", index("arm64", "amd64"), "v7")
    )
    drawn.errors["far"] = "the list has 3 entries where the total says 4"
    assert [one.kind for one in find_damage(drawn.graph())] == ["children_missing"]
    assert kept_names(drawn) == {"ref", "sig", "idx"}
    assert explained(drawn, "ref") == ["ref subject_unknown app "]


def test_a_child_in_another_repository_is_missing_in_the_repository_of_its_index() -> None:
    drawn = draw().add("idx", index("arm64"), "v7").add("arm64", image("a"), repository="far")
    assert [(one.kind, one.place.repository) for one in find_damage(drawn.graph())] == [("children_missing", "app")]
