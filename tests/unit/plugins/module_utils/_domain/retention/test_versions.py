# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions in tags, and ranges of versions."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.versions import (
    parse_range,
    parse_version,
)


def fits(tag: str, text: str) -> bool:
    version = parse_version(tag)
    return version is not None and parse_range(text).has(version)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (
            ">=1.0.0 <2",
            "1.0.0 v1.0.0 1.99.3 1.5.0-rc.1 1.2.3_build.7 v1.2.3-12-gabc",
            "0.9.9 1.0.0-rc.1 2.0.0 2.0.0-rc.1",
        ),
        (">=1.0.0, <2", "1.7.0", "2.0.0"),
        (">1.2", "1.3.0 2.0.0", "1.2.9 1.2.0"),
        (">1.2.3", "1.2.4", "1.2.3 1.2.3_more"),
        ("<=1.2", "1.2.9 0.1.0", "1.3.0 1.3.0-rc.1"),
        ("<=1.2.3", "1.2.3 1.2.3-rc.1", "1.2.4"),
        ("<1.2.3-rc.2", "1.2.3-rc.1 1.2.3-beta.9", "1.2.3-rc.2 1.2.3-rc.10 1.2.3"),
        ("^1.4", "1.4.0 1.9.9", "1.3.9 2.0.0 2.0.0-rc.1"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0", "0.0.1 0.9.0", "1.0.0"),
        ("~1.4.2", "1.4.2 1.4.9", "1.5.0 1.4.1"),
        ("~1", "1.0.0 1.9.0", "2.0.0"),
        ("1.x", "1.0.0 1.9.0", "0.9.0 2.0.0"),
        ("1.2.*", "1.2.0 1.2.99", "1.3.0"),
        ("=1.2.3", "1.2.3 v1.2.3_x", "1.2.4 1.2.3-rc.1"),
        ("<1 || >=3", "0.5.0 3.0.0", "1.0.0 2.9.9"),
        ("*", "0.0.0 9.9.9-rc.1", "latest 1.2 v1 1.2.3.4 01.2.3 1.2.3-01 nightly-1.2.3 V1.2.3"),
    ],
)
def test_what_is_in_a_range(text: str, inside: str, outside: str) -> None:
    assert [tag for tag in inside.split() if not fits(tag, text)] == []
    assert [tag for tag in outside.split() if fits(tag, text)] == []


def test_versions_sort_as_the_specification_says() -> None:
    suffixes = ("-alpha", "-alpha.1", "-alpha.beta", "-beta", "-beta.2", "-beta.11", "-rc.1", "")
    tags = [f"1.0.0{one}" for one in suffixes]
    versions = [parse_version(one) for one in tags]
    keys = [one.key for one in versions if one is not None]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(tags)


@pytest.mark.parametrize(
    ("tag", "is_pre"),
    [
        ("1.2.3-rc.1", True),
        ("v1.2.3-0", True),
        ("1.2.3", False),
        ("1.2.3_rc.1", False),
        ("1.2.3-rc.1_7", True),
        ("v1.2.3-12-gabc", False),
        ("v1.2.3-dirty", False),
        ("v1.2.3-4-g0a1b2c3-dirty", False),
        ("1.2.3-12-gxyz", True),
    ],
)
def test_what_is_a_pre_release(tag: str, is_pre: bool) -> None:
    version = parse_version(tag)
    assert version is not None
    assert version.is_pre_release is is_pre


@pytest.mark.parametrize(
    "text", ["", "||", ">= <2", "1.2.3.4", "latest", ">1 foo", "^1.2-rc.1", "=>1", "1.0.0<2", "1" * 300]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_range(text)


@pytest.mark.parametrize(
    ("one", "other", "is_within"),
    [
        (">=1.2 <1.5", "^1", True),
        ("^1", ">=1.2", False),
        ("1.2.3", "1.x || 3.x", True),
        ("<1", "*", True),
        ("*", "<1", False),
    ],
)
def test_a_range_within_another(one: str, other: str, is_within: bool) -> None:
    assert parse_range(one).is_within(parse_range(other)) is is_within


def test_an_empty_range_is_known() -> None:
    assert parse_range(">=2 <1").is_empty
    assert not parse_range("<1 || >2 <3").is_empty
