# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as users write them: all that is wrong at once, by the names that the user wrote."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.options import (
    parse_policies,
    parse_settings,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.rules import (
    BUILT_IN_POLICY,
    Conditions,
)
from support.prune_plans import policies, rules


def faults(raw: Any, where: str = "policies") -> list[str]:
    return [str(one) for one in parse_policies(raw, where)[1]]


def conditions(kind: str, given: dict[str, Any]) -> Conditions:
    return policies(rules({kind: given})).policies[0].rules[0].conditions


@pytest.mark.parametrize("raw", [None, [], ""])
def test_without_policies_untagged_manifests_go(raw: Any) -> None:
    assert policies(raw).policies == (BUILT_IN_POLICY,)
    assert policies(raw).tagged_rules == ()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"untagged": "true", "older_than": " 30d "}, Conditions(untagged=True, older_than=timedelta(days=30))),
        ({"untagged": "Yes"}, Conditions(untagged=True)),
        ({"untagged": 1}, Conditions(untagged=True)),
        ({"tags": "pr-*, tmp-*"}, Conditions(tags=("pr-*", "tmp-*"))),
        ({"tags": ["a", " a "]}, Conditions(tags=("a",))),
        ({"tag_regex": "pr-[0-9]{1,5}"}, Conditions(tag_regex="pr-[0-9]{1,5}")),
        ({"children_missing": "wholly"}, Conditions(children_missing="wholly")),
    ],
)
def test_text_is_read_as_ansible_reads_options(given: dict[str, Any], read: Conditions) -> None:
    assert conditions("delete", given) == read


@pytest.mark.parametrize("given", [10, "10", " 10 "])
def test_a_count_may_be_text(given: Any) -> None:
    assert conditions("keep", {"newest": given}) == Conditions(newest=10)


def test_a_rule_has_the_name_of_its_place_or_its_own() -> None:
    read = policies(rules({"delete": {"untagged": True}}, {"name": " old ", "keep": {"tags": ["v*"]}}))
    assert [(one.name, one.where) for one in read.policies[0].rules] == [
        ("policies[0].rules[0]", "policies[0].rules[0]"),
        ("old", "policies[0].rules[1]"),
    ]


REFUSED: dict[str, tuple[Any, list[str]]] = {
    "a text": ("x", ["policies: the value is not a list; write a list"]),
    "a policy that is a text": (["x"], ["policies[0]: the value is not a mapping"]),
    "no rules": ([{"repositories": ["*"]}], ["policies[0].rules: the list of rules is missing or empty"]),
    "rules of null": ([{"rules": None}], ["policies[0].rules: the value is not a list"]),
    "an unknown key": (
        [{"rule": [], "rules": [{"delete": {"untagged": True}}]}],
        ["policies[0].rule: the option is not known; did you mean rules?"],
    ),
    "both kinds": (
        rules({"delete": {"untagged": True}, "keep": {"newest": 0}}),
        ["policies[0].rules[0]: both delete and keep", "policies[0].rules[0].keep.newest: 0 is not a number"],
    ),
    "no condition": (rules({"delete": {}}), ["policies[0].rules[0].delete: the rule has no condition"]),
    "a condition of null": (
        rules({"delete": {"tags": ["v*"], "older_than": None}}),
        ["policies[0].rules[0].delete.older_than: the value is null; write a value, or leave the condition out"],
    ),
    "blanks": (
        rules({"delete": {"tag_regex": " ", "tags": ["a", ""], "semver": ""}}),
        [
            "delete.tag_regex: the value is empty",
            "delete.tags[1]: the value is empty",
            "delete.semver: the value is empty",
        ],
    ),
    "false": (rules({"delete": {"untagged": False}}), ["delete.untagged: False is not true"]),
    "a count in a rule that deletes": (
        rules({"delete": {"newest": 3}}),
        ["delete.newest: a count would delete more on every run; keep the newest images with keep.newest"],
    ),
    "conditions of the other kind": (
        rules({"delete": {"younger_than": "1d"}}, {"keep": {"older_than": "1d", "orphaned": True}}),
        ["delete.younger_than: ", "keep.older_than: ", "keep.orphaned: "],
    ),
    "ages": (
        rules(
            {"delete": {"older_than": "999999d"}},
            {"delete": {"older_than": "36526d"}},
            {"delete": {"older_than": 30}},
            {"delete": {"older_than": "0d"}},
            {"delete": {"older_than": "30 days"}},
        ),
        [
            "999999d is longer than 100 years",
            "36526d is longer than 100 years",
            "30 is not a text",
            "0d is not greater",
            "'30 days' is not a duration",
        ],
    ),
    "a number as a tag": (
        rules({"keep": {"tags": [1.1]}}),
        ["keep.tags[0]: 1.1 is not a text; write the value with quotes"],
    ),
    "digests": (rules({"keep": {"digests": ["sha256:12"]}}), ["keep.digests[0]: 'sha256:12' is not a digest"]),
    "an expression": (rules({"delete": {"tag_regex": "("}}), ["delete.tag_regex: '(' cannot be used; the expression"]),
    "a range": (rules({"delete": {"semver": "latest"}}), ["delete.semver: 'latest' is not a range of versions; write"]),
    "children": (rules({"delete": {"children_missing": "all"}}), ["'all' is not known; use wholly or partly"]),
    "a name twice": (
        rules({"name": "x", "delete": {"untagged": True}}, {"name": "x", "keep": {"newest": 3}}),
        ["policies[0].rules[1].name: the name x is given to policies[0].rules[0] too"],
    ),
    "a repository that is a number": (
        [{"repositories": [3], "except_repositories": [], "rules": [{"keep": {"newest": True}}]}],
        ["rules[0].keep.newest: True", "policies[0].repositories[0]: 3", "policies[0].except_repositories: the list"],
    ),
}


@pytest.mark.parametrize(("raw", "parts"), REFUSED.values(), ids=REFUSED.keys())
def test_all_errors_are_found_at_once_and_named(raw: Any, parts: list[str]) -> None:
    found = faults(raw)
    assert len(found) == len(parts)
    assert [part for part, text in zip(parts, found, strict=True) if part not in text] == []


@pytest.mark.parametrize("name", ["older_than", "semver", "tag_regex", "children_missing"])
def test_a_token_in_the_wrong_place_and_a_long_text_are_not_shown_whole(name: str) -> None:
    for text in ("dop_v1_" + "7" * 64 + "(", "(" + "x" * 900):
        found = faults([{"rules": [{"delete": {name: text}}]}])
        assert found
        assert all(text not in one for one in found), found


def test_errors_name_the_option_below_another_name() -> None:
    assert faults([3], "docr_retention.policies")[0].startswith("docr_retention.policies[0]: ")


def test_the_brakes_are_read_and_all_errors_are_found() -> None:
    read, wrong = parse_settings("acme", "1d12h", 40, 55, True)
    assert (read.grace_period, read.max_delete_count, read.max_delete_percent, wrong) == (
        timedelta(hours=36),
        40,
        55,
        (),
    )
    _read, wrong = parse_settings("acme", "soon", -1, 101)
    assert [one.where for one in wrong] == ["grace_period", "max_delete_percent", "max_delete_count"]


DELETE_OLD = {"name": "b", "delete": {"tags": ["v1*"], "older_than": "30d"}}
WARNED: dict[str, tuple[Any, str]] = {
    "untagged and a tag": (
        rules({"name": "a", "delete": {"untagged": True, "tags": ["v*"]}}),
        "The rule a can never match",
    ),
    "orphans by a tag": (
        rules({"name": "a", "delete": {"orphaned": True, "tags": ["*.sig"]}}),
        "The rule a can never match",
    ),
    "a glob that no tag has": (rules({"name": "a", "keep": {"tags": ["team/v*"]}}), "a tag cannot match team/v*"),
    "an expression that no tag has": (rules({"name": "a", "keep": {"tag_regex": "v 1"}}), "a tag cannot match v 1"),
    "an empty range": (rules({"name": "a", "delete": {"semver": ">2 <1"}}), "no version is in >2 <1"),
    "a rule that deletes what another deletes": (
        rules({"name": "a", "delete": {"tags": ["*"], "older_than": "7d"}}, DELETE_OLD),
        "The rule b has no effect: the rule a chooses",
    ),
    "a rule that deletes what another keeps": (
        rules(DELETE_OLD, {"name": "a", "keep": {"tags": ["v1*"]}}),
        "The rule b has no effect: the rule a keeps",
    ),
    "the same rule twice": (
        rules({"name": "a", "keep": {"newest": 5}}, {"name": "b", "keep": {"newest": 5}}),
        "The rule b has no effect: the rule a",
    ),
    "a smaller count": (
        rules(
            {"name": "b", "keep": {"newest": 3, "tags": ["v*"]}}, {"name": "a", "keep": {"newest": 5, "tags": ["v*"]}}
        ),
        "The rule b has no effect: the rule a",
    ),
    "a narrower range": (
        rules(
            {"name": "a", "delete": {"semver": "<3"}}, {"name": "b", "delete": {"semver": "^1.2", "older_than": "1d"}}
        ),
        "The rule b has no effect: the rule a",
    ),
    "a policy behind another": (
        [*rules({"keep": {"newest": 1}}), *rules({"keep": {"newest": 2}}, repositories=["app"])],
        "The policy policies[1] can never be used: the earlier policy policies[0]",
    ),
}


@pytest.mark.parametrize(("raw", "part"), WARNED.values(), ids=WARNED.keys())
def test_a_rule_without_effect_is_a_warning_that_names_both(raw: Any, part: str) -> None:
    (warning,) = policies(raw).warnings
    assert part in warning


@pytest.mark.parametrize(
    "given",
    [
        [DELETE_OLD, {"keep": {"tags": ["v1.2*"]}}],
        [DELETE_OLD, {"delete": {"older_than": "7d"}}],
        [DELETE_OLD, {"keep": {"newest": 5}}],
        [{"keep": {"newest": 5}}, {"keep": {"newest": 3, "tags": ["v*"]}}],
        [{"delete": {"untagged": True}}, {"delete": {"orphaned": True, "untagged": True}}],
        [{"delete": {"prereleases": True}}, {"delete": {"semver": "*"}}],
    ],
    ids=["keeps a part", "another time", "a count", "a count of a pattern", "orphans", "pre-releases"],
)
def test_rules_that_overlap_in_part_are_no_warning(given: list[dict[str, Any]]) -> None:
    found = [one for one in policies(rules(*given)).warnings if "policies[0].rules[0]" not in one]
    assert found == []
