# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is needed again after deletions, what can be restored, and what a validation asks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.documents import (
    ManifestBytes,
    parse_document,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.images import ImageManifest
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.changes import (
    FreshList,
    children_first,
    find_needed,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.copies import (
    CopyRecord,
    SavedManifest,
    format_record,
    latest_copies,
    parse_record,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.restoring import (
    missing_copies,
    needed_blobs,
    plan_restore,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.validation import (
    BLOB,
    LAYERS,
    MANIFEST,
    MANIFESTS,
    Target,
    find_targets,
    known_missing,
)
from support.image_graphs import Drawn, image, index, sha

AT = datetime(2031, 4, 5, 6, 7, 8, tzinfo=UTC)


def saved(raw: Mapping[str, Any], *tags: str) -> SavedManifest:
    """The copy of a document under its true digest."""
    content = json.dumps(raw).encode()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return SavedManifest(digest, tags, ManifestBytes(content, str(raw["mediaType"])))


def naming(*digests: str, subject: str | None = None) -> dict[str, Any]:
    """An index of digests."""
    found: dict[str, Any] = index()
    found["manifests"] = [{"mediaType": image()["mediaType"], "digest": one, "size": 3} for one in digests]
    return found | ({"subject": {"mediaType": "x", "digest": subject, "size": 3}} if subject else {})


AMD, ARM = saved(image("amd")), saved(image("arm"))
ROOT = saved(naming(AMD.digest, ARM.digest), "v1")
SIGNATURE = saved(image("sig"), f"{ROOT.digest.replace(':', '-')}.sig")
COPIES = {one.digest: one for one in (ROOT, SIGNATURE, AMD, ARM)}
DELETED = frozenset(COPIES)


def fresh(*found: tuple[SavedManifest, tuple[str, ...]]) -> FreshList:
    """A repository with manifests and their tags, all of which are new."""
    documents = {one.digest: parse_document(one.manifest.content) for one, _tags in found if one.manifest is not None}
    return FreshList({one.digest: ImageManifest(one.digest, tags, "") for one, tags in found}, documents, {})


@pytest.mark.parametrize(
    ("new", "needed"),
    [
        ([], ()),
        ([(saved(image("other")), ("v2",))], ()),
        ([(saved(naming(ARM.digest)), ("v2",))], (ARM,)),
        ([(saved(naming(ROOT.digest)), ("v2",))], (ARM, AMD, ROOT, SIGNATURE)),
        ([(saved(naming(subject=ROOT.digest)), ())], (ARM, AMD, ROOT, SIGNATURE)),
        ([(saved(image("att")), (f"{AMD.digest.replace(':', '-')}.att",))], (AMD,)),
        ([(ROOT, ("v1",))], (ARM, AMD, SIGNATURE)),
    ],
    ids=["none", "other", "child", "index", "referrer", "attached-by-tag", "pushed-again"],
)
def test_what_a_newer_manifest_needs(
    new: list[tuple[SavedManifest, tuple[str, ...]]], needed: tuple[SavedManifest, ...]
) -> None:
    found = find_needed(COPIES, DELETED, DELETED, fresh(*new))
    assert set(found) == {one.digest for one in needed}
    if ROOT.digest in found:
        assert found.index(ROOT.digest) > max(found.index(AMD.digest), found.index(ARM.digest))


def test_a_manifest_that_the_plan_knew_needs_nothing_again() -> None:
    known = saved(naming(ARM.digest))
    assert find_needed(COPIES, DELETED | {known.digest}, DELETED, fresh((known, ("v2",)))) == ()


def test_children_come_before_nested_indexes() -> None:
    outer = saved(naming(ROOT.digest))
    order = children_first({one.digest: one for one in (outer, ROOT, AMD, ARM)})
    assert order[2:] == (ROOT.digest, outer.digest)


def test_a_record_is_read_back_and_a_broken_one_is_refused() -> None:
    lost = SavedManifest(sha("lost"), ("v0",), None)
    record = CopyRecord("kiwi", "team/app", AT, DELETED, (ROOT, AMD, lost), is_open=True)
    text = format_record(record)
    assert parse_record(text) == record
    for wrong in ("", "[]", "{}", text[:-9], text.replace('"format": 1', '"format": 2')):
        with pytest.raises(ValueError, match="file"):
            parse_record(wrong)
    other = replace(ROOT, digest=AMD.digest)
    with pytest.raises(ValueError, match="other bytes than the digest names"):
        parse_record(format_record(replace(record, manifests=(other,))))


def test_the_newest_copy_counts_with_the_tags_of_all_copies() -> None:
    first = CopyRecord("kiwi", "app", AT, DELETED, (ROOT,))
    second = replace(first, saved_at=AT + timedelta(days=1), manifests=(replace(ROOT, tags=("v2",), manifest=None),))
    copies = list(latest_copies([second, first]).values())
    assert len(copies) == 1
    found = copies[0]
    assert (found.tags, found.manifest) == (("v1", "v2"), ROOT.manifest)


def test_a_restoration_leaves_out_what_lost_a_layer_and_the_indexes_above() -> None:
    layer = next(one for one in needed_blobs("app", [ARM]) if one.digest == sha("arm"))
    plan = plan_restore("app", tuple(COPIES.values()), fresh(), {layer: "the blob is gone"})
    assert {one.digest for one in plan.manifests} == {AMD.digest, SIGNATURE.digest}
    reasons = {one.digest: one.reason for one in plan.lost}
    assert reasons == {
        ARM.digest: "the blob is gone",
        ROOT.digest: f"the manifest {ARM.digest}, a child, cannot be restored",
    }


def test_a_restoration_moves_no_tag_and_skips_what_is_there() -> None:
    other = saved(image("other"))
    now = fresh((other, ("v1",)), (AMD, ()))
    plan = plan_restore("app", missing_copies(COPIES, now), now, {})
    assert {one.digest: one.tags for one in plan.manifests} == {
        ARM.digest: (), ROOT.digest: (), SIGNATURE.digest: SIGNATURE.tags,
    }  # fmt: skip
    assert plan.taken_tags == ("v1",)


def test_a_validation_asks_for_children_and_blobs_once_and_knows_earlier_damage() -> None:
    drawn = (
        Drawn().add("root", index("arm", "gone"), "v1").add("arm", image("base", "top")).add("b", image("base"), "b")
    )
    graph = drawn.add("far", image("base"), "x", repository="tool").graph()
    targets = find_targets(graph, LAYERS, lambda name: name == "app")
    assert {one.repository for one in targets} == {"app"}
    assert sum(one == Target(BLOB, "app", sha("base")) for one in targets) == 1
    assert targets[Target(BLOB, "app", sha("base"))] == [sha("arm"), sha("b")]
    assert targets[Target(MANIFEST, "app", sha("gone"))] == [sha("root")]
    assert known_missing(graph) == {Target(MANIFEST, "app", sha("gone"))}
    assert {one.kind for one in find_targets(graph, MANIFESTS, lambda _name: True)} == {MANIFEST}
