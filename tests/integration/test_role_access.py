# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cluster access that the role refuses or does not change, without entering a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from docr_sandbox.testing import Sandbox
from playing import PlaybookFailedError
from support.image_host import nobody
from support.modules import writes
from support.plays import play
from support.role_manifests import written

SITE = "playbooks/site.yml"
ROTATE = "playbooks/rotate.yml"
DESTROY = "playbooks/destroy.yml"


def manifest(name: str, **access: Any) -> dict[str, Any]:
    return written(name, subscription_tier="basic", region="syd1", doks_integration=access)


@pytest.fixture
def team(sandbox: Sandbox) -> Sandbox:
    """A team with a registry and a cluster that nobody can enter."""
    sandbox.seed(
        {
            "tier": "professional",
            "registries": [{"name": "kiwi", "region": "syd1"}],
            "clusters": [{"name": "orchard", "region": "blr1"}],
        }
    )
    sandbox.clear_log()
    return sandbox


def refusal(sandbox: Sandbox, playbook: str, *manifests: dict[str, Any], **variables: Any) -> str:
    """What a playbook says that must fail, on one line."""
    with pytest.raises(PlaybookFailedError) as refused:
        play(playbook, sandbox, {"docr_manifests": list(manifests), **variables})
    told = " ".join(str(refused.value).split())
    assert "Traceback" not in told
    return told


def test_errors_of_manifests_and_variables_are_reported_at_once_without_a_call(team: Sandbox) -> None:
    told = refusal(
        team,
        SITE,
        manifest("kiwi", method="operator", clusters=["orchard"], service_accounts=["build"], rotate_every="30d"),
        manifest("plum", method="direct", contexts=["farm"], rotateEvery="10m"),
        manifest("fig", clusters=["orchard"]),
        manifest("lime", method="one_click", contexts=["farm"]),
        manifest("Pear"),
        docr_doks_method="direct",
        docr_doks_namespaces=["ci"],
    )
    at = "docr_manifests document"
    for fault in (
        f"{at} 1 (res-kiwi), spec.doks_integration.service_accounts: the method operator does not allow this option",
        f"{at} 2 (res-plum), spec.doks_integration.rotateEvery: '10m' is too short; use 1h or more",
        "docr_doks_method: the method direct needs rotate_every or never_expires",
        f"{at} 4 (res-lime), spec.doks_integration.contexts: the method one_click does not allow this option",
        f"{at} 4 (res-lime), spec.doks_integration.contexts: the kubeconfig is missing that holds the contexts",
        f"{at} 5 (res-Pear), spec.name: 'Pear' is not a registry name",
    ):
        assert fault in told
    assert "6 errors" in told
    assert team.calls() == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"docr_doks_clusters": [7]}, "docr_doks_clusters: item 1 arrived as the number 7; texts such as 007"),
        (
            {"docr_doks_method": "sideways"},
            "docr_doks_method: 'sideways' is not known; use one_click, operator or direct",
        ),
        ({"docr_doks_rotate_every": "30d"}, "docr_doks_rotate_every: the method one_click does not allow this option"),
        (
            {"docr_doks_method": "direct", "docr_doks_never_expires": "yes", "docr_doks_rotate_every": "30d"},
            "docr_doks_never_expires: rotate_every is set too; keep one option",
        ),
    ],
)
def test_a_variable_that_does_not_fit_is_named(team: Sandbox, variables: dict[str, Any], words: str) -> None:
    assert words in refusal(team, SITE, manifest("kiwi"), **({"docr_doks_clusters": ["orchard"]} | variables))
    assert team.calls() == []


def test_stages_without_clusters_require_no_access_variables(team: Sandbox, tmp_path: Path) -> None:
    for stage in ("registry", "gc"):
        include = {"name": "planton.digitalocean.docr", "tasks_from": stage}
        playbook = tmp_path / f"{stage}.yml"
        tasks = [{"name": "Stage", "ansible.builtin.include_role": include}]
        playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        open_question = manifest("kiwi", method="direct", clusters=["orchard"])
        played = play(playbook, team, {"docr_manifests": [open_question], "docr_doks_rotate_every": "soon"})
        assert played.changed == []
    assert not any("kubernetes" in call for call in team.calls())


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "docr_rotate_names is missing; repeat the names"),
        (["kiwi", "plum"], "Nothing was rotated: docr_rotate_names names plum, and no manifest does"),
        (
            ["kiwi", "fig"],
            "Nothing was rotated: docr_rotate_names names fig, whose clusters, if any, pull by",
        ),
    ],
)
def test_registries_that_cannot_be_rotated_are_refused_before_any_call(
    team: Sandbox, names: list[str], words: str
) -> None:
    manifests = [
        manifest("kiwi", method="direct", clusters=["orchard"], rotate_every="1d"),
        manifest("fig", method="one_click"),
    ]
    told = refusal(team, ROTATE, *manifests, docr_rotate_names=names, docr_doks_clusters=["orchard"])
    assert words in told
    assert team.calls() == []


@pytest.mark.parametrize("method", ["direct", "operator"])
def test_a_registry_that_clusters_pull_by_their_manifests_is_not_destroyed_without_consent(
    team: Sandbox, method: str
) -> None:
    pulled = manifest("kiwi", method=method, clusters=["orchard"])
    given = {"docr_destroy_names": ["kiwi"], "docr_team": team.account()["team"]["name"]}
    told = refusal(team, DESTROY, pulled, **given)
    assert "by the manifests clusters pull from kiwi; set docr_allow_delete_integrated=true" in told
    assert writes(team) == []


def test_without_names_nothing_is_rotated(team: Sandbox) -> None:
    assert "docr_rotate_names" in refusal(team, ROTATE, manifest("kiwi"))
    assert team.calls() == []


@pytest.mark.parametrize("arguments", [(), ("--check",)], ids=["run", "check mode"])
@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("kubeconfig", "Could not use the kubeconfig {folder}/farm.yaml: the file does not exist or is empty"),
        ("certificates", "certificate"),
        ("image host", "Could not reach the image host"),
        ("library", "the Python library kubernetes is missing"),
    ],
)
def test_requirements_of_later_stages_are_checked_before_a_registry_is_created(
    team: Sandbox, tmp_path: Path, cause: str, told: str, arguments: tuple[str, ...]
) -> None:
    given: dict[str, Any] = {"docr_doks_clusters": ["orchard"], "docr_doks_method": "direct"}
    given |= {"docr_doks_never_expires": True, "docr_manifests": [manifest("fig")]}
    (tmp_path / "kubernetes.py").write_text("raise ImportError('no kubernetes here')")
    (tmp_path / "ca.pem").write_text("no certificate")
    if cause == "kubeconfig":
        given |= {"docr_doks_clusters": None, "docr_doks_contexts": "farm"}
        given |= {"docr_doks_kubeconfig": str(tmp_path / "farm.yaml")}
    elif cause == "certificates":
        given |= {"docr_ca_path": str(tmp_path / "ca.pem")}
    elif cause == "image host":
        given |= {"docr_registry_host": nobody(), "docr_token": team.token}
    exports = {**team.exports, "PYTHONPATH": str(tmp_path)} if cause == "library" else team.exports
    with pytest.raises(PlaybookFailedError) as refused:
        play(SITE, Sandbox(team.folder, team.process, exports), given, *arguments)
    assert told.format(folder=tmp_path) in " ".join(str(refused.value).split())
    assert writes(team) == []
