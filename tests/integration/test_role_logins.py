# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role writes the logins that manifests ask for with dockerCredentials, and never shows a login."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docr_sandbox.testing import Sandbox
from playing import MANIFEST
from support.image_host import minted
from support.login_module import login, opens
from support.plays import play

SITE = "playbooks/site.yml"


def asks(name: str, **spec: Any) -> dict[str, Any]:
    wanted = {"name": name, "region": "syd1", "subscription_tier": "professional", **spec}
    return {**MANIFEST, "metadata": {"name": name}, "spec": wanted}


def test_logins_are_written_kept_and_in_the_outputs_only_by_file_and_expiry(sandbox: Sandbox, tmp_path: Path) -> None:
    manifests = [asks("kiwi", dockerCredentials={"write": True, "expirySeconds": 5400}), asks("plum")]
    given = {"docr_manifests": manifests, "docr_login_folder": str(tmp_path / "logins")}
    path = tmp_path / "logins" / "kiwi" / "config.json"
    planned = play(SITE, sandbox, given, "--check").statistics["docr_outputs"]
    assert (planned["kiwi"]["credential_expiration_time"], path.exists(), minted(sandbox)) == (None, False, [])
    done = play(SITE, sandbox, given)
    outputs = done.statistics["docr_outputs"]
    token = login(sandbox, path)
    assert opens(sandbox, token)
    assert (path.stat().st_mode & 0o777, outputs["kiwi"]["docker_config_path"]) == (0o600, str(path))
    note = json.loads((path.parent / "config.json.docr.json").read_text(encoding="utf-8"))
    assert outputs["kiwi"]["credential_expiration_time"] in json.dumps(note)
    assert (outputs["plum"]["docker_config_path"], outputs["plum"]["credential_expiration_time"]) == (None, None)
    assert token not in done.output + json.dumps(outputs)
    assert "writes no login" not in done.notes
    second = play(SITE, sandbox, given)
    assert (second.changed, login(sandbox, path)) == ([], token)
    assert second.statistics["docr_outputs"]["kiwi"] == outputs["kiwi"] | {"changed": False, "actions": []}


def test_without_a_folder_nothing_is_minted_and_a_warning_says_how_to_get_the_login(sandbox: Sandbox) -> None:
    done = play(SITE, sandbox, {"docr_manifests": [asks("kiwi", dockerCredentials={})]})
    told = " ".join(done.notes.split())
    assert "set docr_login_folder, or run the module docr_credentials with registry=kiwi" in told
    assert minted(sandbox) == []
    assert done.statistics["docr_outputs"]["kiwi"]["credential_expiration_time"] is None
