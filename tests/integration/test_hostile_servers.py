# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that answer without an end, with too much, or with what cannot be read: an error in time."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.bounds import MOST_BYTES
from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.client import open_api
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.docker import DockerCredentials
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import BadAnswer
from docr_sandbox.testing import Sandbox
from support.hostile_server import OK, Script, dripping, hostile_server, once
from support.image_host import nobody
from support.modules import run_module

ZEROS = gzip.compress(b'{"registries": [' + b" " * (MOST_BYTES + 1) + b"]}")
DEEP = b'{"registries": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    fields = (b"Content-Type: application/json", b"Content-Length: %d" % len(body), b"Connection: close", *headers)
    return b"HTTP/1.1 " + status + b"\r\n" + b"\r\n".join(fields) + b"\r\n\r\n" + body


def error(body: object, *headers: bytes, status: bytes = b"429 Too Many Requests") -> bytes:
    return answer(json.dumps(body).encode(), *headers, status=status)


def ask(sandbox: Sandbox, folder: Path, script: Script, **options: Any) -> dict[str, Any]:
    """What a module says of a hostile endpoint of the API, and how long it took in seconds."""
    with hostile_server(folder, script) as (address, ca_path):
        started = time.monotonic()
        given: dict[str, Any] = {
            "read_timeout": 1,
            "connect_timeout": 2,
            "rate_limit_wait": 1,
            "token": "dop_v1_some_token",
        } | options
        result = run_module(sandbox, "docr_registry_info", endpoint=f"https://{address}", ca_path=ca_path, **given)
        result["took_s"] = time.monotonic() - started
    assert result["failed"], result
    assert "Traceback" not in json.dumps(result)
    return result


@pytest.mark.parametrize(
    "script",
    [
        dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(OK + b"\r\n{", b" "),
        dripping(b"H", b""),
    ],
    ids=["headers", "lines before the headers", "body", "nothing"],
)
def test_answer_without_an_end_is_an_error_in_time(sandbox: Sandbox, tmp_path: Path, script: Script) -> None:
    result = ask(sandbox, tmp_path, script)
    assert result["error"]["kind"] in ("interrupted", "unreachable")
    assert result["took_s"] < 60


@pytest.mark.parametrize(
    ("meta", "is_new", "most_calls", "words"),
    [
        ({}, True, 500, "the list goes on after 500 pages"),
        ({"total": 10**12}, True, 500, "the list goes on after 500 pages"),
        ({"total": 10**12}, False, 4, "an incomplete answer"),
        ({"total": 3}, True, 6, "where meta.total says 3"),
    ],
    ids=str,
)
def test_list_without_an_end_is_an_error_after_few_calls(
    tmp_path: Path, meta: dict[str, int], is_new: bool, most_calls: int, words: str
) -> None:
    calls: list[int] = []

    def page() -> Iterator[bytes]:
        calls.append(1)
        items = [{"name": f"r{2 * len(calls) * is_new + number}"} for number in range(2)]
        links = {"pages": {"next": "https://api.digitalocean.com/v2/registries/kiwi/repositoriesV2?page=2"}}
        yield answer(json.dumps({"repositories": items, "links": links, "meta": meta}).encode())

    with hostile_server(tmp_path, page) as (address, ca_path):
        api = open_api(Settings("dop_v1_some_token", endpoint=f"https://{address}", ca_path=ca_path))
        with pytest.raises(BadAnswer, match=re.escape(words)):
            api.list_repositories("kiwi")
    assert len(calls) <= most_calls


def test_answer_that_unpacks_to_too_much_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    assert len(ZEROS) < 100_000
    result = ask(sandbox, tmp_path, once(answer(ZEROS, b"Content-Encoding: gzip")))
    assert "the answer is larger than 64 MiB" in result["msg"]


@pytest.mark.parametrize(
    "data",
    [
        answer(DEEP),
        answer(b"[1, 2"),
        answer(b'{"registries": 7}'),
        answer(b'{"registries": [7]}'),
        answer(b'{"registries": [{"name": {}, "region": []}]}', b"Date: Fri, 31 Dec 9999 23:59:59 GMT"),
        answer(b"\xff\xfe"),
        answer(b"9" * 6000),
        answer(b'{"registries": ' + b"9" * 6000 + b"}"),
        error({"message": ["a", "list"], "id": {"a": 1}}, b"Retry-After: 2 minutes"),
        error({"message": 7}, b"Retry-After: inf"),
        error({"message": "x"}, b"Retry-After: nan"),
        error({"message": "x"}, b"Retry-After: -5"),
        error({"message": "x"}, b"Retry-After: 99999999999999999999"),
        error({"message": "x"}, b"ratelimit-reset: 1e400", b"Date: junk"),
        error({"message": "x"}, b"ratelimit-reset: 12", b"Date: Fri, 31 Dec 9999 23:59:59 -2359"),
        error("text", status=b"500 Oops"),
        error({"message": "a\u001b[31mred\u0007 \u202e" + "long words " * 20_000}, status=b"422 Unprocessable"),
    ],
    ids=range(17),
)
def test_answer_that_cannot_be_read_is_one_error(sandbox: Sandbox, tmp_path: Path, data: bytes) -> None:
    result = ask(sandbox, tmp_path, once(data))
    assert result["msg"].isprintable()
    assert len(result["msg"]) < 2000
    assert result["took_s"] < 60


def test_text_of_a_service_is_cut_between_words(sandbox: Sandbox, tmp_path: Path) -> None:
    told = ask(sandbox, tmp_path, once(error({"message": "word " * 5000}, status=b"422 Unprocessable")))["msg"]
    assert "word word …; " in told


def test_image_host_without_an_end_is_an_error_in_time(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    for script in (dripping(OK + b"\r\n{", b" "), dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x")):
        with hostile_server(tmp_path, script) as (address, ca_path):
            bundle = tmp_path / "both.pem"
            bundle.write_text(Path(ca_path).read_text() + Path(sandbox.ca_file).read_text(), encoding="utf-8")
            started = time.monotonic()
            config = str(tmp_path / "docker/config.json")
            result = run_module(
                sandbox,
                "docr_credentials",
                registry="kiwi",
                path=config,
                registry_host=address,
                ca_path=str(bundle),
                read_timeout=1,
            )
            assert result["failed"], result
            assert time.monotonic() - started < 60


def test_api_server_behind_a_firewall_costs_seconds_and_the_error_says_firewall(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    kubeconfig = tmp_path / "kubeconfig"
    # An address of TEST-NET-1, where no packet comes back.
    user, cluster = {"token": "some-token"}, {"server": "https://192.0.2.1:6443", "insecure-skip-tls-verify": True}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "it", "user": user}],
    }
    kubeconfig.write_text(json.dumps(document), encoding="utf-8")
    started = time.monotonic()
    result = run_module(
        sandbox,
        "docr_doks_integration",
        registries=["kiwi"],
        method="direct",
        rotate_every="1d",
        kubeconfig=str(kubeconfig),
        connect_timeout=1,
        registry_host=nobody(),
    )
    assert time.monotonic() - started < 20
    assert "whether the firewall of the control plane allows this host" in result["msg"]


def test_pipe_as_a_docker_config_is_refused_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    os.mkfifo(tmp_path / "config.json")
    result = run_module(sandbox, "docr_credentials", registry="kiwi", path=str(tmp_path / "config.json"))
    assert "the path is not a regular file" in result["msg"]


def test_huge_docker_config_is_refused_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    result = run_module(sandbox, "docr_credentials", registry="kiwi", path=str(tmp_path / "config.json"))
    assert "the file is larger than 16 MiB" in result["msg"]


def minted(token: str, *headers: bytes) -> Script:
    """A server that answers each request with a Docker config."""
    login = base64.b64encode(f"{token}:{token}".encode()).decode()
    return once(answer(json.dumps({"auths": {"registry.digitalocean.com": {"auth": login}}}).encode(), *headers))


@pytest.mark.parametrize(
    "value", [b"250;w=60", b"soon", b"inf", b"1e400", b"-", b"", b"9" * 6000, b"\xd9\xa5"], ids=range(8)
)
def test_minted_credential_is_not_lost_to_a_rate_limit_header_that_is_no_number(tmp_path: Path, value: bytes) -> None:
    own, other = "dop_v1_" + "0f" * 32, "dop_v1_" + "1e" * 32
    names = (b"ratelimit-limit", b"RateLimit-Remaining", b"ratelimit-reset")
    with hostile_server(tmp_path, minted(other, *(name + b": " + value for name in names))) as (address, ca_path):
        api = open_api(Settings(own, endpoint=f"https://{address}", ca_path=ca_path))
        credentials = api.mint_docker_credentials("kiwi", read_write=False, expiry_s=700)
    assert credentials.fingerprint == DockerCredentials(other, other).fingerprint


def test_mint_that_is_answered_with_a_known_credential_is_an_error(tmp_path: Path) -> None:
    """As by a proxy with a cache: the credential is in use, and a revocation would end the pulls."""
    own, other = "dop_v1_" + "0f" * 32, "dop_v1_" + "1e" * 32
    for token, known in ((own, ()), (other, ()), (other, (DockerCredentials(other, other).fingerprint,))):
        with hostile_server(tmp_path, minted(token)) as (address, ca_path):
            api = open_api(Settings(own, endpoint=f"https://{address}", ca_path=ca_path))
            if token == other and not known:
                api.mint_docker_credentials("kiwi", read_write=False, expiry_s=700)
            with pytest.raises(BadAnswer, match="a credential that is in use already") as caught:
                api.mint_docker_credentials("kiwi", read_write=False, expiry_s=700, known=known)
            assert token not in str(caught.value)
