# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doctor calls a pod's secrets good if, and only if, a kubelet gets a good login from them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import Secret
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.kubelet import (
    UnreadableSecret,
    find_logins,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.report import build_report
from support.doctor_snapshots import DEAD, HOST, OPENS_PLUM, SCOPE, account, pod, snapshot, theirs, with_config

ACCESS = {"dead": DEAD, "plum": OPENS_PLUM}
NAMES = ("kiwi", "plum", "regcred", "docr-direct-kiwi", "registry-kiwi")


def auth(token: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"me:{token}".encode()).decode()}


ENTRIES = st.sampled_from(
    [auth("t-1"), auth("t-1"), auth("dead"), auth("plum"), {}, {"auth": "&"}, {"password": "t-1"}]
)
PLACES = st.sampled_from(
    ["", "", "/v2/", "/v2", "/kiwi", "/ki", "/kiwi/", "/kiwi/web", "/kiwi/web:v7", "/kiwi/api", "/plum"]
)
KEYS = st.one_of(
    PLACES.map(lambda path: f"{HOST}{path}"), st.sampled_from(["quay.io", "*", "*.quay:7443", "images.quay"])
)
CONFIGS = st.dictionaries(KEYS, ENTRIES, max_size=3).map(lambda auths: json.dumps({"auths": auths})) | st.just("{")
KINDS = st.sampled_from(["kubernetes.io/dockerconfigjson"] * 4 + ["Opaque"])
SECRETS = st.lists(
    st.builds(
        lambda name, text, kind: with_config(theirs(name, kind=kind), text), st.sampled_from(NAMES), CONFIGS, KINDS
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda secret: secret.name,
)


def serves(secrets: Sequence[Secret]) -> bool:
    try:
        return any(one.token == "t-1" for one in find_logins([one.content for one in secrets], HOST, "/kiwi/web"))
    except UnreadableSecret:
        return False


@given(secrets=SECRETS)
@settings(max_examples=300, deadline=None)
def test_the_verdict_on_a_pod_is_that_of_a_kubelet(secrets: list[Secret]) -> None:
    names = [one.name for one in secrets]
    report = build_report(snapshot(secrets, [account(*names)], [pod(*names)], access=ACCESS))
    (shown,) = report.shape("sea")["pods"]
    assert (shown["cause"] == "works_from_here") == serves(secrets)


@given(secrets=SECRETS)
@settings(max_examples=300, deadline=None)
def test_an_account_without_a_good_secret_has_an_error_and_a_good_account_has_none(secrets: list[Secret]) -> None:
    scope = replace(SCOPE, registries=("kiwi",), is_asked=True)
    report = build_report(snapshot(secrets, [account(*(one.name for one in secrets))], access=ACCESS, scope=scope))
    found = report.shape("sea")
    errors = [one for one in found["findings"] if one["severity"] == "error"]
    assert bool(errors) != report.is_healthy
    if serves(secrets):
        assert errors == []
