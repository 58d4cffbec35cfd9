# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions of tags: what Python says, in a bounded time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.tag_regex import TagRegex

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\.", "[]a]", "[a-c1-3]", r"\W"])
REPETITIONS = st.sampled_from(["*", "+", "?", "{2}", "{1,}", "{,2}", "{1,3}", "*?", "{2}?"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds(
            "({}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,}", "{,2}", "{1,3}", "*?", "{2}?"])
        ),
    ),
    max_leaves=6,
)
TAGS = st.text("abc123.-_X", min_size=1, max_size=8)
# Each of these takes years where the engine tries all ways.
BOMBS = (
    "(a+)+",
    "(a|a)*b",
    "(a|aa)+b",
    "(a*)*b",
    "a*a*a*a*a*a*a*a*a*a*b",
    "(.*.*.*.*.*.*)*x",
    "([a-z]+)*[0-9]",
    "(a|b)*a(a|b){40}",
    "(((a?){8}){4}){2}b",
)


@settings(max_examples=300)
@given(PATTERNS, st.lists(TAGS, min_size=1, max_size=6))
def test_a_tag_matches_where_python_says_so(pattern: str, tags: list[str]) -> None:
    machine = TagRegex(pattern)
    for tag in tags:
        assert machine.matches(tag) == (re.compile(pattern).fullmatch(tag) is not None)
        assert not machine.matches(tag) or machine.can_match() or tag[0] in ".-"


@pytest.mark.parametrize("pattern", BOMBS)
def test_an_expression_that_hangs_other_engines_ends_at_once(pattern: str) -> None:
    started = time.process_time()
    machine = TagRegex(pattern)
    for tail in ("", "!", "b", "0"):
        machine.matches("a" * 127 + tail)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("pattern", ["^v7$", "^v7", "v7$", "^x$|^v7$", "v(?:7)"])
def test_the_ends_may_be_written(pattern: str) -> None:
    assert TagRegex(pattern).matches("v7")
    assert not TagRegex(pattern).matches("v77")
    assert not TagRegex(pattern).matches("nv7")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a)\1", "not supported"),
        (r"\bv", "not supported"),
        ("(?=v)7", "not supported"),
        ("(?i)v7", "not supported"),
        ("(?P<x>v)", "not supported"),
        ("v(^7)", "at the ends"),
        ("v$7", "at the ends"),
        ("v{", "brace"),
        ("v++", "possessive|not valid"),
        ("(v", "not valid"),
        ("[v", "not valid"),
        ("*", "not valid"),
        ("a" * 257, "at most 256"),
        ("(a{100}){100}", "too large"),
        ("(" * 120 + "a" + ")" * 120 + "{900}", "too large"),
    ],
)
def test_what_cannot_be_bounded_is_refused_with_the_reason(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        TagRegex(pattern)


@pytest.mark.parametrize("pattern", ["v.*?", "v.+?", "v.{2,}?", "v(?:.??){2}"])
def test_a_lazy_repetition_matches_as_a_greedy_one(pattern: str) -> None:
    assert TagRegex(pattern).matches("v12")


@pytest.mark.parametrize(
    ("pattern", "can"),
    [
        ("v.*", True),
        ("v/.*", False),
        ("[^a-zA-Z0-9_.-]", False),
        ("-x", False),
        (".x", True),
        ("a{200}", False),
        ("", False),
    ],
)
def test_whether_any_tag_can_match(pattern: str, can: bool) -> None:
    assert TagRegex(pattern).can_match() is can
