# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of the image host: the hosts that get tokens, and wrong answers of hosts."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.client import DigitalOceanApi
from ansible_collections.planton.digitalocean.plugins.module_utils._client.oci.image_host import RegistryHost
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._client.web import place_of
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.docker import DockerCredentials
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import (
    BadAnswer,
    Denied,
    DocrError,
    Interrupted,
    NotFound,
    RateLimited,
    Refused,
    ServerFault,
    Unreachable,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.tokens import revoke_token
from docr_sandbox.testing import Sandbox
from support.hostile_server import Reply, replying_server
from support.image_host import INDEX, MANIFEST, client, minted, nobody, push_index

UPLOAD = "DELETE /v2/kiwi/team/app/blobs/uploads/7"
UPLOADS = "POST /v2/kiwi/team/app/blobs/uploads/"


@dataclass
class Waits:
    """A clock whose waits take no time."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def opened(sandbox: Sandbox, **settings: Any) -> RegistryHost:
    return client(sandbox, **settings).open_image_host()


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"status": 302}, BadAnswer, "302: an answer that does not belong here; check that registry_host is"),
        ({"status": 201}, BadAnswer, "201: an answer that does not belong here"),
        ({"status": 202}, BadAnswer, "202: an answer without the address of the upload"),
        ({"status": 401}, Denied, "whether a garbage collection keeps the registry read-only"),
        ({"status": 403}, Denied, "check the token's scopes"),
        ({"status": 403, "body": "html"}, BadAnswer, "403: an answer that is not DigitalOcean's"),
        ({"status": 401, "body": "html"}, BadAnswer, "401: an answer that is not DigitalOcean's"),
        ({"status": 404, "body": "html"}, BadAnswer, "404: an answer that is not DigitalOcean's"),
        ({"status": 404}, NotFound, "404 not_found: A fault that the test armed"),
        ({"status": 405}, Refused, "405 "),
        ({"status": 429}, RateLimited, "429 too_many_requests"),
        ({"status": 502, "body": "broken_json"}, ServerFault, "502; run the task again"),
        ({"drop": True}, Interrupted, "ended without an answer"),
        ({"delay": 3}, Interrupted, "ended without an answer"),
    ],
    ids=str,
)
def test_a_refused_upload_is_reported_and_sent_once(
    sandbox: Sandbox, fault: dict[str, Any], kind: type[DocrError], words: str
) -> None:
    sandbox.fault(method="POST", path="/v2/kiwi/*", times=9, **fault)
    with pytest.raises(kind, match=words) as caught:
        opened(sandbox, read_timeout_s=1).open_upload("kiwi", "team/app")
    assert caught.type is kind
    assert str(caught.value).startswith("Could not open an upload to the repository kiwi/team/app: ")
    assert sandbox.calls() == [UPLOADS]


def test_a_host_without_a_server_is_out_of_reach(sandbox: Sandbox) -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+ cannot be reached"):
        client(sandbox, registry_host=nobody()).open_image_host().open_upload("kiwi", "team/app")


def test_an_untrusted_certificate_names_the_option_that_helps(sandbox: Sandbox) -> None:
    with pytest.raises(Unreachable, match=r"is not trusted.* name its CA in ca_path"):
        opened(sandbox, ca_path=certifi.where()).open_upload("kiwi", "team/app")


def test_the_environments_ca_counts_where_no_option_names_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.ca_file)
    with pytest.raises(NotFound):
        opened(sandbox, ca_path=None).fetch_media_type("kiwi", "team/app", "v7")


@pytest.mark.parametrize("upload", ["http://127.0.0.1:9/u", "file:///etc/hostname", "//127.0.0.1:9/u", "https://[::"])
def test_an_upload_elsewhere_than_behind_tls_is_not_followed(sandbox: Sandbox, upload: str) -> None:
    with pytest.raises(BadAnswer, match="not https"):
        opened(sandbox).cancel_upload("kiwi", "team/app", upload)
    assert sandbox.calls() == []


def test_an_upload_at_another_host_is_cancelled_without_a_token(sandbox: Sandbox) -> None:
    host = client(sandbox, registry_host=nobody()).open_image_host()
    with pytest.raises(Denied):
        host.cancel_upload("kiwi", "team/app", f"{sandbox.url}/v2/registries/kiwi")


def test_an_upload_that_is_gone_has_ended(sandbox: Sandbox) -> None:
    opened(sandbox).cancel_upload(
        "kiwi", "team/app", f"https://{sandbox.registry_host}/v2/kiwi/team/app/blobs/uploads/7"
    )
    assert sandbox.calls() == [UPLOAD, "GET /v2/registry/auth", UPLOAD]


def test_no_netrc_file_replaces_a_token(sandbox: Sandbox, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login plum password fig\n")
    monkeypatch.setenv("NETRC", str(netrc))
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi"}]})
    api = client(sandbox, revoke_url=sandbox.revoke_url.replace("localhost", "127.0.0.1"))
    api.revoke_docker_credentials(api.mint_docker_credentials("kiwi", read_write=True, expiry_s=77))
    assert [token["is_valid"] for token in minted(sandbox)] == [False]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://Registry.DigitalOcean.com/v2/", "registry.digitalocean.com"),
        ("https://registry.digitalocean.com:443", "registry.digitalocean.com"),
        ("https://registry.digitalocean.com:5443", "registry.digitalocean.com:5443"),
        ("https://registry.digitalocean.com@example.org/", "registry.digitalocean.com@example.org"),
        ("https://registry.digitalocean.com.example.org/", "registry.digitalocean.com.example.org"),
        ("http://registry.digitalocean.com/", None),
        ("https://:443/", None),
        ("https://[::1", None),
        ("https://example.org:99999/", None),
        ("registry.digitalocean.com", None),
        ("", None),
    ],
)
def test_hosts_are_distinguished_by_name_and_port(url: str, place: str | None) -> None:
    assert place_of(url) == place


def test_a_token_goes_to_no_place_that_a_challenge_names_unless_it_is_ours(sandbox: Sandbox) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi"}]})
    push_index(sandbox, "kiwi/app", "v7")
    sandbox.clear_log()
    # The image host sends its clients to the sandbox's API, which is not the endpoint of this one.
    host = client(sandbox, endpoint=f"https://{nobody()}").open_image_host()
    with pytest.raises(BadAnswer, match="to get a token from, and that is not DigitalOcean's"):
        host.fetch_media_type("kiwi", "app", "v7")
    assert [call for call in sandbox.calls() if "auth" in call] == []


def test_the_kind_of_a_manifest_is_read_by_tag_and_by_digest(sandbox: Sandbox) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi"}]})
    *images, index = push_index(sandbox, "kiwi/team/app", "v7")
    host = client(sandbox).open_image_host()
    assert host.fetch_media_type("kiwi", "team/app", "v7") == host.fetch_media_type("kiwi", "team/app", index) == INDEX
    assert host.fetch_media_type("kiwi", "team/app", images[0]) == MANIFEST
    with pytest.raises(NotFound, match="read the manifest v8 of the repository kiwi/team/app"):
        host.fetch_media_type("kiwi", "team/app", "v8")
    host.close()


@pytest.mark.parametrize("name", ["..", "team/../../plum", "./app"])
def test_name_that_leads_elsewhere_is_not_asked_for(sandbox: Sandbox, name: str) -> None:
    sandbox.clear_log()
    with pytest.raises(Refused, match="a part of the name is only dots; correct the name of the image"):
        opened(sandbox).fetch_media_type("kiwi", name, "v7")
    assert sandbox.calls() == []


@pytest.mark.parametrize("token", ["line\nfeed", "ключ", ["a"], 7, {"a": "b"}])
def test_token_that_no_header_carries_is_a_bad_answer(tmp_path: Path, token: object) -> None:
    place: list[str] = []

    def reply(path: str) -> Reply:
        if path.startswith("/auth"):
            return Reply(json.dumps({"token": token}).encode(), headers={"Content-Type": "application/json"})
        return Reply(b"{}", 401, {"WWW-Authenticate": f'Bearer realm="{place[0]}/auth",service="registry"'})

    with replying_server(reply) as server:
        place.append(server.address)
        ca_file = tmp_path / "ca.pem"
        ca_file.write_bytes(base64.b64decode(server.ca_data))
        host = server.address.removeprefix("https://")
        with pytest.raises(BadAnswer, match="an answer without a token"):
            RegistryHost(
                Settings("dop_v1_x", registry_host=host, ca_path=str(ca_file)), DockerCredentials("a", "b")
            ).fetch_manifest("kiwi", "app", "v7")


def test_a_password_that_opens_nothing_is_denied(sandbox: Sandbox) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi"}]})
    wrong = DockerCredentials("dop_v1_wrong", "dop_v1_wrong")
    with pytest.raises(Denied) as caught:
        client(sandbox).open_image_host(wrong).open_upload("kiwi", "app")
    assert "dop_v1_wrong" not in str(caught.value)


@pytest.mark.parametrize("body", ["html", "empty_object"])
def test_a_host_that_asks_for_no_login_proves_no_login(sandbox: Sandbox, body: str) -> None:
    sandbox.fault(method="GET", path="/v2/", status=200, body=body)
    with pytest.raises(BadAnswer):
        opened(sandbox).check_login()


def test_html_after_the_token_was_bought_proves_no_login(sandbox: Sandbox) -> None:
    sandbox.fault(method="GET", path="/v2/", status=200, body="html", skip=1)
    with pytest.raises(BadAnswer, match=r"200: an answer that is not DigitalOcean's \(text/html\)"):
        opened(sandbox).check_login()


@pytest.mark.parametrize("status", [200, 401])
def test_a_proxy_in_place_of_the_image_host_is_not_reachable(sandbox: Sandbox, status: int) -> None:
    sandbox.fault(method="GET", path="/v2/", status=status, body="html")
    with pytest.raises(BadAnswer):
        opened(sandbox).check_reachable()


@pytest.mark.parametrize("status", [401, 403])
def test_a_proxy_in_place_of_the_token_endpoint_denies_no_token(sandbox: Sandbox, status: int) -> None:
    sandbox.fault(path="/v2/registry/auth", status=status, body="html")
    with pytest.raises(BadAnswer):
        opened(sandbox).check_login()


def test_the_image_host_and_the_token_endpoint_accept_and_deny(sandbox: Sandbox) -> None:
    opened(sandbox).check_reachable()
    opened(sandbox).check_login()
    with pytest.raises(Denied, match="401"):
        client(sandbox).open_image_host(DockerCredentials("dop_v1_wrong", "dop_v1_wrong")).check_login()


UNPROVEN = [{"status": 200, "body": "html"}, {"status": 200, "body": "empty"}, {"status": 200, "body": "null"}]


@pytest.mark.parametrize("fault", UNPROVEN, ids=str)
def test_a_revocation_that_a_proxy_answers_is_no_revocation(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    api, credentials = revocable(sandbox)
    sandbox.fault(path="/v1/oauth/revoke", **fault)
    with pytest.raises(BadAnswer, match="the token still works; check revoke_url"):
        revoke_token(api, credentials, Waits())
    assert [token["is_valid"] for token in minted(sandbox)] == [True]


@pytest.mark.parametrize("fault", UNPROVEN, ids=str)
def test_a_revocation_with_an_unknown_form_of_answer_is_proven_by_the_token(
    sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    api, credentials = revocable(sandbox)
    sandbox.fault(path="/v1/oauth/revoke", after_effect=True, **fault)
    revoke_token(api, credentials, Waits())


def test_a_revocation_is_proven_by_a_call_of_the_api(sandbox: Sandbox) -> None:
    api, credentials = revocable(sandbox)
    revoke_token(api, credentials, Waits())
    assert sandbox.calls() == ["POST /v1/oauth/revoke", "GET /v2/account"]


def test_a_revocation_that_is_answered_with_success_and_has_no_effect_is_an_error(sandbox: Sandbox) -> None:
    api, credentials = revocable(sandbox)
    clock = Waits()
    sandbox.fault(path="/v1/oauth/revoke", status=200, body="empty_object", times=1)
    with pytest.raises(BadAnswer, match="the answer was success, and the token still works; check revoke_url"):
        revoke_token(api, credentials, clock)
    assert clock.now == 10
    assert [token["is_valid"] for token in minted(sandbox)] == [True]


def test_a_revocation_is_unproven_where_the_service_does_not_answer_for_the_token(sandbox: Sandbox) -> None:
    api, credentials = revocable(sandbox)
    sandbox.fault(method="GET", path="/v2/*", status=503, body="html", times=9)
    with pytest.raises(BadAnswer, match="the answer was success, and whether the token still works is not known"):
        revoke_token(api, credentials, Waits())


@pytest.mark.parametrize("status", [401, 403, 503])
def test_a_proxy_before_the_image_host_leaves_the_proof_of_a_revocation_to_the_api(
    sandbox: Sandbox, status: int
) -> None:
    api, credentials = revocable(sandbox)
    sandbox.fault(path="/v2/", status=status, body="html", times=9)
    sandbox.fault(path="/v1/oauth/revoke", status=200, body="html")
    with pytest.raises(BadAnswer, match="the token still works"):
        revoke_token(api, credentials, Waits())
    sandbox.fault(path="/v1/oauth/revoke", status=200, body="html", after_effect=True)
    revoke_token(api, credentials, Waits())


@pytest.mark.parametrize("status", [200, 401, 403, 404])
def test_a_revocation_is_unproven_where_nobody_answers_for_the_token(sandbox: Sandbox, status: int) -> None:
    api, credentials = revocable(sandbox)
    sandbox.fault(path="/v1/oauth/revoke", status=200, body="html", after_effect=True)
    sandbox.fault(method="GET", path="/v2/*", status=status, body="html", times=9)
    with pytest.raises(BadAnswer, match="whether the token still works is not known"):
        revoke_token(api, credentials, Waits())


def revocable(sandbox: Sandbox) -> tuple[DigitalOceanApi, DockerCredentials]:
    """The client, and a credential of a registry."""
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi"}]})
    api = client(sandbox)
    credentials = api.mint_docker_credentials("kiwi", read_write=False, expiry_s=900)
    sandbox.clear_log()
    return api, credentials


def test_settings_and_credentials_show_no_secret() -> None:
    assert "plum" not in repr((Settings("plum"), DockerCredentials("plum", "plum")))
