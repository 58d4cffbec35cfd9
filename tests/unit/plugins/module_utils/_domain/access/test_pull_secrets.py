# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull secrets: names, content and ownership."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import RegistryAccess
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.methods import (
    doctl_name,
    secret_name,
    secret_names,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.ownership import (
    foreign,
    is_copy,
    is_marked,
    is_source,
    labels_of,
    one_click_copies,
    owned,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.pull_secrets import (
    carries,
    credential_in,
    merge_content,
    pull_secret,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    PULL_SECRET_KEY,
    Secret,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import Credential
from support.access_states import (
    BOG,
    DIRECT,
    ETERNAL,
    FIG,
    FIRST,
    ONE_CLICK,
    OPERATOR,
    PEAR,
    SECOND,
    SYSTEM,
    access,
    cluster,
    copied,
    edited,
    ours,
    theirs,
)

METHODS = ("direct", "operator", "one_click")
ANNOTATION = "docr.project-planton.org/"


def test_each_method_and_doctl_use_different_names() -> None:
    assert secret_names("plum") == ("docr-direct-plum", "docr-operator-plum", "plum", "registry-plum")
    assert doctl_name("plum") == "registry-plum"


@pytest.mark.parametrize(
    ("method", "registry", "name"),
    [
        ("operator", "a" * 49, "docr-operator-a{49}"),
        ("operator", "a" * 50, "docr-operator-a{40}-[0-9a-f]{8}"),
        ("operator", "a" * 39 + "-" + "b" * 23, "docr-operator-a{39}-[0-9a-f]{8}"),
        ("direct", "a" * 51, "docr-direct-a{51}"),
        ("one_click", "a" * 63, "a{63}"),
    ],
)
def test_a_long_name_is_cut_and_ends_in_a_checksum(method: str, registry: str, name: str) -> None:
    assert re.fullmatch(name, secret_name(method, registry))


registries = st.from_regex(r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]", fullmatch=True)


@given(st.lists(registries, min_size=2, max_size=2, unique=True), st.sampled_from(METHODS[:2]))
def test_names_fit_a_label_and_differ_between_registries(pair: list[str], method: str) -> None:
    names = [secret_name(method, one) for one in pair]
    assert names[0] != names[1]
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", one) for one in names)


@given(registries, st.sampled_from(METHODS[:2]), st.sampled_from([FIRST, SECOND, ETERNAL]))
def test_credential_is_read_back_from_its_secret(registry: str, method: str, found: Credential) -> None:
    secret = ours(PEAR, found, method, registry)
    assert credential_in(secret) == found
    assert is_marked(secret, registry, method)
    assert carries(secret, pull_secret(registry, method, found))


def test_annotations_describe_the_credential_without_the_token() -> None:
    content = pull_secret("kiwi", "direct", FIRST)
    assert content.type == "kubernetes.io/dockerconfigjson"
    assert content.annotations == {
        f"{ANNOTATION}fingerprint": FIRST.fingerprint,
        f"{ANNOTATION}minted-at": "2026-07-06T16:20:00Z",
        f"{ANNOTATION}expires-at": "2026-09-04T16:20:00Z",
    }
    assert content.labels == labels_of("kiwi", "direct")
    assert pull_secret("kiwi", "direct", ETERNAL).annotations[f"{ANNOTATION}expires-at"] == "never"
    assert "t-1" not in repr(content)
    source = pull_secret("kiwi", "operator", FIRST)
    assert source.annotations["digitalocean.com/dosecret-identifier"] == OPERATOR


INTACT = ours(PEAR)


def with_annotation(**more: str | None) -> Secret:
    """Ours with an annotation of ours changed, or taken away by None."""
    changed = {f"{ANNOTATION}{name.replace('_', '-')}": value for name, value in more.items()}
    left = {name: text for name, text in {**INTACT.annotations, **changed}.items() if text is not None}
    return replace(INTACT, content=replace(INTACT.content, annotations=left))


def with_data(**data: str) -> Secret:
    found = {PULL_SECRET_KEY: data["text"]} if data else {}
    return replace(INTACT, content=replace(INTACT.content, data=found))


@pytest.mark.parametrize(
    "secret",
    [
        edited(INTACT),
        with_data(),
        with_data(text="%"),
        with_data(text="AAAA"),
        with_data(text="/w=="),
        with_data(text="bnVsbA=="),
        with_annotation(fingerprint=None),
        with_annotation(fingerprint="0" * 16),
        with_annotation(minted_at=None),
        with_annotation(minted_at="long ago"),
        with_annotation(expires_at=None),
        with_annotation(expires_at="soon"),
        # A tenant can write what the API server admits.
        with_annotation(minted_at="9999-12-31T23:59:59Z"),
        with_annotation(minted_at="0001-01-01T00:00:00Z"),
        with_annotation(expires_at="9999-12-31T23:59:59Z"),
        with_annotation(expires_at="1e999"),
        with_data(text=base64.b64encode(b"[" * 9000 + b"]" * 9000).decode()),
        with_data(text=base64.b64encode(b'{"auths":' + b'{"a":' * 9000 + b"1" + b"}" * 9001).decode()),
        with_data(text=base64.b64encode(b"9" * 5000).decode()),
        with_data(text=base64.b64encode(b'{"auths": {"x": {"auth": 7}}}').decode()),
        with_data(text=base64.b64encode(b'{"auths": {"x": {"auth": "//8="}}}').decode()),
    ],
)
def test_edited_secret_holds_no_credential(secret: Secret) -> None:
    with pytest.raises(ValueError, match="the secret was edited"):
        credential_in(secret)


def test_labels_and_annotations_of_other_tools_are_kept() -> None:
    content = pull_secret("kiwi", "direct", FIRST)
    labelled = replace(
        INTACT,
        content=replace(
            INTACT.content,
            labels={**INTACT.labels, "team": "shop"},
            annotations={**INTACT.annotations, "note": "n"},
        ),
    )
    assert carries(labelled, content)
    renewed = merge_content(labelled, pull_secret("kiwi", "direct", SECOND))
    assert (renewed.labels["team"], renewed.annotations["note"]) == ("shop", "n")
    assert carries(replace(labelled, content=renewed), pull_secret("kiwi", "direct", SECOND))


@pytest.mark.parametrize(
    "secret",
    [
        edited(INTACT),
        ours(PEAR, SECOND),
        ours(PEAR, method="operator"),
        with_annotation(expires_at=None),
        replace(INTACT, content=replace(INTACT.content, labels={})),
        replace(INTACT, content=replace(INTACT.content, type="Opaque")),
        replace(INTACT, content=replace(INTACT.content, data={**INTACT.content.data, "more": "bW9yZQ=="})),
    ],
)
def test_secret_with_different_owned_content_does_not_carry_the_credential(secret: Secret) -> None:
    assert not carries(secret, pull_secret("kiwi", "direct", FIRST))


def test_secret_is_marked_only_with_all_labels() -> None:
    for name in INTACT.labels:
        left = {key: value for key, value in INTACT.labels.items() if key != name}
        assert not is_marked(replace(INTACT, content=replace(INTACT.content, labels=left)), "kiwi", "direct")
    assert not is_marked(INTACT, "plum", "direct")


def test_source_is_in_kube_system_and_copies_name_their_source() -> None:
    source = ours(SYSTEM, method="operator")
    assert is_source(source, OPERATOR)
    assert not is_source(replace(source, namespace=PEAR), OPERATOR)
    assert not is_source(source, ONE_CLICK)
    assert is_copy(copied(PEAR), OPERATOR)
    assert not is_copy(copied(PEAR), ONE_CLICK)
    assert not is_copy(source, OPERATOR)


MIXED = {PEAR: ours(PEAR), FIG: theirs(FIG), BOG: ours(BOG, registry="plum"), SYSTEM: copied(SYSTEM)}


def test_owned_secrets_are_marked_or_copied_from_a_marked_secret() -> None:
    assert list(owned(MIXED, "kiwi", "direct")) == [PEAR]
    assert list(owned(MIXED, "kiwi", "operator")) == [SYSTEM]
    assert foreign(MIXED, "kiwi", "direct", [PEAR, FIG, BOG, "empty"]) == (BOG, FIG)
    assert foreign(MIXED, "kiwi", "operator", [SYSTEM, FIG]) == (FIG,)


def test_one_click_copies_are_source_and_copies_of_the_right_type() -> None:
    copy = copied(SYSTEM, FIRST, ONE_CLICK)
    source = replace(
        copy,
        content=replace(copy.content, labels={}, annotations={"digitalocean.com/dosecret-identifier": ONE_CLICK}),
    )
    opaque = replace(copied(FIG, FIRST, ONE_CLICK), content=replace(copy.content, type="Opaque"))
    found = {SYSTEM: source, PEAR: copied(PEAR, FIRST, ONE_CLICK), FIG: opaque, BOG: theirs(BOG, ONE_CLICK)}
    assert set(one_click_copies(found, ONE_CLICK)) == {SYSTEM, PEAR}


@pytest.mark.parametrize(
    ("method", "integrated", "expected"),
    [
        ("direct", [], {"registry-kiwi": {FIG}, "kiwi": {PEAR, FIG}}),
        ("direct", ["kiwi"], {"registry-kiwi": {FIG}, "kiwi": {FIG}}),
        ("operator", ["plum"], {"registry-kiwi": {FIG}, "kiwi": {PEAR, FIG}}),
        ("one_click", [], {"registry-kiwi": {FIG}, "kiwi": {FIG}}),
    ],
)
def test_duplicates_are_secrets_of_other_makers(
    method: str, integrated: list[str], expected: dict[str, set[str]]
) -> None:
    secrets = [
        copied(PEAR, FIRST, ONE_CLICK),
        theirs(FIG, ONE_CLICK),
        theirs(FIG, "registry-kiwi"),
        theirs(PEAR, "registry-kiwi", "Opaque"),
        ours(PEAR),
    ]
    assert RegistryAccess(cluster(secrets, integrated=integrated), access(method)).duplicates == expected
    assert RegistryAccess(cluster([ours(PEAR), theirs(FIG, DIRECT)]), access(method)).duplicates == {}
