# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubeconfigs: an unusable file is an error without its content, and several files are read together."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.kubeconfig import load_kubeconfig
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import Refused

TOKEN = "eyJ-nobody-may-see-me"
USER = f"{{name: gardener, user: {{token: {TOKEN}}}}}"
THREADS = 8


def written(user: str = USER, cluster: str = "{name: greenhouse, cluster: {server: 'https://10.9.8.7'}}") -> str:
    return (
        f"clusters: [{cluster}]\ncontexts: [{{name: glass, context: {{cluster: greenhouse, user: gardener}}}}]\n"
        f"current-context: glass\nusers:\n- {user}\n"
    )


def test_the_current_context_counts_where_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(written(), encoding="utf-8")
    found = load_kubeconfig(str(path), None, "glass")
    assert found.host == "https://10.9.8.7"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (f"{TOKEN}: a: b", "the file is not YAML, see line 1"),
        (f"just {TOKEN}", "the file is not a kubeconfig"),
        (f"- {TOKEN}", "the file is not a kubeconfig"),
        (written(f"{{name: gardener, user: {TOKEN}}}"), "the file is not a kubeconfig"),
        (written(f"{{name: gardener, token: {TOKEN}}}"), "Expected key user in"),
        (written(f"{{user: {{token: {TOKEN}}}}}"), "to have 'name' key"),
        (written(cluster=f"{{name: greenhouse, server: {TOKEN}}}"), "Expected key cluster in"),
        (written(f"{{name: gardener, user: {{client-key: /{TOKEN[:3]}/none}}}}"), "File does not exist"),
    ],
)
def test_an_unusable_kubeconfig_is_an_error_without_its_content(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load_kubeconfig(str(path), None, "glass")
    assert str(refused.value).startswith(f"Could not use the kubeconfig {path}: ")
    assert words in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_a_context_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(written(), encoding="utf-8")
    with pytest.raises(Refused, match="Expected object with name moon in"):
        load_kubeconfig(str(path), "moon", "moon")


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_clusters_of_one_authority_are_read_at_once() -> None:
    for number in range(50):
        authority = f"the certificate of authority {number}\n".encode() * 50
        content: dict[str, Any] = {
            "clusters": [
                {
                    "name": "greenhouse",
                    "cluster": {
                        "server": "https://10.9.8.7",
                        "certificate-authority-data": base64.b64encode(authority).decode(),
                    },
                }
            ],
            "users": [{"name": "gardener", "user": {"token": TOKEN}}],
            "contexts": [{"name": "glass", "context": {"cluster": "greenhouse", "user": "gardener"}}],
        }
        assert set(_read_at_once(content)) == {authority}


def _read_at_once(content: dict[str, Any]) -> list[bytes]:
    """The certificates that threads find, each as soon as it has read the same kubeconfig."""
    barrier = Barrier(THREADS)

    def read(_number: int) -> bytes:
        barrier.wait()
        found = load_kubeconfig(content, "glass", "glass")
        return Path(str(found.ssl_ca_cert)).read_bytes()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(read, range(THREADS)))
