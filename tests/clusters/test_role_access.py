# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role on real control planes: access from manifests, rotation after a leak, removal with the registry."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from playing import PlaybookFailedError, Played
from support.control_plane import Cluster, token_in
from support.modules import writes
from support.plays import play
from support.role_manifests import written

SITE = "playbooks/site.yml"
ROTATE = "playbooks/rotate.yml"
DESTROY = "playbooks/destroy.yml"
REGIONS = {"kiwi": "blr1", "plum": "syd1", "fig": "fra1"}
KIWI = "docr-direct-kiwi"
PLUM = "docr-operator-plum"


def manifest(name: str, **access: Any) -> dict[str, Any]:
    return written(name, subscription_tier="professional", region=REGIONS[name], doksIntegration=access)


def run(cluster: Cluster, playbook: str, manifests: Iterable[dict[str, Any]], *arguments: str, **more: Any) -> Played:
    cluster.sandbox.clear_log()
    variables = {"docr_manifests": list(manifests), "docr_doks_wait_timeout": 20, **more}
    return play(playbook, cluster.sandbox, variables, *arguments)


def destroy(cluster: Cluster, manifests: Iterable[dict[str, Any]], *arguments: str, **more: Any) -> Played:
    team = cluster.sandbox.account()["team"]["name"]
    given = {"docr_destroy_names": ["kiwi", "plum"], "docr_team": team, "docr_allow_delete_integrated": True}
    return run(cluster, DESTROY, manifests, *arguments, **(given | more))


def valid_tokens(sandbox: Sandbox, registry: str) -> int:
    """How many credentials of a registry still open anything."""
    tokens = sandbox.control("GET", "tokens")["tokens"]
    return len([one for one in tokens if one["registry"] == registry and one["is_valid"]])


def opens(sandbox: Sandbox, token: str) -> bool:
    return sandbox.request("GET", "/v2/account", token=token)[0] == 200


def of_outputs(played: Played, registry: str) -> dict[str, Any]:
    """What the outputs say of the only cluster of a registry."""
    (cluster,) = played.statistics["docr_outputs"][registry]["clusters"]
    return dict(cluster)


@pytest.fixture
def two_ways(orchard: Cluster, meadow: Cluster) -> list[dict[str, Any]]:
    """Manifests of which one has its secrets written by us, and the other's are copied."""
    orchard.add_namespaces("team-a", "team-b", "lab")
    orchard.add_accounts("team-a", "build-web")
    orchard.give("team-a", ["somebodys"])
    meadow.add_namespaces("shop")
    return [
        manifest(
            "kiwi",
            method="DIRECT",
            clusters=["orchard"],
            namespaces=["team-*"],
            serviceAccounts=["default", "build-*"],
            rotateEvery="30d",
        ),
        manifest("plum", method="operator", clusters=["meadow"], rotate_every="2d"),
    ]


def test_main_gives_access_by_both_methods_and_a_second_run_is_unchanged(
    orchard: Cluster, meadow: Cluster, two_ways: list[dict[str, Any]]
) -> None:
    run(orchard, SITE, two_ways, "--check", "--diff")
    assert writes(orchard.sandbox) == []
    first = run(orchard, SITE, two_ways)
    assert sorted(orchard.secrets(KIWI)) == ["team-a", "team-b"]
    assert orchard.pull_secrets("team-a") == ["somebodys", KIWI]
    assert orchard.pull_secrets("team-a", "build-web") == orchard.pull_secrets("team-b") == [KIWI]
    assert orchard.pull_secrets("lab") == []
    assert {"kube-system", "shop", "default"} <= set(meadow.secrets(PLUM))
    assert meadow.pull_secrets("shop") == [PLUM]
    kiwi, plum = of_outputs(first, "kiwi"), of_outputs(first, "plum")
    assert (kiwi["name"], kiwi["method"], kiwi["secret"], kiwi["changed"]) == ("orchard", "direct", KIWI, True)
    assert (kiwi["namespaces"], kiwi["service_accounts"]) == (2, 3)
    assert (plum["name"], plum["method"], plum["changed"]) == ("meadow", "operator", True)
    assert all(kiwi[key] for key in ("fingerprint", "minted_at", "expires_at", "renew_at"))
    second = run(orchard, SITE, two_ways)
    assert second.changed == []
    assert [call for call in writes(orchard.sandbox) if "docker-credentials" in call] == []
    again = of_outputs(second, "kiwi")
    assert (again["fingerprint"], again["changed"]) == (kiwi["fingerprint"], False)


def test_one_run_creates_a_registry_and_gives_access(orchard: Cluster) -> None:
    manifests = [
        manifest("fig", clusters=["orchard"], method="direct", namespaces=["default"], never_expires=True),
        manifest("kiwi", clusters=[]),
    ]
    predicted = run(orchard, SITE, manifests, "--check", "--diff")
    assert writes(orchard.sandbox) == []
    done = run(orchard, SITE, manifests)
    assert predicted.changed == done.changed != []
    assert orchard.pull_secrets("default") == ["docr-direct-fig"]
    outputs = done.statistics["docr_outputs"]
    assert (outputs["fig"]["changed"], outputs["kiwi"]["changed"], outputs["kiwi"]["clusters"]) == (True, False, [])
    assert run(orchard, SITE, manifests).changed == []


def test_a_cluster_that_cannot_be_entered_fails_the_run_and_the_others_have_their_secrets(
    orchard: Cluster, two_ways: list[dict[str, Any]]
) -> None:
    orchard.sandbox.fault(method="GET", path=f"/v2/kubernetes/clusters/{orchard.id}/credentials", status=403, times=99)
    with pytest.raises(PlaybookFailedError) as failed:
        run(orchard, SITE, two_ways)
    assert "orchard" in str(failed.value)
    assert "Traceback" not in str(failed.value)
    assert (valid_tokens(orchard.sandbox, "kiwi"), valid_tokens(orchard.sandbox, "plum")) == (0, 1)
    orchard.sandbox.clear_faults()
    run(orchard, SITE, two_ways)
    assert orchard.pull_secrets("team-b") == [KIWI]


def test_new_namespaces_get_the_secret_and_due_credentials_are_renewed_on_the_next_run(
    orchard: Cluster, two_ways: list[dict[str, Any]]
) -> None:
    before = of_outputs(run(orchard, SITE, two_ways), "kiwi")["fingerprint"]
    orchard.add_namespaces("team-c")
    caught = run(orchard, SITE, two_ways)
    assert orchard.pull_secrets("team-c") == [KIWI]
    assert (of_outputs(caught, "kiwi")["written"], of_outputs(caught, "kiwi")["fingerprint"]) == (1, before)
    orchard.sandbox.advance(31 * 86_400)
    assert of_outputs(run(orchard, SITE, two_ways), "kiwi")["fingerprint"] != before


def test_a_cluster_by_kubeconfig_needs_no_digitalocean(orchard: Cluster, tmp_path: Path) -> None:
    kubeconfig = orchard.kubeconfig(tmp_path)
    manifests = [manifest("kiwi", contexts=["first"])]
    given = {"docr_doks_kubeconfig": kubeconfig, "docr_doks_method": "direct", "docr_doks_never_expires": "true"}
    played = run(orchard, SITE, manifests, **given)
    assert orchard.pull_secrets("default") == [KIWI]
    cluster = of_outputs(played, "kiwi")
    assert (cluster["name"], cluster["expires_at"], cluster["renew_at"]) == ("first", None, None)
    assert not any("kubernetes" in call for call in orchard.sandbox.calls())
    assert run(orchard, SITE, manifests, **given).changed == []


def test_one_click_ends_when_its_secrets_exist_and_removes_the_former_method(orchard: Cluster) -> None:
    orchard.add_namespaces("shop")
    run(orchard, SITE, [manifest("kiwi", clusters=["orchard"])])
    assert "shop" in orchard.secrets("kiwi")
    assert run(orchard, SITE, [manifest("kiwi", clusters=["orchard"])]).changed == []
    moved = [manifest("kiwi", clusters=["orchard"], method="direct", rotate_every="1d")]
    assert of_outputs(run(orchard, SITE, moved), "kiwi")["changed"] is True
    assert orchard.secrets("kiwi") == {}
    assert orchard.pull_secrets("shop") == [KIWI]
    assert run(orchard, SITE, moved).changed == []


def test_after_a_leak_all_clusters_of_a_registry_get_a_new_credential_and_the_former_credentials_are_revoked(
    orchard: Cluster, meadow: Cluster
) -> None:
    manifests = [
        manifest("kiwi", method="direct", clusters=["orchard", "meadow"], rotate_every="30d"),
        manifest("plum", method="operator", clusters=["orchard"], rotate_every="30d"),
    ]
    run(orchard, SITE, manifests)
    sandbox = orchard.sandbox
    old = [token_in(one.secrets(KIWI)["default"]) for one in (orchard, meadow)]
    untouched = token_in(orchard.secrets(PLUM)["default"])
    predicted = run(orchard, ROTATE, manifests, "--check", docr_rotate_names=["kiwi"])
    assert [opens(sandbox, token) for token in old] == [True, True]
    rotated = run(orchard, ROTATE, manifests, docr_rotate_names=["kiwi"])
    assert predicted.changed == rotated.changed != []
    assert [opens(sandbox, token) for token in old] == [False, False]
    new = [token_in(one.secrets(KIWI)["default"]) for one in (orchard, meadow)]
    assert [opens(sandbox, token) for token in (*new, untouched)] == [True, True, True]
    assert len({*old, *new}) == 4
    assert valid_tokens(sandbox, "kiwi") == 2
    assert not any(token in rotated.output for token in (*old, *new))
    assert run(orchard, SITE, manifests).changed == []


def test_a_registry_is_destroyed_after_the_access_of_its_clusters_is_removed(
    orchard: Cluster, meadow: Cluster, two_ways: list[dict[str, Any]]
) -> None:
    run(orchard, SITE, two_ways)
    sandbox = orchard.sandbox
    with pytest.raises(PlaybookFailedError, match="docr_allow_delete_integrated"):
        destroy(orchard, two_ways, docr_allow_delete_integrated=False)
    predicted = destroy(orchard, two_ways, "--check", "--diff")
    assert orchard.pull_secrets("team-b") == [KIWI]
    # Of what stands in the cluster alone the prediction cannot know, as a look into it mints.
    done = destroy(orchard, two_ways)
    assert set(predicted.changed) <= set(done.changed)
    assert sandbox.account()["registries"] == []
    assert orchard.secrets(KIWI) == meadow.secrets(PLUM) == {}
    assert orchard.secrets("docr-journal-kiwi") == meadow.secrets("docr-journal-plum") == {}
    assert orchard.pull_secrets("team-a") == ["somebodys"]
    assert (
        orchard.pull_secrets("team-a", "build-web")
        == orchard.pull_secrets("team-b")
        == meadow.pull_secrets("shop")
        == []
    )
    assert (valid_tokens(sandbox, "kiwi"), valid_tokens(sandbox, "plum")) == (0, 0)
    assert destroy(orchard, two_ways).changed == []
