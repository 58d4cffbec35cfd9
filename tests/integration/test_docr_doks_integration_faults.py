# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration where the service is silent, older, failing or forbidding."""

from __future__ import annotations

from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.modules import run_module, writes
from support.sandbox_clusters import (
    ADD,
    ADD_ONLY,
    LIST,
    MODULE,
    NAMES,
    REMOVE,
    REMOVE_ONLY,
    id_of,
    listed,
    raw_clusters,
    run,
    seed,
)


def seed_silent(sandbox: Sandbox, *registries: str) -> None:
    """A cluster that is integrated but does not list with what."""
    sandbox.seed(
        {
            "tier": "professional",
            "registries": [{"name": name, "region": "syd1"} for name in registries],
            "clusters": [{"name": "orchard", "region": "blr1", "registries": list(registries[:1])}],
        }
    )
    sandbox.switch("cluster_registries_null", True)
    assert [(one["registry_enabled"], one["registries"]) for one in raw_clusters(sandbox)] == [(True, None)]


def test_a_silent_cluster_has_the_only_registry(sandbox: Sandbox) -> None:
    seed_silent(sandbox, "kiwi")
    result = run(sandbox, ["orchard"], ["kiwi"])
    assert (result["changed"], sandbox.calls()) == (False, [LIST, NAMES])
    assert result["integrations"][0]["registries"] == ["kiwi"]


def test_a_silent_cluster_loses_the_only_registry(sandbox: Sandbox) -> None:
    seed_silent(sandbox, "kiwi")
    assert run(sandbox, ["orchard"], ["kiwi"], state="absent")["integrations"][0]["removed"] == ["kiwi"]
    assert raw_clusters(sandbox)[0]["registry_enabled"] is False


def test_silent_cluster_with_several_registries_is_written_on_every_run_with_a_note(sandbox: Sandbox) -> None:
    seed_silent(sandbox, "kiwi", "plum")
    for _attempt in range(2):
        result = run(sandbox, ["orchard"], ["plum"])
        assert (result["changed"], result["integrations"][0]["registries"]) == (True, None)
        assert "does not say which registries the cluster orchard has" in result["notes"][0]
    sandbox.switch("cluster_registries_null", False)
    assert listed(sandbox) == {"orchard": ["kiwi", "plum"]}


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize(
    ("state", "plural", "singular", "before", "after"),
    [("present", ADD, ADD_ONLY, [], ["kiwi"]), ("absent", REMOVE, REMOVE_ONLY, ["kiwi"], [])],
)
def test_older_call_is_used_if_the_team_has_one_registry(  # noqa: PLR0917 - a table
    sandbox: Sandbox, status: int, state: str, plural: str, singular: str, before: list[str], after: list[str]
) -> None:
    seed(sandbox, {"orchard": before}, ("kiwi",))
    method, path = plural.split(" ", 1)
    sandbox.fault(method=method, path=path, status=status, times=1)
    result = run(sandbox, ["orchard"], ["kiwi"], state=state)
    assert result["changed"] is True
    assert writes(sandbox) == [plural, singular]
    assert listed(sandbox) == {"orchard": after}


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize(
    ("asked", "team"),
    [(("kiwi",), ("kiwi", "plum")), (("felled",), ("plum",)), (("kiwi", "plum"), ("kiwi", "plum"))],
    ids=["several", "another one", "both in the order of the team"],
)
def test_older_call_is_not_used_if_the_team_has_several_registries(
    sandbox: Sandbox, status: int, asked: tuple[str, ...], team: tuple[str, ...]
) -> None:
    before = list(dict.fromkeys([*asked, "plum"]))
    seed(sandbox, {"orchard": before}, team)
    sandbox.switch("plural_remove", status)
    result = run(sandbox, ["orchard"], list(asked), state="absent")
    assert result["failed"]
    assert f"from the cluster orchard: {status}" in result["msg"]
    assert ", ".join(asked) in result["msg"].partition(" from the cluster")[0]
    assert f"cannot name a registry, and the team has {', '.join(team)}" in result["msg"]
    assert (writes(sandbox), listed(sandbox)) == ([REMOVE], {"orchard": before})


@pytest.mark.parametrize(
    "answer",
    [{"status": 500}, {"status": 502, "body": "html"}, {"drop": True}, {"status": 409}],
    ids=["500", "HTML", "no answer", "another writer was faster"],
)
def test_write_that_took_effect_despite_an_error_counts_as_done(sandbox: Sandbox, answer: dict[str, Any]) -> None:
    seed(sandbox, {"orchard": []})
    sandbox.fault(method="POST", path="/v2/kubernetes/registries", after_effect=True, times=1, **answer)
    result = run(sandbox, ["orchard"], ["kiwi"])
    assert (result["changed"], writes(sandbox)) == (True, [ADD])
    assert listed(sandbox) == {"orchard": ["kiwi"]}


def test_failed_write_is_sent_once_and_repeated_by_the_next_run(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": ["plum"]})
    entries: dict[str, Any] = {
        "integrations": [{"clusters": ["orchard", "meadow"], "registries": ["kiwi", "plum"]}],
        "wait_for_secrets": "never",
    }
    sandbox.fault(method="POST", path="/v2/kubernetes/registries", status=503, times=1, skip=1)
    first = run_module(sandbox, MODULE, wait_timeout=0, **entries)
    assert (first["failed"], first["changed"], first["error"]["status"]) == (True, True, 503)
    assert "Already done: add the registries kiwi, plum to the cluster orchard" in first["msg"]
    assert writes(sandbox) == [ADD, ADD]
    second = run_module(sandbox, MODULE, **entries)
    assert [action["target"] for action in second["actions"]] == ["meadow"]
    assert run_module(sandbox, MODULE, check=True, **entries)["changed"] is False


def test_write_without_an_answer_is_checked_against_the_cluster(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": []})
    sandbox.fault(method="POST", path="/v2/kubernetes/registries", drop=True, times=1)
    result = run(sandbox, ["orchard"], ["kiwi"])
    assert result["failed"]
    assert "run the task again" in result["msg"]
    assert (writes(sandbox), listed(sandbox)) == ([ADD], {"orchard": []})


def test_write_without_effect_times_out_with_what_is_not_listed(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": []})
    sandbox.fault(method="POST", path="/v2/kubernetes/registries", status=204, times=1)
    result = run(sandbox, ["orchard", "meadow"], ["kiwi"])
    assert result["error"]["kind"] == "timed_out"
    assert (
        f"cluster orchard ({id_of(sandbox, 'orchard')}) does not list registry kiwi yet; cluster meadow"
        in result["msg"]
    )
    assert result["msg"].startswith("Timed out after ")
    assert [one["registries"] for one in result["last"]] == [[], []]


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        (["registry:read"], "kubernetes:read"),
        (["kubernetes:read"], "registry:read"),
        (["kubernetes:read", "registry:read"], "kubernetes:create and kubernetes:update"),
    ],
)
def test_a_missing_scope_is_named(sandbox: Sandbox, scopes: list[str], missing: str) -> None:
    seed(sandbox, {"orchard": []})
    result = run(sandbox, ["orchard"], ["kiwi"], token=sandbox.mint(scopes=scopes))
    assert (result["error"]["status"], result["changed"]) == (403, False)
    assert f"use a token with the scope {missing}." in result["msg"]
    assert listed(sandbox) == {"orchard": []}


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 204},
        {"status": 200, "body": "html"},
        {"status": 404, "body": "html"},
        {"status": 405, "body": "html"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("state", "plural", "before"), [("present", ADD, []), ("absent", REMOVE, ["kiwi"])])
def test_a_write_that_a_proxy_answers_is_an_error(
    sandbox: Sandbox, answer: dict[str, Any], state: str, plural: str, before: list[str]
) -> None:
    seed(sandbox, {"orchard": before}, ("kiwi", "plum"))
    sandbox.fault(method=plural.split(" ", maxsplit=1)[0], path="/v2/kubernetes/registr*", times=9, **answer)
    result = run(sandbox, ["orchard"], ["kiwi"], state=state, wait_timeout=1)
    assert result["failed"], result
    assert listed(sandbox) == {"orchard": before}
    assert len(writes(sandbox)) == 1
    sandbox.clear_faults()
    assert run(sandbox, ["orchard"], ["kiwi"], state=state)["changed"] is True
