# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that repeat what they refuse: no output of the module holds a secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.access_module import DIRECT, JOURNAL, give, minted
from support.control_plane import Cluster, eventually

GROUP = "/apis/admissionregistration.k8s.io/v1"


def forms(secret: dict[str, Any]) -> set[str]:
    """What must not be shown of a pull secret: its data, the Docker config, the login and the token."""
    ((_key, data),) = secret["data"].items()
    config = base64.b64decode(data).decode()
    (entry,) = json.loads(config)["auths"].values()
    return {data, config, entry["auth"], base64.b64decode(entry["auth"]).decode().partition(":")[2]}


@pytest.fixture
def quoting(orchard: Cluster) -> Iterator[Cluster]:
    """A cluster where an admission policy refuses pull secrets in the namespace pear and quotes each refused secret."""
    orchard.add_namespaces("pear")
    secrets = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}
    quote = "'refused: ' + string(object.data[object.data.map(key, key)[0]]) + ' of ' + object.metadata.name"
    rule = {
        "expression": "object.metadata.namespace != 'pear' || !has(object.data) || object.data.size() == 0",
        "messageExpression": quote,
    }
    name = {"name": "quotes-secrets"}
    specs = {
        "validatingadmissionpolicies": (
            "ValidatingAdmissionPolicy",
            {"matchConstraints": {"resourceRules": [secrets]}, "validations": [rule]},
        ),
        "validatingadmissionpolicybindings": (
            "ValidatingAdmissionPolicyBinding",
            {"policyName": name["name"], "validationActions": ["Deny"]},
        ),
    }
    for plural, (kind, spec) in specs.items():
        body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": name, "spec": spec}
        orchard.call("POST", f"{GROUP}/{plural}", body)
    trial = {"metadata": {"name": "trial"}, "stringData": {"a": "b"}}
    path = "/api/v1/namespaces/pear/secrets?dryRun=All"
    eventually(lambda: orchard.plane.request("POST", path, trial)[0], lambda status: status == 422)
    yield orchard
    for plural in reversed(specs):
        orchard.call("DELETE", f"{GROUP}/{plural}/{name['name']}")
    eventually(lambda: orchard.plane.request("POST", path, trial)[0], lambda status: status == 201)


def test_admission_policy_that_quotes_the_pull_secret_shows_nothing(quoting: Cluster) -> None:
    result = give(quoting)
    assert "refused: " in result["msg"]
    shown = json.dumps(result)
    hidden = forms(quoting.secrets(DIRECT)["default"])
    assert len(hidden) == 4
    assert [one for one in hidden if one in shown] == []
    assert "********" in result["msg"]


def test_api_that_repeats_a_token_in_an_error_shows_nothing(orchard: Cluster, sandbox: Sandbox) -> None:
    give(orchard)
    token = sandbox.token
    assert token not in json.dumps(give(orchard, token=token, clusters=[token]))
    told = give(orchard, registries=[token])
    assert token not in json.dumps(told)
    assert len(minted(orchard.sandbox)) == 1
    assert orchard.secrets(JOURNAL)
