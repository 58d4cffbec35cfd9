# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Artifacts of an image: signatures by cosign, artifacts by oras and regctl; and charts by helm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clients.conftest import Draw
from support.image_clients import Shell
from support.image_moves import push

OFFLINE = ("--tlog-upload=false", "--use-signing-config=false", "--yes")
KEY_ONLY = ("--key", "cosign.pub", "--insecure-ignore-tlog=true")


def test_cosign_signs_every_platform_and_verifies_a_copy_but_not_with_another_key(shell: Shell, draw: Draw) -> None:
    image = draw()
    push(shell, "regctl", image, "plum/app")
    shell.run("cosign", "generate-key-pair")
    shell.run("cosign", "sign", "--key", "cosign.key", *OFFLINE, "--recursive", f"{shell.host}/plum/app@{image.digest}")
    signatures = {f"sha256-{digest.removeprefix('sha256:')}.sig" for digest in image.manifests}
    assert set(shell.tags("plum", "app")) == {"v7", *signatures}

    shell.run("cosign", "copy", f"{shell.host}/plum/app:v7", f"{shell.host}/cherry/signed:v9")
    for digest in image.manifests:
        verified = json.loads(shell.run("cosign", "verify", *KEY_ONLY, f"{shell.host}/cherry/signed@{digest}"))
        assert [one["critical"]["image"]["docker-manifest-digest"] for one in verified] == [digest]

    shell.run("cosign", "generate-key-pair", "--output-key-prefix", "other")
    other = ("--key", "other.pub", "--insecure-ignore-tlog=true")
    assert "invalid signature" in shell.refused("cosign", "verify", *other, f"{shell.host}/cherry/signed:v9")


def test_cosign_attests_and_deletes_its_signatures(shell: Shell, draw: Draw) -> None:
    shell.sandbox.switch("image_host_delete", True)
    image = draw()
    reference = f"{push(shell, 'oras', image, 'plum/app')}@{image.digest}"
    (shell.home / "scan.json").write_text('{"found": 3}', encoding="utf-8")
    shell.run("cosign", "generate-key-pair")
    shell.run("cosign", "sign", "--key", "cosign.key", *OFFLINE, reference)
    shell.run("cosign", "attest", "--key", "cosign.key", *OFFLINE, "--predicate", "scan.json", reference)
    shell.run("cosign", "verify-attestation", *KEY_ONLY, reference)
    shell.run("cosign", "clean", "--force", f"{shell.host}/plum/app:v7")
    assert "no signatures found" in shell.refused("cosign", "verify", *KEY_ONLY, reference)
    assert shell.tags("plum", "app") == {"v7": image.digest}


@pytest.mark.parametrize("has_api", [True, False], ids=["referrers API", "fallback tag"])
def test_artifacts_of_an_image_are_found_and_copied_with_or_without_the_referrers_api(
    shell: Shell, draw: Draw, has_api: bool
) -> None:
    shell.sandbox.switch("image_host_referrers", has_api)
    image = draw()
    reference = push(shell, "skopeo", image, "plum/app")
    (shell.home / "sbom.json").write_text('{"packages": 12}', encoding="utf-8")
    attach = "attach --plain-http=false --artifact-type application/spdx+json"
    shell.run("oras", *attach.split(), reference, "sbom.json:application/json")
    put = "artifact put --artifact-type application/x.note --subject"
    shell.run("regctl", *put.split(), reference, stdin="picked by hand")
    fallback = set() if has_api else {image.digest.replace(":", "-")}
    assert set(shell.tags("plum", "app")) == {"v7", *fallback}

    copies = {
        "oras": ("cp", "--from-plain-http=false", "--to-plain-http=false", "--recursive"),
        "regctl": ("image", "copy", "--referrers"),
    }
    for client, command in copies.items():
        copied = f"{shell.host}/cherry/{client}:v7"
        shell.run(client, *command, reference, copied)
        found = json.loads(shell.run("oras", "discover", "--plain-http=false", "--format", "json", copied))["referrers"]
        assert {one["artifactType"] for one in found} == {"application/spdx+json", "application/x.note"}
        note = shell.run(
            "regctl", "artifact", "get", "--subject", copied, "--filter-artifact-type", "application/x.note"
        )
        assert note == "picked by hand"


def test_regctl_deletes_one_of_two_tags_of_an_image(shell: Shell, draw: Draw) -> None:
    shell.sandbox.switch("image_host_delete", True)
    image = draw()
    reference = push(shell, "regctl", image, "plum/app")
    shell.run("crane", "tag", reference, "stable")
    shell.run("regctl", "tag", "delete", reference)
    assert shell.tags("plum", "app") == {"stable": image.digest}


def test_a_chart_with_a_version_that_no_tag_can_hold_is_pushed_shown_rendered_and_pulled(
    shell: Shell, tmp_path: Path
) -> None:
    chart = tmp_path / "orchard"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: orchard\nversion: 1.4.0+build.7\n", encoding="utf-8")
    (chart / "templates" / "trees.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-trees}\n", encoding="utf-8"
    )
    shell.run("helm", "package", "orchard")
    shell.run("helm", "push", "orchard-1.4.0+build.7.tgz", f"oci://{shell.host}/plum/charts")
    (tag,) = shell.tags("plum", "charts/orchard")
    assert tag == "1.4.0_build.7"

    asked = (f"oci://{shell.host}/plum/charts/orchard", "--version", "1.4.0+build.7")
    assert "version: 1.4.0+build.7" in shell.run("helm", "show", "chart", *asked)
    assert "name: moon-trees" in shell.run("helm", "template", "moon", *asked)
    (tmp_path / "pulled").mkdir()
    shell.run("helm", "pull", *asked, "--destination", "pulled")
    packed = (tmp_path / "orchard-1.4.0+build.7.tgz").read_bytes()
    assert (tmp_path / "pulled" / "orchard-1.4.0+build.7.tgz").read_bytes() == packed
