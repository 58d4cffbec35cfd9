# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a credential is renewed, and what its fingerprint shows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import (
    Credential,
    RotationPolicy,
)
from support.access_states import DAY, ENDLESS, FIRST, FORCED, HOUR, NOW, RENEWED, config, credential

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("policy", "found", "reason"),
    [
        (RENEWED, None, "the cluster has no credential yet"),
        (FORCED, None, "the cluster has no credential yet"),
        (FORCED, FIRST, "a rotation is forced"),
        (RENEWED, FIRST, None),
        (RENEWED, replace(FIRST, expires_at=NOW), "the current credential expired at 2026-07-09T16:20:00Z"),
        (ENDLESS, replace(FIRST, expires_at=NOW - HOUR), "the current credential expired at 2026-07-09T15:20:00Z"),
        (ENDLESS, FIRST, "the current credential expires"),
        (RENEWED, credential(left_days=None), "the current credential never expires"),
        (ENDLESS, credential("t-9", 999, None), None),
        (RENEWED, credential("t-9", 20, 40), "the current credential is 480h00m old"),
        (RENEWED, replace(FIRST, minted_at=NOW - 20 * DAY + SECOND), None),
        # What was minted for a shorter interval is renewed while there is time for one more attempt.
        (RotationPolicy(30 * DAY), credential("t-9", 3, 30), "the current credential is 72h00m old"),
        (RotationPolicy(30 * DAY), replace(credential("t-9", 3), expires_at=NOW + 30 * DAY + SECOND), None),
        (RotationPolicy(2 * DAY), FIRST, "the current credential is 72h00m old"),
        # The credential ends long before the noted expiry.
        (
            RENEWED,
            credential("t-9", -3650, 3710),
            "the current credential was minted by a wrong clock (2036-07-06T16:20:00Z)",
        ),
        (RENEWED, replace(FIRST, minted_at=NOW + HOUR), None),
    ],
)
def test_a_credential_is_renewed_for_a_reason(
    policy: RotationPolicy, found: Credential | None, reason: str | None
) -> None:
    assert policy.reason_to_renew(found, NOW) == reason


@given(st.integers(1, 9_000), st.integers(0, 30_000))
def test_due_credential_is_valid_for_two_more_rotations(hours: int, age: int) -> None:
    policy = RotationPolicy(hours * HOUR)
    found = Credential(config("t-9"), NOW, NOW + timedelta(seconds=policy.expiry_s))
    now = NOW + age * HOUR
    assert policy.due_at(found) == NOW + hours * HOUR
    assert (policy.reason_to_renew(found, now) is None) == (age < hours)
    assert found.has_expired(now) == (age >= 3 * hours)


@pytest.mark.parametrize(
    ("policy", "expiry_s", "wait"),
    [
        (RENEWED, 5_184_000, 3 * HOUR),
        (ENDLESS, 0, 3 * HOUR),
        (FORCED, 5_184_000, 0 * HOUR),
        (RotationPolicy(HOUR), 10_800, HOUR),
    ],
)
def test_policy_has_lifetime_and_wait_before_revocation(policy: RotationPolicy, expiry_s: int, wait: timedelta) -> None:
    assert (policy.expiry_s, policy.wait_before_revocation) == (expiry_s, wait)


def test_credential_without_expiry_is_never_due() -> None:
    found = credential("t-9", 5_000, None)
    assert RENEWED.due_at(found) == found.minted_at + 20 * DAY
    assert ENDLESS.due_at(found) is None
    assert not found.has_expired(NOW + 9_999 * DAY)


def test_a_fingerprint_tells_tokens_apart_and_shows_none() -> None:
    other_host = replace(FIRST, config=FIRST.config.replace("images.quay", "images.pier"))
    assert FIRST.fingerprint == other_host.fingerprint != credential("t-other").fingerprint
    assert len(FIRST.fingerprint) == 16
    assert "t-1" not in repr(FIRST) + FIRST.fingerprint


@pytest.mark.parametrize("text", ["", "null", "[]", json.dumps({"auths": {}}), '{"auths": {"h": {"auth": "!"}}}'])
def test_a_value_that_is_not_a_docker_config_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        assert Credential(text, NOW).fingerprint
