# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option `in_use` as people, AWX and `-e` write the option, and all that can be wrong with the value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.resources import ApiResource
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.options import (
    InUseOptions,
    read_in_use,
)

RESOURCE = {"group": "argoproj.io", "version": "v1alpha1", "resource": "rollouts", "image": "spec.template.image"}
WHOLE: dict[str, Any] = {
    "clusters": ["plum", "prod-*"],
    "kubeconfig": "~/.kube/config",
    "contexts": ["west"],
    "apps": True,
    "images": ["team/app:v7"],
    "image_files": ["/etc/images"],
    "resources": [RESOURCE],
    "may_be_missing": ["cluster plum", "apps", "file /etc/images", "context west", "resource rollouts.argoproj.io"],
}


def wrong(value: object) -> list[str]:
    return [str(one) for one in read_in_use(value)[1]]


def read(value: object) -> InUseOptions:
    options, faults = read_in_use(value)
    assert faults == ()
    return options


@pytest.mark.parametrize("value", [None, "", " ", "null", "~"])
def test_a_blank_value_states_nothing(value: object) -> None:
    assert read(value) == InUseOptions()


@pytest.mark.parametrize("value", ["none", " None ", "NONE"])
def test_none_states_that_there_is_no_source(value: object) -> None:
    assert read(value) == InUseOptions(is_stated=True)


def test_all_sources_are_read_from_a_map_and_from_its_json_text() -> None:
    options = read(WHOLE)
    assert (options.clusters, options.contexts, options.apps) == (("plum", "prod-*"), ("west",), True)
    (resource,) = options.resources
    assert resource.source == ApiResource("argoproj.io", "v1alpha1", "rollouts")
    assert resource.images == (("spec", "template", "image"),)
    assert read(json.dumps(WHOLE)) == options


@pytest.mark.parametrize(
    ("given", "typed"),
    [
        ({"clusters": "plum"}, {"clusters": ["plum"]}),
        ({"clusters": "plum, pear"}, {"clusters": ["plum", "pear"]}),
        ({"clusters": '["plum"]'}, {"clusters": ["plum"]}),
        ({"apps": "True"}, {"apps": True}),
        ({"apps": "yes", "images": ""}, {"apps": True}),
        ({"apps": 1, "kubeconfig": " "}, {"apps": True}),
        ({"images": ["a:b"], "apps": "no"}, {"images": ["a:b"]}),
        (
            {"kubeconfig": "/k", "resources": json.dumps([RESOURCE])},
            {"kubeconfig": "/k", "resources": [RESOURCE | {"image": ["spec.template.image"]}]},
        ),
    ],
)
def test_text_means_what_the_typed_value_means(given: dict[str, Any], typed: dict[str, Any]) -> None:
    assert read(given) == read(typed)


def test_a_kubeconfig_without_contexts_means_its_current_context() -> None:
    assert read({"kubeconfig": "/k"}).contexts == (None,)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (False, "in_use: the value is neither none nor a map of sources; write none, or a map"),
        ("plum", "in_use: the value is neither none nor a map of sources"),
        (["plum"], "in_use: the value is neither none nor a map of sources"),
        ("{broken", "in_use: the value is neither none nor a map of sources"),
        ({}, "in_use: the map names no source; name a source, or write none"),
        ({"apps": False, "clusters": []}, "in_use: the map names no source"),
        ({"cluster": ["plum"]}, "in_use.cluster: the field is not known; did you mean clusters?"),
        ({"clusters": 7}, "in_use.clusters: the value is no list"),
        ({"clusters": [7]}, "in_use.clusters[0]: the value is no text (int)"),
        ({"clusters": ["plum", " "]}, "in_use.clusters[1]: the text is empty"),
        ({"apps": "maybe"}, "in_use.apps: 'maybe' is no truth value"),
        ({"kubeconfig": 7, "apps": True}, "in_use.kubeconfig: the value is no text"),
        ({"contexts": ["west"]}, "in_use.contexts: the option requires kubeconfig"),
        ({"apps": True, "resources": [RESOURCE]}, "in_use.resources: no cluster is named"),
        ({"images": ["App"]}, "in_use.images[0]: 'App' is no reference: 'App' is no repository"),
        ({"image_files": ["images.txt"]}, "in_use.image_files[0]: the path images.txt is not absolute"),
        ({"apps": True, "may_be_missing": ["plum"]}, "in_use.may_be_missing[0]: 'plum' names no source; write cluster"),
        ({"images": ["a"], "may_be_missing": ["apps"]}, "in_use.may_be_missing[0]: the sources have no 'apps'"),
        ({"apps": True, "may_be_missing": ["cluster x"]}, "the sources have no 'cluster x'"),
        ({"apps": True, "may_be_missing": ["file /x"]}, "the sources have no 'file /x'"),
    ],
)
def test_what_cannot_be_meant_is_refused(value: object, told: str) -> None:
    assert any(told in one for one in wrong(value)), wrong(value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"group": "Argo Proj"}, "resources[0].group: 'Argo Proj' is no group"),
        ({"version": "1"}, "resources[0].version: '1' is no version"),
        ({"version": None}, "resources[0].version: the field is missing"),
        ({"resource": "Rollout"}, "resources[0].resource: 'Rollout' is no resource"),
        ({"image": None}, "resources[0]: the resource has no path to an image"),
        ({"image": "a..b"}, "resources[0].image: the path cannot be read from '..b' on"),
        ({"image": [7]}, "resources[0].image[0]: the path is empty"),
        ({"tag": "spec.tag"}, "resources[0].tag: address is missing"),
        ({"address": "spec.url"}, "resources[0].address: image is set too"),
        ({"image": None, "address": ["a", "b"]}, "resources[0].address: the list has several paths"),
        ({"kind": "Rollout"}, "resources[0].kind: the field is not known"),
    ],
)
def test_a_resource_that_cannot_be_meant_is_refused(change: dict[str, Any], told: str) -> None:
    found = wrong({"clusters": ["plum"], "resources": [{**RESOURCE, **change}]})
    assert any(told in one for one in found), found


def test_all_errors_come_at_once_and_name_the_option_as_the_user_wrote_the_option() -> None:
    _options, faults = read_in_use({"clusters": 7, "apps": "maybe", "resources": ["x"], "pods": 1}, "docr_in_use")
    assert [one.where for one in faults] == [
        "docr_in_use.pods", "docr_in_use.clusters", "docr_in_use.apps", "docr_in_use.resources[0]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        {"images": ["{} x"]},
        {"apps": True, "may_be_missing": ["{}"]},
        {"clusters": ["a"], "resources": [{**RESOURCE, "version": "{}"}]},
    ],
)
def test_a_token_in_the_wrong_place_and_a_long_text_are_not_shown_whole(value: dict[str, Any]) -> None:
    for text in ("dop_v1_" + "7" * 64, "x" * 900):
        found = wrong(json.loads(json.dumps(value).replace("{}", text)))
        assert found
        assert all(text not in one for one in found), found
