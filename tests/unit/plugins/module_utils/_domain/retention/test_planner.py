# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan deletes of a registry: the table of images that cleaners lost, and each rule of what belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import ManifestPlace
from support.image_graphs import LAYER, Drawn, companion_tag, image, index, sha
from support.prune_plans import ago, deleted, draw, plan, reason, rules, untagged

NAMES = (
    *("arm64", "amd64", "idx", "outer", "other", "note", "sig", "att", "sbom", "fall", "ref", "ref2", "stay"),
    *("img", "gone", "strange", "cache", "layer", "late", "old"),
)
UNTAGGED = {"delete": {"untagged": True}}
OLD_TAGS = {"delete": {"tags": ["v*"]}}
ORPHANED = {"delete": {"orphaned": True}}


@dataclass(frozen=True)
class PruneCase:
    """A registry, rules, and what must come of them: deletions in order, removed tags, and reasons by name."""

    drawn: Drawn
    gone: str = ""
    raw: Any = None
    tags: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[str, str] = field(default_factory=dict)


def two(drawn: Drawn) -> Drawn:
    return drawn.add("arm64", image("a")).add("amd64", image("b"))


def signed(*tags: str, at: str = ago(90)) -> Drawn:
    """An image of two platforms with a fallback index of a referrer, and cosign's older companions."""
    return (
        two(draw().add("idx", index("arm64", "amd64"), *tags, at=at))
        .add("fall", index("ref"), companion_tag("idx"))
        .add("ref", image("n", subject="idx"))
        .add("sig", image("s"), companion_tag("idx", ".sig"))
        .add("att", image("t"), companion_tag("arm64", ".att"))
    )


LOST: dict[str, PruneCase] = {
    "3822: a tagged list with untagged children": PruneCase(
        two(draw().add("idx", index("arm64", "amd64"), "v7")), reasons={"arm64": "child_of", "idx": "tagged"}
    ),
    "3822: an untagged list with untagged children": PruneCase(
        two(draw().add("idx", index("arm64", "amd64"))), "idx arm64 amd64"
    ),
    "3822: an untagged list with a tagged child": PruneCase(
        draw().add("idx", index("arm64", "amd64")).add("arm64", image("a"), "arm").add("amd64", image("b")),
        "idx amd64",
        reasons={"arm64": "tagged"},
    ),
    "3822: a tagged list with a missing child": PruneCase(
        draw().add("idx", index("arm64", "amd64"), "v7").add("arm64", image("a")), reasons={"arm64": "child_of"}
    ),
    "a child of two indexes of which one has a tag": PruneCase(
        two(draw().add("idx", index("arm64", "amd64")).add("other", index("arm64"), "w8")), "idx amd64"
    ),
    "a child of two indexes of which one loses its tag": PruneCase(
        two(draw().add("idx", index("arm64", "amd64"), "v7").add("other", index("arm64"), "w8")),
        "idx amd64",
        rules(OLD_TAGS),
    ),
    "an index in an index": PruneCase(
        two(draw().add("outer", index("idx"), "v7").add("idx", index("arm64", "amd64"))),
        "outer idx arm64 amd64",
        rules(OLD_TAGS),
    ),
    "an index in an index that stays": PruneCase(
        two(draw().add("outer", index("idx"), "w7").add("idx", index("arm64", "amd64"), "v7")),
        raw=rules(OLD_TAGS, UNTAGGED),
        reasons={"idx": "child_of", "arm64": "child_of"},
    ),
    "an attestation in an index": PruneCase(
        draw()
        .add("idx", index("arm64", attests={"note": "arm64"}), "w7")
        .add("arm64", image("a"))
        .add("note", image()),
        reasons={"note": "child_of"},
    ),
    "a subject without an index": PruneCase(
        draw().add("img", image("a"), "w7").add("ref", image("n", subject="img")), reasons={"ref": "subject_of"}
    ),
    "a deleted subject takes its referrers along, and their signatures": PruneCase(
        draw()
        .add("img", image("a"), "v7")
        .add("ref", image("n", subject="img"))
        .add("sig", image("s"), companion_tag("ref", ".sig")),
        "img ref sig",
        rules(OLD_TAGS),
    ),
    "a signed image whose tag goes": PruneCase(signed("v7"), "idx arm64 amd64 fall ref sig att", rules(OLD_TAGS)),
    "a signed image whose tag stays": PruneCase(
        signed("w7"),
        raw=rules({"delete": {"tags": ["sha256-*"]}}, ORPHANED, UNTAGGED),
        reasons={"fall": "subject_of", "ref": "child_of", "sig": "subject_of", "att": "subject_of"},
    ),
    "a signature matches no pattern, though a star": PruneCase(
        signed("v7", "w7"),
        raw=rules({"delete": {"tags": ["*"]}}, {"keep": {"tags": ["w*", "stay"]}}),
        tags="v7",
        reasons={"sig": "subject_of", "idx": "kept_by_rule"},
    ),
    "an orphaned signature without a rule on orphans": PruneCase(
        draw().add("sig", image("s"), companion_tag("gone", ".sig")),
        raw=rules(UNTAGGED, {"delete": {"tags": ["sha*", "v*"]}}, {"delete": {"tag_regex": "s.*[.]sig"}}),
        reasons={"sig": "tagged"},
    ),
    "an orphaned signature": PruneCase(
        draw().add("sig", image("s"), companion_tag("gone", ".sig")), "sig", rules(ORPHANED)
    ),
    "a dangling fallback index and its referrers": PruneCase(
        draw().add("fall", index("ref"), companion_tag("gone")).add("ref", image("n", subject="gone")),
        "fall ref",
        rules(ORPHANED),
    ),
    "a referrer without its subject is untagged": PruneCase(draw().add("ref", image("n", subject="gone")), "ref"),
    "a signature of an image in another repository": PruneCase(
        draw("app", "far")
        .add("img", image("a"), "v7")
        .add("sig", image("s"), companion_tag("img", ".sig"), repository="far"),
        "img far/sig",
        rules(OLD_TAGS),
    ),
    "a repository of signatures only, by a glob": PruneCase(
        draw().add("sig", image("s"), companion_tag("gone", ".sig"), repository="sigs"),
        raw=rules(ORPHANED, repositories=["sig*", "app"]),
    ),
    "a repository of signatures only, by its name": PruneCase(
        draw().add("sig", image("s"), companion_tag("gone", ".sig"), repository="sigs"),
        "sigs/sig",
        rules(ORPHANED, repositories=["app", "sigs"]),
    ),
    "a repository of referrers only, without a name": PruneCase(
        draw().add("ref", image("n", subject="gone"), repository="sigs")
    ),
    "a signature of a deleted image in a repository of signatures": PruneCase(
        draw().add("img", image("a"), "v7").add("sig", image("s"), companion_tag("img", ".sig"), repository="a-sigs"),
        "img a-sigs/sig",
        rules(OLD_TAGS),
    ),
    "a superseded fallback index": PruneCase(
        draw()
        .add("img", image("a"), "w7")
        .add("fall", index("ref", "ref2"), companion_tag("img"))
        .add("late", index("ref"))
        .add("ref", image("n", subject="img"))
        .add("ref2", image("m", subject="img")),
        "late",
    ),
    "a superseded fallback index goes with the subject": PruneCase(
        draw().add("img", image("a"), "v7").add("late", index("ref")).add("ref", image("n", subject="img")),
        "img late ref",
        rules(OLD_TAGS),
    ),
    "an empty index": PruneCase(
        draw().add("idx", index(), "w7"), raw=rules({"delete": {"children_missing": "wholly"}})
    ),
    "an old cache of BuildKit": PruneCase(
        draw().add("cache", {**index(), "manifests": [{"mediaType": LAYER, "digest": sha("layer")}]}, "cache"),
        raw=rules({"delete": {"children_missing": "wholly"}}, {"delete": {"children_missing": "partly"}}),
    ),
    "all children are missing": PruneCase(
        draw().add("idx", index("gone"), "w7").add("other", index("gone", "arm64"), "w8").add("arm64", image("a")),
        "idx",
        rules({"delete": {"children_missing": "wholly"}}),
    ),
    "some children are missing": PruneCase(
        draw().add("idx", index("gone"), "w7").add("other", index("gone", "arm64"), "w8").add("arm64", image("a")),
        "other arm64",
        rules({"delete": {"children_missing": "partly"}}),
    ),
    "an unknown media type": PruneCase(
        draw()
        .add("strange", {"mediaType": "application/x+json", "at": [{"digest": sha("img")}]})
        .add("img", image("a")),
        reasons={"strange": "unreadable", "img": "child_of"},
    ),
    "an image below an index that cannot be read keeps its digest": PruneCase(
        draw().add("outer", None, "w7").add("img", image("a"), "v7").add("late", image("b")),
        raw=rules(OLD_TAGS, UNTAGGED),
        reasons={"outer": "unreadable", "img": "unreadable", "late": "unreadable", "stay": "tagged"},
    ),
    "a manifest that cannot be read protects its own repository only": PruneCase(
        draw("app", "far").add("outer", None).add("late", image("b")).add("old", image("c"), repository="far"),
        "far/old",
    ),
    "a missing time": PruneCase(
        draw().add("img", image("a"), at="").add("late", image("b"), "v7", at="soon").add("old", image("c")),
        "old",
        rules(UNTAGGED, OLD_TAGS),
        reasons={"img": "unreadable", "late": "unreadable"},
    ),
    "a child whose parent has a tag in another repository": PruneCase(
        draw("app", "far")
        .add("idx", index("arm64"), "v7", repository="far")
        .add("arm64", image("a"), repository="far")
        .add("arm64", image("a")),
        reasons={"arm64": "child_of"},
    ),
    "a child of an index that goes in one repository and stays in the other": PruneCase(
        draw("app", "far")
        .add("idx", index("arm64"), "w7", repository="far")
        .add("arm64", image("a"), repository="far")
        .add("idx", index("arm64"), "v7")
        .add("arm64", image("a")),
        "idx",
        rules(OLD_TAGS),
        reasons={"arm64": "child_of"},
    ),
    "a circle of signatures": PruneCase(
        draw()
        .add("img", image("a"), companion_tag("sig", ".sig"))
        .add("sig", image("s"), companion_tag("img", ".sig")),
        raw=rules(UNTAGGED, ORPHANED, OLD_TAGS),
        reasons={"img": "subject_of"},
    ),
}
RULES: dict[str, PruneCase] = {
    "two tags of which only one matches": PruneCase(
        draw().add("img", image("a"), "v7", "w7"), raw=rules(OLD_TAGS), tags="v7", reasons={"img": "tagged"}
    ),
    "two tags that different rules delete": PruneCase(
        draw().add("img", image("a"), "v7", "w7"), "img", rules({"delete": {"tags": ["w*"]}}, OLD_TAGS)
    ),
    "keep beats delete, also before it": PruneCase(
        draw().add("img", image("a"), "v7"),
        raw=rules({"keep": {"tag_regex": "v[0-9]"}}, OLD_TAGS),
        reasons={"img": "kept_by_rule"},
    ),
    "keep by digest keeps all tags": PruneCase(
        draw().add("img", image("a"), "v7", "v8"), raw=rules(OLD_TAGS, {"keep": {"digests": [sha("img")]}})
    ),
    "keep by digest keeps a child of a deleted image": PruneCase(
        two(draw().add("idx", index("arm64", "amd64"), "v7")),
        "idx amd64",
        rules(OLD_TAGS, {"keep": {"digests": [sha("arm64")]}}),
        reasons={"arm64": "kept_by_rule"},
    ),
    "an image in use keeps its tags": PruneCase(
        draw().add("img", image("a"), "v7", "w7"),
        raw=rules(OLD_TAGS),
        used={"img": "pod shop/web-0 in the cluster plum"},
        reasons={"img": "in_use"},
    ),
    "the platform that runs protects the index and all of its children": PruneCase(
        two(draw().add("idx", index("arm64", "amd64"), "v7")),
        raw=rules(OLD_TAGS, UNTAGGED),
        used={"arm64": "pod shop/web-0"},
        reasons={"arm64": "in_use", "idx": "in_use", "amd64": "child_of"},
    ),
    "the index that is used protects its children": PruneCase(
        two(draw().add("idx", index("arm64", "amd64"))), used={"idx": "app web"}, reasons={"arm64": "in_use"}
    ),
    "a young child of a deleted image": PruneCase(
        draw().add("idx", index("arm64"), "v7").add("arm64", image("a"), at=ago(0.5)),
        "idx",
        rules(OLD_TAGS),
        reasons={"arm64": "too_young"},
    ),
    "a young signature of a deleted image": PruneCase(
        draw().add("img", image("a"), "v7").add("sig", image("s"), companion_tag("img", ".sig"), at=ago(1)),
        "img",
        rules(OLD_TAGS),
        reasons={"sig": "too_young"},
    ),
    "a push in progress": PruneCase(
        draw().add("arm64", image("a"), at=ago(1)).add("amd64", image("b"), at=ago(-1)), reasons={"amd64": "too_young"}
    ),
    "older is strictly older": PruneCase(
        draw().add("img", image("a"), "v7", at=ago(30)).add("old", image("b"), "v8", at=ago(30.00002)),
        "old",
        rules({"delete": {"tags": ["v*"], "older_than": "30d"}}),
    ),
    "younger than": PruneCase(
        draw().add("img", image("a"), "v7", at=ago(30)).add("old", image("b"), "v8", at=ago(29.9)),
        "img",
        rules(OLD_TAGS, {"keep": {"younger_than": "30d"}}),
    ),
    "tags are case-sensitive and patterns mean the whole tag": PruneCase(
        draw().add("img", image("a"), "V7").add("old", image("b"), "nv7"),
        raw=rules(OLD_TAGS, {"delete": {"tag_regex": "v7"}}),
    ),
    "a policy for other repositories": PruneCase(
        draw("app", "far").add("img", image("a"), "v7").add("old", image("b"), "v8", repository="far"),
        "far/old",
        [{"repositories": ["*"], "except_repositories": ["a*"], "rules": [OLD_TAGS]}],
    ),
    "the first policy counts": PruneCase(
        draw("app", "far").add("img", image("a"), "v7").add("old", image("b"), "v8", repository="far"),
        "far/old",
        [{"repositories": ["app"], "rules": [{"delete": {"tags": ["x"]}}]}, {"rules": [OLD_TAGS]}],
    ),
    "versions": PruneCase(
        draw()
        .add("img", image("a"), "v1.9.0")
        .add("old", image("b"), "1.2.0-rc.1")
        .add("late", image("c"), "v2.0.0-rc.1"),
        "img old",
        rules({"delete": {"semver": ">=1.0.0 <2"}}),
    ),
    "pre-releases are no output of git describe": PruneCase(
        draw()
        .add("img", image("a"), "v1.9.0-12-gabc")
        .add("old", image("b"), "1.2.0-rc.1_build")
        .add("late", image("c"), "v2"),
        "old",
        rules({"delete": {"prereleases": True}}),
    ),
}


@pytest.mark.parametrize("case", [*LOST.values(), *RULES.values()], ids=[*LOST, *RULES])
def test_what_is_deleted_and_why(case: PruneCase) -> None:
    found = plan(case.drawn, case.raw, case.used)
    assert deleted(found, NAMES) == case.gone
    assert untagged(found) == case.tags
    assert {name: reason(found, name) for name in case.reasons} == dict(case.reasons)
    assert found.has_changes == bool(case.gone or case.tags)


def test_a_404_is_damage_and_protects_nothing_else() -> None:
    drawn = draw().add("gone", None).add("late", image("b"))
    drawn.unread.clear()
    drawn.gone.add(ManifestPlace("app", sha("gone")))
    assert deleted(plan(drawn), NAMES) == "gone late"
