# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contents of a manifest, as a table of errors and of accepted spellings."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.field_errors import FieldError
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.reader import (
    Document,
    ManifestSet,
    read_manifests,
)

V1 = "digitalocean.project-planton.org/v1"


def document(drop: str = "", **changes: Any) -> dict[str, Any]:
    spec = {"name": "kiwi", "subscription_tier": "BASIC", "region": "syd1", **changes.pop("spec", {})}
    whole = {"apiVersion": V1, "kind": "DigitalOceanContainerRegistry", "metadata": {"name": "res"}, "spec": spec}
    whole |= changes
    for place in (whole, spec):
        place.pop(drop, None)
    return whole


def read(*values: Any, skip: bool = False) -> ManifestSet:
    return read_manifests([Document("m.yaml", n, value) for n, value in enumerate(values, 1)], skip_other_kinds=skip)


def faults(*values: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(*values)
    return [str(fault) for fault in caught.value.field_errors]


def test_a_plain_manifest_has_the_defaults() -> None:
    (manifest,) = read(document()).manifests
    assert manifest.shape() == {
        "name": "kiwi",
        "region": "syd1",
        "subscription_tier": "basic",
        "garbage_collection_enabled": False,
        "garbage_collection": {},
        "doks_integration": {},
        "origin": "m.yaml document 1 (res)",
        "metadata": {"name": "res"},
    }


def test_both_spellings_and_any_case_mean_the_same() -> None:
    camel = document(
        "subscription_tier",
        apiVersion="digital-ocean.project-planton.org/v1",
        spec={
            "subscriptionTier": "Professional",
            "region": "FRA1",
            "garbageCollectionEnabled": True,
            "doksIntegration": {"clusters": ["orchard", "orchard"]},
        },
    )
    (manifest,) = read(camel).manifests
    assert (manifest.subscription_tier, manifest.region, manifest.garbage_collection_enabled) == (
        "professional",
        "fra1",
        True,
    )
    assert manifest.doks_integration == {"clusters": ["orchard", "orchard"]}


@pytest.mark.parametrize(
    ("value", "where", "words"),
    [
        (document(apiVersion="digitalocean.project-planton.org/v2"), "apiVersion", "is not known; use "),
        (document("apiVersion"), "apiVersion", "the field is missing; give digitalocean.project-planton.org/v1 or "),
        (document(kind="ConfigMap"), "kind", "docr_skip_other_kinds"),
        (document("kind"), "kind", "the field is missing"),
        (document("metadata"), "metadata", "the field is missing"),
        (document(metadata={}), "metadata.name", "the field is missing"),
        (document(metadata={"name": "res", "lables": {}}), "metadata.lables", "did you mean labels"),
        (document(metadata={"name": "res", "org": 12}), "metadata.org", "YAML reads 12 as a number; quote it"),
        (document("spec"), "spec", "the field is missing"),
        (document(spec={"name": 2024}), "spec.name", 'YAML reads 2024 as a number; quote it: "2024"'),
        (document(spec={"name": True}), "spec.name", "as the boolean true (so also on, off, yes and no); quote it"),
        (document(spec={"name": datetime.date(2024, 5, 6)}), "spec.name", 'as a date; quote it: "2024-05-06"'),
        (document(spec={"name": "Acme_Images"}), "spec.name", "is not a registry name"),
        (document(spec={"name": "k" * 64}), "spec.name", "has 64 characters; use at most 63"),
        (document(spec={"name": "options"}), "spec.name", "is reserved by the API"),
        (document(spec={"name": "kiwi-"}), "spec.name", "is not a registry name"),
        (
            document(spec={"subscription_tier": "ENTERPRISE"}),
            "spec.subscription_tier",
            "use starter, basic or professional",
        ),
        (
            document(spec={"subscription_tier": "digitalocean_container_registry_tier_unspecified"}),
            "spec.subscription_tier",
            "the field is missing",
        ),
        (document("region"), "spec.region", "the field is missing"),
        (document(spec={"region": "the moon"}), "spec.region", "'the moon' is not known; write a region such as nyc3"),
        (document(spec={"garbage_collection_enabled": "yes"}), "spec.garbage_collection_enabled", "'yes' is text"),
        (document(spec={"subscription_teir": "BASIC"}), "spec.subscription_teir", "did you mean subscription_tier"),
        (
            document(spec={"subscriptionTier": "BASIC"}),
            "spec.subscription_tier",
            "given twice, as subscription_tier and",
        ),
        (document(kind=["Pod"]), "kind", "the value is a list; write text"),
        (document(kind="digitaloceancontainerregistry"), "kind", "did you mean DigitalOceanContainerRegistry"),
        (document(metadata={"name": " "}), "metadata.name", "the value is empty"),
        (document(metadata={"name": "res", "labels": ["a"]}), "metadata.labels", "the value is a list; write a map of"),
        (document(metadata={"name": "res", "labels": {"team": 7}}), "metadata.labels.team", 'quote it: "7"'),
        (document(metadata={"name": "res", "labels": {True: "x"}}), "metadata.labels", "the boolean true; quote it"),
        (document(metadata={"name": "res", "version": {"ids": "7"}}), "metadata.version.ids", "did you mean id"),
        (document(specs={}), "specs", "did you mean spec"),
        (document(colour="red"), "colour", "known are apiVersion, kind, metadata, spec, status"),
        (document(spec={7: "x"}), "spec", "YAML reads the name of a field as a number"),
        (document(spec={"name": 10**5000}), "spec.name", "YAML reads it as a number; quote it"),
        (document(spec={"name": "kiwi\n"}), "spec.name", "is not a registry name"),
        (document(spec={"name": b"kiwi"}), "spec.name", "the value is binary data; write text"),
        (document(spec={"region": "fra1\n"}), "spec.region", "is not known; write a region such as nyc3"),
        (document(spec={"subscription_tier": "x" * 500}), "spec.subscription_tier", "x...' is not known"),
        (
            document(spec={"subscription_tier": "DIGITALOCEAN_CONTAINER_REGISTRY_TIER_UNSPECIFIED"}),
            "spec.subscription_tier",
            "the field is missing; give starter, basic or professional",
        ),
        (
            document(spec={"garbage_collection_enabled": 1}),
            "spec.garbage_collection_enabled",
            "the value is a number; write",
        ),
        (
            document(spec={"doks_integration": {"clusters": [" "]}}),
            "spec.doks_integration.clusters[0]",
            "the value is empty",
        ),
        (document(spec={"doks_integration": {"cluster": []}}), "spec.doks_integration.cluster", "mean clusters"),
        (document(spec={"doks_integration": []}), "spec.doks_integration", "the value is a list; write a map"),
        (
            document(spec={"doks_integration": {"clusters": "a"}}),
            "spec.doks_integration.clusters",
            "the value is text; write",
        ),
        (
            document(spec={"doks_integration": {"clusters": [7]}}),
            "spec.doks_integration.clusters[0]",
            "YAML reads 7 as",
        ),
    ],
)
def test_an_error_names_its_place_and_the_fix(value: dict[str, Any], where: str, words: str) -> None:
    (fault,) = faults(value)
    assert fault.startswith("m.yaml document 1")
    assert f", {where}: " in fault
    assert words in fault


def test_all_errors_of_all_documents_are_reported_at_once() -> None:
    found = faults(
        document(spec={"name": "A", "region": "?"}, apiVersion="x"), ["a", "list"], None, document("region", kind="Pod")
    )
    assert [fault.partition(":")[0] for fault in found] == [
        "m.yaml document 1 (res), apiVersion",
        "m.yaml document 1 (res), spec.name",
        "m.yaml document 1 (res), spec.region",
        "m.yaml document 2",
        "m.yaml document 4 (res), kind",
    ]


def test_empty_documents_and_on_request_other_kinds_are_skipped() -> None:
    assert [one.name for one in read(None, document(), {"kind": "Pod"}, skip=True).manifests] == ["kiwi"]


def test_equal_documents_are_one_registry_and_different_documents_are_an_error() -> None:
    assert len(read(document(), document(spec={"region": "SYD1"})).manifests) == 1
    (fault,) = faults(document(), document(spec={"region": "nyc3"}))
    assert fault.startswith("m.yaml document 2 (res), spec.name: the registry kiwi has other values in m.yaml")


def test_an_error_hides_no_difference_from_another_document() -> None:
    found = faults(document(spec={"garbage_collection_enabled": "on"}), document(spec={"region": "nyc3"}))
    assert [fault.partition(":")[0] for fault in found] == [
        "m.yaml document 1 (res), spec.garbage_collection_enabled",
        "m.yaml document 2 (res), spec.name",
    ]
    assert found[1].endswith("which says another region; let both say the same, or keep one")


def test_every_entry_of_a_list_has_its_own_error() -> None:
    found = faults(document(spec={"doksIntegration": {"clusters": ["orchard", 7, None]}}))
    assert [fault.partition(", ")[2].partition(":")[0] for fault in found] == [
        "spec.doksIntegration.clusters[1]",
        "spec.doksIntegration.clusters[2]",
    ]


def test_empty_fields_count_as_not_given() -> None:
    (manifest,) = read(
        document(
            metadata={"name": "res", "labels": None, "tags": ["a"]},
            spec={"garbage_collection_enabled": None, "doks_integration": None},
        )
    ).manifests
    assert (manifest.garbage_collection_enabled, manifest.doks_integration) == (False, {})
    assert manifest.metadata == {"name": "res", "tags": ["a"]}


def test_an_empty_list_of_clusters_is_kept_apart_from_none() -> None:
    (manifest,) = read(document(spec={"doks_integration": {"clusters": []}})).manifests
    assert manifest.shape()["doks_integration"] == {"clusters": []}


def test_a_slip_in_the_kind_is_not_skipped() -> None:
    with pytest.raises(InvalidInput, match="did you mean DigitalOceanContainerRegistry"):
        read(document(kind="DigitalOceanContainerRegistri"), skip=True)


def test_errors_of_files_are_reported_with_errors_of_documents() -> None:
    unread = FieldError("gone.yaml", "there is no such file")
    with pytest.raises(InvalidInput) as caught:
        read_manifests([Document("m.yaml", 1, document("region"))], faults=(unread,))
    assert [fault.where for fault in caught.value.field_errors] == ["gone.yaml", "m.yaml document 1 (res), spec.region"]


def test_a_list_that_contains_itself_is_an_error() -> None:
    ring: list[Any] = []
    ring.append(ring)
    assert len(faults(document(spec={"doks_integration": {"clusters": ring}, "name": ring}))) == 2


def test_a_name_that_starts_with_a_digit_is_a_warning() -> None:
    (warning,) = read(document(spec={"name": "9kiwi"})).warnings
    assert "9kiwi starts with a digit" in warning


def test_the_status_of_other_tools_is_ignored() -> None:
    assert read(document(status={"outputs": {"anything": 1}})).manifests


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=9)
    | st.just("\ud800")
    | st.binary(max_size=3)
    | st.dates()
    | st.datetimes()
)
_KEYS = st.sampled_from(
    [
        *("apiVersion", "kind", "metadata", "spec", "name", "region", "clusters", "doksIntegration", "labels"),
        *("garbage_collection", "maintenanceWindows", "days", "start", "duration", "time_zone", "blackout_dates"),
    ]
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS | st.text(max_size=3) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_VALUES, max_size=3), st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_no_document_whatever_raises_anything_else(values: list[Any], spec: dict[str, Any]) -> None:
    try:
        read(*values, document(spec=spec))
    except InvalidInput as error:
        assert error.field_errors  # noqa: PT017 - both outcomes are right, and only this one holds something to look at
