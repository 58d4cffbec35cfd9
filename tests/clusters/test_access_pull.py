# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real client pulls an image with the credential in a pull secret, and cannot push."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.access_module import DIRECT, OPERATOR, give
from support.buildx_images import two_platforms
from support.control_plane import Cluster, docker_config, eventually
from support.image_clients import Shell
from support.image_moves import pulled, push, push_words

SECRETS = {"direct": DIRECT, "operator": OPERATOR, "one_click": "kiwi"}


@pytest.mark.parametrize("method", SECRETS)
def test_pull_secret_can_pull_and_cannot_push(orchard: Cluster, tmp_path: Path, method: str) -> None:
    image = two_platforms(tmp_path / "image", "v7", 5)
    owner, kubelet = (Shell(orchard.sandbox, tmp_path / name) for name in ("owner", "kubelet"))
    owner.home.mkdir()
    kubelet.home.mkdir()
    place = push(owner.log_in(orchard.sandbox.token), "crane", image, "kiwi/shop/web")
    orchard.add_namespaces("pear")
    give(orchard, method=method)
    kubelet.write_docker_config(docker_config(orchard.secrets(SECRETS[method])["pear"]))
    assert image.manifests <= pulled(kubelet, "crane", place, tmp_path / "pulled")
    said = kubelet.refused("crane", *push_words("crane", image, f"{place}-mine"))
    assert "UNAUTHORIZED" in said or "DENIED" in said
    give(orchard, method=method, state="absent")
    eventually(lambda: kubelet.call("crane", "manifest", place).returncode, bool)
