# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_registry and docr_registry_info against the sandbox, each state read back by a second path."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.modules import run_module, writes

GIB = 1024**3


def registries(sandbox: Sandbox) -> dict[str, str]:
    status, _headers, body = sandbox.request("GET", "/v2/registries")
    assert status == 200
    return {one["name"]: one["region"] for one in json.loads(body)["registries"]}


def tier(sandbox: Sandbox) -> str | None:
    status, _headers, body = sandbox.request("GET", "/v2/registries/subscription")
    return None if status == 404 else str(json.loads(body)["subscription"]["tier"]["slug"])


def seed(sandbox: Sandbox, slug: str, *names: str, **more: Any) -> None:
    sandbox.seed({"tier": slug, "registries": [{"name": name, "region": "syd1"} for name in names], **more})
    sandbox.clear_log()


def image(*tags: str, size: int = 70_000) -> dict[str, Any]:
    return {"tags": list(tags), "size_bytes": size}


def test_create_is_predicted_then_done_then_unchanged(sandbox: Sandbox) -> None:
    options: dict[str, Any] = {"name": "kiwi", "region": "BLR1", "subscription_tier": "Basic"}
    options["registry_host"] = "images.example.org:5443"
    predicted = run_module(sandbox, "docr_registry", check=True, **options)
    assert writes(sandbox) == []
    done = run_module(sandbox, "docr_registry", **options)
    assert predicted["changed"] is done["changed"] is True
    assert predicted["actions"] == done["actions"]
    assert predicted["diff"] == done["diff"]
    assert set(predicted) == set(done)
    assert (registries(sandbox), tier(sandbox)) == ({"kiwi": "blr1"}, "basic")
    assert done["registry"]["endpoint"] == "images.example.org:5443/kiwi"
    assert done["registries"][0]["server_url"] == "images.example.org:5443"
    assert done["registry"]["created_at"]
    assert done["subscription"]["tier"]["monthly_price_in_cents"] == 500
    sandbox.clear_log()
    for check in (False, True):
        again = run_module(sandbox, "docr_registry", check=check, **options)
        assert (again["changed"], again["actions"], again["registry"]) == (False, [], done["registry"])
    # The lists of an account are read at the same time, so their order is not fixed.
    lists = ("GET /v2/registries", "GET /v2/registries/options", "GET /v2/registries/subscription")
    assert Counter(sandbox.calls()) == dict.fromkeys(lists, 2)


def test_several_registries_are_one_task_with_the_highest_tier(sandbox: Sandbox) -> None:
    seed(sandbox, "starter", "kiwi")
    result = run_module(
        sandbox,
        "docr_registry",
        registries=[
            {"name": "kiwi", "region": "syd1", "subscription_tier": "starter"},
            {"name": "plum", "region": "nyc3", "subscription_tier": "professional"},
            {"name": "fig"},
        ],
    )
    assert [action["action"] for action in result["actions"]] == ["change_tier", "create_registry", "create_registry"]
    assert (set(registries(sandbox)), tier(sandbox)) == ({"kiwi", "plum", "fig"}, "professional")
    assert (result["registry"], [one["name"] for one in result["registries"]]) == (None, ["kiwi", "plum", "fig"])


def test_a_lower_tier_is_not_set_but_warned_of_and_a_create_does_not_lower_the_tier(sandbox: Sandbox) -> None:
    seed(sandbox, "professional", "kiwi")
    result = run_module(sandbox, "docr_registry", name="plum", region="nyc3", subscription_tier="basic")
    assert result["changed"] is True
    assert tier(sandbox) == "professional"
    assert any("allow_downgrade" in warning for warning in result["warnings"])


def test_a_lower_tier_with_consent_shows_both_prices(sandbox: Sandbox) -> None:
    seed(sandbox, "professional", "kiwi")
    result = run_module(sandbox, "docr_registry", name="kiwi", subscription_tier="basic", allow_downgrade=True)
    assert result["diff"]["before"]["subscription"] == {"tier": "professional", "monthly_price_in_cents": 2000}
    assert result["diff"]["after"]["subscription"] == {"tier": "basic", "monthly_price_in_cents": 500}
    assert tier(sandbox) == "basic"


def test_a_tier_too_small_for_what_is_stored_is_refused_with_the_reason(sandbox: Sandbox) -> None:
    repositories = [{"name": "api", "manifests": [image("v1", size=6 * GIB)]}]
    sandbox.seed(
        {"tier": "professional", "registries": [{"name": "kiwi", "region": "syd1", "repositories": repositories}]}
    )
    result = run_module(sandbox, "docr_registry", name="kiwi", subscription_tier="starter", allow_downgrade=True)
    assert result["failed"]
    assert "OverStorageLimit" in result["msg"]
    assert tier(sandbox) == "professional"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "kiwi", "region": "nyc3"}, "the registry kiwi is in syd1, not in nyc3, and a registry cannot move"),
        ({"name": "plum", "region": "lon1"}, "no registry can be created in 'lon1'; choose one of "),
        ({"name": "plum", "subscription_tier": "gold"}, "the tier 'gold' does not exist; choose one of starter, basic"),
        ({"name": "Plum_1"}, "'Plum_1' is not a registry name"),
        ({"name": "options"}, "is reserved by the API"),
        ({"name": ""}, "'' is not a registry name"),
        ({"name": "9plum", "region": "nyc3"}, "start with a letter"),
        ({"name": "theirs", "region": "nyc3"}, "the registry name theirs"),
        ({"name": "plum", "subscription_tier": "basic"}, "there would be 2 registries, and the tier basic allows 1"),
    ],
)
def test_an_impossible_change_is_an_error_in_one_sentence_and_changes_nothing(
    sandbox: Sandbox, options: dict[str, Any], words: str
) -> None:
    seed(sandbox, "basic", "kiwi")
    sandbox.control("POST", "names", {"names": ["theirs"]})
    before = (registries(sandbox), tier(sandbox))
    sandbox.clear_log()
    result = run_module(sandbox, "docr_registry", **options)
    assert result["failed"]
    assert words in result["msg"]
    assert result["changed"] is False
    assert writes(sandbox) == []
    assert (registries(sandbox), tier(sandbox)) == before


def test_the_eleventh_registry_is_refused_before_anything_is_written(sandbox: Sandbox) -> None:
    seed(sandbox, "professional", *(f"r{number}" for number in range(9)))
    result = run_module(sandbox, "docr_registry", registries=[{"name": "kiwi"}, {"name": "plum"}])
    assert "there would be 11 registries, and the tier professional allows 10" in result["msg"]
    assert writes(sandbox) == []


def test_registries_beyond_the_limit_are_refused_before_names_are_checked(sandbox: Sandbox) -> None:
    many = [{"name": f"r{number}", "subscription_tier": "professional"} for number in range(300)]
    for module in ("docr_registry", "docr_plan"):
        sandbox.clear_log()
        result = run_module(sandbox, module, registries=many)
        assert "there would be 300 registries, and the tier professional allows 10" in result["msg"]
        assert len(sandbox.calls()) == 3


def test_tiers_that_differ_under_the_policy_strict_are_refused_before_any_call(sandbox: Sandbox) -> None:
    both = [{"name": "kiwi", "subscription_tier": "Basic"}, {"name": "plum", "subscription_tier": "starter"}]
    for module in ("docr_registry", "docr_plan"):
        result = run_module(sandbox, module, registries=both, tier_policy="strict")
        assert "registries[0].subscription_tier names basic, registries[1].subscription_tier names" in result["msg"]
    assert sandbox.calls() == []


def test_the_same_registry_twice_and_differently_is_refused_before_any_call(sandbox: Sandbox) -> None:
    result = run_module(
        sandbox,
        "docr_registry",
        registries=[{"name": "kiwi", "region": "syd1", "origin": "a.yaml"}, {"name": "kiwi", "region": "nyc3"}],
    )
    assert (
        "registries[1].name: the registry kiwi is listed twice, and with other values at a.yaml, name" in result["msg"]
    )
    assert sandbox.calls() == []


def test_a_create_that_took_effect_but_answered_500_counts_as_done(sandbox: Sandbox) -> None:
    sandbox.fault(method="POST", path="/v2/registries", status=500, after_effect=True, times=1)
    result = run_module(sandbox, "docr_registry", name="kiwi", region="syd1", subscription_tier="basic")
    assert (result["changed"], result["registry"]["name"]) == (True, "kiwi")
    assert sandbox.calls().count("POST /v2/registries") == 1


def test_a_failed_create_is_sent_once_and_reported(sandbox: Sandbox) -> None:
    sandbox.fault(method="POST", path="/v2/registries", status=500, times=1)
    result = run_module(sandbox, "docr_registry", name="kiwi", region="syd1", subscription_tier="basic")
    assert result["failed"]
    assert result["msg"].startswith("Could not create the registry kiwi: 500 ")
    assert result["error"]["status"] == 500
    assert result["error"]["request_id"]
    assert sandbox.calls().count("POST /v2/registries") == 1


def test_a_run_that_fails_half_way_reports_its_changes_and_the_next_run_succeeds(sandbox: Sandbox) -> None:
    options: dict[str, Any] = {"registries": [{"name": "kiwi", "subscription_tier": "professional"}, {"name": "plum"}]}
    sandbox.control("POST", "names", {"names": []})
    seed(sandbox, "basic", "fig")
    sandbox.fault(method="POST", path="/v2/registries", status=503, times=1)
    first = run_module(sandbox, "docr_registry", **options)
    assert (first["failed"], first["changed"]) == (True, True)
    assert "Already done: change the team's tier from basic" in first["msg"]
    second = run_module(sandbox, "docr_registry", **options)
    assert [action["action"] for action in second["actions"]] == ["create_registry"] * 2
    assert run_module(sandbox, "docr_registry", **options)["changed"] is False


def test_absent_deletes_that_name_only_and_is_unchanged_the_second_time(sandbox: Sandbox) -> None:
    seed(sandbox, "professional", "kiwi", "plum")
    predicted = run_module(sandbox, "docr_registry", check=True, name="kiwi", state="absent")
    assert writes(sandbox) == []
    done = run_module(sandbox, "docr_registry", name="kiwi", state="absent")
    assert (
        predicted["actions"]
        == done["actions"]
        == [{"action": "delete_registry", "target": "kiwi", "message": "delete the registry kiwi"}]
    )
    assert set(registries(sandbox)) == {"plum"}
    for check in (False, True):
        assert run_module(sandbox, "docr_registry", check=check, name="kiwi", state="absent")["changed"] is False


def test_absent_requires_a_consent_for_images_and_a_consent_for_clusters(sandbox: Sandbox) -> None:
    repositories = [{"name": "team/api", "manifests": [image("v1"), image()]}]
    sandbox.seed(
        {
            "tier": "professional",
            "registries": [{"name": "kiwi", "region": "syd1", "repositories": repositories}],
            "clusters": [{"name": "orchard", "region": "syd1", "registries": ["kiwi"]}],
        }
    )
    refused = run_module(sandbox, "docr_registry", name="kiwi", state="absent")
    assert "team/api" in refused["msg"]
    assert "orchard" in refused["msg"]
    half = run_module(sandbox, "docr_registry", name="kiwi", state="absent", allow_delete_images=True)
    assert "allow_delete_integrated" in half["msg"]
    assert set(registries(sandbox)) == {"kiwi"}
    both = {"allow_delete_images": True, "allow_delete_integrated": True}
    done = run_module(sandbox, "docr_registry", name="kiwi", state="absent", **both)
    assert done["changed"] is True
    assert "2 manifests" in done["notes"][0]
    assert "subscription stays" in done["notes"][1]
    assert registries(sandbox) == {}


def test_a_delete_with_a_lost_answer_is_checked_against_the_registries(sandbox: Sandbox) -> None:
    seed(sandbox, "professional", "kiwi")
    sandbox.fault(method="DELETE", path="/v2/registries/kiwi", status=500, after_effect=True, times=1)
    assert run_module(sandbox, "docr_registry", name="kiwi", state="absent")["changed"] is True
    assert registries(sandbox) == {}


def test_delete_whose_proof_is_refused_says_that_the_deletion_was_sent(sandbox: Sandbox) -> None:
    seed(sandbox, "professional", "kiwi")
    proof = len(calls_of_a_deletion(sandbox)) - 1
    seed(sandbox, "professional", "kiwi")
    sandbox.fault(skip=proof, status=422)
    result = run_module(sandbox, "docr_registry", name="kiwi", state="absent")
    assert result["msg"].startswith("Could not confirm the deletion of the registry kiwi: 422")
    assert (result["failed"], result["changed"]) == (True, True)
    assert registries(sandbox) == {}


def test_delete_without_an_answer_is_reported_where_the_look_after_it_fails(sandbox: Sandbox) -> None:
    seed(sandbox, "professional", "kiwi")
    before = len(calls_of_a_deletion(sandbox)) - 2
    seed(sandbox, "professional", "kiwi")
    sandbox.fault(method="DELETE", path="/v2/registries/kiwi", status=500, after_effect=True, times=1)
    sandbox.fault(method="GET", skip=before, status=422, times=5)
    result = run_module(sandbox, "docr_registry", name="kiwi", state="absent")
    assert result["msg"].startswith("Could not delete the registry kiwi: 500")
    assert "the request may have been carried out" in result["msg"]


def calls_of_a_deletion(sandbox: Sandbox) -> list[str]:
    sandbox.clear_log()
    assert run_module(sandbox, "docr_registry", name="kiwi", state="absent")["changed"] is True
    return sandbox.calls()


def test_info_shows_usage_tiers_and_regions_in_three_calls(sandbox: Sandbox) -> None:
    seed(sandbox, "basic", "kiwi")
    result = run_module(sandbox, "docr_registry_info")
    assert sorted(sandbox.calls()) == [
        "GET /v2/registries",
        "GET /v2/registries/options",
        "GET /v2/registries/subscription",
    ]
    assert [one["name"] for one in result["registries"]] == ["kiwi"]
    assert result["usage"]["registries_allowed"] == 1
    assert {one["slug"]: one["monthly_price_in_cents"] for one in result["tiers"]}["professional"] == 2000
    assert "syd1" in result["regions"]
    assert run_module(sandbox, "docr_registry_info", names=["plum"])["registries"] == []


def test_a_registry_that_a_run_of_the_same_team_just_created_is_the_teams_own(sandbox: Sandbox) -> None:
    seed(sandbox, "professional", "fig")
    sandbox.fault(method="POST", path="/v2/registries/validate-name", delay=1.5)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_module, sandbox, "docr_registry", name="kiwi", region="syd1")
        while "GET /v2/registries/subscription" not in sandbox.calls() and not running.done():
            time.sleep(0.02)
        created = {"name": "kiwi", "region": "syd1", "subscription_tier_slug": "professional"}
        assert sandbox.request("POST", "/v2/registries", created)[0] == 201
        result = running.result()
    assert (result["changed"], result["registry"]["name"]) == (False, "kiwi"), result


def test_a_name_of_another_team_is_refused_after_a_second_look(sandbox: Sandbox) -> None:
    seed(sandbox, "professional", "fig", foreign_names=["kiwi"])
    result = run_module(sandbox, "docr_registry", name="kiwi", region="syd1")
    assert [one["kind"] for one in result["field_errors"]] == ["duplicate"]
    assert "the registry name kiwi is taken" in result["msg"]
    assert (sandbox.calls().count("GET /v2/registries"), writes(sandbox)) == (2, [])
