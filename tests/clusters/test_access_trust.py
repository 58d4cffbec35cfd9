# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing unverified replaces a working credential, where the image host does not answer this host."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import requests

from support.access_crashes import Runs, journal_entries
from support.access_module import DIRECT, EVERYWHERE, JOURNAL, actions, give, minted, pull_access, tokens, valid
from support.control_plane import MERGE, Cluster, eventually
from support.image_host import nobody

DAY = 86400


def states(cluster: Cluster) -> list[str]:
    return [one["state"] for one in journal_entries(cluster)]


def token_of(entry: dict[str, Any]) -> str:
    """The token of a credential in the journal."""
    (login,) = json.loads(entry["config"])["auths"].values()
    return base64.b64decode(login["auth"]).decode().partition(":")[2]


def deny_check(cluster: Cluster, **fault: Any) -> None:
    """Let the image host answer no login, although it answers without a login."""
    cluster.sandbox.fault(method="GET", path="/v2/registry/auth", **({"status": 503, "times": 99} | fault))


def test_first_run_without_the_image_host_writes_nothing_and_says_what_to_set(orchard: Cluster, tmp_path: Path) -> None:
    kubeconfig = orchard.kubeconfig(tmp_path)
    for check in (False, False, True):
        result = give(orchard, registry_host=nobody(), kubeconfig=kubeconfig, check=check)
        assert (result["failed"], result["changed"]) == (True, False)
        assert "a new credential cannot be verified" in result["msg"]
        assert "set verify_credentials to api" in result["msg"]
        assert (minted(orchard.sandbox), orchard.secrets(DIRECT)) == ([], {})


def test_credential_whose_check_got_no_answer_is_written_by_no_run_until_it_is_verified(orchard: Cluster) -> None:
    give(orchard)
    working = tokens(orchard)
    orchard.sandbox.advance(21 * DAY)
    deny_check(orchard)
    first = give(orchard)
    assert (first["failed"], first["changed"]) == (True, True)
    assert "the pull secrets and the credential in them stay as they are" in first["msg"]
    orchard.sandbox.clear_faults()
    for host in (nobody(), nobody()):
        again = give(orchard, registry_host=host)
        assert not again.get("failed"), again["msg"]
        assert "is not renewed, since a new credential cannot be verified" in " ".join(again["warnings"])
        assert (tokens(orchard), states(orchard), valid(orchard.sandbox)) == (working, ["current", "new"], 2)
    healed = give(orchard)
    assert "mint_credentials" not in actions(healed)
    assert set(tokens(orchard).values()).isdisjoint(working.values())
    assert (states(orchard), len(minted(orchard.sandbox))) == (["old", "current"], 2)
    assert give(orchard)["changed"] is False


def test_new_credential_that_was_revoked_meanwhile_is_never_written(orchard: Cluster) -> None:
    give(orchard)
    orchard.sandbox.advance(21 * DAY)
    deny_check(orchard)
    give(orchard)
    orchard.sandbox.clear_faults()
    (lost,) = [token_of(one) for one in journal_entries(orchard) if one["state"] == "new"]
    requests.post(
        orchard.sandbox.revoke_url,
        headers={"Authorization": f"Bearer {lost}"},
        data={"token": lost},
        verify=orchard.sandbox.ca_file,
        timeout=10,
    ).raise_for_status()
    result = give(orchard)
    assert not result.get("failed"), result["msg"]
    assert lost not in tokens(orchard).values()
    assert (len(minted(orchard.sandbox)), valid(orchard.sandbox)) == (3, 2)
    orchard.sandbox.advance(3700)
    assert not give(orchard).get("failed")
    assert (states(orchard), valid(orchard.sandbox)) == (["current"], 1)


def test_new_credential_of_another_registry_is_never_written(orchard: Cluster) -> None:
    """The login at the image host succeeds with such a credential, and every pull from this registry fails."""
    give(orchard)
    give(orchard, registries=["plum"])
    working = tokens(orchard)
    entries = journal_entries(orchard)
    (other,) = journal_entries(orchard, "docr-journal-plum")
    orchard.call(
        "PATCH",
        f"namespaces/kube-system/secrets/{JOURNAL}",
        {"stringData": {"journal.json": json.dumps({"credentials": [*entries, other | {"state": "new"}]})}},
        content_type=MERGE,
    )
    assert not give(orchard).get("failed")
    assert tokens(orchard) == working
    assert states(orchard) == ["current", "old"]


def test_run_that_cannot_renew_fails_from_one_rotation_before_the_end(orchard: Cluster, tmp_path: Path) -> None:
    kubeconfig = orchard.kubeconfig(tmp_path)
    give(orchard)
    working = tokens(orchard)
    orchard.sandbox.advance(39 * DAY)
    assert not give(orchard, registry_host=nobody()).get("failed")
    orchard.sandbox.advance(2 * DAY)
    orchard.add_namespaces("pear")
    for check in (True, False):
        result = give(orchard, registry_host=nobody(), kubeconfig=kubeconfig, check=check)
        assert result["failed"]
        expiry = journal_entries(orchard)[0]["expires_at"]
        assert f"the credential in use stays and expires at {expiry}" in result["msg"]
        assert "set verify_credentials to api" in result["msg"]
    assert tokens(orchard) == working | {"pear": working["default"]}
    assert len(minted(orchard.sandbox)) == 1


def test_forced_rotation_without_the_image_host_says_that_the_credential_stays_valid(orchard: Cluster) -> None:
    give(orchard)
    working = tokens(orchard)
    result = give(orchard, registry_host=nobody(), force_rotation=True)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "the credential in use stays" in result["msg"]
    assert "a former credential is valid there, unless the result lists the credential as revoked" in result["msg"]
    assert (tokens(orchard), valid(orchard.sandbox)) == (working, 1)


def test_api_verifies_credentials_where_this_host_never_reaches_the_image_host(orchard: Cluster) -> None:
    options: dict[str, Any] = {"verify_credentials": "api"}
    deny_check(orchard, times=999)
    assert not give(orchard, **options).get("failed")
    assert set(tokens(orchard)) == EVERYWHERE
    first = set(tokens(orchard).values())
    assert give(orchard, **options)["changed"] is False
    orchard.sandbox.advance(21 * DAY)
    renewed = give(orchard, **options)
    assert "mint_credentials" in actions(renewed)
    assert first.isdisjoint(tokens(orchard).values())
    orchard.sandbox.fault(method="GET", path="/v2/account", status=200, body="html", times=9)
    refused = give(orchard, **options, force_rotation=True)
    assert "an answer that is not DigitalOcean's" in refused["msg"]
    assert first.isdisjoint(tokens(orchard).values())
    assert states(orchard)[-1] == "new"


def test_credential_for_another_image_host_is_revoked_and_written_nowhere(orchard: Cluster) -> None:
    """A kubelet looks for a credential by the host of the image."""
    result = give(orchard, registry_host="images.example.org:5443", verify_credentials="api")
    assert "check that registry_host is the image host of this API" in result["msg"]
    assert (orchard.secrets(DIRECT), len(minted(orchard.sandbox)), valid(orchard.sandbox)) == ({}, 1, 0)


def test_api_refuses_a_credential_that_was_revoked(orchard: Cluster) -> None:
    options: dict[str, Any] = {"verify_credentials": "api"}
    deny_check(orchard, times=999)
    give(orchard, **options)
    orchard.sandbox.fault(method="GET", path="/v2/account", status=401, times=1)
    result = give(orchard, **options)
    assert "since the current credential is not accepted" in result["actions"][0]["message"]


def test_run_killed_between_journal_and_check_leaves_a_credential_that_is_checked_first(orchard: Cluster) -> None:
    """The check hangs where the kill comes; a later run without the image host writes the old credential on."""
    give(orchard)
    orchard.sandbox.advance(21 * DAY)
    working = tokens(orchard)
    with Runs(orchard.sandbox) as runs:
        deny_check(orchard, status=None, delay=30)
        runs.start(
            {
                "clusters": [orchard.name],
                "registries": ["kiwi"],
                "method": "direct",
                "rotate_every": "20d",
            }
        )
        eventually(lambda: states(orchard), lambda found: found == ["current", "new"])
        runs.kill()
    orchard.sandbox.clear_faults()
    orchard.add_namespaces("pear")
    again = give(orchard, registry_host=nobody())
    assert not again.get("failed"), again["msg"]
    assert tokens(orchard) == working | {"pear": working["default"]}
    assert pull_access(give(orchard))["written"] == sorted(EVERYWHERE | {"pear"})
    assert len(minted(orchard.sandbox)) == 2
