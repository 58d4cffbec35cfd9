# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each method of access can honour, and what is wrong with what was asked of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.methods import (
    DIRECT,
    METHODS,
    ONE_CLICK,
    OPERATOR,
    access_errors,
    allows_option,
    rotation_error,
)


def faults(method: str, *, is_present: bool = True, **given: Any) -> list[str]:
    found = access_errors(lambda name: f"integrations[2].{name}", method, given, is_present=is_present)
    return [str(fault) for fault in found]


@pytest.mark.parametrize(
    ("method", "given"),
    [
        (ONE_CLICK, {}),
        (ONE_CLICK, {"namespaces": None, "exclude_namespaces": [], "never_expires": False, "force_rotation": False}),
        (OPERATOR, {"rotate_every": "30d"}),
        (OPERATOR, {"never_expires": True, "kubeconfig": "~/.kube/farm", "contexts": ["meadow"]}),
        (DIRECT, {"rotate_every": "1h", "never_expires": False, "force_rotation": True}),
        (
            DIRECT,
            {
                "rotate_every": "6083d",
                "namespaces": ["team-*", "ci"],
                "exclude_namespaces": ["*-lab"],
                "namespace_selector": "tier in (web)",
                "service_accounts": ["default", "build-*"],
                "contexts": ["meadow"],
            },
        ),
    ],
)
def test_options_that_a_method_allows_are_accepted(method: str, given: dict[str, Any]) -> None:
    assert faults(method, **given) == []


@pytest.mark.parametrize(
    ("method", "given", "where", "words"),
    [
        (
            ONE_CLICK,
            {"namespaces": ["ci"]},
            "namespaces",
            "one_click does not allow this option, since DigitalOcean itself",
        ),
        (ONE_CLICK, {"rotate_every": "30d"}, "rotate_every", "use the method direct or operator, or remove the option"),
        (ONE_CLICK, {"never_expires": True}, "never_expires", "does not allow this option"),
        (ONE_CLICK, {"contexts": ["meadow"]}, "contexts", "name DOKS clusters in clusters"),
        (ONE_CLICK, {"kubeconfig": "farm"}, "kubeconfig", "name DOKS clusters in clusters"),
        (ONE_CLICK, {"force_rotation": True}, "force_rotation", "remove the integration and add it again"),
        (OPERATOR, {"namespace_selector": "a=b"}, "namespace_selector", "operator copies into all namespaces"),
        (OPERATOR, {"service_accounts": ["build"]}, "service_accounts", "use the method direct, or remove the option"),
        (OPERATOR, {"exclude_namespaces": ["ci"]}, "exclude_namespaces", "use the method direct, or remove the option"),
        (DIRECT, {"namespaces": []}, "namespaces", "the list is empty; name at least one"),
        (DIRECT, {"service_accounts": ()}, "service_accounts", "the list is empty"),
        (DIRECT, {"namespaces": ["ci", " "]}, "namespaces[1]", "the name is empty"),
        (DIRECT, {"exclude_namespaces": [""]}, "exclude_namespaces[0]", "the name is empty"),
        (
            DIRECT,
            {"namespace_selector": " "},
            "namespace_selector",
            "the label selector is empty; write a label selector",
        ),
        (DIRECT, {"rotate_every": "soon"}, "rotate_every", "'soon' is not a period; write days, hours and minutes"),
        (DIRECT, {"rotate_every": "59m"}, "rotate_every", "'59m' is too short; use 1h or more"),
        (OPERATOR, {"rotate_every": "6084d"}, "rotate_every", "'6084d' is too long; use 6083d or less"),
    ],
)
def test_options_that_a_method_does_not_allow_are_errors_with_their_place(
    method: str, given: dict[str, Any], where: str, words: str
) -> None:
    expiry = {} if method == ONE_CLICK or "rotate_every" in given else {"never_expires": True}
    (fault,) = faults(method, **(expiry | given))
    assert fault.startswith(f"integrations[2].{where}: ")
    assert words in fault


@pytest.mark.parametrize("method", [OPERATOR, DIRECT])
def test_rotate_every_or_never_expires_is_required(method: str) -> None:
    (neither,) = faults(method, never_expires=False)
    assert neither.startswith(
        f"integrations[2].method: the method {method} needs rotate_every or never_expires; say how often"
    )
    (both,) = faults(method, rotate_every="30d", never_expires=True)
    assert both == "integrations[2].never_expires: rotate_every is set too; keep one option"


@pytest.mark.parametrize("method", METHODS)
def test_absence_requires_no_expiry(method: str) -> None:
    assert faults(method, is_present=False) == []


def test_all_errors_are_reported_at_once() -> None:
    assert len(faults(OPERATOR, namespaces=[" "], service_accounts=["a"])) == 4


def test_allows_option_says_which_options_a_method_allows() -> None:
    assert [allows_option(method, "namespaces") for method in METHODS] == [False, False, True]
    assert [allows_option(method, "rotate_every") for method in METHODS] == [False, True, True]
    assert all(allows_option(method, "method") for method in METHODS)


def test_valid_period_is_accepted() -> None:
    assert rotation_error("1d12h") is None
