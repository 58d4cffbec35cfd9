# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with references to images: lines, YAML and JSON, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.image_list import read_image_list
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import Refused


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("app:v7\n\n# comment\n  team/app@sha256:ab  # why\r\n", ["app:v7", "team/app@sha256:ab"]),
        ("\ufeffapp:v7", ["app:v7"]),
        ('["app:v7", "b"]', ["app:v7", "b"]),
        ("- app:v7\n- 'b'\n", ["app:v7", "b"]),
        ("# made by a job\n---\n- app:v7\n", ["app:v7"]),
        ("[app:v7, b]", ["app:v7", "b"]),
    ],
)
def test_entries_of_every_form_are_read(tmp_path: Path, text: str, entries: list[str]) -> None:
    path = tmp_path / "images"
    path.write_text(text, encoding="utf-8")
    assert read_image_list(str(path)) == tuple(entries)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty; write the images, or remove the file"),
        (b"# only this\n", "the file is empty"),
        (b"- 7\n- app\n", "entry 1 is no text (int)"),
        (b"- app\n- ''\n", "entry 2 is no text"),
        (b"---\nimages: [app]\n", "the file holds no list"),
        (b"[app", "the file is neither YAML nor JSON"),
        (b"- !!python/object/apply:os.getcwd []\n", "the file is neither YAML nor JSON"),
        (b"app\xff", "the file is not UTF-8"),
    ],
)
def test_a_file_of_another_form_is_refused_in_a_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        read_image_list(str(path))
    assert str(refused.value).startswith(f"Could not read the list of images {path}: {told}")


def test_a_path_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "pipe"):
        with pytest.raises(Refused, match="is not a regular file"):
            read_image_list(str(path))


def test_a_path_below_the_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "images").write_text("app", encoding="utf-8")
    assert read_image_list("~/images") == ("app",)
