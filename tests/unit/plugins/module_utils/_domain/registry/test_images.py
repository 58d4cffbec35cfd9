# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What untagged manifests are: parts of tagged images, or garbage."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.images import (
    ManifestLinks,
    UntaggedKinds,
    count_untagged_kinds,
    parse_manifest_links,
)

PLAIN = ManifestLinks()


def index(*platforms: str, attested: tuple[str, ...] = ()) -> ManifestLinks:
    return ManifestLinks(frozenset(platforms), frozenset(attested))


def signs(subject: str) -> ManifestLinks:
    return ManifestLinks(subject=subject)


@pytest.mark.parametrize(
    ("tagged", "links", "kinds"),
    [
        (["i"], {"i": index("arm", "x86", attested=("a",)), "arm": PLAIN, "x86": PLAIN, "a": PLAIN}, (2, 1, 0, 0)),
        (["outer"], {"outer": index("i"), "i": index("arm"), "arm": PLAIN}, (2, 0, 0, 0)),
        (["i", "j"], {"i": index("arm"), "j": index("arm", "gone"), "arm": PLAIN}, (1, 0, 0, 0)),
        (["i"], {"i": index("i"), "lost": PLAIN}, (0, 0, 0, 1)),
        ([], {"i": index("arm"), "arm": PLAIN}, (0, 0, 0, 2)),
        (["m"], {"m": PLAIN, "s": signs("m"), "t": signs("nothing")}, (0, 0, 1, 1)),
        (["i"], {"i": index("arm"), "arm": PLAIN, "s": signs("arm")}, (1, 0, 1, 0)),
        (["a", "b"], {"a": index("b"), "b": PLAIN}, (0, 0, 0, 0)),
    ],
)
def test_children_and_referrers_belong_to_their_image(
    tagged: list[str], links: dict[str, ManifestLinks], kinds: tuple[int, int, int, int]
) -> None:
    assert count_untagged_kinds(tagged, links) == UntaggedKinds(*kinds)


def test_links_are_read_as_buildx_and_cosign_write_them() -> None:
    attestation = {"digest": "sha256:a", "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    raw = {"manifests": [{"digest": "sha256:x"}, attestation], "subject": {"digest": "sha256:m"}}
    assert parse_manifest_links(raw) == ManifestLinks(frozenset({"sha256:x"}), frozenset({"sha256:a"}), "sha256:m")
    assert parse_manifest_links({"manifests": None, "config": {}}) == PLAIN


@pytest.mark.parametrize("raw", [[], {"manifests": [{}]}, {"manifests": ["x"]}, {"subject": {}}])
def test_another_document_has_no_links(raw: object) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError)):
        parse_manifest_links(raw)  # type: ignore[arg-type]
