# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster access of a manifest, alone and with the role's variables, and the errors in its fields."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.access import access_variables
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.reader import (
    Document,
    ManifestSet,
    read_manifests,
)

PLACE = "m.yaml document 1 (res), spec.doks_integration"
NOT_ALLOWED = "the method one_click does not allow this option"
NOT_BY_OPERATOR = "the method operator does not allow this option"
NO_KUBECONFIG = f"{PLACE}.contexts: the kubeconfig is missing that holds the contexts"
NOTHING: Mapping[str, Any] = {}


def document(block: Any, number: int = 1, *, key: str = "doks_integration") -> Document:
    content = {
        "apiVersion": "digital-ocean.planton.dev/v1",
        "kind": "DigitalOceanContainerRegistry",
        "metadata": {"name": "res"},
        "spec": {"name": f"kiwi-{number}", "subscription_tier": "BASIC", "region": "syd1", key: block},
    }
    return Document("m.yaml", number, content)


def read(*texts: str, variables: Mapping[str, Any] | None = None) -> ManifestSet:
    access = None if variables is None else access_variables(variables)[0]
    documents = [document(yaml.safe_load(text), number) for number, text in enumerate(texts, 1)]
    return read_manifests(documents, access=access)


def faults(*texts: str, variables: Mapping[str, Any] | None = None) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(*texts, variables=variables)
    return [str(fault) for fault in caught.value.field_errors]


def test_fields_are_read_by_the_names_of_the_options_in_any_spelling_and_case() -> None:
    snake = """
    clusters: [orchard]
    contexts: [farm]
    method: DIRECT
    namespaces: [team-*, ci]
    exclude_namespaces: []
    namespace_selector: tier=web
    service_accounts: [default, build-*]
    rotate_every: 1d12h
    never_expires: false
    """
    camel = """
    clusters: [orchard]
    contexts: [farm]
    method: Direct
    namespaces: [team-*, ci]
    excludeNamespaces: []
    namespaceSelector: tier=web
    serviceAccounts: [default, build-*]
    rotateEvery: 1d12h
    neverExpires: false
    """
    read_snake, read_camel = (read(text).manifests[0].shape()["doks_integration"] for text in (snake, camel))
    assert read_snake == read_camel == {
        "clusters": ["orchard"],
        "contexts": ["farm"],
        "method": "direct",
        "namespaces": ["team-*", "ci"],
        "exclude_namespaces": [],
        "namespace_selector": "tier=web",
        "service_accounts": ["default", "build-*"],
        "rotate_every": "1d12h",
        "never_expires": False,
    }  # fmt: skip
    assert read("{}").manifests[0].doks_integration == read("method:").manifests[0].doks_integration == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("method: oneclick", ".method: 'oneclick' is not known; use one_click, operator or direct"),
        ("rotate: 30d", ".rotate: this field is not known; did you mean rotate"),
        ("kubeconfig: farm.yaml", ".kubeconfig: this field is not known; "),
        ("rotate_every: 30", ".rotate_every: YAML reads it as a number, 30; write days, hours and minutes, such as"),
        ("rotateEvery: monthly", ".rotateEvery: 'monthly' is not a period; write days, hours and minutes"),
        ("rotate_every: 30m", ".rotate_every: '30m' is too short; use 1h or more"),
        ('never_expires: "yes"', ".never_expires: 'yes' is text; write true or false, without quotes"),
        ("namespaces: []", ".namespaces: the list is empty; name at least one"),
        ("service_accounts: []", ".service_accounts: the list is empty; name at least one"),
        ("namespaces: team-a", ".namespaces: the value is text; write a list of strings"),
        ("contexts: [1]", '.contexts[0]: YAML reads it as a number, 1; quote it'),
        ('namespace_selector: " "', ".namespace_selector: the value is empty"),
        ("{method: operator, namespaces: [ci]}", f".namespaces: {NOT_BY_OPERATOR}, since"),
        ("{method: operator, serviceAccounts: [a]}", f".serviceAccounts: {NOT_BY_OPERATOR}"),
        ("{method: one_click, rotateEvery: 30d}", f".rotateEvery: {NOT_ALLOWED}"),
        ("{method: ONE_CLICK, contexts: [a]}", f".contexts: {NOT_ALLOWED}, since DigitalOcean"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("variables", [None, {"clusters": ["orchard"], "kubeconfig": "farm.yaml"}])
def test_an_error_of_the_block_alone_names_its_place(
    text: str, fault: str, variables: Mapping[str, Any] | None
) -> None:
    found = [one for one in faults(text, variables=variables) if "needs rotate_every" not in one]
    assert len(found) == 1
    assert found[0].startswith(PLACE + fault)


def test_the_place_is_in_the_spelling_of_the_document() -> None:
    block = {"method": "operator", "excludeNamespaces": ["ci"]}
    with pytest.raises(InvalidInput, match=r"spec\.doksIntegration\.excludeNamespaces: the method operator"):
        read_manifests([document(block, key="doksIntegration")])


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        (
            "{method: direct, clusters: [a]}",
            {},
            [f"{PLACE}.method: the method direct needs rotate_every or never_expires; say how often"],
        ),
        (
            "{method: direct, clusters: [a], never_expires: false}",
            {"never_expires": True},
            [f"{PLACE}.method: the method direct needs rotate_every or never_expires"],
        ),
        (
            "{method: direct, clusters: [a], rotate_every: 1d, never_expires: true}",
            {},
            [f"{PLACE}.never_expires: rotate_every is set too; keep one option"],
        ),
        (
            "clusters: [a]",
            {"method": "direct"},
            ["docr_doks_method: the method direct needs rotate_every or never_expires"],
        ),
        (
            "",
            {"method": "operator", "clusters": ["a"]},
            ["docr_doks_method: the method operator needs rotate_every or"],
        ),
        (
            "clusters: [a]",
            {"method": "direct", "rotate_every": "1d", "never_expires": True},
            ["docr_doks_never_expires: rotate_every is set too"],
        ),
        (
            "clusters: [a]",
            {"method": "operator", "namespaces": ["ci"], "rotate_every": "1d"},
            ["docr_doks_namespaces: the method operator does not allow this option"],
        ),
        ("clusters: [a]", {"rotate_every": "1d"}, [f"docr_doks_rotate_every: {NOT_ALLOWED}"]),
        ("{clusters: [a], rotate_every: 1d}", {}, [f"{PLACE}.rotate_every: {NOT_ALLOWED}"]),
        (
            "{method: direct, contexts: [farm], rotate_every: 1d}",
            {},
            [f"{NO_KUBECONFIG}; set docr_doks_kubeconfig, a variable"],
        ),
        (
            "{method: direct, rotate_every: 1d}",
            {"contexts": ["farm"]},
            ["docr_doks_contexts: the kubeconfig is missing that holds the contexts"],
        ),
    ],
)  # fmt: skip
def test_a_conflict_of_manifest_and_variables_names_the_source_of_the_value(
    text: str, variables: Mapping[str, Any], expected: list[str]
) -> None:
    found = faults(text, variables=variables)
    assert len(found) == len(expected)
    assert [one for one, start in zip(found, expected, strict=True) if not one.startswith(start)] == []


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{method: direct, clusters: [a]}", None),  # the variables do not matter
        ("{method: direct, clusters: [a]}", {"rotate_every": "30d"}),
        ("{method: direct, clusters: [a]}", {"never_expires": True, "namespaces": ["ci"]}),
        ("{method: direct, clusters: [a], never_expires: true}", {"rotate_every": "30d"}),
        ("{method: direct, clusters: [a], rotate_every: 1d}", {"never_expires": True}),
        ("{method: operator, clusters: [a], never_expires: true}", {"namespaces": ["ci"]}),
        ("{method: one_click, clusters: [a]}", {"rotate_every": "30d", "service_accounts": ["build"]}),
        ("{clusters: []}", {"method": "direct"}),  # no cluster needs no credential
        ("", {"method": "direct"}),
        ("{method: operator, contexts: [farm], rotate_every: 1d}", {"kubeconfig": "farm.yaml"}),
    ],
)
def test_compatible_options_are_accepted(text: str, variables: Mapping[str, Any] | None) -> None:
    assert len(read(text, variables=variables).manifests) == 1


def test_an_error_of_a_variable_is_reported_once_whatever_the_number_of_manifests() -> None:
    found = faults("clusters: [a]", "clusters: [b]", "", variables={"method": "direct", "clusters": ["c"]})
    assert len(found) == 1


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"method": "sideways"}, "docr_doks_method: 'sideways' is not known; use one_click, operator or direct"),
        ({"clusters": "orchard"}, "docr_doks_clusters: the value is text; write a list of strings"),
        ({"clusters": ["a", 7]}, "docr_doks_clusters[1]: YAML reads it as a number, 7; quote it"),
        ({"rotate_every": 30}, "docr_doks_rotate_every: YAML reads it as a number, 30; write days, hours and minutes"),
        ({"never_expires": "yes"}, "docr_doks_never_expires: 'yes' is text; write true or false, without quotes"),
        ({"kubeconfig": ["a"]}, "docr_doks_kubeconfig: the value is a list; write the path of a file"),
    ],
)
def test_variables_are_read_as_the_block_is(variables: Mapping[str, Any], fault: str) -> None:
    (found,) = access_variables(variables)[1]
    assert str(found).startswith(fault)


def test_an_empty_variable_counts_as_not_given() -> None:
    empty: dict[str, Any] = {
        "namespace_selector": "",
        "rotate_every": None,
        "kubeconfig": "",
        "clusters": [],
        "method": "DIRECT",
    }
    assert access_variables(empty) == ({"clusters": [], "method": "direct"}, ())


def test_a_value_without_effect_is_reported() -> None:
    told = read("method: direct", "", "clusters: []", variables={"kubeconfig": "farm.yaml", "rotate_every": "1d"})
    assert told.warnings == (
        f"{PLACE}: the block has no effect: neither the block nor docr_doks_clusters names a cluster.",
        (
            "docr_doks_kubeconfig: the variable has no effect, since neither a manifest nor docr_doks_contexts names "
            "contexts."
        ),
    )
    assert read("method: direct").warnings == read("", variables=NOTHING).warnings == ()


def test_two_documents_for_a_registry_say_the_same_of_its_clusters() -> None:
    pair = [document({"rotateEvery": "1d"}), document({"rotate_every": "1d", "never_expires": None})]
    assert len(read_manifests(pair).manifests) == 1
    with pytest.raises(InvalidInput, match="which says another doks_integration; let both say the same"):
        read_manifests([*pair, document({"rotate_every": "2d"})])


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["clusters", "contexts", "method", "namespaces", "rotate_every", "never_expires", "x"]),
        st.text() | st.integers() | st.booleans() | st.lists(st.text()) | st.sampled_from(["direct", "30d"]),
    ),
    st.dictionaries(
        st.sampled_from(["clusters", "contexts", "method", "namespace_selector", "rotate_every", "kubeconfig"]),
        st.text() | st.integers() | st.booleans() | st.lists(st.text()) | st.sampled_from(["operator", "1d"]),
    ),
)
def test_no_value_whatever_raises_anything_else(block: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
    with contextlib.suppress(InvalidInput):
        read_manifests([document(block)], access=access_variables(variables)[0])
