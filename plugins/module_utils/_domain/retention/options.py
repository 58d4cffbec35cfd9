# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies of retention as users write them, and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ..field_errors import DUPLICATE, REQUIRED, UNSUPPORTED, FieldError
from .conditions import (
    UnusableCondition,
    read_count,
    read_digests,
    read_globs,
    read_missing,
    read_period,
    read_range,
    read_regex,
    read_texts,
    read_true,
)
from .overlap import find_overlaps
from .request import DEFAULT_GRACE, DEFAULT_MOST_PERCENT, PruneSettings
from .rules import Conditions, RetentionPolicies, RetentionPolicy, RetentionRule

_Reader = Callable[[object], Any]
_SHARED: Mapping[str, _Reader] = {
    "untagged": read_true,
    "tags": read_globs,
    "tag_regex": read_regex,
    "semver": read_range,
}
DELETE_CONDITIONS: Mapping[str, _Reader] = {
    **_SHARED,
    "prereleases": read_true,
    "older_than": read_period,
    "children_missing": read_missing,
    "orphaned": read_true,
}
KEEP_CONDITIONS: Mapping[str, _Reader] = {
    **_SHARED,
    "newest": read_count,
    "younger_than": read_period,
    "digests": read_digests,
}
_OF_OTHER_KIND = {
    "newest": ("a count would delete more on every run", "keep the newest images with keep.newest, and delete by age"),
    "younger_than": ("the condition is for rules that keep", "use older_than"),
    "digests": ("the condition is for rules that keep", "delete a single image with the API"),
    "older_than": ("the condition is for rules that delete", "use younger_than"),
    "prereleases": ("the condition is for rules that delete", "use semver or tag_regex"),
    "children_missing": ("the condition is for rules that delete", "leave the condition out"),
    "orphaned": ("the condition is for rules that delete", "leave the condition out"),
}
_POLICY_KEYS = ("repositories", "except_repositories", "rules")
_RULE_KEYS = ("name", "delete", "keep")


def parse_policies(raw: object, where: str = "policies") -> tuple[RetentionPolicies, tuple[FieldError, ...]]:
    """The policies as the user wrote them, and all that is wrong with them; the errors name options below `where`.

    `raw` is a list of mappings, unchanged: a null in a rule is an error, since a condition that is dropped makes a
    rule delete more. So the options of a module must not fill in null for conditions that are not given. Without
    policies the built-in policy holds. The warnings of the policies name rules that cannot match or that another rule
    covers.
    """
    faults: list[FieldError] = []
    if raw is None or raw in ([], ""):
        return RetentionPolicies(), ()
    policies = [
        _parse_policy(one, f"{where}[{number}]", faults) for number, one in enumerate(_list(raw, where, faults))
    ]
    _find_duplicates(policies, faults)
    if faults:
        return RetentionPolicies(()), tuple(faults)
    return RetentionPolicies(tuple(policies), tuple(find_overlaps(policies))), ()


def parse_settings(
    registry: str,
    grace_period: str | None = None,
    max_delete_count: int | None = None,
    max_delete_percent: int | None = None,
    allow_delete_images: bool = False,
) -> tuple[PruneSettings, tuple[FieldError, ...]]:
    """The brakes as the user wrote them, and all that is wrong with them. None stands for the default."""
    faults: list[FieldError] = []
    grace = DEFAULT_GRACE
    if grace_period is not None:
        try:
            grace = read_period(grace_period, is_zero_allowed=True)
        except UnusableCondition as error:
            faults.append(FieldError("grace_period", error.what, error.advice))
    percent = DEFAULT_MOST_PERCENT if max_delete_percent is None else max_delete_percent
    if not 0 <= percent <= 100:
        faults.append(FieldError("max_delete_percent", f"{percent} is not from 0 to 100", "use a percentage"))
    if max_delete_count is not None and max_delete_count < 0:
        faults.append(FieldError("max_delete_count", f"{max_delete_count} is less than 0", "use a number of images"))
    return PruneSettings(registry, grace, max_delete_count, percent, allow_delete_images), tuple(faults)


def _parse_policy(raw: object, where: str, faults: list[FieldError]) -> RetentionPolicy:
    given = _mapping(raw, where, _POLICY_KEYS, faults)
    if not isinstance(raw, Mapping):
        return RetentionPolicy(where, ())
    rules = _list(given.get("rules", []), f"{where}.rules", faults)
    if "rules" not in given or given["rules"] == []:
        faults.append(FieldError(f"{where}.rules", "the list of rules is missing or empty", "write a rule", REQUIRED))
    return RetentionPolicy(
        where,
        tuple(_parse_rule(one, f"{where}.rules[{number}]", faults) for number, one in enumerate(rules)),
        _texts(given, "repositories", where, faults) or ("*",),
        _texts(given, "except_repositories", where, faults),
    )


def _parse_rule(raw: object, where: str, faults: list[FieldError]) -> RetentionRule:
    given = _mapping(raw, where, _RULE_KEYS, faults)
    if not isinstance(raw, Mapping):
        return RetentionRule(where, where, False, Conditions())
    name = given.get("name", where)
    if not isinstance(name, str) or not name.strip():
        faults.append(FieldError(f"{where}.name", "the name is not a text", "write a name, or leave the name out"))
        name = where
    kinds = [kind for kind in ("delete", "keep") if kind in given]
    if len(kinds) != 1:
        what = "both delete and keep are given" if kinds else "neither delete nor keep is given"
        kind_of_error = UNSUPPORTED if kinds else REQUIRED
        faults.append(FieldError(where, what, "write exactly one of delete and keep", kind_of_error))
    is_delete = kinds[:1] == ["delete"]
    # Of a rule with both kinds each is read, so that all errors are found.
    read = [_parse_conditions(given[kind], f"{where}.{kind}", kind, faults) for kind in kinds]
    return RetentionRule(name.strip(), where, is_delete, read[0] if read else Conditions())


def _parse_conditions(raw: object, where: str, kind: str, faults: list[FieldError]) -> Conditions:
    readers = DELETE_CONDITIONS if kind == "delete" else KEEP_CONDITIONS
    others = {**DELETE_CONDITIONS, **KEEP_CONDITIONS}.keys() - readers.keys()
    given = _mapping(raw, where, readers, faults, others)
    if isinstance(raw, Mapping) and not raw:
        faults.append(FieldError(where, "the rule has no condition", f"use some of {', '.join(readers)}", REQUIRED))
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key in others:
            faults.append(FieldError(f"{where}.{key}", *_OF_OTHER_KIND[key], UNSUPPORTED))
        elif key in readers:
            try:
                values[key] = readers[key](value)
            except UnusableCondition as error:
                faults.append(FieldError(f"{where}.{key}{error.inner}", error.what, error.advice))
    return Conditions(**values)


def _texts(given: Mapping[str, object], key: str, where: str, faults: list[FieldError]) -> tuple[str, ...]:
    if key not in given:
        return ()
    try:
        return read_texts(given[key])
    except UnusableCondition as error:
        faults.append(FieldError(f"{where}.{key}{error.inner}", error.what, error.advice))
        return ()


def _list(raw: object, where: str, faults: list[FieldError]) -> Sequence[object]:
    if isinstance(raw, (list, tuple)):
        return raw
    faults.append(FieldError(where, "the value is not a list", "write a list"))
    return ()


def _mapping(
    raw: object, where: str, known: Sequence[str] | Mapping[str, Any], faults: list[FieldError], others: Any = ()
) -> Mapping[str, object]:
    """The mapping, with an error for each key that is neither known nor treated otherwise."""
    if not isinstance(raw, Mapping):
        faults.append(FieldError(where, "the value is not a mapping", f"write some of {', '.join(known)}"))
        return {}
    for key in raw:
        if key not in known and key not in others:
            near = get_close_matches(str(key), list(known), 1)
            advice = f"did you mean {near[0]}?" if near else f"use some of {', '.join(known)}"
            faults.append(FieldError(f"{where}.{key}", "the option is not known", advice, UNSUPPORTED))
    return raw


def _find_duplicates(policies: Sequence[RetentionPolicy], faults: list[FieldError]) -> None:
    first: dict[str, str] = {}
    for rule in (rule for one in policies for rule in one.rules):
        before = first.setdefault(rule.name, rule.where)
        if before != rule.where:
            what = f"the name {rule.name} is given to {before} too"
            faults.append(FieldError(f"{rule.where}.name", what, "give each rule a name of its own", DUPLICATE))
