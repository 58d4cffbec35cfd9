# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pull secret is for: an image pulled with what stands in it, by a real client, and nothing pushed."""

from __future__ import annotations

from pathlib import Path

import pytest

from access import DIRECT, OPERATOR, give
from clients.host import Shell
from clients.images import two_platforms
from clients.moves import pulled, push, push_words
from clusters.cluster import Cluster, docker_config, eventually

SECRETS = {"direct": DIRECT, "operator": OPERATOR, "one_click": "kiwi"}


@pytest.mark.parametrize("way", SECRETS)
def test_an_image_is_pulled_with_the_secret_of_a_namespace_and_none_can_be_pushed(
    orchard: Cluster, tmp_path: Path, way: str
) -> None:
    image = two_platforms(tmp_path / "image", "v7", 5)
    owner, kubelet = (Shell(orchard.sandbox, tmp_path / name) for name in ("owner", "kubelet"))
    owner.home.mkdir()
    kubelet.home.mkdir()
    place = push(owner.log_in(orchard.sandbox.token), "crane", image, "kiwi/shop/web")
    orchard.add_namespaces("pear")
    give(orchard, way=way)
    kubelet.write_docker_config(docker_config(orchard.secrets(SECRETS[way])["pear"]))
    assert image.manifests <= pulled(kubelet, "crane", place, tmp_path / "pulled")
    said = kubelet.refused("crane", *push_words("crane", image, f"{place}-mine"))
    assert "UNAUTHORIZED" in said or "DENIED" in said
    give(orchard, way=way, state="absent")
    eventually(lambda: kubelet.call("crane", "manifest", place).returncode, bool)
