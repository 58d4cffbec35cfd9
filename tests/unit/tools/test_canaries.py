# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token that is planted is found in each of its forms, and what is found is not shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from canaries import ShownSecretError, files_with_secrets, require_no_secret
from docr_sandbox.model.tokens import docker_config

TOKEN = "dop_v1_" + "0f6cd1b07a314d3c" * 4
LOGIN = docker_config("localhost:1", TOKEN)["auths"]["localhost:1"]["auth"]
DATA = base64.b64encode(f'{{"auths":{{"localhost:1":{{"auth":"{LOGIN}"}}}}}}'.encode()).decode()


@pytest.mark.parametrize("secret", [TOKEN, LOGIN, DATA, TOKEN[:24]], ids=["token", "auth", "data", "part"])
def test_planted_token_is_found_and_not_quoted(secret: str, tmp_path: Path) -> None:
    with pytest.raises(ShownSecretError) as shown:
        require_no_secret("the module", "fine", f"denied: {secret} of kiwi")
    assert "the module shows a token after 'denied: '" in str(shown.value)
    assert secret not in str(shown.value)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/run.log").write_bytes(b"\x00\xff" + secret.encode())
    (tmp_path / "config.json").write_text(secret, encoding="utf-8")
    assert files_with_secrets(tmp_path, ("*config.json",)) == ["logs/run.log"]
    (tmp_path / "logs/run.log").unlink()


def test_usual_texts_hold_no_token(tmp_path: Path) -> None:
    text = "dop_v1_ is how a token begins; eyJhdXRocyI6 and ZG9wX3Yx too; sha256:" + "0" * 64
    require_no_secret("the module", text)
    (tmp_path / "notes").write_text(text, encoding="utf-8")
    assert files_with_secrets(tmp_path, ()) == []
