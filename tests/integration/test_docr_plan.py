# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_plan with entries of each method: what is compared, what is refused, and that no cluster is entered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.image_host import nobody
from support.modules import PACKAGE, run_module, writes
from support.sandbox_clusters import ADD, LIST, NAMES, seed

FOREVER = {"never_expires": True}


@pytest.fixture
def team(sandbox: Sandbox) -> Sandbox:
    """Two registries, and two clusters of which one has one of them."""
    seed(sandbox, {"orchard": ["kiwi"], "meadow": []})
    return sandbox


def plan(sandbox: Sandbox, *entries: dict[str, Any], **options: Any) -> dict[str, Any]:
    return run_module(sandbox, "docr_plan", integrations=list(entries), **options)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    """A kubeconfig without a current context."""
    path = tmp_path / "kubeconfig"
    path.write_text("{apiVersion: v1, kind: Config, clusters: [], users: [], contexts: []}")
    return str(path)


def test_only_digitaloceans_own_integration_is_compared(team: Sandbox, kubeconfig: str) -> None:
    told = plan(
        team,
        {"clusters": ["orchard", "meadow"], "registries": ["kiwi"]},
        {"clusters": ["meadow"], "registries": ["plum"], "method": "direct", "namespaces": ["team-*"], **FOREVER},
        {
            "kubeconfig": kubeconfig,
            "contexts": ["farm"],
            "registries": ["plum"],
            "method": "direct",
            "rotate_every": "1d",
        },
    )
    assert [one["message"] for one in told["integration"]["actions"]] == ["add the registry kiwi to the cluster meadow"]
    assert [one["cluster"]["name"] for one in told["integration"]["integrations"]] == ["orchard", "meadow"]
    # The call of the image host follows, since there is something to do.
    assert (team.calls(), writes(team)) == ([LIST, NAMES, "GET /v2/"], [])


def test_clusters_by_kubeconfig_are_not_asked_of_digitalocean(team: Sandbox, kubeconfig: str) -> None:
    entry = {"kubeconfig": kubeconfig, "contexts": ["farm"], "registries": ["plum"], "method": "direct", **FOREVER}
    nothing = {"changed": False, "actions": [], "notes": [], "integrations": [], "errors": []}
    assert plan(team, entry)["integration"] == nothing
    assert team.calls() == [NAMES]


@pytest.mark.parametrize("method", ["operator", "direct"])
def test_unknown_clusters_and_registries_of_every_method_are_reported_at_once(team: Sandbox, method: str) -> None:
    told = plan(
        team,
        {
            "clusters": ["orchid"],
            "registries": ["kiwi"],
            "method": method,
            **FOREVER,
            "origin": "m.yaml document 2 (kiwi)",
        },
        {"clusters": ["meadow"], "registries": ["fig"], "method": method, **FOREVER},
        {"clusters": ["pasture"], "registries": ["plum"]},
    )
    assert told["failed"]
    assert "m.yaml document 2 (kiwi), clusters[0]: " in told["msg"]
    assert "integrations[1].registries[0]: there is no registry 'fig'" in told["msg"]
    assert "integrations[2].clusters[0]: " in told["msg"]
    assert len(told["field_errors"]) == 3


def test_a_registry_that_would_be_created_counts_as_existing(team: Sandbox) -> None:
    wanted = [{"name": "fig", "region": "syd1", "subscription_tier": "professional"}]
    entry = {"clusters": ["meadow"], "registries": ["fig"], "method": "operator", "rotate_every": "2d"}
    told = plan(team, entry, registries=wanted)
    assert (told["registry"]["create"], told["integration"]["actions"]) == (["fig"], [])


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"method": "direct"}, "integrations[0].method: the method direct needs rotate_every or never_expires"),
        (
            {"method": "operator", "namespaces": ["ci"], **FOREVER},
            "integrations[0].namespaces: the method operator does not allow this option",
        ),
        ({"rotate_every": "30d"}, "integrations[0].rotate_every: the method one_click does not allow this option"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_any_call(team: Sandbox, entry: dict[str, Any], fault: str) -> None:
    told = plan(team, {"clusters": ["meadow"], "registries": ["kiwi"], **entry})
    assert [
        f"{one['where']}: {one['what']}" for one in told["field_errors"] if fault in f"{one['where']}: {one['what']}"
    ]
    assert team.calls() == []


KUBECONFIGS = {
    "missing": (None, "the file does not exist or is empty"),
    "empty": ("", "the file does not exist or is empty"),
    "no YAML": ("contexts: [", "the file is not YAML, see line"),
    "a list": ("[1, 2]", "the file is not a kubeconfig"),
}


@pytest.mark.parametrize("content", KUBECONFIGS)
def test_a_kubeconfig_that_cannot_be_read_is_an_error_before_any_write(
    team: Sandbox, tmp_path: Path, content: str
) -> None:
    text, reason = KUBECONFIGS[content]
    path = tmp_path / "farm.yaml"
    if text is not None:
        path.write_text(text)
    entry = {"kubeconfig": str(path), "contexts": ["farm"], "registries": ["plum"], "method": "direct", **FOREVER}
    for module in ("docr_plan", "docr_doks_integration"):
        for check in (False, True):
            told = run_module(team, module, integrations=[entry], check=check)
            assert told["msg"].startswith(f"Could not use the kubeconfig {path}: {reason}"), told
    assert writes(team) == []


def test_an_image_host_that_does_not_answer_is_an_error_where_anything_would_change(team: Sandbox) -> None:
    direct = {"clusters": ["meadow"], "registries": ["plum"], "method": "direct", **FOREVER}
    new = {"registries": [{"name": "fig", "region": "syd1"}], "registry_host": nobody()}
    told = plan(team, direct, **new)
    assert told["msg"].startswith(f"Could not reach the image host {new['registry_host']}: ")
    # Without a change, and for DigitalOcean's own integration, no stage requires the image host.
    assert not plan(team, direct, registry_host=nobody()).get("failed")
    assert not plan(team, {"clusters": ["meadow"], "registries": ["plum"]}, **new).get("failed")


def run_alone(sandbox: Sandbox, module: str, options: dict[str, Any]) -> dict[str, Any]:
    """The result of a module in an interpreter of its own, which finds its libraries itself."""
    done = subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.{module}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {"_ansible_remote_tmp": "/tmp", **options}}),
        env=sandbox.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_missing_library_is_an_error_where_a_later_task_reads_clusters(team: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "kubernetes.py").write_text("raise ImportError('no kubernetes here')")
    blind = Sandbox(team.folder, team.process, {**team.exports, "PYTHONPATH": str(tmp_path)})
    direct = {"clusters": ["meadow"], "registries": ["plum"], "method": "direct", **FOREVER}
    one_click = {"clusters": ["meadow"], "registries": ["plum"]}
    cases: tuple[tuple[str, dict[str, Any], dict[str, Any], bool], ...] = (
        ("docr_plan", direct, {}, True),
        ("docr_plan", one_click, {}, False),
        ("docr_plan", one_click, {"read_clusters": True}, True),
        ("docr_doks_integration", direct, {}, True),
        ("docr_doks_integration", one_click, {"wait_for_secrets": "always"}, True),
        ("docr_doks_integration", one_click, {"wait_timeout": 1}, False),
    )
    for module, entry, options, is_refused in cases:
        told = run_alone(blind, module, {"integrations": [entry], **options})
        is_told = "the Python library kubernetes is missing" in told.get("msg", "")
        assert (is_told, told.get("failed", False)) == (is_refused, is_refused), (module, told)
    assert writes(team) == [ADD]
