# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What editors and readers are told of a manifest is what the collection reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import manifest_schema
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.reader import (
    Document,
    read_manifests,
)

EXAMPLES = manifest_schema.ROOT / "examples"
SAMPLES = sorted(path for name in ("manifests", "cluster-access") for path in (EXAMPLES / name).glob("*.yaml"))
WINDOW = {"days": ["FRIDAY", "monday"], "start": "22:30", "duration": "1h45m"}
GOOD = """
apiVersion: digital-ocean.planton.dev/v1
kind: DigitalOceanContainerRegistry
metadata: {name: res, org: orchard, labels: {team: ""}, tags: [fruit], version: {id: v7, message: more}}
spec: {name: kiwi, subscriptionTier: Professional, region: SYD1, garbageCollectionEnabled: true}
status: [anything]
"""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(manifest_schema.SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def is_read(document: Any) -> bool:
    try:
        read_manifests([Document("m.yaml", 1, document)])
    except InvalidInput:
        return False
    return True


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good document with another value at one place; none at all for `...`."""
    document: dict[str, Any] = yaml.safe_load(GOOD)
    *parents, last = path.split(".")
    holder = document
    for parent in parents:
        holder = holder.setdefault(parent, {})
    if value is ...:
        holder.pop(last)
    else:
        holder[last] = value
    return document


def test_the_schema_and_the_page_are_those_of_the_table() -> None:
    advice = "Run: .venv/bin/python tools/manifest_schema.py"
    assert manifest_schema.SCHEMA.read_text(encoding="utf-8") == manifest_schema.schema_text(), advice
    assert manifest_schema.table() in manifest_schema.PAGE.read_text(encoding="utf-8"), advice


def test_the_samples_fit_the_schema(validator: Draft202012Validator) -> None:
    documents = [one for path in SAMPLES for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]
    assert {"direct", "operator"} <= {one["spec"].get("doks_integration", {}).get("method") for one in documents}
    assert [one["metadata"]["name"] for one in documents if not is_read(one)] == []
    assert [error.message for one in documents for error in validator.iter_errors(one)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("apiVersion", "digitalocean.project-planton.org/v1"),
        ("status", ...),
        ("metadata.labels", None),
        ("metadata.version", None),
        ("spec.subscriptionTier", "STARTER"),
        ("spec.subscriptionTier", "basic"),
        ("spec.region", "nyc3"),
        ("spec.region", ...),
        ("spec.region", None),
        ("spec.region", 0),
        ("spec.region", 8),
        ("spec.region", "DIGITAL_OCEAN_REGION_UNSPECIFIED"),
        ("spec.region", {"value": "fra1"}),
        ("spec.subscriptionTier", 3),
        ("spec.subscriptionTier", {"value": 2}),
        ("spec.garbageCollectionEnabled", {"value": True}),
        ("spec.dockerCredentials", {}),
        ("spec.docker_credentials", {"write": True, "expirySeconds": 2592000}),
        ("spec.dockerCredentials", {"write": {"value": False}, "expiry_seconds": "3600"}),
        ("metadata.slug", "res-1"),
        ("metadata.group", "shop"),
        ("metadata.relationships", [{"kind": "DigitalOceanVpc"}]),
        ("spec.doks_integration", {"clusters": [{"value": "orchard"}]}),
        ("spec.garbageCollectionEnabled", None),
        ("spec.doks_integration", {"clusters": ["orchard"]}),
        ("spec.doksIntegration", {"clusters": []}),
        (
            "spec.doksIntegration",
            {"method": "DIRECT", "rotateEvery": "1d12h", "namespaces": ["a-*"], "contexts": ["b"]},
        ),
        ("spec.doks_integration", {"method": "operator", "never_expires": True, "namespaceSelector": None}),
        ("spec.garbage_collection", None),
        ("spec.garbageCollection", {"type": "UNTAGGED_MANIFESTS", "onStuck": "cancel", "overrun": None}),
        ("spec.garbageCollection", {"minInterval": "7h30m", "max_age": "192h", "quietPeriod": "90m"}),
        ("spec.garbage_collection", {"blackoutDates": ["2031-12-24", "2031-12-24/2032-01-02"]}),
        ("spec.garbage_collection", {"maintenanceWindows": [WINDOW]}),
        ("spec.garbage_collection", {"maintenance_windows": [WINDOW, {**WINDOW, "timeZone": "Asia/Kathmandu"}]}),
    ],
)
def test_editor_and_collection_take_the_same(validator: Draft202012Validator, path: str, value: Any) -> None:
    document = changed(path, value)
    assert (validator.is_valid(document), is_read(document)) == (True, True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("apiVersion", "v1"),
        ("api_version", "digital-ocean.project-planton.org/v1"),
        ("apiVersion", ...),
        ("kind", "Pod"),
        ("metadata", ...),
        ("metadata.name", ...),
        ("metadata.name", " "),
        ("metadata.colour", "red"),
        ("metadata.org", 7),
        ("metadata.labels", {"team": 7}),
        ("metadata.tags", ["fruit", True]),
        ("metadata.version", {"number": "7"}),
        ("spec.name", "Kiwi"),
        ("spec.name", "k" * 64),
        ("spec.subscription_tier", "basic"),
        ("spec.subscriptionTier", "enterprise"),
        ("spec.subscriptionTier", "digitalocean_container_registry_tier_unspecified"),
        ("spec.region", "moon"),
        ("spec.region", 9),
        ("spec.region", True),
        ("spec.region", {"valueFrom": {"name": "x"}}),
        ("spec.subscriptionTier", 0),
        ("spec.subscriptionTier", 4),
        ("spec.dockerCredentials", []),
        ("spec.dockerCredentials", {"expirySeconds": -1}),
        ("spec.dockerCredentials", {"expirySeconds": 1576800001}),
        ("spec.dockerCredentials", {"write": "yes"}),
        ("metadata.relationships", ["x"]),
        ("spec.garbageCollectionEnabled", "yes"),
        ("spec.doks_integration", []),
        ("spec.doks_integration", {"clusters": [7]}),
        ("spec.doks_integration", {"cluster": ["orchard"]}),
        ("spec.doks_integration", {"method": "manual"}),
        ("spec.doks_integration", {"rotate_every": ""}),
        ("spec.doks_integration", {"rotate_every": "4w"}),
        ("spec.doks_integration", {"service_accounts": []}),
        ("spec.doks_integration", {"never_expires": "true"}),
        ("spec.doks_integration", {"kubeconfig": "farm.yaml"}),
        ("spec.garbage_collection", {"type": "all"}),
        ("spec.garbage_collection", {"onStuck": "cancel", "on_stuck": "cancel"}),
        ("spec.garbage_collection", {"max_age": "8d"}),
        ("spec.garbage_collection", {"blackout_dates": ["24.12.2031"]}),
        ("spec.garbage_collection", {"maintenance_windows": []}),
        ("spec.garbage_collection", {"maintenance_windows": [{**WINDOW, "days": []}]}),
        ("spec.garbage_collection", {"maintenance_windows": [{**WINDOW, "days": ["caturday"]}]}),
        ("spec.garbage_collection", {"maintenance_windows": [{**WINDOW, "start": 1350}]}),
        ("spec.garbage_collection", {"maintenance_windows": [{**WINDOW, "start": "7:00"}]}),
        ("spec.garbage_collection", {"maintenance_windows": [{**WINDOW, "zone": "UTC"}]}),
        ("spec.garbage_collection", {"maintenance_windows": [{"days": ["friday"], "start": "07:00"}]}),
    ],
)
def test_editor_and_collection_refuse_the_same(validator: Draft202012Validator, path: str, value: Any) -> None:
    document = changed(path, value)
    assert (validator.is_valid(document), is_read(document)) == (False, False)
