# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths to images in objects of other people."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.paths import (
    Path,
    find_texts,
    parse_path,
)

CONTAINERS: dict[str, Any] = {"containers": [{"image": "a"}, {"image": "b"}, {"name": "c"}, {"image": 7}]}
OBJECT: dict[str, Any] = {"spec": {**CONTAINERS, "map": {"x": {"image": "d"}, "y": {"image": "e"}}, "list": ["f", "g"]}}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec.image", ("spec", "image")),
        (".spec.image", ("spec", "image")),
        ("{.spec.image}", ("spec", "image")),
        ("$.spec.image", ("spec", "image")),
        ("spec.containers[*].image", ("spec", "containers", None, "image")),
        ("spec.containers[].image", ("spec", "containers", None, "image")),
        ("spec.containers.*.image", ("spec", "containers", None, "image")),
        ("spec.containers[12].image", ("spec", "containers", 12, "image")),
        ("metadata.annotations['example.com/image']", ("metadata", "annotations", "example.com/image")),
        ('metadata["a.b"].c', ("metadata", "a.b", "c")),
    ],
)
def test_a_path_is_read(text: str, path: Path) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text", ["", " ", "$", "{}", "spec..image", "spec.", "spec[", "spec[-1]", "spec[?(@.a)]", "a b"]
)
def test_a_path_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the path"):
        parse_path(text)


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("spec.containers[*].image", ["a", "b"]),
        ("spec.containers.image", ["a", "b"]),
        ("spec.containers[1].image", ["b"]),
        ("spec.containers[9].image", []),
        ("spec.map.*.image", ["d", "e"]),
        ("spec.list", ["f", "g"]),
        ("spec.list[*]", ["f", "g"]),
        ("spec.list[0]", ["f"]),
        ("spec.map", []),
        ("spec.absent.image", []),
        ("spec.list.image", []),
    ],
)
def test_all_texts_at_a_path_are_found(path: str, texts: list[str]) -> None:
    assert list(find_texts(OBJECT, parse_path(path))) == texts
