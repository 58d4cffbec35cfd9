# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uses looked up in a graph, and the ranges of versions that Flux reads."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.model import ImageUse
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.resolve import (
    describe_unresolved,
    resolve_uses,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.versions import (
    fits_range,
    read_version,
)
from support.image_graphs import Drawn, image, index, sha

NAMES = ["idx", "arm64", "img", "old", "far"]
DRAWN = (
    Drawn()
    .add("idx", index("arm64"), "v2.0.0", "stable")
    .add("arm64", image("base", "app"))
    .add("img", image("tool"), "v1.4.0")
    .add("old", image("old"), "v1.2.0-rc.1", "nightly")
    .add("far", image("base", "app"), "v1.4.0", repository="team/far")
    .add("lost", None, "v9")
)


def found(use: ImageUse) -> tuple[list[str], bool]:
    """The names of the manifests that a use protects, and whether the use is unresolved."""
    resolved = resolve_uses(DRAWN.graph(), [use])
    assert all(where == (use.where,) for where in resolved.uses_of.values())
    return [name for name in NAMES if sha(name) in resolved.uses_of], bool(resolved.unresolved)


@pytest.mark.parametrize(
    ("use", "names", "is_unresolved"),
    [
        (ImageUse("x", "app", "stable"), ["idx"], False),
        (ImageUse("x", "team/far", "v1.4.0"), ["far"], False),
        (ImageUse("x", "app", None, sha("idx")), ["idx"], False),
        (ImageUse("x", "app", "v1.4.0", sha("idx")), ["idx"], False),
        (ImageUse("x", "app", None, sha("arm64")), ["arm64"], False),
        (ImageUse("x", None, None, sha("img")), ["img"], False),
        (ImageUse("x", "team/far", None, sha("img")), ["img"], True),
        (ImageUse("x", None, None, sha("config of ('tool',)")), ["img"], False),
        (ImageUse("x", "app", None, sha("config of ('base', 'app')")), ["arm64", "far"], False),
        (ImageUse("x", "app", None, sha("nowhere")), [], True),
        (ImageUse("x", None, None, sha("nowhere"), is_expected=False), [], False),
        (ImageUse("x", "app", "v3"), [], True),
        (ImageUse("x", "app", "Stable"), [], True),
        (ImageUse("x", "nowhere", "stable"), [], True),
        (ImageUse("x", "nowhere", "stable", is_expected=False), [], False),
        (ImageUse("x", "app", semver=">=1.0.0 <2.0.0"), ["img", "old"], False),
        (ImageUse("x", "app", semver="no range"), ["idx", "img", "old"], False),
        (ImageUse("x", "app", semver="3.x"), [], True),
    ],
)
def test_a_use_protects_what_it_names(use: ImageUse, names: list[str], is_unresolved: bool) -> None:
    assert found(use) == (names, is_unresolved)


def test_a_manifest_that_could_not_be_read_is_protected_by_its_tag() -> None:
    resolved = resolve_uses(DRAWN.graph(), [ImageUse("x", "app", "v9")])
    assert resolved.uses_of == {sha("lost"): ("x",)}


def test_many_uses_of_a_manifest_are_counted() -> None:
    uses = [ImageUse(f"pod {number // 2}", "app", "stable") for number in range(24)]
    assert resolve_uses(DRAWN.graph(), uses).uses_of[sha("idx")] == (*(f"pod {one}" for one in range(10)), "2 more")


def test_a_use_of_an_absent_image_is_told_in_a_sentence() -> None:
    uses = [
        ImageUse("the Pod a/b", "app", "v3"),
        ImageUse("the Pod a/b", "app", None, sha("x")),
        ImageUse("the file /x", None, None, sha("x")),
        ImageUse("the file /x", "app", semver="3.x"),
    ]
    assert list(describe_unresolved(uses, "kiwi")) == [
        "The Pod a/b uses app:v3, which the registry kiwi does not have.",
        f"The Pod a/b uses app@{sha('x')}, which the registry kiwi does not have.",
        f"The file /x uses {sha('x')}, which the registry kiwi does not have.",
        "The file /x uses app in the range of versions 3.x, which the registry kiwi does not have.",
    ]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (">=1.2.3 <2.0.0", "1.2.3 1.9.9 v1.5.0 2.0.0-rc.1 1.5", "1.2.2 2.0.0 3.0.0 latest"),
        (">= 1.2.3, < 2", "1.2.3 1.2.3-rc.1", "1.2.2 2.0.0"),
        ("1.x", "1.0.0 1.9.0 1.0.0-alpha", "2.0.0 0.9.0"),
        ("1.2.X || 3", "1.2.7 3.4.0", "1.3.0 4.0.0"),
        ("1.2.3 - 2.1", "1.2.3 2.1.9", "1.2.2 2.2.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
        ("~1", "1.9.0", "2.0.0"),
        ("~>1.2", "1.2.0", "1.3.0"),
        ("^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0.0", "0.0.9", "0.1.0"),
        ("^0", "0.9.0", "1.0.0"),
        ("=1.2.3", "1.2.3 v1.2.3 1.2.3+build.7 1.2.3_build", "1.2.4"),
        ("!=1.2.3 <2", "1.2.4", "2.0.0"),
        (">1.2.3", "1.2.4 9.0.0", "1.2.2"),
        ("<=1.2", "1.2.9 0.1.0", "1.3.0"),
        ("*", "0.0.1 9.9.9 1.0.0-rc.1", "latest"),
        ("", "1.0.0", "latest"),
        (">=1.0.0-0", "1.0.0-rc.1 1.0.0", "0.9.0"),
        ("about one", "1.0.0 latest sha-abc", ""),
        (">=1.x.3", "0.1.0 latest", ""),
    ],
)
def test_a_range_has_all_versions_that_flux_may_choose(text: str, inside: str, outside: str) -> None:
    assert [one for one in inside.split() if not fits_range(read_version(one), text)] == []
    assert [one for one in outside.split() if fits_range(read_version(one), text)] == []
