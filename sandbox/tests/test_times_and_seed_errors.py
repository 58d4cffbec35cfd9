# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times that belong together, and errors of a seed that are told at once."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from api_client import KIWI, Api
from image_client import Images

from docr_sandbox.faults import Fault
from docr_sandbox.seeding.document import SeedError

COLLECTION = f"{KIWI}/garbage-collection"


@pytest.fixture
def api() -> Api:
    return Api()


def test_the_date_of_a_delayed_answer_is_the_time_of_its_body(api: Api) -> None:
    api.seed()
    api.world.clock.set_rate(600)
    api.world.traffic.faults.arm(Fault(delay=0.1, method="POST"))
    before = api.world.now()
    answer = api.send(f"POST {COLLECTION}", {"type": "unreferenced blobs only"})
    sent = parsedate_to_datetime(answer.headers["date"]).timestamp()
    assert sent >= before + 30
    assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - api.world.now()) < 600


def test_a_collection_keeps_its_time_of_creation_after_a_hold(api: Api) -> None:
    api.seed()
    started = api.ask(f"POST {COLLECTION}", {"type": "unreferenced blobs only"})[1]["garbage_collection"]
    active = api.world.account.registries["kiwi"].active
    assert active is not None
    active.hold("waiting for delete requests", api.world.now())
    api.later(4000)
    active.hold(None, api.world.now())
    shown = api.ask(f"GET {COLLECTION}")[1]["garbage_collection"]
    assert (shown["created_at"], shown["status"]) == (started["created_at"], "waiting for write JWTs to expire")


def test_a_wrong_tier_is_reported_beside_the_other_errors_of_a_seed(api: Api) -> None:
    with pytest.raises(SeedError) as refused:
        api.fill({"tier": "gold", "registries": [{"name": "kiwi", "regin": "syd1"}]})
    told = str(refused.value)
    assert "'gold' must be one of" in told
    assert "regin" in told


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "bundle"}, "'bundle' must be one of image, artifact, schema1"),
        ({"kind": "artifact", "platforms": ["linux/arm64"]}, "kind artifact must not have platforms"),
        ({"kind": "schema1", "subject": "v1"}, "subject and artifact_type require"),
        ({"subject": "v9"}, "subject 'v9' is neither a digest nor an earlier tag of web"),
        ({"subject": "v2", "tags": ["v2"]}, "subject 'v2' is neither"),
    ],
)
def test_a_kind_or_subject_that_does_not_fit_is_an_error_and_nothing_is_added(
    api: Api, entry: dict[str, Any], words: str
) -> None:
    repository = {"name": "web", "manifests": [{"tags": ["v1"]}, entry]}
    with pytest.raises(SeedError) as refused:
        api.fill({"registries": [{"name": "kiwi", "repositories": [repository]}]})
    assert words in str(refused.value)
    assert api.world.account.registries == {}


def test_the_image_host_answers_late_with_the_later_date(api: Api) -> None:
    api.world.clock.set_rate(600)
    api.world.traffic.faults.arm(Fault(delay=0.1, path="/v2/"))
    before = api.world.now()
    answer = Images(api).client.get("/v2/")
    assert answer.status_code == 401
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() >= before + 30
