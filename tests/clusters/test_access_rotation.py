# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials are renewed by the service's clock, and old credentials are revoked after revoke_after."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from docr_sandbox.testing import Sandbox
from support.access_module import DIRECT, JOURNAL, OPERATOR, actions, give, minted, pull_access, tokens, valid
from support.control_plane import MERGE, Cluster
from support.modules import writes

DAY = 24 * 3600
METHODS = {"direct": DIRECT, "operator": OPERATOR}


def validity(sandbox: Sandbox) -> list[bool]:
    """Of all tokens of the registry, oldest first."""
    return [one["is_valid"] for one in minted(sandbox)]


@pytest.mark.parametrize("method", METHODS)
def test_credential_is_renewed_when_due_and_the_old_one_is_valid_until_revoke_after(
    orchard: Cluster, method: str
) -> None:
    orchard.add_namespaces("pear")
    given: dict[str, Any] = {"method": method, "rotate_every": "10d", "revoke_after": "2h"}
    give(orchard, **given)
    old = tokens(orchard, METHODS[method])["pear"]
    orchard.sandbox.advance(10 * DAY - 600)
    assert give(orchard, **given)["changed"] is False
    orchard.sandbox.advance(900)
    renewed = give(orchard, **given)
    assert actions(renewed) == ["mint_credentials", "write_pull_secrets", "activate_credential"]
    found = set(tokens(orchard, METHODS[method]).values())
    assert len(found) == 1
    assert old not in found
    assert validity(orchard.sandbox) == [True, True]
    orchard.sandbox.advance(7000)
    assert give(orchard, **given)["changed"] is False
    orchard.sandbox.advance(300)
    revoked = give(orchard, **given)
    assert actions(revoked) == ["revoke_credentials"]
    assert validity(orchard.sandbox) == [False, True]
    assert give(orchard, **given)["changed"] is False


def test_forced_rotation_revokes_at_once_and_leaves_one_valid_credential(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    first = give(orchard)
    result = give(orchard, force_rotation=True)
    assert actions(result) == ["mint_credentials", "write_pull_secrets", "activate_credential", "revoke_credentials"]
    old = pull_access(first)["credential"]["fingerprint"]
    assert pull_access(result)["revoked"] == [old]
    assert validity(orchard.sandbox) == [False, True]
    assert len(set(tokens(orchard).values())) == 1


def test_rotation_includes_namespaces_that_are_no_longer_chosen(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "lime")
    give(orchard)
    result = give(orchard, namespaces=["pear"], force_rotation=True)
    assert {"pear", "lime"} <= set(pull_access(result)["written"])
    assert len(set(tokens(orchard).values())) == 1


def test_immutable_secret_or_secret_of_another_type_does_not_stop_a_rotation(orchard: Cluster) -> None:
    orchard.add_namespaces("pear", "lime")
    give(orchard)
    orchard.call("PATCH", f"namespaces/pear/secrets/{DIRECT}", {"immutable": True}, content_type=MERGE)
    metadata = orchard.secrets(DIRECT)["lime"]["metadata"]
    orchard.call("DELETE", f"namespaces/lime/secrets/{DIRECT}")
    orchard.add_secret("lime", DIRECT, {"note": "x"}, labels=metadata["labels"], annotations=metadata["annotations"])
    result = give(orchard, force_rotation=True)
    assert not result.get("failed"), result["msg"]
    assert {"pear", "lime"} <= set(tokens(orchard))
    assert len(set(tokens(orchard).values())) == 1
    assert validity(orchard.sandbox) == [False, True]
    assert give(orchard)["changed"] is False


def test_credential_revoked_elsewhere_is_replaced(orchard: Cluster) -> None:
    give(orchard)
    lost = tokens(orchard)["default"]
    requests.post(
        orchard.sandbox.revoke_url,
        headers={"Authorization": f"Bearer {lost}"},
        data={"token": lost},
        verify=orchard.sandbox.ca_file,
        timeout=10,
    ).raise_for_status()
    result = give(orchard)
    assert "since the current credential is not accepted" in result["actions"][0]["message"]
    assert lost not in tokens(orchard).values()
    assert valid(orchard.sandbox) == 1


def test_expired_credential_is_replaced(orchard: Cluster) -> None:
    give(orchard, rotate_every="2d")
    orchard.sandbox.advance(7 * DAY)
    result = give(orchard, rotate_every="2d")
    assert "since the current credential expired at" in result["actions"][0]["message"]
    assert validity(orchard.sandbox) == [False, True]


def test_change_of_the_expiry_policy_replaces_the_credential(orchard: Cluster) -> None:
    first = give(orchard, never_expires=True)
    credential = pull_access(first)["credential"]
    assert (credential["expires_at"], credential["renew_at"]) == (None, None)
    orchard.sandbox.advance(900 * DAY)
    assert give(orchard, never_expires=True)["changed"] is False
    second = give(orchard, rotate_every="9d")
    assert "since the current credential never expires" in second["actions"][0]["message"]
    third = give(orchard, never_expires=True)
    assert "since the current credential expires" in third["actions"][0]["message"]


def test_deleted_journal_is_written_again_from_the_secrets(orchard: Cluster) -> None:
    first = give(orchard)
    orchard.call("DELETE", f"namespaces/kube-system/secrets/{JOURNAL}")
    result = give(orchard)
    assert actions(result) == ["record_credential"]
    assert pull_access(result)["credential"] == pull_access(first)["credential"]
    assert give(orchard)["changed"] is False


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"data": {"journal.json": "e30="}}, "the secret holds no journal of credentials"),
        ({"metadata": {"labels": None}}, "this collection did not make the secret"),
    ],
)
def test_unreadable_journal_is_an_error_before_any_write(orchard: Cluster, body: dict[str, object], words: str) -> None:
    give(orchard)
    orchard.call("PATCH", f"namespaces/kube-system/secrets/{JOURNAL}", body, content_type=MERGE)
    result = give(orchard)
    assert result["failed"]
    assert words in result["msg"]
    assert len(minted(orchard.sandbox)) == 1


def test_credential_that_the_image_host_rejects_is_revoked_before_any_write(orchard: Cluster) -> None:
    orchard.sandbox.fault(method="GET", path="/v2/registry/auth", status=401, times=50)
    result = give(orchard, wait_timeout=1)
    orchard.sandbox.clear_faults()
    assert result["failed"]
    assert "use the credential that was minted for the registry kiwi" in result["msg"]
    assert validity(orchard.sandbox) == [False]
    assert orchard.secrets(DIRECT) == {}
    assert give(orchard)["changed"]
    assert valid(orchard.sandbox) == 1


def test_run_without_changes_mints_only_a_short_lived_cluster_token(orchard: Cluster) -> None:
    give(orchard)
    orchard.sandbox.clear_log()
    give(orchard)
    (mint,) = writes(orchard.sandbox)
    assert mint.endswith("/credentials")
    entry = next(one for one in orchard.sandbox.log() if one["path"].endswith("/credentials"))
    assert entry["query"] == "expiry_seconds=960"
