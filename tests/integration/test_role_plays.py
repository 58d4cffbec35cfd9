# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a user's play calls the role: variables of the command line, tags, batches of hosts, and lists of tasks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import playing
from docr_sandbox.testing import Sandbox
from playing import ROOT, PlaybookFailedError, Played
from support.modules import writes
from support.plays import play
from support.role_manifests import written
from support.unsafe_yaml import UnsafeDumper

ROLE = "planton.digitalocean.docr"
DESTROY = "playbooks/destroy.yml"
SITE = "playbooks/site.yml"
GC_PLAYBOOK = "playbooks/gc.yml"
# The comparison and the task that creates list the registries.
LISTS_OF_A_CREATE = 2
LINE = "docr_registry{}: create the registry fig in syd1"
GC = "planton.digitalocean.docr_gc"


def manifest(name: str, **spec: Any) -> dict[str, Any]:
    return written(name, **({"subscription_tier": "professional", "region": "syd1"} | spec))


@pytest.fixture
def team(sandbox: Sandbox) -> Sandbox:
    """A team with two registries."""
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "region": "syd1"}, {"name": "plum"}]})
    sandbox.clear_log()
    return sandbox


def registries(sandbox: Sandbox) -> set[str]:
    return {one["name"] for one in sandbox.account()["registries"]}


def play_of(folder: Path, *tasks: dict[str, Any], hosts: str = "localhost", **keys: Any) -> Path:
    """A playbook with one play."""
    path = folder / "mine.yml"
    path.write_text(yaml.safe_dump([{"hosts": hosts, "gather_facts": False, **keys, "tasks": list(tasks)}]))
    return path


def included(entry: str = "main", **keys: Any) -> dict[str, Any]:
    return {"name": "Include", "ansible.builtin.include_role": {"name": ROLE, "tasks_from": entry, **keys}}


@pytest.mark.parametrize("consent", ["true", "false"])
def test_destroy_reads_a_consent_of_the_command_line_as_a_boolean(team: Sandbox, consent: str) -> None:
    pulled = manifest("kiwi", doks_integration={"method": "operator", "contexts": ["farm"]})
    given = {"docr_team": team.account()["team"]["name"], "docr_manifests": [pulled], "docr_destroy_names": ["kiwi"]}
    arguments = ("--check", "-e", f"docr_allow_delete_integrated={consent}")
    with pytest.raises(PlaybookFailedError) as failed:
        play(DESTROY, team, given, *arguments)
    told = " ".join(str(failed.value).split())
    # With the consent the play gets as far as the cluster, whose kubeconfig is missing.
    assert ("by the manifests clusters pull from kiwi" in told) is (consent == "false")
    assert ("kubeconfig" in told) is (consent == "true")
    assert writes(team) == []


def test_destroy_takes_names_of_the_command_line_with_commas(team: Sandbox) -> None:
    given = {"docr_team": team.account()["team"]["name"]}
    play(DESTROY, team, given, "-e", "docr_destroy_names=plum,kiwi")
    assert registries(team) == set()


@pytest.mark.parametrize(("switch", "collections"), [("false", 0), ("true", 1)])
def test_a_switch_of_the_command_line_turns_a_stage_off_and_on(team: Sandbox, switch: str, collections: int) -> None:
    given = {"docr_manifests": [manifest("kiwi", garbage_collection_enabled=True)]}
    played = play(SITE, team, given, "-e", f"docr_gc_enabled={switch}")
    assert played.ran.get(GC, 0) == collections
    assert any("garbage" in call for call in team.calls()) is bool(collections)


@pytest.mark.parametrize("serial", [1, 2])
def test_in_batches_of_hosts_every_host_has_the_outputs_and_one_batch_writes(
    team: Sandbox, tmp_path: Path, serial: int
) -> None:
    check = {"name": "Use", "ansible.builtin.assert": {"that": "docr_outputs.fig.region == 'syd1'", "quiet": True}}
    playbook = play_of(tmp_path, included(), check, hosts="all", serial=serial)
    inventory = tmp_path / "hosts"
    inventory.write_text("web1\nweb2\nweb3\n[all:vars]\nansible_host=192.0.2.7\n")
    play(playbook, team, {"docr_manifests": [manifest("fig")]}, "-i", str(inventory))
    assert writes(team) == ["POST /v2/registries"]
    assert team.calls().count("GET /v2/registries") == LISTS_OF_A_CREATE


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_with_a_strategy_that_ignores_run_once_each_inclusion_works_once(
    team: Sandbox, tmp_path: Path, strategy: str
) -> None:
    teams = {**included("registry", apply={}), "loop": ["fig", "lime"], "vars": {"docr_manifests": "{{ [all[item]] }}"}}
    inventory = tmp_path / "hosts"
    inventory.write_text("web1\nweb2\nweb3\n[all:vars]\nansible_host=192.0.2.7\n")
    given = {"all": {name: manifest(name) for name in ("fig", "lime")}}
    collects = {**included("gc"), "vars": {"docr_manifests": "{{ [all.fig] }}"}}
    playbook = play_of(tmp_path, teams, collects, hosts="all", strategy=strategy)
    # Started as a user starts it: plays of the fork server are fast enough that two hosts work at the same time for
    # two inclusions, and Ansible then registers the result of a skipped task of one host for the other host too.
    played = playing.play(playbook, team, given, "-i", str(inventory))
    assert writes(team) == ["POST /v2/registries"] * 2
    assert played.ran["planton.digitalocean.docr_registry"] == 2
    assert played.ran["planton.digitalocean.docr_variables"] == 9


def test_with_the_strategy_free_what_an_inclusion_skips_hides_no_result_of_another(
    team: Sandbox, tmp_path: Path
) -> None:
    # While the first host rehearses the collection in kiwi, the second host skips the comparison.
    team.fault(method="GET", path="/v2/registries/kiwi/garbage-collections", delay=8, times=1)
    site = {**included(apply={}), "vars": {"docr_manifests": "{{ all.site }}"}}
    collects = {**included("gc"), "vars": {"docr_manifests": "{{ all.gc }}"}}
    inventory = tmp_path / "hosts"
    inventory.write_text("web1\nweb2\n[all:vars]\nansible_host=192.0.2.7\n")
    collected = {"garbage_collection_enabled": True}
    given = {"all": {"site": [manifest("kiwi", **collected), manifest("fig")], "gc": [manifest("plum", **collected)]}}
    played = play(play_of(tmp_path, site, collects, hosts="all", strategy="free"), team, given, "-i", str(inventory))
    assert writes(team) == ["POST /v2/registries"]
    assert played.statistics["docr_outputs"]


STAGES = {
    "docr_registry": ({"docr_registry", "docr_plan"}, ["POST /v2/registries"]),
    "docr_gc": ({"docr_gc"}, ["POST /v2/registries/kiwi/garbage-collection"]),
    "docr_access": ({"docr_doks_integration", "docr_plan"}, ["POST /v2/kubernetes/registries"]),
}


@pytest.mark.parametrize("tag", STAGES)
def test_a_tag_runs_a_stage_alone_and_a_skipped_tag_the_others(team: Sandbox, tag: str) -> None:
    team.seed({"tier": "professional", "registries": [{"name": "kiwi"}], "clusters": [{"name": "orchard"}]})
    team.clear_log()
    wanted = [manifest("kiwi", garbage_collection_enabled=True)]
    given = {"docr_gc_force": True, "docr_doks_clusters": ["orchard"], "docr_doks_wait_for_secrets": "never"}
    given |= {"docr_manifests": wanted if tag != "docr_registry" else [*wanted, manifest("fig")]}
    skipped = play(SITE, team, {**given, "docr_manifests": wanted}, "--check", "--skip-tags", tag)
    modules, calls = STAGES[tag]
    others = {"docr_registry", "docr_gc", "docr_doks_integration"} - modules
    assert modules_of(skipped).isdisjoint(modules - {"docr_plan"})
    assert modules_of(skipped) >= others - {"docr_registry"}
    played = play(SITE, team, given, "--tags", tag)
    assert modules_of(played) - {"docr_variables", "docr_manifests"} == modules
    assert writes(team) == calls


def modules_of(played: Played) -> set[str]:
    return {name.rpartition(".")[2] for name in played.ran if name.startswith("planton.digitalocean.")}


def test_outputs_exist_after_a_failed_run_as_far_as_they_are_known(team: Sandbox, tmp_path: Path) -> None:
    team.fault(method="POST", path="/v2/registries", skip=1, status=422)
    outputs = "docr_outputs.fig.region == 'syd1' and docr_outputs.fig.changed and docr_outputs.lime.region is none"
    known = "docr_outputs.kiwi.region == 'syd1' and not docr_outputs.kiwi.changed and not docr_outputs.lime.changed"
    check = {"name": "Use", "ansible.builtin.assert": {"that": [outputs, known], "quiet": True}}
    playbook = play_of(tmp_path, {"block": [included()], "rescue": [check]})
    played = play(playbook, team, {"docr_manifests": [manifest(name) for name in ("kiwi", "fig", "lime")]})
    assert played.statistics["docr_outputs"]["lime"]["region"] is None
    assert "The stage registry failed: Could not create the registry lime" in " ".join(played.output.split())
    assert registries(team) == {"kiwi", "plum", "fig"}


def test_a_stage_alone_keeps_what_an_earlier_job_found_of_the_other_stages(team: Sandbox, tmp_path: Path) -> None:
    wanted = [manifest("kiwi", garbage_collection_enabled=True)]
    first = play(SITE, team, {"docr_manifests": wanted, "docr_gc_force": True}).statistics["docr_outputs"]
    artifact = tmp_path / "artifact.yml"
    # As AWX hands an artifact to the next job; ansible-core 2.19 and newer read the times as datetime.
    artifact.write_text(yaml.dump({"docr_outputs": first}, Dumper=UnsafeDumper))
    second = play(GC_PLAYBOOK, team, {"docr_manifests": wanted}, "-e", f"@{artifact}").statistics["docr_outputs"]
    kept = ("region", "created_at", "storage_usage_bytes", "subscription_tier")
    assert {key: second["kiwi"][key] for key in kept} == {key: first["kiwi"][key] for key in kept}
    assert (second["kiwi"]["changed"], second["kiwi"]["garbage_collection"]["decision"]) == (False, "recent")
    third = play(SITE, team, {"docr_manifests": wanted}, "-e", f"@{artifact}", "--tags", "docr_registry")
    collection = third.statistics["docr_outputs"]["kiwi"]["garbage_collection"]
    assert (collection["decision"], collection["last"]) == ("not_run", first["kiwi"]["garbage_collection"]["last"])


@pytest.mark.parametrize("source", ["environment", "module_defaults"])
def test_the_outputs_of_the_stage_gc_have_the_image_host_of_the_play(
    team: Sandbox, tmp_path: Path, source: str
) -> None:
    host = "images.example.org:5443"
    if source == "environment":
        keys: dict[str, Any] = {"environment": {"DOCR_REGISTRY_HOST": host}}
    else:
        keys = {"module_defaults": {"group/planton.digitalocean.docr": {"registry_host": host}}}
    given = {"docr_manifests": [manifest("kiwi", garbage_collection_enabled=True)]}
    played = play(play_of(tmp_path, included("gc"), **keys), team, given, "--check")
    assert played.statistics["docr_outputs"]["kiwi"]["endpoint"] == f"{host}/kiwi"


def test_the_summary_says_what_happened_and_can_be_switched_off(team: Sandbox) -> None:
    given = {"docr_manifests": [manifest("kiwi"), manifest("fig")]}
    planned = play(SITE, team, given, "--check").output
    assert "Check mode, nothing was changed. Registries that would change: 1, unchanged: 1." in planned
    assert re.search(r"/fig +syd1 +professional \$20.00 a month +would be created", planned)
    done = play(SITE, team, given, "-e", "docr_summary_enabled=yes").output
    assert re.search(r"/fig +syd1 +professional \$20.00 a month +created", done)
    assert re.search(r"/kiwi +syd1 +professional \$20.00 a month +none", done)
    assert "Registries changed" not in play(SITE, team, given, "-e", "docr_summary_enabled=no").output


@pytest.mark.parametrize("place", ["apply", "roles"])
def test_tags_of_a_play_reach_every_task_of_the_role(team: Sandbox, tmp_path: Path, place: str) -> None:
    if place == "apply":
        task = {**included("registry", apply={"tags": ["images"]}), "tags": ["images"]}
        playbook = play_of(tmp_path, task)
    else:
        playbook = play_of(tmp_path, roles=[{"role": ROLE, "tags": ["images"]}])
    given = {"docr_manifests": [manifest("fig")]}
    play(playbook, team, given, "--tags", "other")
    assert team.calls() == []
    play(playbook, team, given, "--tags", "images")
    assert registries(team) == {"kiwi", "plum", "fig"}


def test_check_mode_of_an_include_changes_nothing_and_predicts_the_change(team: Sandbox, tmp_path: Path) -> None:
    playbook = play_of(tmp_path, included(apply={"check_mode": True}))
    played = play(playbook, team, {"docr_manifests": [manifest("fig")]})
    assert played.changed == [f"{ROLE} : Create and change registries"]
    assert played.statistics["docr_outputs"]["fig"]["changed"] is True
    assert writes(team) == []


def test_under_a_condition_for_one_host_every_host_has_the_outputs(team: Sandbox, tmp_path: Path) -> None:
    task = {**included("registry"), "when": "inventory_hostname == 'web2'"}
    # A fact of a task that runs once is a fact of every host of the play.
    check = {"name": "Use", "ansible.builtin.assert": {"that": "docr_outputs.fig.region == 'syd1'", "quiet": True}}
    playbook = play_of(tmp_path, task, check, hosts="all")
    inventory = tmp_path / "hosts"
    inventory.write_text("web1\nweb2\n")
    play(playbook, team, {"docr_manifests": [manifest("fig")]}, "-i", str(inventory))
    assert registries(team) == {"kiwi", "plum", "fig"}


@pytest.mark.parametrize("entry", ["main", "registry", "gc", "doks_integration", "rotate", "destroy"])
def test_ansible_lists_the_tasks_of_an_entry_point(tmp_path: Path, entry: str) -> None:
    task = {"name": "Import", "ansible.builtin.import_role": {"name": ROLE, "tasks_from": entry}}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "--list-tasks", str(play_of(tmp_path, task))]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stderr
    assert f"{ROLE} : Read and check the manifests" in listed.stdout
    assert "{{" not in listed.stdout


def test_messages_of_modules_name_the_variables_of_the_role(team: Sandbox) -> None:
    lower = manifest("kiwi", subscription_tier="basic", garbage_collection_enabled=True)
    warned = " ".join(play(SITE, team, {"docr_manifests": [lower], "docr_gc_enabled": False}).notes.split())
    assert "Set docr_allow_downgrade to lower the tier." in warned
    refused = {"docr_gc_outside_window": "wait", "docr_gc_wait": False, "docr_rate_limit_wait": -1}
    with pytest.raises(PlaybookFailedError) as failed:
        play(GC_PLAYBOOK, team, {"docr_manifests": [lower], **refused})
    told = " ".join(str(failed.value).split())
    assert "docr_gc_outside_window=wait requires docr_gc_wait=true" in told
    assert "set docr_gc_wait=true or docr_gc_outside_window=skip" in told


def test_with_v_each_action_is_a_line_before_the_result(team: Sandbox, tmp_path: Path) -> None:
    task = {"name": "Create", "planton.digitalocean.docr_registry": {"name": "fig", "region": "syd1"}}
    playbook = play_of(tmp_path, task)
    planned = play(playbook, team, {}, "--check", "-v").output
    assert planned.index(LINE.format(" (planned)")) < planned.index("changed: [localhost]")
    hidden = play(play_of(tmp_path, {**task, "no_log": True}), team, {}, "--check", "-v").output
    assert "docr_registry (planned)" not in hidden
    done = play(play_of(tmp_path, task), team, {}, "-v").output
    assert done.index(LINE.format("")) < done.index("changed: [localhost]")


def test_a_region_that_digitalocean_selects_is_in_the_outputs_and_in_no_later_change(sandbox: Sandbox) -> None:
    given = {"docr_manifests": [written("fig", subscription_tier="starter")]}
    planned = play(SITE, sandbox, given, "--check").statistics["docr_outputs"]["fig"]
    assert (planned["region"], planned["changed"], planned["registry_name"]) == (None, True, "fig")
    made = play(SITE, sandbox, given).statistics["docr_outputs"]["fig"]
    assert made["region"] == sandbox.account()["registries"][0]["region"]
    second = play(SITE, sandbox, given)
    assert (second.changed, second.statistics["docr_outputs"]["fig"]["region"]) == ([], made["region"])
