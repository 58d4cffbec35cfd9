# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a token for an image host grants, where it can be read."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.bearer_token import (
    granted_actions,
)


def jwt(payload: object) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJFUzI1NiJ9.{middle}.c2lnbmVk"


def grant(name: str, *actions: str, kind: str = "repository") -> dict[str, Any]:
    return {"type": kind, "name": name, "actions": list(actions)}


@pytest.mark.parametrize(
    ("access", "granted"),
    [
        ([grant("kiwi/web", "pull")], frozenset({"pull"})),
        ([grant("kiwi/web", "pull"), grant("kiwi/web", "push", "pull")], frozenset({"pull", "push"})),
        ([grant("kiwi/other", "pull", "push")], frozenset()),
        ([grant("kiwi/web", "pull", kind="registry")], frozenset()),
        ([grant("kiwi/web")], frozenset()),
        ([], frozenset()),
    ],
)
def test_readable_token_has_its_granted_actions(access: list[Any], granted: frozenset[str]) -> None:
    assert granted_actions(jwt({"access": access, "sub": "ünal"}), "kiwi/web") == granted


@pytest.mark.parametrize(
    "token",
    [
        "",
        "opaque",
        "a.b",
        "a.b.c",
        "a.e30.c",
        "a.!!.c",
        jwt([]),
        jwt({"access": None}),
        jwt({"access": [{"name": "kiwi/web"}]}),
    ],
)
def test_unreadable_token_has_no_known_actions(token: str) -> None:
    assert granted_actions(token, "kiwi/web") is None
