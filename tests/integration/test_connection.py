# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection of every module: the token, the endpoint, the team, and errors of the service."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import certifi
import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._module.spec import TOKEN_VARIABLES
from docr_sandbox.testing import Sandbox
from support.connect_proxy import connect_proxy
from support.hostile_server import Reply, replying_server
from support.modules import run_module, writes

INFO = "docr_registry_info"


def without_token(sandbox: Sandbox) -> dict[str, str]:
    return {"endpoint": sandbox.url, "ca_path": sandbox.ca_file}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"token": ""}, "token is missing; set the option token, or DIGITALOCEAN_ACCESS_TOKEN on the host"),
        ({"token": "  \n"}, "token is missing; set the option token"),
        ({"token": "two words"}, "the token holds blanks, line ends or characters that no token has"),
        ({"endpoint": "http://127.0.0.1:1"}, "endpoint: 'http://127.0.0.1:1' is not an https address"),
        ({"endpoint": "127.0.0.1"}, "endpoint: '127.0.0.1' is not an https address"),
        ({"endpoint": "https://[::1"}, "endpoint: 'https://[::1' is not an https address"),
        ({"revoke_url": "http://localhost/v1"}, "revoke_url: 'http://localhost/v1' is not an https address"),
        ({"registry_host": "https://images.example.org"}, "registry_host: 'https://images.example.org' is no host"),
        ({"registry_host": "images.example.org/kiwi"}, "write the host, with :PORT if need be, and no https://"),
        (
            {"registry_host": "images.example.org:70000"},
            "the port of 'images.example.org:70000' is not a number from 1",
        ),
        (
            {"endpoint": "https://127.0.0.1:99999"},
            "endpoint: the port of 'https://127.0.0.1:99999' is not a number from 1",
        ),
        (
            {"revoke_url": "https://[::1]:0/v1"},
            "revoke_url: the port of 'https://[::1]:0/v1' is not a number from 1 to",
        ),
        ({"ca_path": __file__}, f"ca_path: the file {__file__} holds no certificate in PEM"),
        ({"registry_host": ""}, "registry_host: '' is no host"),
        ({"ca_path": "/nowhere/ca.pem"}, "ca_path: the file /nowhere/ca.pem does not exist"),
        ({"read_timeout": 0}, "read_timeout: 0 is too small; use 1 or more seconds"),
    ],
)
def test_a_bad_connection_option_is_refused_before_any_call(
    sandbox: Sandbox, options: dict[str, Any], words: str
) -> None:
    result = run_module(sandbox, INFO, **options)
    assert result["failed"]
    assert words in result["msg"]
    assert sandbox.calls() == []


def test_all_bad_connection_options_come_at_once(sandbox: Sandbox) -> None:
    result = run_module(sandbox, INFO, token="", endpoint="ftp://x", connect_timeout=0)
    assert [fault["where"] for fault in result["field_errors"]] == ["token", "endpoint", "connect_timeout"]


def test_a_token_with_a_line_end_as_files_have_it_works(sandbox: Sandbox) -> None:
    assert "failed" not in run_module(sandbox, INFO, token=f"{sandbox.token}\n")


def test_an_unknown_token_is_reported_as_unknown(sandbox: Sandbox) -> None:
    result = run_module(sandbox, INFO, token="dop_v1_unknown")
    assert result["msg"].startswith("Could not list the registries: 401 ")
    assert "check the token" in result["msg"]


def test_a_missing_scope_is_named(sandbox: Sandbox) -> None:
    token = sandbox.mint(scopes=["registry:read"])
    result = run_module(sandbox, "docr_registry", token=token, name="kiwi", subscription_tier="basic")
    assert "403 " in result["msg"]
    assert "use a token with the scope registry:create" in result["msg"]
    assert sandbox.account()["registries"] in ([], {})


@pytest.mark.parametrize("by", ["name", "uuid"])
def test_the_right_team_may_work_and_another_may_not(sandbox: Sandbox, by: str) -> None:
    team = sandbox.account()["team"]
    assert "failed" not in run_module(sandbox, INFO, team=team[by])
    sandbox.clear_log()
    result = run_module(sandbox, "docr_registry", team="another", name="kiwi", subscription_tier="basic")
    assert result["msg"].startswith("Could not work for the team another: the token belongs to the team ")
    assert sandbox.calls() == ["GET /v2/account"]


def test_a_refused_connection_says_so_at_once(sandbox: Sandbox) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = run_module(sandbox, INFO, endpoint=f"https://127.0.0.1:{port}")
    assert result["error"]["kind"] == "unreachable"
    assert "check the endpoint and the network" in result["msg"]


def test_plain_http_server_behind_an_https_address_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    with replying_server(lambda _path: Reply(b"{}"), uses_tls=False) as server:
        address = server.address.removeprefix("http://")
        api = run_module(sandbox, INFO, endpoint=f"https://{address}")
        sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
        path = str(tmp_path / "config.json")
        host = run_module(sandbox, "docr_credentials", registry="kiwi", path=path, registry_host=address)
    for result in (api, host):
        assert result["error"]["kind"] == "unreachable", result
        assert "the server answered without TLS, as a plain HTTP server does" in result["msg"]
        assert "not trusted" not in result["msg"]
        assert "Error(" not in result["msg"]


@pytest.mark.parametrize("status", [403, 407, None])
def test_proxy_that_fails_is_named_without_its_login(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    with connect_proxy(status=status) as proxy:
        place = proxy.place if status else "127.0.0.1:9"
        monkeypatch.setenv("HTTPS_PROXY", f"http://fern:se%40same@{place}")
        monkeypatch.setenv("NO_PROXY", "")
        result = run_module(sandbox, INFO)
    assert result["error"]["kind"] == "unreachable"
    assert f"the proxy http://{place} " in result["msg"]
    assert "same" not in result["msg"]
    assert "Error(" not in result["msg"]


def test_an_untrusted_certificate_names_the_option_that_helps(sandbox: Sandbox, tmp_path: Path) -> None:
    result = run_module(sandbox, INFO, ca_path=certifi.where())
    assert "the server's certificate is not trusted" in result["msg"]
    assert "name its CA in ca_path" in result["msg"]


@pytest.mark.parametrize("body", ["html", "broken_json"])
@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_of_another_server_is_an_error_in_one_sentence(sandbox: Sandbox, body: str, status: int) -> None:
    sandbox.fault(method="GET", path="/v2/registries", status=status, body=body, times=9)
    result = run_module(sandbox, INFO)
    assert result["failed"]
    assert result["msg"].startswith("Could not list the registries: ")
    assert result["error"]["kind"] == ("bad_answer" if status == 200 else "server_fault")


def test_reads_are_repeated_after_a_temporary_error(sandbox: Sandbox) -> None:
    sandbox.fault(method="GET", path="/v2/registries", status=503, times=1)
    assert "failed" not in run_module(sandbox, INFO)
    assert sandbox.calls().count("GET /v2/registries") == 2


@pytest.mark.parametrize("status", [500, 503, 504])
def test_writes_are_never_repeated_blindly(sandbox: Sandbox, status: int) -> None:
    sandbox.fault(method="POST", path="/v2/registries", status=status, times=9)
    run_module(sandbox, "docr_registry", name="kiwi", subscription_tier="basic")
    assert sandbox.calls().count("POST /v2/registries") == 1


def test_a_422_with_retry_after_is_not_repeated(sandbox: Sandbox) -> None:
    sandbox.fault(method="POST", path="/v2/registries", status=422, retry_after=1, times=9)
    result = run_module(sandbox, "docr_registry", name="kiwi", subscription_tier="basic")
    assert result["error"]["kind"] == "refused"
    assert sandbox.calls().count("POST /v2/registries") == 1


def test_a_burst_limit_is_waited_for_also_by_a_write(sandbox: Sandbox) -> None:
    sandbox.fault(method="POST", path="/v2/registries", status=429, retry_after=1, times=1)
    started = time.monotonic()
    result = run_module(sandbox, "docr_registry", name="kiwi", subscription_tier="basic")
    assert result["changed"] is True
    assert time.monotonic() - started >= 1
    assert writes(sandbox) == ["POST /v2/registries"] * 2


def test_a_limit_that_lasts_too_long_fails_with_the_seconds(sandbox: Sandbox) -> None:
    sandbox.fault(method="GET", path="/v2/registries", status=429, retry_after=77, times=9)
    result = run_module(sandbox, INFO, rate_limit_wait=5)
    assert result["error"]["kind"] == "rate_limited"
    assert "wait 77 s, or raise rate_limit_wait" in result["msg"]
    assert sandbox.calls().count("GET /v2/registries") == 1


def test_silence_beyond_the_read_timeout_is_an_interrupted_call(sandbox: Sandbox) -> None:
    sandbox.fault(method="POST", path="/v2/registries", delay=5, times=1)
    result = run_module(sandbox, "docr_registry", name="kiwi", subscription_tier="basic", read_timeout=1)
    assert result["error"]["kind"] == "interrupted"
    assert "raise read_timeout" in result["msg"]


def test_a_connection_dropped_after_the_effect_counts_as_done(sandbox: Sandbox) -> None:
    sandbox.fault(method="POST", path="/v2/registries", drop=True, after_effect=True, times=1)
    result = run_module(sandbox, "docr_registry", name="kiwi", subscription_tier="basic")
    assert (result["changed"], result["registry"]["name"]) == (True, "kiwi")


def test_the_token_is_found_in_the_places_that_users_know(sandbox: Sandbox) -> None:
    token = sandbox.mint(scopes=["registry:read"])
    assert "failed" not in run_module(sandbox, INFO, oauth_token=token)
    assert "failed" not in run_module(sandbox, INFO, api_token=token)


def with_environment(sandbox: Sandbox, **variables: str) -> Sandbox:
    """The sandbox for clients with other environment variables."""
    return Sandbox(sandbox.folder, sandbox.process, {**sandbox.exports, **variables})


def test_blank_environment_variables_count_as_not_set(sandbox: Sandbox) -> None:
    # As a credential type of AWX sets them where a field is empty.
    blank = dict.fromkeys(("DOCR_REGISTRY_HOST", "DIGITALOCEAN_OAUTH_REVOKE_URL"), " ")
    tokens = {"DIGITALOCEAN_ACCESS_TOKEN": "", "DIGITALOCEAN_TOKEN": f" {sandbox.token}\n"}
    result = run_module(with_environment(sandbox, **blank, **tokens), INFO)
    assert "failed" not in result, result["msg"]
    none = dict.fromkeys(TOKEN_VARIABLES, " ")
    assert "token is missing" in run_module(with_environment(sandbox, **none), INFO)["msg"]


def test_an_empty_ca_file_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.touch()
    assert f"ca_path: the file {empty} is empty" in run_module(sandbox, INFO, ca_path=str(empty))["msg"]
    assert sandbox.calls() == []


def test_addresses_with_white_space_around_are_understood(sandbox: Sandbox) -> None:
    given: dict[str, Any] = {
        "endpoint": f" {sandbox.url}\n",
        "registry_host": f"{sandbox.registry_host} ",
        "token": f"{sandbox.token} ",
    }
    assert "failed" not in run_module(sandbox, INFO, **given)


@pytest.mark.parametrize("end", ["/v2", "/v2/", "/"])
def test_an_endpoint_with_the_version_is_understood(sandbox: Sandbox, end: str) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    endpoint = sandbox.environment["DIGITALOCEAN_API_URL"] + end
    result = run_module(sandbox, "docr_registry", name="kiwi", state="absent", endpoint=endpoint, check=True)
    assert result["changed"] is True


@pytest.mark.parametrize("path", ["/v1", "/v2/registries", "/api/v2"])
def test_an_endpoint_with_another_path_is_refused(sandbox: Sandbox, path: str) -> None:
    endpoint = sandbox.environment["DIGITALOCEAN_API_URL"] + path
    result = run_module(sandbox, "docr_registry", name="kiwi", state="absent", endpoint=endpoint)
    assert "has a path; write the address of the API without a path" in result["msg"]
    assert sandbox.calls() == []


def test_an_empty_list_of_registries_is_refused(sandbox: Sandbox) -> None:
    for state in ("present", "absent"):
        result = run_module(sandbox, "docr_registry", registries=[], state=state)
        assert "registries: the list is empty; name at least one registry" in result["msg"]
