# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests are classed by what they do, not by their verb."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.operations import (
    LIST_MANIFESTS,
    OPERATIONS,
    UNKNOWN,
    Effect,
    find_operation,
)


@pytest.mark.parametrize(
    ("method", "path", "effect"),
    [
        ("GET", "/v2/registries", Effect.READ),
        ("GET", "/proxy/digitalocean/v2/registries", Effect.READ),
        ("POST", "/v2/registries", Effect.WRITE),
        ("POST", "/v2/registries/validate-name", Effect.READ),
        ("POST", "/v2/registries/subscription", Effect.WRITE),
        ("DELETE", "/v2/registries/kiwi%2Fplum", Effect.WRITE),
        ("GET", "/v2/registries/kiwi/docker-credentials", Effect.MINT),
        ("GET", "/v2/kubernetes/clusters/8f3/credentials", Effect.ENTER),
        ("GET", "/v2/kubernetes/clusters/8f3/kubeconfig", Effect.MINT),
        ("DELETE", "/v2/kubernetes/registries", Effect.WRITE),
    ],
)
def test_the_effect_of_a_request(method: str, path: str, effect: Effect) -> None:
    assert find_operation(method, path).effect is effect


@pytest.mark.parametrize(("method", "path"), [("GET", "/v2/droplets"), ("PATCH", "/v2/registries"), ("GET", "/")])
def test_a_request_that_is_not_listed_counts_as_a_write(method: str, path: str) -> None:
    assert find_operation(method, path) is UNKNOWN
    assert UNKNOWN.effect is Effect.WRITE


def test_the_subscription_is_not_taken_for_a_registry_of_that_name() -> None:
    assert find_operation("GET", "/v2/registries/subscription").path == "/v2/registries/subscription"


def test_each_operation_names_its_scopes() -> None:
    assert [operation for operation in OPERATIONS if not operation.scopes] == []


def test_a_name_that_fills_a_message_is_cut() -> None:
    words = LIST_MANIFESTS.call(registry="kiwi", repository="a" * 100_000).words
    assert words == f"list the manifests of the repository kiwi/{'a' * 300}…"
