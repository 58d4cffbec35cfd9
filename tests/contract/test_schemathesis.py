# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""schemathesis drives a running sandbox over DigitalOcean's description: no server error, no departure from it."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from schemathesis.core.parameters import ParameterLocation

from docr_sandbox.contract.check import ON_PURPOSE_HEADER
from docr_sandbox.testing import Sandbox

DESCRIPTION = os.environ.get("DIGITALOCEAN_OPENAPI")
if not DESCRIPTION:
    pytest.skip(
        "DigitalOcean's description is not here: name the file in DIGITALOCEAN_OPENAPI, or put it in ../shared/openapi",
        allow_module_level=True,
    )

# It would leave a folder in the tree.
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "hypothesis")

WANTED_CASES = 2000
EXAMPLES_PER_OPERATION = 30

OUT_OF_SCOPE = {
    "POST /v2/apps": "apps are seeded, not made",
    "PUT DELETE /v2/apps/{id}": "apps are seeded, not changed",
    "POST /v2/apps/propose": "apps are seeded, not made",
    "POST /v2/apps/{app_id}/deployments": "deployments are seeded, not made",
    "POST /v2/apps/{app_id}/deployments/{deployment_id}/cancel": "deployments are seeded, not changed",
    "GET /v2/apps/{app_id}/deployments/{deployment_id}/logs": "deployments have no logs",
    "GET /v2/apps/{app_id}/deployments/{deployment_id}/components/{component_name}/logs": "deployments have no logs",
    "POST /v2/apps/{app_id}/rollback": "apps are seeded, not changed",
    "POST /v2/apps/{app_id}/rollback/validate": "apps are seeded, not changed",
    "POST /v2/apps/{app_id}/rollback/commit": "apps are seeded, not changed",
    "POST /v2/apps/{app_id}/rollback/revert": "apps are seeded, not changed",
    "POST /v2/kubernetes/clusters": "clusters are seeded, not made",
    "PUT DELETE /v2/kubernetes/clusters/{cluster_id}": "clusters are seeded, not changed",
}

# Half of the cases go to objects that exist, or every answer would be a 404.
CLUSTER_ID = "5a4c31f0-92c8-4d8a-8e1b-6f1f0a2b7c3d"
APP_ID = "8d2f4c51-0b7e-4a96-b3d2-5e6a7c8b9d10"
DEPLOYMENT_ID = "c3b1a7e4-6d5f-4f21-9a80-1b2c3d4e5f60"
DIGEST = "sha256:" + "5e" * 32
REAL = {
    "registry_name": "quayside",
    "repository_name": quote("shop/cart", safe=""),
    "repository_tag": "v4",
    "manifest_digest": quote(DIGEST, safe=""),
    "cluster_id": CLUSTER_ID,
    "id": APP_ID,
    "app_id": APP_ID,
    "deployment_id": DEPLOYMENT_ID,
}

# Statuses that answer a well-formed request whose values do not fit the account as it stands.
FINE = ["2xx", "401", "403", "404", "409", "412", "422"]
# The description lets these bodies be absent, any text be a page token, and page numbers have thirty digits.
FINE_WITH_400 = {"checks": {"positive_data_acceptance": {"expected-statuses": [*FINE, "400"]}}}

CONFIG = schemathesis.Config.from_dict(
    {
        "seed": 20260801,
        "generation": {
            "deterministic": True,
            "database": "none",
            "max-examples": EXAMPLES_PER_OPERATION,
            # Every case carries the account's token, so leaving it out would not be a wrong request.
            "with-security-parameters": False,
        },
        "checks": {"positive_data_acceptance": {"expected-statuses": FINE}},
        "operations": [
            {"include-path-regex": "/apps$|/deployments$|/subscription$|^/v2/kubernetes/", **FINE_WITH_400},
            {"include-path-regex": "/(repositories(V2)?|tags|digests|garbage-collections)$", **FINE_WITH_400},
        ],
    }
)

_cases: Counter[str] = Counter()


def _in_scope(document: dict[str, Any]) -> dict[str, Any]:
    for operation in OUT_OF_SCOPE:
        *methods, path = operation.split()
        for method in methods:
            # A description may lack deployments.
            document["paths"].get(path, {}).pop(method.lower(), None)
    return document


SCHEMA = schemathesis.openapi.from_dict(_in_scope(json.loads(Path(DESCRIPTION).read_text("utf-8"))), config=CONFIG)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as kept_alive:
        yield kept_alive


@pytest.fixture
def target(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose account holds what ``REAL`` names."""
    manifest = {"digest": DIGEST, "tags": ["v4"], "size_bytes": 7340032}
    repository = {"name": "shop/cart", "manifests": [manifest]}
    deployment = {"id": DEPLOYMENT_ID, "images": {"web": "shop/cart:v4"}, "is_pinned": True}
    sandbox.seed(
        {
            "tier": "professional",
            "registries": [{"name": "quayside", "region": "blr1", "repositories": [repository]}],
            "clusters": [{"id": CLUSTER_ID, "name": "north", "region": "fra1"}],
            "apps": [{"name": "kiosk", "id": APP_ID, "deployments": [deployment]}],
        }
    )
    # Out of range is refused here, so that schemathesis sees what it expects; and it calls more often than anybody may.
    sandbox.switch("per_page_range", "refuse")
    sandbox.switch("rate_limit", value=False)
    return sandbox


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES_PER_OPERATION,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_generated_request_breaks_the_sandbox(
    case: schemathesis.Case[Any], target: Sandbox, session: requests.Session
) -> None:
    label = case.operation.label
    _cases[label] += 1
    is_path_wrong = case.meta is not None and case.meta.is_negative_at(ParameterLocation.PATH)
    if _cases[label] % 2 and not is_path_wrong:
        case.path_parameters = {name: REAL.get(name, value) for name, value in case.path_parameters.items()}
    case.call_and_validate(
        base_url=target.url,
        session=session,
        headers={"Authorization": f"Bearer {target.token}", ON_PURPOSE_HEADER: "1"},
        verify=target.ca_file,
    )


def test_enough_cases_were_generated_and_no_answer_departed(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    total = sum(_cases.values())
    with capsys.disabled():
        print(f"\nschemathesis: {total} generated cases over {len(_cases)} operations")  # noqa: T201
    found = sandbox.contract()
    assert found is not None
    assert found["violations"] == []
    assert total >= WANTED_CASES
