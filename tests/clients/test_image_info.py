# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_image_info on images, signatures and charts that the clients themselves made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clients.conftest import Draw
from support.image_clients import Shell
from support.image_moves import CLIENTS, push
from support.modules import run_module

OFFLINE = ("--tlog-upload=false", "--use-signing-config=false", "--yes")
ATTACH = ("attach", "--plain-http=false", "--artifact-type", "application/spdx+json")


def info(shell: Shell, **options: Any) -> dict[str, Any]:
    """The result for the registry plum; every manifest is read anew."""
    cache = shell.home / "cache" / str(len(shell.sandbox.calls()))
    result = run_module(shell.sandbox, "docr_image_info", registry="plum", cache_path=str(cache), **options)
    assert "failed" not in result, result
    assert (result["protected"], result["warnings"]) == ([], [])
    return result


def images_of(result: dict[str, Any], name: str) -> list[dict[str, Any]]:
    (found,) = [one for one in result["repositories"] if one["name"] == name]
    images: list[dict[str, Any]] = found["images"]
    return images


def companions(image: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((one["kind"], subject) for one in image["companions"] for subject in one["subjects"])


@pytest.mark.parametrize("client", CLIENTS)
def test_an_image_that_a_client_pushed_has_all_its_platforms_attestations_and_bytes(
    shell: Shell, draw: Draw, client: str
) -> None:
    built = draw()
    push(shell, client, built, "plum/app")
    result = info(shell)
    (image,) = images_of(result, "app")
    assert (image["digest"], image["tags"], image["kept"]) == (built.digest, ["v7"], True)
    assert {one["platform"]: one["digest"] for one in image["platforms"]} == {
        f"linux/{name}": digest for name, digest in built.platforms.items()
    }
    assert {one["digest"] for one in image["attestations"]} == set(built.attestations.values())
    assert image["own_bytes"] == sum(built.blobs.values())
    assert result["damage"] == []


def test_signatures_of_cosign_belong_to_their_image_until_the_image_is_deleted(shell: Shell, draw: Draw) -> None:
    built = draw()
    push(shell, "regctl", built, "plum/app")
    shell.run("cosign", "generate-key-pair")
    reference = f"{shell.host}/plum/app@{built.digest}"
    shell.run("cosign", "sign", "--key", "cosign.key", *OFFLINE, "--recursive", reference)
    (shell.home / "scan.json").write_text('{"found": 3}', encoding="utf-8")
    shell.run("cosign", "attest", "--key", "cosign.key", *OFFLINE, "--predicate", "scan.json", reference)
    (image,) = images_of(info(shell), "app")
    expected = [("signature", digest) for digest in built.manifests] + [("attestation", built.digest)]
    assert companions(image) == sorted(expected)

    shell.sandbox.request("DELETE", f"/v2/registries/plum/repositories/app/digests/{built.digest}")
    result = info(shell)
    lost = [(one["kind"], one["companion"], one["missing"]) for one in result["damage"]]
    assert sorted(lost) == [
        ("subject_missing", "attestation", [built.digest]),
        ("subject_missing", "signature", [built.digest]),
    ]
    # Nothing but the index kept the platforms and their attestations.
    assert {one["digest"] for one in images_of(result, "app") if not one["kept"]} == built.children


@pytest.mark.parametrize("has_api", [True, False], ids=["referrers API", "fallback tag"])
def test_artifacts_of_oras_regctl_and_cosign_belong_to_their_image_with_or_without_the_referrers_api(
    shell: Shell, draw: Draw, has_api: bool
) -> None:
    shell.sandbox.switch("image_host_referrers", has_api)
    built = draw()
    reference = push(shell, "skopeo", built, "plum/app")
    (shell.home / "sbom.json").write_text('{"packages": 12}', encoding="utf-8")
    shell.run("oras", *ATTACH, reference, "sbom.json:application/json")
    put = "artifact put --artifact-type application/x.note --subject"
    shell.run("regctl", *put.split(), reference, stdin="picked by hand")
    shell.run("cosign", "generate-key-pair")
    bundle = ("attest", "--new-bundle-format", "--key", "cosign.key", *OFFLINE, "--predicate", "sbom.json")
    shell.run("cosign", *bundle, f"{shell.host}/plum/app@{built.digest}")
    result = info(shell)
    (image,) = [one for one in images_of(result, "app") if one["digest"] == built.digest]
    listed = [] if has_api else [("referrers", built.digest)]
    assert companions(image) == sorted([*listed, *([("referrer", built.digest)] * 3)])
    # Each artifact that was attached superseded the index before, which nothing keeps.
    left = [one for one in images_of(result, "app") if one["digest"] != built.digest]
    assert [one["kept"] for one in left] == [False] * len(left)
    assert result["damage"] == []

    attached = next(one["digest"] for one in image["companions"] if one["kind"] == "referrer")
    (why,) = info(shell, why=[attached])["why"]
    assert {one["reason"] for one in why["keepers"]} >= {"companion_of", "tagged"}
    assert f"is a companion of {built.digest}, which has the tags v7" in why["message"]


def test_signatures_in_a_repository_of_their_own_belong_to_their_image(shell: Shell, draw: Draw) -> None:
    built = draw()
    push(shell, "crane", built, "plum/app")
    shell.run("cosign", "generate-key-pair")

    class Elsewhere(Shell):
        @property
        def environment(self) -> dict[str, str]:
            return {**super().environment, "COSIGN_REPOSITORY": f"{self.host}/plum/signatures"}

    elsewhere = Elsewhere(shell.sandbox, shell.home)
    reference = f"{shell.host}/plum/app@{built.digest}"
    elsewhere.run("cosign", "sign", "--key", "cosign.key", *OFFLINE, reference)
    result = info(shell)
    (image,) = images_of(result, "app")
    assert [(one["kind"], one["repository"]) for one in image["companions"]] == [("signature", "signatures")]
    assert images_of(result, "signatures") == []
    assert result["damage"] == []


def test_a_chart_of_helm_is_an_artifact(shell: Shell, tmp_path: Path) -> None:
    chart = tmp_path / "orchard"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: orchard\nversion: 1.4.0\n", encoding="utf-8")
    shell.run("helm", "package", "orchard")
    shell.run("helm", "push", "orchard-1.4.0.tgz", f"oci://{shell.host}/plum/charts")
    (image,) = images_of(info(shell), "charts/orchard")
    assert (image["tags"], image["artifact_type"]) == (["1.4.0"], "application/vnd.cncf.helm.config.v1+json")
