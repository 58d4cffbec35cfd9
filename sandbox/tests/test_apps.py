# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps of App Platform: their active, pinned, previous and pending deployments, and the images that these name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from api_client import DIGEST, Api

from docr_sandbox.seeding.document import SeedError
from docr_sandbox.testing import Sandbox

APP = "8d2f4c51-0b7e-4a96-b3d2-5e6a7c8b9d10"
ROLES = ("active_deployment", "pinned_deployment", "in_progress_deployment", "pending_deployment")
WORKER = {"name": "mailer", "image": {"registry_type": "DOCKER_HUB", "registry": "acme", "repository": "mail"}}
KIOSK = {
    "name": "kiosk",
    "id": APP,
    "deployments": [
        {"images": {"web": "shop/cart:v1"}, "created_at": "2033-01-01T00:00:00Z", "is_pinned": True},
        {"images": {"web": f"shop/cart@{DIGEST}"}, "created_at": "2033-01-02T00:00:00Z", "type": "DEPLOY_ON_PUSH"},
        {"images": {"web": "shop/cart"}, "created_at": "2033-01-03T00:00:00Z"},
        {"spec": {"workers": [WORKER]}, "created_at": "2033-01-04T00:00:00Z", "phase": "PENDING_BUILD"},
        {"images": {"web": "shop/cart:v5"}, "created_at": "2033-01-05T00:00:00Z", "phase": "BUILDING"},
    ],
}


@pytest.fixture
def api() -> Api:
    api = Api()
    api.fill({"apps": [KIOSK, {"name": "blank"}]})
    return api


def images(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    spec = deployment["spec"]
    return [one["image"] for kind in ("services", "workers", "jobs") for one in spec.get(kind, [])]


def docr(**more: str) -> list[dict[str, str]]:
    return [{"registry_type": "DOCR", "repository": "shop/cart", **more}]


def test_an_app_shows_its_deployments_by_role_each_with_its_own_images(api: Api) -> None:
    app = api.ask(f"GET /v2/apps/{APP}")[1]["app"]
    assert [images(app[role]) for role in ROLES] == [docr(), docr(tag="v1"), docr(tag="v5"), [WORKER["image"]]]
    assert (app["spec"]["name"], app["created_at"]) == ("kiosk", "2033-01-01T00:00:00Z")
    assert app["spec"] == app["in_progress_deployment"]["spec"]


def test_an_app_without_deployments_has_no_role(api: Api) -> None:
    listed = api.ask("GET /v2/apps")[1]["apps"]
    blank = next(one for one in listed if one["spec"]["name"] == "blank")
    assert not set(ROLES) & set(blank)
    assert api.ask(f"GET /v2/apps/{blank['id']}/deployments")[1]["deployments"] == []


def test_deployments_are_listed_newest_first_and_earlier_active_deployments_are_superseded(api: Api) -> None:
    listed = api.ask(f"GET /v2/apps/{APP}/deployments?per_page=3")[1]
    rest = api.ask(f"GET /v2/apps/{APP}/deployments?per_page=3&page=2")[1]["deployments"]
    assert listed["meta"]["total"] == 5
    phases = [one["phase"] for one in [*listed["deployments"], *rest]]
    assert phases == ["BUILDING", "PENDING_BUILD", "ACTIVE", "SUPERSEDED", "SUPERSEDED"]
    assert images(rest[0]) == docr(digest=DIGEST)
    assert api.ask(f"GET /v2/apps/{APP}/deployments/{rest[0]['id']}")[1]["deployment"] == rest[0]
    pushed = api.ask(f"GET /v2/apps/{APP}/deployments?deployment_types=DEPLOY_ON_PUSH&deployment_types=AUTOSCALED")[1]
    assert [one["id"] for one in pushed["deployments"]] == [rest[0]["id"]]


def test_a_seed_adds_a_deployment_to_an_app_which_comes_into_use(api: Api) -> None:
    api.fill({"apps": [{"name": "kiosk", "deployments": [{"images": {"web": "shop/cart:v9"}, "is_pinned": True}]}]})
    app = api.ask(f"GET /v2/apps/{APP}")[1]["app"]
    assert [images(app[role]) for role in ROLES[:2]] == [docr(tag="v9"), docr(tag="v9")]
    listed = api.ask(f"GET /v2/apps/{APP}/deployments")[1]["deployments"]
    assert [one["phase"] for one in listed].count("ACTIVE") == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET /v2/apps?with_projects=perhaps", 400),
        (f"GET /v2/apps/{APP}/deployments?deployment_types=SOON", 400),
        ("GET /v2/apps/none", 404),
        ("GET /v2/apps/none/deployments", 404),
        (f"GET /v2/apps/{APP}/deployments/none", 404),
        ("POST /v2/apps", 405),
        (f"DELETE /v2/apps/{APP}", 405),
    ],
)
def test_wrong_queries_unknown_apps_and_writes_are_refused(api: Api, request_: str, status: int) -> None:
    assert api.ask(request_)[0] == status


def test_apps_require_their_scope_and_belong_to_a_team(api: Api) -> None:
    reading = api.world.tokens.mint(scopes=["app:read"]).value
    registries = api.world.tokens.mint(scopes=["registry:read"]).value
    other = api.client.post("/_sandbox/tokens", json={"team": "meadow"}).json()["token"]
    assert [api.ask("GET /v2/apps", token=token)[0] for token in (reading, registries)] == [200, 403]
    assert api.ask("GET /v2/apps", token=other)[1]["apps"] == []
    assert api.ask(f"GET /v2/apps/{APP}", token=other)[0] == 404


@pytest.mark.parametrize(
    ("deployment", "words"),
    [
        ({"phase": "DONE"}, "'DONE' must be one of"),
        ({"type": "BY_HAND"}, "'BY_HAND' must be one of"),
        ({"images": {"web": "a:b"}, "spec": {}}, "both images and a spec"),
    ],
)
def test_a_deployment_that_does_not_fit_is_an_error(api: Api, deployment: dict[str, Any], words: str) -> None:
    with pytest.raises(SeedError, match=words):
        api.fill({"apps": [{"name": "kiosk", "deployments": [deployment]}]})


def test_apps_of_a_running_sandbox_survive_a_restart_and_fit_the_description(tmp_path: Path) -> None:
    seed = yaml.safe_load((Path(__file__).parents[1] / "examples/seed.yaml").read_text("utf-8"))
    seen: list[list[bytes]] = []
    for _ in range(2):
        with Sandbox.start(state_file=tmp_path / "state.json") as sandbox:
            if not seen:
                sandbox.seed({**seed, "apps": [*seed["apps"], KIOSK]})
            addresses = ("/v2/apps", f"/v2/apps/{APP}", f"/v2/apps/{APP}/deployments")
            seen.append([sandbox.request("GET", address)[2] for address in addresses])
            found = sandbox.contract()
            assert found is None or found["violations"] == []
    assert seen[0] == seen[1]
    assert b"shop/cart" in seen[0][0]
