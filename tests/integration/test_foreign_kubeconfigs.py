# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubeconfigs of other tools: what is sent to the API server, and the error where a sign-in or a proxy fails."""

from __future__ import annotations

import base64
import importlib.util
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube import exec_plugin
from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.client import KubeApi, open_kube
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import (
    Denied,
    DocrError,
    Refused,
    Unreachable,
)
from support.connect_proxy import connect_proxy
from support.hostile_server import Reply, ReplyingServer, replying_server

TOKEN = "abcdefgh-nobody-may-see-me"
EMPTY = Reply(b'{"kind": "List", "metadata": {}, "items": [{"metadata": {"name": "kube-system"}}]}')
V1 = "client.authentication.k8s.io/v1"
OLD = "client.authentication.k8s.io/v1alpha1"


class Walk(NamedTuple):
    """An API server, and a folder for a kubeconfig and the files around the kubeconfig."""

    server: ReplyingServer
    folder: Path

    def write(self, user: dict[str, Any], cluster: dict[str, Any] | None = None) -> Path:
        """The path of a kubeconfig with this user and these more fields of its cluster."""
        told = {"server": self.server.address, "certificate-authority-data": self.server.ca_data, **(cluster or {})}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "glass",
            "contexts": [{"name": "glass", "context": {"cluster": "greenhouse", "user": "gardener"}}],
            "clusters": [{"name": "greenhouse", "cluster": told}],
            "users": [{"name": "gardener", "user": user}],
        }
        path = self.folder / "kubeconfig"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        return path

    def open(self, user: dict[str, Any], cluster: dict[str, Any] | None = None, **settings: Any) -> KubeApi:
        """A client for such a kubeconfig."""
        path = self.write(user, cluster)
        return open_kube(str(path), None, "glass", Settings("dop_v1_x", read_timeout_s=2, **settings))

    def listed(self, user: dict[str, Any], cluster: dict[str, Any] | None = None) -> Any:
        """The headers of a list."""
        self.open(user, cluster).list_namespaces()
        return self.server.seen[-1]

    def error(self, user: dict[str, Any], cluster: dict[str, Any] | None = None) -> DocrError:
        """The error of a list, which shows no token."""
        with pytest.raises(DocrError) as caught:
            self.open(user, cluster).list_namespaces()
        assert TOKEN not in str(caught.value)
        assert "carried out" not in str(caught.value)
        assert "Error(" not in str(caught.value)
        return caught.value

    def plugin(self, body: str, **fields: Any) -> dict[str, Any]:
        """A user with an exec plug-in of this shell text."""
        path = self.folder / "plugin"
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return {"exec": {"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never", **fields}}


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    with replying_server(lambda _path: EMPTY) as server:
        yield Walk(server, tmp_path)


def printed(**status: Any) -> str:
    """A shell text that prints a credential."""
    return f"cat <<'END'\n{json.dumps({'apiVersion': V1, 'kind': 'ExecCredential', 'status': status})}\nEND"


@pytest.mark.parametrize("text", [f"{TOKEN}\n", f"  {TOKEN}\r\n\n", TOKEN], ids=["newline", "blanks", "bare"])
def test_token_file_is_stripped(walk: Walk, text: str) -> None:
    (walk.folder / "token").write_text(text, encoding="utf-8")
    assert walk.listed({"tokenFile": "token"})["Authorization"] == f"Bearer {TOKEN}"


def test_token_file_wins_over_the_token_beside_it(walk: Walk) -> None:
    assert walk.listed({"token": TOKEN, "tokenFile": "missing"})["Authorization"] == f"Bearer {TOKEN}"
    (walk.folder / "token").write_text("another-token\n", encoding="utf-8")
    assert walk.listed({"token": TOKEN, "tokenFile": "token"})["Authorization"] == "Bearer another-token"


@pytest.mark.parametrize(
    ("user", "place"),
    [
        ({"token": f"{TOKEN}\n"}, "the token of the user gardener holds a line break"),
        ({"token": f"{TOKEN}\x00"}, "the token of the user gardener holds a line break or another control character"),
        ({"token": 12345678}, "the field token of the user gardener is not a text"),
        ({"tokenFile": "inside"}, "the tokenFile of the user gardener holds a line break"),
        ({"tokenFile": "blank"}, "the tokenFile of the user gardener is empty"),
        ({"tokenFile": "missing"}, "the file missing in the field tokenFile of the user gardener does not exist"),
        ({"tokenFile": "."}, "is not a regular file"),
    ],
)
def test_token_that_cannot_be_a_header_is_refused_by_its_place(walk: Walk, user: dict[str, Any], place: str) -> None:
    (walk.folder / "inside").write_text(f"{TOKEN}\n{TOKEN}", encoding="utf-8")
    (walk.folder / "blank").write_text("\n", encoding="utf-8")
    error = walk.error(user)
    assert isinstance(error, Refused)
    assert place in str(error)
    assert "kubeconfig" in str(error)
    assert not walk.server.seen


def test_impersonation_is_sent(walk: Walk) -> None:
    headers = walk.listed(
        {
            "token": TOKEN,
            "as": "jürgen",
            "as-uid": "7",
            "as-groups": ["gardeners", "system:authenticated"],
            "as-user-extra": {"example.com/Scope é": ["a", "b"]},
        }
    )
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Impersonate-User"].encode("latin-1").decode() == "jürgen"
    assert headers["Impersonate-Uid"] == "7"
    assert headers.get_all("Impersonate-Group") == ["gardeners", "system:authenticated"]
    assert headers.get_all("Impersonate-Extra-example.com%2FScope%20%C3%A9") == ["a", "b"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"as-groups": ["gardeners"]}, "without as"),
        ({"as": "root\nX-Evil: 1"}, "the field as of the user gardener holds a line break"),
        (
            {"as": "root", "as-groups": "gardeners"},
            "the field as-groups of the user gardener holds a value",
        ),
        ({"as": "root", "as-user-extra": {"a": "b"}}, "the field as-user-extra of the user gardener"),
    ],
)
def test_impersonation_that_cannot_be_sent_is_refused(walk: Walk, fields: dict[str, Any], words: str) -> None:
    assert words in str(walk.error({"token": TOKEN, **fields}))
    assert not walk.server.seen


def test_plain_http_gets_no_credentials(tmp_path: Path) -> None:
    with replying_server(lambda _path: EMPTY, uses_tls=False) as server:
        walk = Walk(server, tmp_path)
        error = walk.error({"token": TOKEN})
        assert "is not https, and credentials are sent over TLS only" in str(error)
        bare = server.address.removeprefix("http://")
        assert "has no scheme" in str(walk.error({"token": TOKEN}, {"server": bare, "certificate-authority-data": ""}))
        assert not server.seen


def test_server_without_a_scheme_is_https_beside_a_ca(walk: Walk) -> None:
    bare = walk.server.address.removeprefix("https://")
    assert walk.listed({"token": TOKEN}, {"server": bare})["Authorization"]
    untrusted = {"server": bare, "certificate-authority-data": "", "insecure-skip-tls-verify": True}
    assert walk.listed({"token": TOKEN}, untrusted)["Authorization"]


def test_plain_http_server_behind_an_https_address_is_named(tmp_path: Path) -> None:
    with replying_server(lambda _path: EMPTY, uses_tls=False) as server:
        address = server.address.replace("http://", "https://")
        error = Walk(server, tmp_path).error({"token": TOKEN}, {"server": address})
    assert isinstance(error, Unreachable)
    assert "answered without TLS" in str(error)
    assert "certificate" not in str(error).partition(";")[0]


def test_port_out_of_range_and_a_ca_that_is_no_pem_are_named(walk: Walk) -> None:
    error = walk.error({"token": TOKEN}, {"server": "https://127.0.0.1:99999"})
    assert "the port of the server 127.0.0.1:99999 is not a number from 1 to 65535" in str(error)
    (walk.folder / "ca").write_text("no PEM", encoding="utf-8")
    error = walk.error({"token": TOKEN}, {"certificate-authority": "ca", "certificate-authority-data": ""})
    assert "the field certificate-authority of the cluster greenhouse holds no certificate in PEM" in str(error)
    error = walk.error({"token": TOKEN}, {"certificate-authority-data": "???"})
    assert "certificate-authority-data of the cluster greenhouse is not base64" in str(error)


def test_untrusted_certificate_is_still_an_untrusted_certificate(walk: Walk) -> None:
    other = base64.b64encode(trustme.CA().cert_pem.bytes()).decode()
    error = walk.error({"token": TOKEN}, {"certificate-authority-data": other})
    assert "its certificate is not trusted" in str(error)


def old_chain() -> tuple[bytes, bytes]:
    """A certificate for localhost with its key, and its CA, as scripts with openssl make them: without keyUsage."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _number in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)]) for one in ("ca", "leaf")]
    now = datetime.now(UTC)
    made = []
    for key, name, extension, is_critical in (
        (keys[0], names[0], x509.BasicConstraints(ca=True, path_length=None), False),
        (keys[1], names[1], x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False),
    ):
        builder = x509.CertificateBuilder(names[0], name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        signed = builder.add_extension(extension, is_critical).sign(keys[0], hashes.SHA256())
        made.append(signed.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return made[1] + keys[1].private_bytes(pem, pkcs8, serialization.NoEncryption()), made[0]


def test_ca_without_key_usage_is_trusted_as_kubectl_trusts_the_ca(tmp_path: Path) -> None:
    with replying_server(lambda _path: EMPTY, chain=old_chain()) as server:
        assert Walk(server, tmp_path).listed({"token": TOKEN})["Authorization"] == f"Bearer {TOKEN}"


def test_certificate_for_another_name_is_no_matter_of_the_ca(walk: Walk) -> None:
    error = walk.error({"token": TOKEN}, {"tls-server-name": "oak.example.com"})
    assert "the certificate of the server is for another name" in str(error)
    assert str(error).endswith("check the address of the server and tls-server-name in the kubeconfig.")


def test_tls_server_name_and_client_certificate_files_beside_the_kubeconfig(walk: Walk) -> None:
    leaf = trustme.CA().issue_cert("gardener")
    leaf.cert_chain_pems[0].write_to_path(str(walk.folder / "cert.pem"))
    leaf.private_key_pem.write_to_path(str(walk.folder / "key.pem"))
    user = {"client-certificate": "cert.pem", "client-key": "key.pem"}
    assert walk.listed(user, {"tls-server-name": "localhost"})["Authorization"] is None
    data = {
        "client-certificate-data": base64.b64encode(leaf.cert_chain_pems[0].bytes()).decode(),
        "client-key-data": base64.b64encode(trustme.CA().issue_cert("x").private_key_pem.bytes()).decode(),
    }
    assert "the key does not belong to the certificate" in str(walk.error(data))
    assert "without client-key" in str(walk.error({"client-certificate": "cert.pem"}))


def test_exec_plugin_gives_token_and_learns_the_cluster(walk: Walk) -> None:
    user = walk.plugin(
        f'printf %s "$KUBERNETES_EXEC_INFO" > info; printf %s "$SHADE" > shade; {printed(token=TOKEN)}',
        env=[{"name": "SHADE", "value": "green"}],
        provideClusterInfo=True,
    )
    assert walk.listed(user)["Authorization"] == f"Bearer {TOKEN}"
    info = json.loads((walk.folder / "info").read_text(encoding="utf-8"))
    assert info["apiVersion"] == V1
    assert info["spec"]["interactive"] is False
    assert info["spec"]["cluster"]["server"] == walk.server.address
    assert (walk.folder / "shade").read_text(encoding="utf-8") == "green"


def test_exec_credential_that_ended_is_renewed(walk: Walk) -> None:
    past = (datetime.now(tz=UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    user = walk.plugin(f"echo x >> runs; {printed(token=TOKEN, expirationTimestamp=past)}")
    kube = walk.open(user)
    before = len((walk.folder / "runs").read_text(encoding="utf-8"))
    kube.list_namespaces()
    assert len((walk.folder / "runs").read_text(encoding="utf-8")) > before
    future = past.replace("20", "30", 1)
    kube = walk.open(walk.plugin(f"echo x >> again; {printed(token=TOKEN, expirationTimestamp=future)}"))
    kube.list_namespaces()
    assert (walk.folder / "again").read_text(encoding="utf-8") == "x\n"


PLUGINS = {
    "fails": (
        f"echo noise >&2; echo 'login failed, token={TOKEN} {TOKEN}' >&2; exit 3",
        {},
        "ended with the exit code 3",
    ),
    "junk": (f"echo {TOKEN}", {}, "printed no JSON"),
    "array": ("echo '[]'", {}, "printed no ExecCredential"),
    "old": (printed(token=TOKEN), {"apiVersion": OLD}, f"has the apiVersion {OLD}, which clients do not accept"),
    "other": (
        printed(token=TOKEN),
        {"apiVersion": f"{V1}beta1"},
        f"a credential of the apiVersion {V1} instead",
    ),
    "nothing": (printed(), {}, "printed neither a token nor a certificate"),
    "half": (printed(clientCertificateData="x"), {}, "printed only one of certificate and key"),
    "missing": ("", {"command": "docr-no-such-plugin"}, "docr-no-such-plugin of the user gardener was not found"),
    "terminal": ("", {"interactiveMode": "Always"}, "requires a terminal"),
    "endless": ("yes", {}, "wrote more than 1 MiB"),
    "killed": ("kill -9 $$", {}, "was ended by the signal 9"),
    "break": (
        printed(token=f"{TOKEN}\n"),
        {},
        "the token that the exec plug-in ./plugin of the user gardener printed",
    ),
}


@pytest.mark.parametrize("case", PLUGINS)
def test_exec_plugin_that_fails_is_the_error(walk: Walk, case: str) -> None:
    body, fields, words = PLUGINS[case]
    hint = {"installHint": "\x1b[1mrun\x1b[0m  brew install\nthe-plugin", "args": ["--client-secret", TOKEN]}
    error = walk.error(walk.plugin(body, **{**hint, **fields}))
    assert isinstance(error, Refused)
    assert str(error).startswith("Could not sign in to the cluster glass with the kubeconfig ")
    assert words in str(error)
    assert "anonymous" not in str(error)
    if case == "fails":
        assert "and wrote: login failed, token=******** ********; follow the plug-in's installHint" in str(error)
    if case == "missing":
        assert "installHint (run brew install the-plugin)" in str(error)
    assert not walk.server.seen


@pytest.mark.parametrize("body", ["sleep 600", "sleep 600 & sleep 600", "trap '' TERM; sleep 600"])
def test_exec_plugin_that_hangs_is_stopped(walk: Walk, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    monkeypatch.setattr(exec_plugin, "LIMIT_S", 1.0)
    started = time.monotonic()
    error = walk.error(walk.plugin(f"echo asking >&2; {body}"))
    assert "did not end within 1 s and wrote: asking" in str(error)
    assert time.monotonic() - started < 5


def test_exec_plugin_that_hangs_holds_no_other_cluster(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exec_plugin, "LIMIT_S", 3.0)
    hanging = walk.write(walk.plugin("sleep 600")).rename(walk.folder / "hanging")
    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(open_kube, str(hanging), None, "slow", Settings("dop_v1_x"))
        time.sleep(0.5)
        walk.listed({"token": TOKEN})
        assert not task.done()
        assert isinstance(task.exception(), Refused)


def test_child_that_goes_on_in_the_background_holds_no_task(walk: Walk) -> None:
    started = time.monotonic()
    assert walk.listed(walk.plugin(f"sleep 600 & {printed(token=TOKEN)}"))["Authorization"]
    assert time.monotonic() - started < 5


def jwt(hours: int) -> str:
    """A token that ends in so many hours."""
    claims = {"exp": int(time.time()) + hours * 3600}
    return ".".join(("e30", base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("="), "x"))


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({}, "the user gardener has no credentials, so requests would be anonymous"),
        ({"auth-provider": {"name": "gcp"}}, "the auth-provider gcp of the user gardener holds no token"),
        ({"auth-provider": {"name": "fern", "config": {"id-token": TOKEN}}}, "the auth-provider fern of the user"),
        ({"auth-provider": {"name": "oidc", "config": {"id-token": jwt(-1)}}}, "oidc of the user gardener has expired"),
        ({"auth-provider": {"name": "oidc"}, "exec": {"command": "x"}}, "has both exec and auth-provider"),
    ],
)
def test_user_without_a_usable_credential_is_refused(walk: Walk, user: dict[str, Any], words: str) -> None:
    error = walk.error(user)
    assert words in str(error)
    assert "system:anonymous" not in str(error)
    assert not walk.server.seen


def test_providers_token_and_basic_login_are_sent(walk: Walk) -> None:
    token = jwt(1)
    provider = {"auth-provider": {"name": "oidc", "config": {"id-token": token}}}
    assert walk.listed(provider)["Authorization"] == f"Bearer {token}"
    login = walk.listed({"username": "gärtner", "password": "a:b"})["Authorization"]
    assert base64.b64decode(login.removeprefix("Basic ")).decode() == "gärtner:a:b"


def test_credentials_that_the_server_ignores_are_the_error_and_not_the_rights_of_anonymous(tmp_path: Path) -> None:
    said = {"kind": "Status", "reason": "Forbidden", "message": 'User "system:anonymous" cannot list namespaces'}
    with replying_server(lambda _path: Reply(json.dumps(said).encode(), 403)) as server:
        error = Walk(server, tmp_path).error({"username": "gardener", "password": TOKEN})
    assert isinstance(error, Denied)
    assert "does not accept the username and password of the user gardener" in str(error)
    assert "grant" not in str(error)


LOGIN = "gardener:p%40ss%3Aword"


@pytest.mark.parametrize("place", ["environment", "proxy-url"])
def test_login_of_a_proxy_is_sent(walk: Walk, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    with connect_proxy(login="gardener:p@ss:word") as proxy:
        address = f"http://{LOGIN}@{proxy.place}"
        if place == "environment":
            monkeypatch.setenv("HTTPS_PROXY", address)
            assert walk.listed({"token": TOKEN})["Proxy-Authorization"] is None
        else:
            # As in client-go, NO_PROXY excepts no server from a proxy-url.
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            assert walk.listed({"token": TOKEN}, {"proxy-url": address})["Proxy-Authorization"] is None
        assert proxy.tunnels == [walk.server.address.removeprefix("https://")]


def test_server_in_no_proxy_is_reached_without_the_proxy(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect_proxy(status=403) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.place}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
        assert walk.listed({"token": TOKEN})["Authorization"]


@pytest.mark.parametrize("status", [403, 407, None])
def test_proxy_that_refuses_or_is_down_is_named(walk: Walk, status: int | None) -> None:
    with connect_proxy(status=status) as proxy:
        place = proxy.place if status else "127.0.0.1:9"
        error = walk.error({"token": TOKEN}, {"proxy-url": f"http://{LOGIN}@{place}"})
    assert isinstance(error, Unreachable)
    assert f"the proxy http://{place} " in str(error)
    assert "p%40ss" not in str(error)
    assert "p@ss" not in str(error)
    assert (str(status) if status else "cannot be reached") in str(error)


def test_proxy_of_socks_requires_its_library(walk: Walk) -> None:
    if importlib.util.find_spec("socks") is not None:
        pytest.skip("PySocks is installed")
    error = walk.error({"token": TOKEN}, {"proxy-url": f"socks5://{LOGIN}@127.0.0.1:9"})
    assert "the Python library PySocks is missing, which the proxy socks5://127.0.0.1:9 requires" in str(error)


@pytest.mark.parametrize("address", ["proxy:3128", "ftp://proxy", "http://", "http://proxy:99999", f"x://{LOGIN}@p"])
def test_proxy_that_is_no_address_is_refused(walk: Walk, address: str) -> None:
    error = walk.error({"token": TOKEN}, {"proxy-url": address})
    assert "the proxy-url of the cluster greenhouse" in str(error)
    assert "p%40ss" not in str(error)


def test_merged_files_keep_their_folders_and_the_first_context(walk: Walk, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    (second / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    context = {"name": "glass", "context": {"cluster": "greenhouse", "user": "gardener"}}
    cluster = {"server": walk.server.address, "certificate-authority-data": walk.server.ca_data}
    (first / "config").write_text(yaml.safe_dump({"current-context": "glass", "contexts": [context]}), encoding="utf-8")
    document = {
        "current-context": "other",
        "clusters": [{"name": "greenhouse", "cluster": cluster}],
        "users": [{"name": "gardener", "user": {"tokenFile": "token"}}, {"name": "other"}],
    }
    (second / "config").write_text("\ufeff" + yaml.safe_dump(document), encoding="utf-8")
    paths = f"{first / 'config'}:{tmp_path / 'missing'}:{second / 'config'}"
    open_kube(paths, None, "glass", Settings("dop_v1_x")).list_namespaces()
    assert walk.server.seen[-1]["Authorization"] == f"Bearer {TOKEN}"
