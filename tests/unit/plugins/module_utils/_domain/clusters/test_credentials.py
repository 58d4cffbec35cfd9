# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of a DOKS cluster, and the kubeconfig that is made of them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.credentials import (
    ClusterCredentials,
    parse_cluster_credentials,
)

PLACE = {"server": "https://orchard.test:7443", "certificate_authority_data": "Y2E="}
TOKEN = ClusterCredentials("https://orchard.test:7443", "Y2E=", "t-7")
CERTIFICATE = ClusterCredentials("https://orchard.test:7443", "Y2E=", None, "Y2VydA==", "a2V5")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"token": "t-7", "client_certificate_data": None, "expires_at": "2026-05-03T04:05:06Z"}, TOKEN),
        ({"token": "t-7", "client_certificate_data": "", "client_key_data": ""}, TOKEN),
        ({"token": "", "client_certificate_data": "Y2VydA==", "client_key_data": "a2V5"}, CERTIFICATE),
        ({}, ClusterCredentials("https://orchard.test:7443", "Y2E=")),
    ],
)
def test_credentials_are_a_token_or_a_certificate(raw: dict[str, Any], expected: ClusterCredentials) -> None:
    assert parse_cluster_credentials({**PLACE, **raw}) == expected


@pytest.mark.parametrize("name", list(PLACE))
def test_answer_without_an_address_is_an_error(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        parse_cluster_credentials({key: value for key, value in PLACE.items() if key != name})


@pytest.mark.parametrize(
    ("found", "user"),
    [
        (TOKEN, {"token": "t-7"}),
        (CERTIFICATE, {"client-certificate-data": "Y2VydA==", "client-key-data": "a2V5"}),
    ],
)
def test_kubeconfig_holds_only_the_credentials(found: ClusterCredentials, user: dict[str, str]) -> None:
    kubeconfig = found.kubeconfig()
    (cluster,), (entry,), (context,) = (kubeconfig[name] for name in ("clusters", "users", "contexts"))
    assert entry["user"] == user
    assert cluster["cluster"] == {"server": "https://orchard.test:7443", "certificate-authority-data": "Y2E="}
    assert context["context"] == {"cluster": cluster["name"], "user": entry["name"]}
    assert kubeconfig["current-context"] == context["name"]


def test_neither_token_nor_key_is_shown() -> None:
    assert "t-7" not in repr(TOKEN)
    assert "a2V5" not in repr(CERTIFICATE)
