# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contents of a manifest, as a table of errors and of accepted spellings."""

from __future__ import annotations

import datetime
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.durations import parse_duration
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.field_errors import FieldError
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.reader import (
    Document,
    ManifestSet,
    read_manifests,
)

V1 = "digital-ocean.planton.dev/v1"


def document(drop: str = "", **changes: Any) -> dict[str, Any]:
    spec = {"name": "kiwi", "subscription_tier": "BASIC", "region": "syd1", **changes.pop("spec", {})}
    whole = {"apiVersion": V1, "kind": "DigitalOceanContainerRegistry", "metadata": {"name": "res"}, "spec": spec}
    whole |= changes
    for place in (whole, spec):
        place.pop(drop, None)
    return whole


def read(*values: Any, skip: bool = False, tier_policy: str = "highest") -> ManifestSet:
    documents = [Document("m.yaml", number, value) for number, value in enumerate(values, 1)]
    return read_manifests(documents, skip_other_kinds=skip, tier_policy=tier_policy)


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
        "docker_credentials": None,
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
        (document(apiVersion="digitalocean.project-planton.org/v2"), "apiVersion", f"is not known; write {V1}"),
        (document("apiVersion"), "apiVersion", f"the field is missing; write {V1}"),
        (document(kind="ConfigMap"), "kind", "docr_skip_other_kinds"),
        (document("kind"), "kind", "the field is missing"),
        (document("metadata"), "metadata", "the field is missing"),
        (document(metadata={}), "metadata.name", "the field is missing"),
        (document(metadata={"name": "res", "lables": {}}), "metadata.lables", "did you mean labels"),
        (document(metadata={"name": "res", "org": 12}), "metadata.org", "YAML reads it as a number, 12; quote it"),
        (document("spec"), "spec", "the field is missing"),
        (document(spec={"name": 2024}), "spec.name", "YAML reads it as a number, 2024; quote it"),
        (document(spec={"name": True}), "spec.name", "as the boolean true (so also on, off, yes and no); quote it"),
        (document(spec={"name": datetime.date(2024, 5, 6)}), "spec.name", "as a date, 2024-05-06; quote it"),
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
        (document(metadata={"name": " "}), "metadata.name", "the value is empty; give text"),
        (document(spec={"subscription_tier": ""}), "spec.subscription_tier", "is empty; give starter, basic or"),
        (document(spec={"region": ""}), "spec.region", "the value is empty; write text, or remove the field"),
        (document(spec={"region": {"valueFrom": {"name": "x"}}}), "spec.region.valueFrom", "write the value itself"),
        (document(spec={"region": {"value": "x", "other": 1}}), "spec.region", "the value is a map; write text"),
        (document(spec={"region": 9}), "spec.region", "the number 9 stands for no region of this collection"),
        (
            document(spec={"subscription_tier": 4}),
            "spec.subscription_tier",
            "which knows the numbers 1 to 3; use starter, basic or",
        ),
        (
            document(spec={"docker_credentials": {"expirySeconds": -1}}),
            "spec.docker_credentials.expirySeconds",
            "-1 is",
        ),
        (document(spec={"docker_credentials": {"write": "yes"}}), "spec.docker_credentials.write", "'yes' is text"),
        (document(metadata={"name": "res", "relationships": ["x"]}), "metadata.relationships[0]", "write a map"),
        (document(metadata={"name": {"value": "res"}}), "metadata.name", "the value is a map; write text"),
        (document(metadata={"name": "res", "labels": ["a"]}), "metadata.labels", "the value is a list; write a map of"),
        (document(metadata={"name": "res", "labels": {"team": 7}}), "metadata.labels.team", "a number, 7; quote it"),
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
            "YAML reads it as a number, 7",
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
        read_manifests([Document("m.yaml", 1, document("name"))], faults=(unread,))
    assert [fault.where for fault in caught.value.field_errors] == ["gone.yaml", "m.yaml document 1 (res), spec.name"]


def test_a_list_that_contains_itself_is_an_error() -> None:
    ring: list[Any] = []
    ring.append(ring)
    assert len(faults(document(spec={"doks_integration": {"clusters": ring}, "name": ring}))) == 2


def test_a_name_that_starts_with_a_digit_is_a_warning() -> None:
    (warning,) = read(document(spec={"name": "9kiwi"})).warnings
    assert "9kiwi starts with a digit" in warning


def test_the_status_of_other_tools_is_ignored() -> None:
    assert read(document(status={"outputs": {"anything": 1}})).manifests


@pytest.mark.parametrize(
    ("home", "is_old"),
    [
        ("digital-ocean.planton.dev/v1", False),
        ("digital-ocean.planton.dev/v1alpha1", False),
        ("digital-ocean.openmcf.org/v1", True),
        ("digital-ocean.project-planton.org/v1", True),
        ("digitalocean.project-planton.org/v1", True),
    ],
)
def test_every_home_of_the_format_is_accepted_and_an_old_home_is_a_note(home: str, is_old: bool) -> None:
    found = read(document(apiVersion=home))
    assert (len(found.manifests), found.warnings) == (1, ())
    assert [V1 in note for note in found.notes] == [True] * is_old


@pytest.mark.parametrize("region", [..., None, 0, "digital_ocean_region_unspecified", {"value": None}])
def test_a_missing_region_is_chosen_by_digitalocean(region: Any) -> None:
    content = document("region") if region is ... else document(spec={"region": region})
    assert read(content).manifests[0].region is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"subscription_tier": 3, "region": 3}, ("professional", "fra1", False)),
        ({"subscription_tier": 1.0, "region": 8}, ("starter", "ams3", False)),
        (
            {
                "name": {"value": "kiwi"},
                "subscription_tier": {"value": "BASIC"},
                "region": {"value": 1, "valueFrom": None},
                "garbageCollectionEnabled": {"value": True},
            },
            ("basic", "nyc3", True),
        ),
    ],
)
def test_numbers_of_enums_and_wrapped_values_are_read(spec: dict[str, Any], expected: tuple[Any, ...]) -> None:
    (manifest,) = read(document(spec=spec)).manifests
    assert manifest.name == "kiwi"
    assert (manifest.subscription_tier, manifest.region, manifest.garbage_collection_enabled) == expected


@pytest.mark.parametrize("number", [9, 2.5, -1, float("nan"), 10**30])
def test_a_number_that_is_none_of_the_enum_is_refused_as_a_number(number: float) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(document(spec={"region": number}))
    (fault,) = caught.value.field_errors
    assert "stands for no region of this collection, which knows the numbers 1 to 8" in fault.what
    assert fault.advice == "write a region such as nyc3 or fra1"


def test_tiers_that_differ_are_reported_with_the_other_faults() -> None:
    documents = [
        document(spec={"subscription_tier": "STARTER"}),
        document(spec={"name": "plum", "subscription_tier": "BASIC"}),
        document(spec={"name": "Fig", "subscription_tier": "GOLD"}),
    ]
    with pytest.raises(InvalidInput) as caught:
        read(*documents, tier_policy="strict")
    told = [fault.what for fault in caught.value.field_errors]
    assert [text.partition(",")[0] for text in told] == [
        "'Fig' is not a registry name",
        "'GOLD' is not known",
        "the team has one tier",
    ]
    assert "names starter" in told[2]
    assert "document 2" in told[2]
    assert len(read(*documents[:2]).manifests) == 2


def test_entries_of_a_list_may_be_wrapped() -> None:
    (manifest,) = read(document(spec={"doks_integration": {"clusters": [{"value": "orchard"}, "farm"]}})).manifests
    assert manifest.doks_integration == {"clusters": ["orchard", "farm"]}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (None, None),
        ({}, {"write": False}),
        ({"write": True, "expirySeconds": 3600}, {"write": True, "expiry_seconds": 3600}),
        ({"write": {"value": True}, "expiry_seconds": "3600"}, {"write": True, "expiry_seconds": 3600}),
        ({"expirySeconds": 36e2}, {"write": False, "expiry_seconds": 3600}),
    ],
)
def test_docker_credentials_are_read(block: Any, expected: Any) -> None:
    assert read(document(spec={"dockerCredentials": block})).manifests[0].shape()["docker_credentials"] == expected


def test_a_warning_says_how_to_get_the_login_of_a_manifest() -> None:
    (warning,) = read(document(spec={"dockerCredentials": {"write": True, "expirySeconds": 5400}})).warnings
    assert "spec.dockerCredentials: a run of the manifest writes no login; to write the login to a" in warning
    assert "run the module docr_credentials with registry=kiwi read_write=true expires_in=1h30m longest_push" in warning
    assert "expires_in" not in read(document(spec={"dockerCredentials": {}})).warnings[0]


@pytest.mark.parametrize("seconds", [1, 30, 90, 3600, 5400, 7200, 1_576_800_000])
def test_the_options_in_the_warning_are_options_that_the_module_accepts(seconds: int) -> None:
    (warning,) = read(document(spec={"dockerCredentials": {"expirySeconds": seconds}})).warnings
    options = dict(re.findall(r"(expires_in|longest_push)=(\S+)", warning))
    assert parse_duration(options["expires_in"]) > parse_duration(options["longest_push"]) > timedelta()
    # The login is valid no longer than the manifest says; the module counts in minutes and needs two of them.
    assert parse_duration(options["expires_in"]) <= timedelta(seconds=max(seconds, 120))


def test_a_manifest_that_is_encrypted_is_named_as_such_and_not_shown() -> None:
    (fault,) = faults("$ANSIBLE_VAULT;1.1;AES256 3939")
    assert "the document is encrypted with ansible-vault; decrypt the file" in fault
    assert "3939" not in fault


def test_metadata_of_other_tools_is_carried_along() -> None:
    metadata = {"name": "res", "slug": "res-1", "group": "shop", "relationships": [{"kind": "Vpc", "name": "x"}]}
    assert read(document(metadata=metadata)).manifests[0].shape()["metadata"] == metadata


def test_a_list_is_read_as_its_items() -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": [document(), None, document(spec={"name": "plum"})]}
    assert [one.origin for one in read(items).manifests] == [
        "m.yaml document 1 item 1 (res)",
        "m.yaml document 1 item 3 (res)",
    ]
    assert faults({"kind": "List", "items": [{"kind": "Pod"}, {"kind": "List"}]}, {"kind": "List", "items": "x"}) == [
        *(
            f"m.yaml document 1 item {number}, kind: the kind is {kind!r}; write DigitalOceanContainerRegistry, "
            "or skip documents of other kinds with docr_skip_other_kinds"
            for number, kind in ((1, "Pod"), (2, "List"))
        ),
        "m.yaml document 2, items: the value is text; write a list of manifests",
    ]


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


def test_fields_that_an_api_server_adds_and_a_list_of_another_name_get_advice_that_helps() -> None:
    exported = {"name": "res", "creationTimestamp": "2031-05-06T12:00:00Z", "uid": "7f", "namespace": "shop"}
    told = faults(document(metadata=exported))
    assert [one.partition(": ")[2] for one in told] == [
        "an API server of Kubernetes adds this field; remove the field"
    ] * 3
    (wrong,) = faults({"kind": "DigitalOceanContainerRegistryList", "items": []})
    assert wrong.endswith("write List for a list of manifests")
