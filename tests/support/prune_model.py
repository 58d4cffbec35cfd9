# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A slow model of clean-ups that follows the definitions word by word, and random registries, rules and uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import ManifestPlace
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import parse_time
from support.image_graphs import LAYER, Drawn, companion_tag, image, index, sha
from support.prune_plans import ago, when

LOST = ("lost-1", "lost-2")
COUNT = 8
TIMES = (0.5, 1.0, 2.0, 10.0, 40.0)


@dataclass(frozen=True)
class MenuRule:
    """A rule as a user writes it, and what it means: of a tag, or of an image where `of_tag` is None."""

    kind: str
    conditions: dict[str, Any]
    of_tag: Callable[[str], bool] | None = None
    of_image: Callable[[PruneModel, ManifestPlace], bool] = lambda _model, _place: True
    older: float | None = None
    younger: float | None = None
    newest: int | None = None
    asks_untagged: bool = False

    @property
    def raw(self) -> dict[str, Any]:
        """The rule as a user writes it."""
        return {self.kind: self.conditions}


def _untagged(model: PruneModel, place: ManifestPlace) -> bool:
    return not model.tags[place]


MENU = (
    MenuRule("delete", {"untagged": True}, None, _untagged, asks_untagged=True),
    MenuRule("delete", {"untagged": True, "older_than": "5d"}, None, _untagged, older=5, asks_untagged=True),
    MenuRule("delete", {"tags": ["v*"]}, lambda tag: tag.startswith("v")),
    MenuRule("delete", {"tags": ["pr-*", "x"], "older_than": "5d"}, lambda tag: tag.startswith("pr-"), older=5),
    MenuRule("delete", {"tag_regex": "(pr|v1).*"}, lambda tag: tag.startswith(("pr", "v1"))),
    MenuRule("delete", {"semver": ">=2 <3"}, lambda tag: tag.startswith("v2")),
    MenuRule("delete", {"older_than": "5d"}, older=5),
    MenuRule("delete", {"orphaned": True}, None, lambda model, place: model.is_orphaned(place)),
    MenuRule("delete", {"children_missing": "wholly"}, None, lambda model, place: model.missing(place) == "wholly"),
    MenuRule("delete", {"children_missing": "partly"}, None, lambda model, place: model.missing(place) == "partly"),
    MenuRule("keep", {"tags": ["v1*"]}, lambda tag: tag.startswith("v1")),
    MenuRule("keep", {"younger_than": "5d"}, younger=5),
    MenuRule("keep", {"untagged": True, "younger_than": "15d"}, None, _untagged, younger=15, asks_untagged=True),
    MenuRule(
        "keep", {"digests": [sha("m0"), sha("m3")]}, None, lambda _, place: place.digest in (sha("m0"), sha("m3"))
    ),
    MenuRule("keep", {"newest": 1, "tags": ["v*"]}, lambda tag: tag.startswith("v"), newest=1),
    MenuRule("keep", {"newest": 2}, newest=2),
    MenuRule("keep", {"newest": 1, "untagged": True}, None, _untagged, newest=1, asks_untagged=True),
)
SOME = (sha("m0"), sha("m3"))
SCOPES = (["*"], ["app", "f*"], ["app"])


@cache
def documents(number: int) -> st.SearchStrategy[dict[str, Any]]:
    """A document that names earlier ones, and things that were never pushed."""
    named = st.sampled_from([*(f"m{one}" for one in range(number)), *LOST])
    layers = st.lists(st.sampled_from(("base", "tools")), max_size=2)
    return st.one_of(
        st.builds(lambda names, to: image(*names, subject=to), layers, st.none() | named),
        st.lists(named, max_size=3).map(lambda names: index(*names)),
        st.just({**index(), "manifests": [{"mediaType": LAYER, "digest": sha("base"), "size": 4000}]}),
        named.map(lambda name: {"mediaType": "application/x+json", "at": [{"digest": sha(name)}]}),
    )


TAGS = st.lists(
    st.sampled_from(["v1.0.", "v2.0.", "pr-"])
    | st.builds(companion_tag, st.sampled_from([*(f"m{one}" for one in range(COUNT)), *LOST]),
                st.sampled_from(["", ".sig", ".att"])),
    max_size=2,
    unique=True,
)  # fmt: skip


@st.composite
def cleanups(draw: st.DrawFn) -> PruneModel:
    """A registry, rules, and names of what is in use."""
    drawn = Drawn()
    raws: dict[str, dict[str, Any] | None] = {}
    for number in range(draw(st.integers(1, COUNT))):
        name = f"m{number}"
        raws[name] = draw(documents(number)) if draw(st.integers(0, 11)) else None
        for repository in draw(st.sets(st.sampled_from(("app", "far")), min_size=1)):
            tags = [tag if tag.startswith("sha256-") else f"{tag}{number}" for tag in draw(TAGS)]
            time = ago(draw(st.sampled_from(TIMES))) if draw(st.integers(0, 14)) else ""
            drawn.add(name, raws[name], *tags, repository=repository, at=time)
    rules = tuple(draw(st.lists(st.sampled_from(MENU), min_size=1, max_size=4)))
    used = draw(st.sets(st.sampled_from([f"m{one}" for one in range(COUNT)]), max_size=1 if draw(st.booleans()) else 0))
    return PruneModel(drawn, raws, rules, draw(st.sampled_from(SCOPES)), {sha(one) for one in used})


@dataclass
class PruneModel:
    """What the definitions say, by asking every manifest about every other one."""

    drawn: Drawn
    named: dict[str, dict[str, Any] | None]
    rules: tuple[MenuRule, ...]
    scope: list[str]
    used: set[str]

    def __post_init__(self) -> None:
        listed = {
            ManifestPlace(name, one.digest): one for name, all_ in self.drawn.repositories.items() for one in all_
        }
        self.tags = {place: one.tags for place, one in listed.items()}
        self.times = {place: parse_time(one.updated_at) if one.updated_at else None for place, one in listed.items()}
        self.raws = {sha(name): raw for name, raw in self.named.items()}

    @cached_property
    def governed(self) -> set[str]:
        """The repositories that the policy is for."""
        return {"app"} if self.scope == ["app"] else {"app", "far"}

    def children(self, digest: str) -> set[str]:
        """The manifests of the registry that a document names."""
        raw = self.raws[digest] or {}
        return {one["digest"] for one in (*raw.get("manifests", ()), *raw.get("at", ()))} & set(self.raws)

    def field_subject(self, digest: str) -> str | None:
        """The subject by the document."""
        raw = self.raws[digest]
        return raw["subject"]["digest"] if raw is not None and "subject" in raw else None

    def tag_subjects(self, place: ManifestPlace) -> set[str]:
        """The other manifests to which tags attach a manifest."""
        found = {tag[:71].replace("-", ":") for tag in self.tags[place] if tag.startswith("sha256-")}
        return found - {place.digest}

    def subjects(self, digest: str) -> set[str]:
        """The subjects of a manifest that the registry has."""
        by_tag = {one for place in self.tags if place.digest == digest for one in self.tag_subjects(place)}
        return (by_tag | {self.field_subject(digest) or ""}) & set(self.raws)

    def user_tags(self, place: ManifestPlace) -> list[str]:
        """The tags of the user."""
        return [one for one in self.tags[place] if not one.startswith("sha256-")]

    def is_attached(self, place: ManifestPlace) -> bool:
        """Whether a tag or the document attaches a manifest to another."""
        by_field = self.field_subject(place.digest) is not None and not self.user_tags(place)
        return bool(self.tag_subjects(place)) or by_field

    def is_companion(self, place: ManifestPlace) -> bool:
        """Whether no pattern and no count is about the manifest."""
        return self.is_attached(place) or bool(self.subjects(place.digest))

    def is_orphaned(self, place: ManifestPlace) -> bool:
        """Whether a companion has no subject in the registry."""
        return self.is_attached(place) and not self.subjects(place.digest) and not self.user_tags(place)

    def is_unreadable(self, place: ManifestPlace) -> bool:
        """Whether something of the manifest is not known."""
        raw = self.raws[place.digest]
        return raw is None or "at" in raw or self.times[place] is None

    def is_image(self, place: ManifestPlace) -> bool:
        """Whether people count the manifest as an image."""
        parents = {one for one in self.raws if place.digest in self.children(one)}
        is_child = any(ManifestPlace(place.repository, one) in self.tags for one in parents)
        is_root = bool(self.user_tags(place)) or not is_child
        return is_root and not self.is_companion(place) and not self.is_unreadable(place)

    def missing(self, place: ManifestPlace) -> str | None:
        """Whether children of an index are missing wholly or partly."""
        raw = self.raws[place.digest] or {}
        named = {one["digest"] for one in raw.get("manifests", ()) if one["mediaType"] != LAYER}
        here = {one for one in named if ManifestPlace(place.repository, one) in self.tags}
        return None if here == named else ("partly" if here else "wholly")

    def is_asked(self, rule: MenuRule, place: ManifestPlace) -> bool:
        """Whether a rule is about a manifest, before its conditions."""
        if place.repository not in self.governed:
            return False
        if not self.is_companion(place):
            return "orphaned" not in rule.conditions
        if rule.kind == "keep":
            return "digests" in rule.conditions
        has_tags = any(self.user_tags(one) for one in self.tags if one.repository == place.repository)
        is_named = place.repository in self.scope or has_tags
        return is_named and self.is_orphaned(place) and (rule.asks_untagged or "orphaned" in rule.conditions)

    def fits(self, rule: MenuRule, place: ManifestPlace) -> bool:
        """Whether the conditions on the image and on its age hold."""
        time = self.times[place]
        is_old = rule.older is None or (time is not None and time < when(rule.older))
        is_young = rule.younger is None or (time is not None and time > when(rule.younger))
        return self.is_asked(rule, place) and rule.of_image(self, place) and is_old and is_young

    def chosen_tags(self, rule: MenuRule, place: ManifestPlace) -> set[str | None]:
        """The tags that a rule chooses, and None for the image as a whole; before a count."""
        if not self.fits(rule, place):
            return set()
        if rule.of_tag is None:
            return {None}
        return {tag for tag in self.user_tags(place) if rule.of_tag(tag) and self.times[place] is not None}

    def chosen(self, rule: MenuRule, place: ManifestPlace) -> set[str | None]:
        """The tags that a rule chooses: of the newest, those that fewer than N images are newer than."""
        found = self.chosen_tags(rule, place)
        if rule.newest is None or not found:
            return found
        rivals = [one for one in self.tags if one.repository == place.repository and self.is_image(one)
                  and bool(self.tags[one]) != rule.asks_untagged and self.chosen_tags(rule, one)]  # fmt: skip
        newer = [one for one in rivals if self.time(one) > self.time(place)] if place in rivals else []
        return found if place in rivals and len(newer) < rule.newest else set()

    def time(self, place: ManifestPlace) -> float:
        """The time of a manifest that has a time."""
        time = self.times[place]
        assert time is not None
        return time.timestamp()

    def in_use(self) -> set[str]:
        """What is used, its parents and its children, and theirs."""
        up, down = set(self.used & set(self.raws)), set(self.used & set(self.raws))
        for _round in self.raws:
            up |= {one for one in self.raws if self.children(one) & up}
            down |= {child for one in down for child in self.children(one)}
        return up | down

    def staying_tags(self, place: ManifestPlace) -> tuple[set[str], bool, bool]:
        """The tags of the user that stay, whether a rule keeps the manifest, and whether a rule deletes it."""
        keeping = set[str | None]()
        deleting = set[str | None]()
        for rule in self.rules:
            (keeping if rule.kind == "keep" else deleting).update(self.chosen(rule, place))
        tags = set(self.user_tags(place))
        kept = tags if None in keeping else tags & keeping
        going = tags if None in deleting else tags & deleting
        return (tags - going) | kept, bool(keeping), bool(deleting) and not keeping and tags <= going

    def is_kept_itself(self, place: ManifestPlace) -> bool:
        """Whether a manifest stays whatever happens to others."""
        staying, is_kept, is_deleted = self.staying_tags(place)
        neighbours = [one for one in self.tags if one.repository == place.repository]
        lost = {one for one in self.tags[place] if one.startswith("sha256-")}
        lost = {one for one in lost if one[:71].replace("-", ":") not in set(self.raws) - {place.digest}}
        is_lost = bool(lost) and not self.subjects(place.digest) and not (self.is_orphaned(place) and is_deleted)
        return (
            place.repository not in self.governed
            or self.is_unreadable(place)
            or any(self.raws[one.digest] is None for one in neighbours)
            or place.digest in self.in_use()
            or is_kept
            or self.time(place) >= when(1).timestamp()
            or bool(staying)
            or is_lost
        )

    def belongings(self, place: ManifestPlace) -> set[ManifestPlace]:
        """What goes with a manifest."""
        found = {ManifestPlace(place.repository, one) for one in self.children(place.digest)}
        found |= {one for one in self.tags if place.digest in self.subjects(one.digest)}
        found |= {one for one in self.tags if place.digest in self.superseded_subjects(one.digest)}
        return {one for one in found if one in self.tags and one.repository in self.governed}

    def superseded_subjects(self, digest: str) -> set[str]:
        """The subjects of the referrers in an index that has no tag, no subject and no parent."""
        raw = self.raws[digest]
        is_free = not any(self.tags[one] for one in self.tags if one.digest == digest)
        has_parent = any(digest in self.children(one) for one in self.raws)
        subjects = [self.field_subject(one) for one in self.children(digest)]
        if raw is None or "manifests" not in raw or not is_free or has_parent or self.subjects(digest):
            return set()
        return {one for one in subjects if one is not None} if all(subjects) else set()

    def deleted(self) -> set[ManifestPlace]:
        """What goes. Of a repository of which all images would go, the last stays: tagged, newest, first listed."""
        last = set[ManifestPlace]()
        while True:
            gone = self._deleted_but(last)
            for repository in ("app", "far"):
                images = [one for one in self.tags if one.repository == repository and self.is_image(one)]
                if images and set(images) <= gone:
                    tagged = [one for one in images if self.tags[one]] or images
                    last.add(next(one for one in tagged if self.time(one) == max(map(self.time, tagged))))
            if not last & gone:
                return gone

    def _deleted_but(self, last: set[ManifestPlace]) -> set[ManifestPlace]:
        """The largest set in which nothing is kept, nothing is held from outside, and a rule is behind everything."""
        gone = {place for place in self.tags if not self.is_kept_itself(place)} - last
        while True:
            alive = {place.digest for place in self.tags if place not in gone}
            wrong = {place for place in gone if self.holders(place) & alive} | (gone - self._reached(gone))
            if not wrong:
                return gone
            gone -= wrong

    def holders(self, place: ManifestPlace) -> set[str]:
        """The parents and subjects of a manifest."""
        return {one for one in self.raws if place.digest in self.children(one)} | self.subjects(place.digest)

    def _reached(self, gone: set[ManifestPlace]) -> set[ManifestPlace]:
        found = {place for place in gone if self.staying_tags(place)[2]}
        for _round in range(len(gone)):
            found |= {below for one in found for below in self.belongings(one) if below in gone}
        return found

    def removed_tags(self, gone: set[ManifestPlace]) -> Iterator[tuple[str, str]]:
        """The tags that leave manifests which stay, with their repository."""
        used = self.in_use()
        for place in self.tags:
            staying = self.staying_tags(place)[0]
            is_closed = self.is_unreadable(place) or place.digest in used or self.time(place) >= when(1).timestamp()
            if place not in gone and staying and not is_closed:
                yield from ((place.repository, tag) for tag in self.user_tags(place) if tag not in staying)
