# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of Kubernetes is decoded object by object, wherever the bytes are cut, and a broken list is an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._client.bounds import MOST_BYTES, AnswerTooLarge
from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.streams import ObjectStream

SPEC = {"text": 'a "quoted" ] } , text', "on": True, "none": None}
POD = {"metadata": {"name": "pear-ü-😀", "n": 12.5e3}, "spec": SPEC}
ANYTHING = st.recursive(st.none() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists)


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def decoded(content: bytes, size: int = 1 << 16) -> tuple[list[Any], dict[str, Any]]:
    stream = ObjectStream(pieces(content, size))
    entries = list(stream.entries())
    return entries, stream.fields


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1 << 16])
@pytest.mark.parametrize("indent", [None, 2])
def test_objects_are_the_same_wherever_the_bytes_are_cut(size: int, indent: int | None) -> None:
    whole = {"kind": "PodList", "metadata": {"continue": "token"}, "items": [POD, POD, 7, [], "x"], "number": 123}
    content = json.dumps(whole, indent=indent, ensure_ascii=False).encode()
    entries, fields = decoded(content, size)
    assert entries == whole["items"]
    assert fields == {**whole, "items": True}


@given(st.lists(ANYTHING), st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_any_json_in_any_pieces_is_decoded(items: list[Any], size: int) -> None:
    assert decoded(json.dumps({"items": items, "last": 1}).encode(), size) == (items, {"items": True, "last": 1})


def test_a_list_that_is_null_or_missing_has_no_entries() -> None:
    assert decoded(b'{"items": null}') == ([], {"items": None})
    assert decoded(b" {} ") == ([], {})


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b'{"items": [', b'{"items": [{"a": 1}', b'{"items": [{"a": 1}]', b'{"items": [1,]}',
        b'{"items": [1 2]}', b'{"items": []} {}', b'{"a" 1}', b'{"a": 1 "b": 2}', b'{"a": 1,}', b"<html>",
        b'{"items": ["\xff"]}', b'{"a": tru', b'{"items": [12.]}',
    ],
)  # fmt: skip
def test_bytes_that_are_no_whole_object_are_an_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        decoded(content, 3)


def test_an_object_without_end_is_an_error_before_it_fills_the_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"items": ["'
        for _number in range(MOST_BYTES // (1 << 20) + 2):
            yield b"x" * (1 << 20)

    with pytest.raises(AnswerTooLarge):
        list(ObjectStream(endless()).entries())
