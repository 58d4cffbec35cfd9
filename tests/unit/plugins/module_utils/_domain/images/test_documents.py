# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a manifest names, by format; and which tags attach a manifest to another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.documents import (
    DOCKER_SCHEMA_1,
    OCI_ARTIFACT,
    ChildEntry,
    ManifestDocument,
    parse_document,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import list_fault
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.tags import (
    CompanionTag,
    parse_companion_tag,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.images import (
    ImageManifest,
    parse_image_manifest,
)
from support.image_graphs import CONFIG, INDEX, LAYER, MANIFEST, companion_tag, document_of, image, index, sha

LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
CACHE = "application/vnd.buildkit.cacheconfig.v0"


def without_type(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key != "mediaType"}


def names(document: ManifestDocument) -> set[str]:
    """All digests that may be manifests."""
    return {one.digest for one in document.children} | document.mentioned


def test_an_image_names_its_configuration_and_layers_with_their_sizes() -> None:
    document = document_of(image("base", "app"))
    assert document.blobs == ((document.config, 7), (sha("base"), 4000), (sha("app"), 3000))
    assert (document.children, document.mentioned, document.subject) == ((), frozenset(), None)
    assert document.is_known
    assert not document.is_index


def test_an_index_names_its_platforms_and_its_attestations() -> None:
    document = document_of(index("arm64", attests={"note": "arm64"}))
    assert document.is_index
    assert document.children == (
        ChildEntry(sha("arm64"), MANIFEST, "linux/arm64"),
        ChildEntry(sha("note"), MANIFEST, "unknown/unknown", sha("arm64")),
    )


@pytest.mark.parametrize(
    ("platform", "text"),
    [
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
        ({"os": "linux"}, "linux"),
        (None, ""),
    ],
)
def test_a_platform_is_a_text(platform: dict[str, str] | None, text: str) -> None:
    raw = index("one")
    raw["manifests"][0]["platform"] = platform
    assert document_of(raw).children[0].platform == text


@pytest.mark.parametrize(
    ("raw", "content_type", "media_type"),
    [
        (without_type(index("a")), "", INDEX),
        (without_type(index("a")), LIST, LIST),
        (without_type(index("a")), "application/json", INDEX),
        (without_type(image("a")), "", MANIFEST),
        (without_type(image("a")), f"{MANIFEST}; charset=utf-8", MANIFEST),
        ({"schemaVersion": 1, "fsLayers": [{"blobSum": sha("a")}]}, "", DOCKER_SCHEMA_1),
    ],
)
def test_a_document_without_a_media_type_is_known_by_the_header_or_by_its_fields(
    raw: dict[str, Any], content_type: str, media_type: str
) -> None:
    document = document_of(raw, content_type)
    assert (document.media_type, document.is_known) == (media_type, True)
    assert len(document.children) == len(raw.get("manifests", ()))


def test_a_document_that_contradicts_its_header_is_unknown_and_all_its_digests_count() -> None:
    document = document_of(image("a", subject="s"), INDEX)
    assert not document.is_known
    assert names(document) >= {sha("a"), sha("s")}


def test_in_an_unknown_media_type_each_digest_counts_wherever_it_stands() -> None:
    raw = {
        "mediaType": "application/x.tree+json",
        "roots": [{"digest": sha("a")}, {"deep": {"digest": sha("b"), "more": [{"digest": sha("c")}]}}],
        "subject": {"digest": sha("s")},
        "digest": "no digest at all",
    }
    document = document_of(raw)
    assert not document.is_known
    assert document.mentioned == {sha("a"), sha("b"), sha("c"), sha("s")}
    assert document.subject == sha("s")


def test_an_entry_that_is_no_manifest_is_a_blob_as_in_the_older_cache_of_buildkit() -> None:
    raw = index()
    raw["manifests"] = [
        {"mediaType": LAYER, "digest": sha("layer"), "size": 41},
        {"mediaType": CACHE, "digest": sha("config"), "size": 5},
        {"mediaType": MANIFEST, "digest": sha("child"), "size": 6},
    ]
    document = document_of(raw)
    assert [one.digest for one in document.children] == [sha("child")]
    assert document.blobs == ((sha("layer"), 41), (sha("config"), 5))
    assert document.mentioned == {sha("layer"), sha("config")}
    assert document.is_known


def test_layers_that_are_stored_elsewhere_are_not_expected_in_the_registry() -> None:
    raw = image("a", "b")
    raw["layers"][0]["urls"] = ["https://windows.example/layer"]
    assert [digest for digest, _size in document_of(raw).blobs] == [raw["config"]["digest"], sha("b")]


def test_the_artifact_manifest_of_oci_has_blobs_and_a_subject_and_no_configuration() -> None:
    raw = {
        "mediaType": OCI_ARTIFACT,
        "artifactType": "application/spdx+json",
        "blobs": [{"digest": sha("sbom"), "size": 12}],
        "subject": {"digest": sha("s")},
    }
    document = document_of(raw)
    assert (document.config, document.subject, document.blobs) == (None, sha("s"), ((sha("sbom"), 12),))
    assert document.artifact_type == "application/spdx+json"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (image("a"), CONFIG),
        (image("a", artifactType="application/x.note"), "application/x.note"),
        (index("a"), ""),
    ],
)
def test_the_type_of_an_artifact_is_its_own_or_else_that_of_its_configuration(raw: dict[str, Any], kind: str) -> None:
    assert document_of(raw).artifact_type == kind


BROKEN: dict[str, Any] = {
    "no JSON": b"<html>",
    "no text": b"\xff\xfe",
    "a list": b"[]",
    "a number of children": json.dumps({**index(), "manifests": 3}).encode(),
    "children that are texts": json.dumps({**index(), "manifests": ["a"]}).encode(),
    "a child without a digest": json.dumps({**index(), "manifests": [{"mediaType": MANIFEST}]}).encode(),
    "a digest that is a number": json.dumps({**index(), "manifests": [{"digest": 3}]}).encode(),
    "a digest with a blank": json.dumps({**image(), "subject": {"digest": "sha256:a b"}}).encode(),
    "a subject that is a text": json.dumps({**image(), "subject": "x"}).encode(),
    "an empty subject": json.dumps({**image(), "subject": {}}).encode(),
    "a configuration that is a list": json.dumps({**image(), "config": []}).encode(),
    "brackets without an end": b"[" * 100_000,
    "depth": json.dumps({"x": json.loads("[" * 60 + "]" * 60)}).encode(),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_bytes_that_are_no_manifest_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(the|a) "):
        parse_document(content)


@pytest.mark.parametrize("size", [None, "12", -1, True, 1.5])
def test_a_size_that_is_no_count_is_not_known(size: object) -> None:
    raw = image("a")
    raw["layers"][0]["size"] = size
    assert document_of(raw).blobs[1] == (sha("a"), 0)


@pytest.mark.parametrize(
    ("suffix", "kind"), [("", "referrers"), (".sig", "signature"), (".att", "attestation"), (".sbom", "sbom")]
)
def test_a_companion_tag_names_its_subject(suffix: str, kind: str) -> None:
    assert parse_companion_tag(companion_tag("s", suffix)) == CompanionTag(sha("s"), kind)


@pytest.mark.parametrize(
    "tag",
    [
        "latest",
        "sha256-abc.sig",
        companion_tag("s").upper(),
        companion_tag("s").replace("sha256", "sha512"),
        companion_tag("s") + ".sigs",
        companion_tag("s") + ".SIG",
        companion_tag("s") + "\n",
        companion_tag("s")[:-1],
        companion_tag("s") + "0",
        "x" + companion_tag("s"),
        companion_tag("s").replace("-", ":"),
    ],
)
def test_every_other_tag_is_a_users_tag(tag: str) -> None:
    assert parse_companion_tag(tag) is None


def test_a_list_with_a_digest_or_a_tag_twice_contradicts_itself() -> None:
    one, other = ImageManifest("sha256:1", ("v1", "v1"), ""), ImageManifest("sha256:2", ("v2",), "")
    assert list_fault([one, other]) is None
    assert "sha256:1 twice" in (list_fault([one, other, one]) or "")
    assert "the tag v2 at two manifests" in (list_fault([other, ImageManifest("sha256:3", ("v2",), "")]) or "")


def test_blobs_of_the_list_are_read_where_they_are_sound() -> None:
    raw: dict[str, Any] = {"digest": "sha256:1", "tags": None, "updated_at": None}
    assert parse_image_manifest(raw) == ImageManifest("sha256:1", (), "")
    blobs = [{"digest": "sha256:b", "compressed_size_bytes": 5}, {"digest": "sha256:c"}, {"digest": 3}, "x"]
    assert parse_image_manifest({**raw, "blobs": blobs}).blobs == (("sha256:b", 5), ("sha256:c", 0))
    assert parse_image_manifest({**raw, "blobs": "x"}).blobs == ()
