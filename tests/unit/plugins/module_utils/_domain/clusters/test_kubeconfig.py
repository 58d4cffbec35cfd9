# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, proxies and sign-ins in kubeconfigs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.kubeconfig import (
    KubeEntry,
    UnusableKubeconfig,
    merge_kubeconfigs,
    parse_proxy,
    parse_server,
    server_address,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.sign_in import (
    ExecPlugin,
    SignIn,
    choose_sign_in,
    mask_addresses,
)


@pytest.mark.parametrize(
    ("server", "uses_tls", "address"),
    [
        ("https://10.9.8.7", False, "https://10.9.8.7"),
        ("HTTPS://Kiwi.example.com:443/", False, "https://Kiwi.example.com:443"),
        ("https://rancher.example.com/k8s/clusters/c-1/?a=b#c", False, "https://rancher.example.com/k8s/clusters/c-1"),
        ("https://[::1]:6443", False, "https://[::1]:6443"),
        ("kiwi.example.com:6443", True, "https://kiwi.example.com:6443"),
        ("localhost:6443", True, "https://localhost:6443"),
    ],
)
def test_address_of_a_server(server: str, uses_tls: bool, address: str) -> None:
    assert server_address(server, uses_tls) == address


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("kiwi.example.com:6443", "the server kiwi.example.com:6443 has no scheme"),
        ("http://127.0.0.1:8001", "the server http://127.0.0.1:8001 is not https"),
        ("unix:///run/kiwi", "is not https"),
        ("https://", "is not an address"),
        ("https://[::1", "is not an address"),
        ("https://kiwi example.com", "is not an address"),
        ("https://kiwi\\oak", "is not an address"),
        ("https://kiwi..oak", "is not an address"),
        (f"https://{'a' * 64}.oak", "is not an address"),
        ("https://kiwi:0", "the port of the server kiwi:0 is not a number from 1 to 65535"),
        ("https://kiwi:65536", "the port of"),
        ("https://kiwi:https", "the port of"),
        ("https://user:secret@kiwi", "the address of the server kiwi holds a login"),
    ],
)
def test_address_that_is_refused(server: str, words: str) -> None:
    with pytest.raises(UnusableKubeconfig) as refused:
        server_address(server, uses_tls=False)
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"insecure-skip-tls-verify": "true"}, "insecure-skip-tls-verify of the cluster oak is not true or false"),
        (
            {"insecure-skip-tls-verify": True, "certificate-authority": "ca.pem"},
            "the cluster oak has a certificate authority and insecure-skip-tls-verify",
        ),
    ],
)
def test_a_verification_that_is_not_clear_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UnusableKubeconfig, match=words):
        parse_server(KubeEntry("cluster", "oak", {"server": "https://oak", **fields}), has_certificate=False)


def test_proxy_with_a_login() -> None:
    proxy = parse_proxy("http://fern:a%40b%3Ac@proxy.example.com:3128/", "the proxy")
    assert (proxy.url, proxy.user, proxy.password) == ("http://proxy.example.com:3128", "fern", "a@b:c")
    assert "a%40b" not in repr(proxy)
    assert parse_proxy("socks5://127.0.0.1:1080", "the proxy").is_socks


@pytest.mark.parametrize(
    ("fields", "means"),
    [
        ({"token": "a", "exec": {"command": "x"}, "username": "b"}, SignIn.TOKEN),
        ({"token": "a", "tokenFile": "x"}, SignIn.TOKEN_FILE),
        ({"token": "", "exec": {"command": "x"}, "username": "b"}, SignIn.EXEC),
        ({"exec": None, "username": "b"}, SignIn.BASIC),
        ({"client-certificate-data": "YQ==", "client-key-data": "YQ=="}, SignIn.CERTIFICATE),
    ],
)
def test_means_that_counts(fields: dict[str, Any], means: SignIn) -> None:
    assert choose_sign_in(KubeEntry("user", "gardener", fields)) is means


def test_first_entry_of_a_name_and_first_current_context_win() -> None:
    def document(current: str, server: str) -> dict[str, Any]:
        return {
            "current-context": current,
            "clusters": [{"name": "a", "cluster": {"server": server}}],
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "users": [{"name": "a", "user": {"token": server}}],
        }

    merged = merge_kubeconfigs([(document("", "1"), "/x"), (None, "/y"), (document("a", "2"), "/z")])
    cluster, user = merged.choose(None)
    assert (cluster.text("server"), cluster.folder, user.text("token")) == ("1", "/x", "1")


def test_entry_that_cannot_be_read_is_an_error_of_its_contexts_alone() -> None:
    context = {"cluster": "a", "user": "a"}
    document = {
        "clusters": [{"name": "a", "cluster": {"server": "x"}}, {"name": "b", "cluster": "junk"}],
        "contexts": [{"name": "a", "context": context}, {"name": "b", "context": {**context, "cluster": "b"}}],
        "users": [{"name": "a", "user": {"token": "x"}}, {"name": "b", "user": ["junk"]}, {"name": "c"}],
    }
    merged = merge_kubeconfigs([(document, None)])
    assert merged.choose("a")[0].text("server") == "x"
    with pytest.raises(UnusableKubeconfig, match="the cluster b has no fields"):
        merged.choose("b")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("error: token=abc123 is expired", "error: token=*** is expired"),
        ('{"client_secret": "abc123"}', '{"client_secret": "***"}'),
        ("sent Authorization: Bearer abc12345678", "sent Authorization: Bearer ***"),
        ("bad value sesame", "bad value ***"),
        ("bad value of-an-option", "bad value ***"),
        ("profile oak is unknown", "profile oak is unknown"),
        ("region hidden-here is unknown", "region *** is unknown"),
        ("proxy https://bob:abc123@sts.example/x failed", "proxy https://***@sts.example/x failed"),
        ("usage: x --token abc123", "usage: x --token ***"),
        ("client_secret abc123 was rejected", "client_secret *** was rejected"),
        ("the refresh token abc123 is invalid", "the refresh token *** is invalid"),
        ("invalid password Abc!23", "invalid password ***"),
        ("api_key=abc123&x=1", "api_key=***&x=1"),
        ("Cookie: session=abc123", "Cookie: session=***"),
        ("GET /x?sig=abc123", "GET /x?sig=***"),
        ("bad glpat-abc123abc123", "bad ***"),
        ("bad dckr_pat_abc123abc123", "bad ***"),
        ("the token has expired, run x login", "the token has expired, run x login"),
        ("no token found in the cache", "no token found in the cache"),
        ("the token endpoint answered 500", "the token endpoint answered 500"),
    ],
)
def test_line_of_a_plugin_is_masked(line: str, shown: str) -> None:
    plugin = ExecPlugin(
        "the user gardener",
        "x",
        ("--profile", "oak", "--client-secret", "of-an-option"),
        {"CLOUD_SECRET": "sesame", "CLOUD_PROFILE": "oak", "CLOUD_REGION": "hidden-here"},
    )
    assert plugin.mask(line, "***") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET https://bob:abc@host/v2/ failed", "GET https://***@host/v2/ failed"),
        ("GET https://host/x?X-Amz-Signature=abc123&y=1", "GET https://host/x?X-Amz-Signature=***&y=1"),
        ("sent Authorization: Bearer abc12345678", "sent Authorization: Bearer ***"),
        ("failed to fetch oauth token: unexpected status 401", "failed to fetch oauth token: unexpected status 401"),
    ],
)
def test_secrets_in_the_text_of_a_kubelet_are_masked(text: str, shown: str) -> None:
    assert mask_addresses(text, "***") == shown
