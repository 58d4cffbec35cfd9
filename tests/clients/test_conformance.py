# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OCI's own conformance suite on the image host: pull, push, content discovery and content management."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from support.image_clients import Shell, program

# What a host may lack, and what no stable version of the specification asks for.
OPTIONAL = {"Blob post only", "Blob anonymous mount", "Manifest put with tag params"}
# What the suite leaves out unless it is told otherwise.
NOT_ASKED = {"Sparse Manifests", "Tag Param", "Tag Param sha512"}
DELETES = {
    "Tag delete",
    "Tag delete atomic",
    "Blob delete",
    "Blob delete atomic",
    "Manifest delete",
    "Manifest delete atomic",
}


def conform(shell: Shell, folder: Path, **settings: str) -> dict[str, Any]:
    """Run the suite; return what came of each API and of each kind of content."""
    variables = {
        "OCI_REGISTRY": shell.host,
        "OCI_REPO1": "plum/conformance/one",
        "OCI_REPO2": "plum/two",
        "OCI_USERNAME": "anybody",
        "OCI_PASSWORD": shell.sandbox.token,
        "OCI_RESULTS_DIR": str(folder),
        **settings,
    }
    done = subprocess.run(
        [program("conformance")],
        env={**shell.environment, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    # It ends with 0 when it could not even start.
    assert (folder / "results.yaml").exists(), done.stderr
    failures = [line for line in done.stdout.splitlines() if "FAIL" in line or line.lstrip().startswith("- ")]
    assert done.returncode == 0, "\n".join(failures)
    results: dict[str, Any] = yaml.safe_load((folder / "results.yaml").read_text(encoding="utf-8"))
    return results


def test_every_part_passes_where_the_host_has_referrers_and_deletes(shell: Shell, tmp_path: Path) -> None:
    shell.sandbox.switch("image_host_referrers", True)
    shell.sandbox.switch("image_host_delete", True)
    # Beyond what the suite asks for by itself: docr_gc cancels the upload that proves that writing works.
    results = conform(
        shell,
        tmp_path,
        OCI_API_BLOBS_UPLOAD_CANCEL="true",
        OCI_API_BLOBS_DIGEST_HEADER="true",
        OCI_API_MANIFESTS_DIGEST_HEADER="true",
    )
    others = {name: status for name, status in results["apis"].items() if status != "Pass"}
    assert set(others) <= OPTIONAL
    assert {name for name, status in results["data"].items() if status != "Pass"} == NOT_ASKED


def test_conformance_passes_without_referrers_and_deletes_where_the_host_has_neither(
    shell: Shell, tmp_path: Path
) -> None:
    shell.sandbox.switch("image_host_referrers", False)
    shell.sandbox.switch("image_host_delete", False)
    results = conform(shell, tmp_path, OCI_API_REFERRER="false")
    others = {name for name, status in results["apis"].items() if status != "Pass"}
    assert others - OPTIONAL == DELETES | {"Referrers", "Blob upload cancel"}
