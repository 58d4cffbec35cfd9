# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An index of two platforms with attestations, pushed, listed by the API, pulled, copied and deleted by each client."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from clients.conftest import Draw
from support.image_clients import Shell
from support.image_moves import CLIENTS, COPY, DELETE, pulled, push, words


@pytest.mark.parametrize(("client", "other"), list(zip(CLIENTS, CLIENTS[1:] + CLIENTS[:1], strict=True)))
def test_an_image_that_a_client_pushes_is_listed_by_the_api_and_pulled_by_another_client(
    shell: Shell, draw: Draw, tmp_path: Path, client: str, other: str
) -> None:
    image = draw()
    reference = push(shell, client, image, "plum/team/app")

    repository = shell.repositories("plum")["team/app"]
    assert (repository["tag_count"], repository["manifest_count"]) == (1, 5)
    assert shell.tags("plum", "team/app") == {"v7": image.digest}
    listed = shell.manifests("plum", "team/app")
    assert set(listed) == image.manifests
    assert [digest for digest, manifest in listed.items() if manifest.get("tags")] == [image.digest]
    sizes = {
        blob["digest"]: blob["compressed_size_bytes"]
        for digest in image.children
        for blob in listed[digest]["blobs"]
        if blob["digest"] not in image.manifests
    }
    assert sizes == image.blobs
    assert pulled(shell, other, reference, tmp_path / "pulled") >= set(image.sizes)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_index_is_copied_whole_to_another_repository_and_to_another_registry(
    shell: Shell, draw: Draw, client: str
) -> None:
    image = draw()
    reference = push(shell, "regctl", image, "plum/app")
    before = shell.usage("plum")
    for name in ("plum/mirror/app", "cherry/app"):
        shell.run(client, *words(COPY[client], reference=reference, other=f"{shell.host}/{name}:copied"))
        registry, repository = name.split("/", 1)
        assert shell.tags(registry, repository) == {"copied": image.digest}
        assert set(shell.manifests(registry, repository)) == image.manifests
    # Within a registry, a blob is kept once however many repositories have it.
    assert shell.usage("plum") - before < sum(image.blobs.values())
    assert shell.usage("cherry") >= sum(image.blobs.values())


@pytest.mark.parametrize("client", CLIENTS)
def test_an_index_is_deleted_by_its_digest_where_the_host_allows_it(shell: Shell, draw: Draw, client: str) -> None:
    image = draw()
    push(shell, "regctl", image, "plum/app")
    deletion = words(DELETE[client], reference=f"{shell.host}/plum/app@{image.digest}")
    shell.sandbox.switch("image_host_delete", False)
    assert "UNSUPPORTED" in shell.refused(client, *deletion).upper()
    assert shell.tags("plum", "app") == {"v7": image.digest}
    shell.sandbox.switch("image_host_delete", True)
    shell.run(client, *deletion)
    assert shell.tags("plum", "app") == {}
    # The platforms stay until a collection of untagged manifests.
    assert set(shell.manifests("plum", "app")) == image.children


def test_an_image_that_crane_builds_on_the_host_from_parts_is_intact(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("plums", encoding="utf-8")
    with tarfile.open(tmp_path / "motd.tar", "w") as archive:
        archive.add(tmp_path / "motd", "etc/motd")
    name = f"{shell.host}/plum/base"
    shell.run("crane", "append", "--oci-empty-base", "-f", "motd.tar", "-t", f"{name}:raw")
    shell.run(
        "crane",
        "mutate",
        f"{name}:raw",
        "--label",
        "orchard=east",
        "--set-platform",
        "linux/arm64",
        "-t",
        f"{name}:east",
    )
    shell.run("crane", "index", "append", "-m", f"{name}:east", "-t", f"{name}:all")
    assert "PASS" in shell.run("crane", "validate", "--remote", f"{name}:all")
    assert json.loads(shell.run("crane", "config", f"{name}:east"))["config"]["Labels"] == {"orchard": "east"}
    shell.run("crane", "tag", f"{name}:all", "newest")
    assert shell.run("crane", "ls", name).split() == ["all", "east", "newest", "raw"]
    assert set(shell.tags("plum", "base")) == {"all", "east", "newest", "raw"}


def test_skopeo_mirrors_all_tags_of_a_repository(shell: Shell, draw: Draw) -> None:
    images = {tag: draw(tag, seed) for tag, seed in (("v7", 3), ("v8", 4))}
    for image in images.values():
        push(shell, "oras", image, "plum/app")
    shell.run(
        "skopeo",
        "--insecure-policy",
        "sync",
        "--all",
        "--preserve-digests",
        "--src",
        "docker",
        "--dest",
        "docker",
        f"{shell.host}/plum/app",
        f"{shell.host}/cherry/mirror",
    )
    assert shell.tags("cherry", "mirror/app") == {tag: image.digest for tag, image in images.items()}
    listed = json.loads(shell.run("skopeo", "list-tags", f"docker://{shell.host}/cherry/mirror/app"))
    assert listed["Tags"] == ["v7", "v8"]


def test_a_tag_that_the_api_deletes_is_gone_for_clients_while_its_image_stays(shell: Shell, draw: Draw) -> None:
    image = draw()
    reference = push(shell, "crane", image, "plum/team/app")
    status, _headers, body = shell.sandbox.request("DELETE", "/v2/registries/plum/repositories/team%2Fapp/tags/v7")
    assert status == 204, body
    assert "MANIFEST_UNKNOWN" in shell.refused("crane", "manifest", reference)
    by_digest = shell.run(
        "regctl", "manifest", "get", "--format", "raw-body", f"{shell.host}/plum/team/app@{image.digest}"
    )
    assert {child["digest"] for child in json.loads(by_digest)["manifests"]} == image.children
