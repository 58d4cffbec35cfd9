# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of kubeconfig that other tools write, each with what the API server must get.

test_foreign_kubeconfigs.py has further forms, and the forms that are refused: token files with blanks and beside a
token, impersonation with other alphabets, addresses without a scheme, a CA without keyUsage, what an exec plug-in
learns of the cluster, the renewal of a credential, the auth-provider oidc, and the login of a proxy in HTTPS_PROXY.
"""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.client import open_kube
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from support.connect_proxy import connect_proxy
from support.hostile_server import Arrival, Reply, replying_server
from support.kubeconfig_forms import (
    BETA,
    BY_CERTIFICATE,
    BY_TOKEN,
    CERT,
    CLIENT,
    CLIENTS,
    KEY,
    LIST,
    TOKEN,
    Document,
    Expected,
    Form,
    World,
    by_certificate,
    encoded,
)

LISTED = Reply(b'{"kind": "List", "metadata": {}, "items": [{"metadata": {"name": "kube-system"}}]}')
BY_BOTH = BY_TOKEN._replace(client=CLIENT)
BY_NAME = BY_TOKEN._replace(server_name="localhost")
TUNNELED = BY_TOKEN._replace(is_tunneled=True)
FUTURE = "2039-01-01T00:00:00Z"


def key_as(form: PrivateFormat) -> bytes:
    return load_pem_private_key(KEY, None).private_bytes(Encoding.PEM, form, NoEncryption())


def basic(user: str, password: str) -> Expected:
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Expected({"Authorization": f"Basic {login}"})


def provider(name: str, **config: str) -> Document:
    return {"auth-provider": {"name": name, "config": {key.replace("_", "-"): text for key, text in config.items()}}}


def split_in_two(form: Form) -> None:
    """The context in the first file, cluster and user in the second, as tools do that add files to KUBECONFIG."""
    form.more = {"clusters": None, "users": None}
    other = Form(form.world, more={"contexts": None, "current-context": "other"}).document()
    form.file("more", yaml.safe_dump(other))
    form.paths = "CONFIG:MORE"


def first_wins(form: Form) -> None:
    other = Form(form.world, user={"token": "another-token"}, cluster={"server": "https://127.0.0.1:9"})
    form.file("more", yaml.safe_dump(other.document()))
    form.paths = "CONFIG:MORE"


def rancher(form: Form) -> None:
    form.user = {"token": "kubeconfig-u-x:abc"}
    form.cluster = {"server": f"{form.address}/k8s/clusters/c-m-1"}


def files(form: Form, *, is_absolute: bool) -> None:
    folder = f"{form.world.folder}/" if is_absolute else ""
    form.cluster = {
        "certificate-authority-data": None,
        "certificate-authority": folder + form.file("pki/ca.crt", form.ca),
    }
    cert, key = form.file("pki/client.crt", CERT), form.file("pki/client.key", KEY)
    form.user = {"client-certificate": folder + cert, "client-key": folder + key}


def with_ca(change: Callable[[bytes], bytes]) -> Callable[[Form], None]:
    return lambda form: form.cluster.update({"certificate-authority-data": encoded(change(form.ca))})


def wrapped(form: Form) -> None:
    text = "\n".join(textwrap.wrap(form.world.server.ca_data, 64))
    form.cluster["certificate-authority-data"] = f"{text}\n"


def rendered(render: Callable[[Document], str | bytes]) -> Callable[[Form], None]:
    return lambda form: setattr(form, "render", render)


def signed_in(**user: object) -> Callable[[Form], None]:
    return lambda form: setattr(form, "user", {name.replace("_", "-"): value for name, value in user.items()})


def as_user(user: Document) -> Callable[[Form], None]:
    return lambda form: setattr(form, "user", user)


def at(**cluster: object) -> Callable[[Form], None]:
    """Fields of the cluster; ADDRESS and PORT stand for the server's, PROXY for the proxy's."""

    def change(form: Form) -> None:
        address, port = form.address, form.address.rpartition(":")[2]
        for name, value in cluster.items():
            text = str(value).replace("ADDRESS", address).replace("PORT", port).replace("PROXY", form.world.proxy.place)
            form.cluster[name.replace("_", "-")] = text if isinstance(value, str) else value

    return change


def anchored(document: Document) -> str:
    return f"x-token: &token {TOKEN}\n" + yaml.safe_dump(document).replace(f"token: {TOKEN}", "token: *token")


SIGN_INS: dict[str, tuple[Callable[[Form], None], Expected]] = {
    "a token": (signed_in(token=TOKEN), BY_TOKEN),
    "rancher: a token with a colon, a path of the server": (
        rancher,
        Expected({"Authorization": "Bearer kubeconfig-u-x:abc"}, path=f"/k8s/clusters/c-m-1{LIST}"),
    ),
    "openshift: a token with a tilde": (
        signed_in(token="sha256~abc"), Expected({"Authorization": "Bearer sha256~abc"})
    ),
    "a service account: a JWT": (signed_in(token="e30.e30.x-y_z"), Expected({"Authorization": "Bearer e30.e30.x-y_z"})),
    "an absolute token file": (
        lambda form: as_user({"tokenFile": f"{form.world.folder}/{form.file('token', TOKEN)}"})(form), BY_TOKEN
    ),
    "a token file in a folder": (lambda form: as_user({"tokenFile": form.file("var/token", TOKEN)})(form), BY_TOKEN),
    "a token file with Windows line ends": (
        lambda form: as_user({"tokenFile": form.file("token", f"{TOKEN}\r\n")})(form), BY_TOKEN
    ),
    "kind: a client certificate": (as_user(by_certificate()), BY_CERTIFICATE),
    "minikube: absolute files": (lambda form: files(form, is_absolute=True), BY_CERTIFICATE),
    "kubeadm: files beside the kubeconfig": (lambda form: files(form, is_absolute=False), BY_CERTIFICATE),
    "a certificate and a token": (as_user({**by_certificate(), "token": TOKEN}), BY_BOTH),
    "a key of OpenSSL": (as_user(by_certificate(key=key_as(PrivateFormat.TraditionalOpenSSL))), BY_CERTIFICATE),
    "a key in PKCS 8": (as_user(by_certificate(key=key_as(PrivateFormat.PKCS8))), BY_CERTIFICATE),
    "certificate and key in one file": (
        lambda form: as_user(dict.fromkeys(("client-certificate", "client-key"), form.file("both", KEY + CERT)))(form),
        BY_CERTIFICATE,
    ),
    "a certificate with its authority behind it": (
        as_user(by_certificate(CERT + CLIENTS.cert_pem.bytes())), BY_CERTIFICATE
    ),
    "a certificate with Windows line ends": (as_user(by_certificate(CERT.replace(b"\n", b"\r\n"))), BY_CERTIFICATE),
    "certificate data beside files that are missing": (
        as_user({**by_certificate(), "client-certificate": "gone", "client-key": "gone"}), BY_CERTIFICATE
    ),
    "a login": (signed_in(username="admin", password="s3cret"), basic("admin", "s3cret")),
    "a login without a password": (signed_in(username="admin"), basic("admin", "")),
    "gke of old: a token of gcp": (
        as_user(provider("gcp", access_token=TOKEN, cmd_path="/usr/lib/gcloud", expiry=FUTURE)), BY_TOKEN
    ),
    "aks of old: a token of azure": (
        as_user(provider("azure", access_token=TOKEN, expires_on="2177449200", tenant_id="t")), BY_TOKEN
    ),
    "impersonation of a user": (
        signed_in(token=TOKEN, **{"as": "jane"}), Expected({**BY_TOKEN.headers, "Impersonate-User": "jane"})
    ),
    "impersonation with a certificate": (
        as_user({**by_certificate(), "as": "system:admin"}),
        BY_CERTIFICATE._replace(headers={"Impersonate-User": "system:admin", "Impersonate-Group": None}),
    ),
}  # fmt: skip
PLUGINS: dict[str, tuple[Callable[[Form], None], Expected]] = {
    "eks: the environment of the entry": (
        lambda form: form.plugin(
            {"token": TOKEN, "expirationTimestamp": FUTURE}, '[ "$AWS_PROFILE$4" = prodget-token ]', apiVersion=BETA,
            env=[{"name": "AWS_PROFILE", "value": "prod"}], args=["--region", "eu-west-1", "eks", "get-token"],
        ),
        BY_TOKEN,
    ),
    "doctl: a program on PATH, a null list": (
        lambda form: form.plugin(
            {"token": TOKEN}, '[ "$1" = kubernetes ]', "bin/doctl", command="doctl", apiVersion=BETA, env=None,
            args=["kubernetes", "cluster", "kubeconfig", "exec-credential", "--version=v1beta1"],
            provideClusterInfo=False,
        ),
        BY_TOKEN,
    ),
    "gke: a terminal if there is any": (
        lambda form: form.plugin({"token": TOKEN}, "[ ! -t 0 ]", interactiveMode="IfAvailable", apiVersion=BETA),
        BY_TOKEN,
    ),
    "oidc: warnings beside the credential": (
        lambda form: form.plugin({"token": TOKEN}, "echo 'W: cache is locked' >&2"), BY_TOKEN
    ),
    "azure: no mode of interaction": (
        lambda form: form.plugin({"token": TOKEN}, apiVersion=BETA, interactiveMode=None), BY_TOKEN
    ),
    "an absolute program": (
        lambda form: form.plugin({"token": TOKEN}, command=f"{form.world.folder}/plugin"), BY_TOKEN
    ),
    "a program in a folder beside the kubeconfig": (
        lambda form: form.plugin({"token": TOKEN}, file="tools/plugin"), BY_TOKEN
    ),
    "teleport: a certificate of the plug-in": (
        lambda form: form.plugin({"clientCertificateData": CERT.decode(), "clientKeyData": KEY.decode()}),
        BY_CERTIFICATE,
    ),
    "a certificate and a token of the plug-in": (
        lambda form: form.plugin(
            {"token": TOKEN, "clientCertificateData": CERT.decode(), "clientKeyData": KEY.decode()}
        ),
        BY_BOTH,
    ),
}  # fmt: skip
CLUSTERS: dict[str, tuple[Callable[[Form], None], Expected]] = {
    "a CA that base64 wrapped": (wrapped, BY_TOKEN),
    "a CA with Windows line ends": (with_ca(lambda pem: pem.replace(b"\n", b"\r\n")), BY_TOKEN),
    "a CA behind a text": (with_ca(lambda pem: b"Certificate:\n  Data: x\n" + pem), BY_TOKEN),
    "a CA among others": (with_ca(lambda pem: trustme.CA().cert_pem.bytes() + pem), BY_TOKEN),
    "CA data beside a file that is missing": (at(certificate_authority="gone"), BY_TOKEN),
    "no verification": (at(certificate_authority_data=None, insecure_skip_tls_verify=True), BY_TOKEN),
    "a slash at the end": (at(server="ADDRESS/"), BY_TOKEN),
    "a path with a slash at the end": (at(server="ADDRESS/edge/"), BY_TOKEN._replace(path=f"/edge{LIST}")),
    "capital letters in the scheme": (at(server="HTTPS://127.0.0.1:PORT"), BY_TOKEN),
    "a name of the server": (at(server="https://localhost:PORT"), BY_NAME),
    "another name for TLS": (at(tls_server_name="localhost"), BY_NAME),
    "a proxy": (at(proxy_url="http://PROXY"), TUNNELED),
}
DOCUMENTS: dict[str, tuple[Callable[[Form], None], Expected]] = {
    "k3s: one name for all": (lambda form: form.named("default", "default", "default"), BY_TOKEN),
    "openshift: names with slashes and colons": (
        lambda form: form.named("shop/api-x:6443/kube:admin", "api-x:6443", "kube:admin/api-x:6443"), BY_TOKEN
    ),
    "eks: an ARN as the name": (
        lambda form: form.named(*["arn:aws:eks:eu-west-1:1:cluster/shop"] * 3), BY_TOKEN
    ),
    "the current context": (lambda form: setattr(form, "context", None), BY_TOKEN),
    "JSON": (rendered(json.dumps), BY_TOKEN),
    "JSON with tabs": (rendered(lambda document: json.dumps(document, indent="\t")), BY_TOKEN),
    "a byte order mark": (rendered(lambda document: "\ufeff" + yaml.safe_dump(document)), BY_TOKEN),
    "UTF-16": (rendered(lambda document: yaml.safe_dump(document).encode("utf-16")), BY_TOKEN),
    "Windows line ends": (rendered(lambda document: yaml.safe_dump(document).replace("\n", "\r\n")), BY_TOKEN),
    "an anchor": (rendered(anchored), BY_TOKEN),
    "a marker of a document": (rendered(lambda document: f"---\n{yaml.safe_dump(document)}...\n"), BY_TOKEN),
    "neither apiVersion nor kind": (lambda form: form.more.update(apiVersion=None, kind=None), BY_TOKEN),
    "lens: preferences and extensions": (
        lambda form: form.more.update(preferences={"colors": True}, extensions=[{"name": "lens", "extension": {}}]),
        BY_TOKEN,
    ),
    "two files with a part each": (split_in_two, BY_TOKEN),
    "two files with the same names": (first_wins, BY_TOKEN),
    "files that are missing, and empty names": (lambda form: setattr(form, "paths", "GONE:CONFIG::"), BY_TOKEN),
}  # fmt: skip
FORMS = {**SIGN_INS, **PLUGINS, **CLUSTERS, **DOCUMENTS}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with replying_server(lambda _path: LISTED, clients=CLIENTS) as server, connect_proxy() as proxy:
        yield World(server, proxy, tmp_path_factory.mktemp("forms"))


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    world.server.seen.clear()
    world.server.arrivals.clear()
    world.proxy.tunnels.clear()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_kubeconfig_sends_what_kubectl_sends(
    world: World, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, expected = FORMS[name]
    form = Form(world._replace(folder=tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    change(form)
    open_kube(form.write(), form.context, "glass", Settings("dop_v1_x", read_timeout_s=20)).list_namespaces()
    (headers,) = world.server.seen
    assert {key: headers[key] for key in expected.headers} == expected.headers
    assert world.server.arrivals == [Arrival(expected.path, expected.client, expected.server_name)]
    assert bool(world.proxy.tunnels) == expected.is_tunneled


def test_no_proxy_holds_for_clusters_too(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for exception, is_tunneled in (("127.0.0.0/8", False), ("quay.example", True)):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{world.proxy.place}")
        monkeypatch.setenv("NO_PROXY", exception)
        form = Form(world._replace(folder=tmp_path))
        open_kube(form.write(), None, "glass", Settings("dop_v1_x")).list_namespaces()
        assert bool(world.proxy.tunnels) == is_tunneled


def test_there_are_at_least_the_forms_that_were_seen_to_work() -> None:
    assert len(FORMS) >= 41
