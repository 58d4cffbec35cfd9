# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as people count them, and what their blobs weigh, alone and shared."""

from __future__ import annotations

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.sizes import (
    blob_sizes,
    find_images,
    measure_images,
)
from support.image_graphs import Drawn, companion_tag, image, index, sha


def measured(drawn: Drawn) -> dict[str, tuple[int, int]]:
    """Own and shared bytes of each image by repository and name."""
    graph = drawn.graph()
    images = find_images(graph)
    names = {sha(one): one for one in ["idx", "other", "arm64", "img", "sig", "ref", "fall"]}
    sizes = measure_images(graph, images)
    return {
        f"{root.repository}/{names[root.digest]}": (size.own_bytes, size.shared_bytes) for root, size in sizes.items()
    }


def test_an_index_weighs_what_its_children_and_companions_weigh() -> None:
    drawn = (
        Drawn()
        .add("idx", index("arm64", attests={"note": "arm64"}), "v7")
        .add("arm64", image("base", "app"))
        .add("note", image("statement"))
        .add("sig", image("signature"), companion_tag("arm64", ".sig"))
    )
    # Layers of 4, 3, 9 and 9 thousand bytes, and three configurations.
    assert measured(drawn) == {"app/idx": (4000 + 3000 + 9000 + 9000 + 3 * 7, 0)}


def test_a_layer_of_two_images_is_the_own_of_neither_and_stored_once() -> None:
    drawn = Drawn().add("img", image("base", "app"), "v7").add("other", image("base", "tools"), "v8", repository="far")
    assert measured(drawn) == {"app/img": (3000 + 7, 4000), "far/other": (5000 + 7, 4000)}
    assert sum(blob_sizes(drawn.graph()).values()) == 4000 + 3000 + 5000 + 14


def test_the_same_image_in_two_repositories_is_shared_with_itself() -> None:
    drawn = Drawn().add("img", image("app"), "v7").add("img", image("app"), "v7", repository="far")
    assert measured(drawn) == {"app/img": (0, 3007), "far/img": (0, 3007)}


def test_a_child_with_a_tag_of_its_own_is_an_image_too_and_shares_its_layers_with_the_index() -> None:
    drawn = Drawn().add("idx", index("arm64"), "v7").add("arm64", image("app"), "arm")
    assert measured(drawn) == {"app/idx": (0, 3007), "app/arm64": (0, 3007)}


def test_a_child_of_two_indexes_is_the_own_of_neither() -> None:
    drawn = Drawn().add("idx", index("arm64"), "v7").add("other", index("arm64"), "v8").add("arm64", image("app"))
    assert measured(drawn) == {"app/idx": (0, 3007), "app/other": (0, 3007)}


def test_a_signature_in_a_repository_of_its_own_belongs_to_its_image() -> None:
    drawn = Drawn().add("img", image("app"), "v7").add("sig", image("s"), companion_tag("img", ".sig"), repository="x")
    assert measured(drawn) == {"app/img": (3007 + 1007, 0)}


def test_a_copied_signature_belongs_to_the_image_beside_it() -> None:
    drawn = Drawn()
    for repository in ("app", "far"):
        drawn.add("img", image("app"), "v7", repository=repository)
        drawn.add("sig", image("s"), companion_tag("img", ".sig"), repository=repository)
    assert [[(one.repository, one.digest) for one in tree.places] for tree in find_images(drawn.graph())] == [
        [(name, sha("img")), (name, sha("sig"))] for name in ("app", "far")
    ]


def test_a_copied_signature_without_its_image_belongs_to_the_image_elsewhere() -> None:
    drawn = Drawn().add("img", image("app"), "v7")
    for repository in ("app", "far"):
        drawn.add("sig", image("s"), companion_tag("img", ".sig"), repository=repository)
    (tree,) = find_images(drawn.graph())
    assert len(tree.places) == 3


def test_manifests_in_a_circle_of_tags_belong_to_an_image() -> None:
    drawn = (
        Drawn()
        .add("img", image("a"), companion_tag("sig", ".sig"))
        .add("sig", image("s"), companion_tag("img", ".sig"))
    )
    assert measured(drawn) == {"app/img": (2014, 0)}


def test_a_manifest_that_cannot_be_read_is_an_image_without_bytes() -> None:
    assert measured(Drawn().add("img", None)) == {"app/img": (0, 0)}
