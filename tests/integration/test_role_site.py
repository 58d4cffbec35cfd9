# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's main entry point: registries, clusters and outputs from manifests; a second run; a run after a crash."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from docr_sandbox.testing import Sandbox
from playing import ROOT, PlaybookFailedError, Played
from support.modules import writes
from support.plays import play
from support.role_manifests import written

SITE = "playbooks/site.yml"
THURSDAY = "2031-05-08T15:00:00Z"
SUNDAY = "2031-05-11T03:20:00Z"
# These clusters have no control plane, so a run that changes their integration would wait for an answer in vain.
UNREAD = {"docr_doks_wait_for_secrets": "never"}


def manifest(name: str, **spec: Any) -> dict[str, Any]:
    return written(name, **({"subscription_tier": "professional", "region": "blr1"} | spec))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Two files with three manifests."""
    folder = tmp_path / "manifests"
    folder.mkdir()
    first = [manifest("kiwi", garbage_collection_enabled=True), manifest("plum", region="SYD1")]
    (folder / "one.yaml").write_text(yaml.safe_dump_all(first))
    third = manifest("fig", region="fra1", doksIntegration={"clusters": ["meadow"]})
    (folder / "two.yml").write_text(yaml.safe_dump(third))
    return folder


@pytest.fixture
def team(sandbox: Sandbox) -> Sandbox:
    """A team with two clusters and no registry, on a Thursday afternoon."""
    sandbox.set_clock(THURSDAY)
    sandbox.seed({"clusters": [{"name": "orchard", "region": "blr1"}, {"name": "meadow", "region": "fra1"}]})
    sandbox.clear_log()
    return sandbox


def converge(sandbox: Sandbox, files: Path, *arguments: str, **variables: Any) -> Played:
    return play(SITE, sandbox, {**UNREAD, "docr_manifest_files": str(files), **variables}, *arguments)


def clusters(sandbox: Sandbox) -> dict[str, list[str]]:
    return {one["name"]: sorted(one["registries"]) for one in sandbox.account()["clusters"]}


def registries(sandbox: Sandbox) -> dict[str, str]:
    return {one["name"]: one["region"] for one in sandbox.account()["registries"]}


def test_main_is_predicted_in_check_mode_then_applied_then_unchanged(team: Sandbox, files: Path) -> None:
    predicted = converge(team, files, "--check", "--diff", docr_doks_clusters=["orchard"])
    assert writes(team) == []
    assert all(f"+{line}" in predicted.output.replace(" ", "") for line in ("region:syd1", "tier:professional", "-fig"))
    first = converge(team, files, docr_doks_clusters=["orchard"])
    assert predicted.changed == first.changed != []
    assert registries(team) == {"kiwi": "blr1", "plum": "syd1", "fig": "fra1"}
    assert clusters(team) == {"orchard": ["kiwi", "plum"], "meadow": ["fig"]}
    team.clear_log()
    second = converge(team, files, docr_doks_clusters=["orchard"])
    assert second.changed == []
    # The lists of the plan are read at the same time, so their order is not fixed.
    assert sorted(team.calls()) == [
        "GET /v2/kubernetes/clusters",
        "GET /v2/registries",
        "GET /v2/registries/kiwi/garbage-collections",
        "GET /v2/registries/options",
        "GET /v2/registries/subscription",
    ]


def test_twenty_clusters_with_nothing_to_do_cost_no_more_calls_than_the_lists(sandbox: Sandbox) -> None:
    names = [f"c{number:02}" for number in range(20)]
    wanted = [manifest(f"r{number}", garbage_collection_enabled=True) for number in range(3)]
    registries = [{"name": one["spec"]["name"], "region": "blr1"} for one in wanted]
    listed = [{"name": name, "registries": ["r0", "r1", "r2"]} for name in names]
    sandbox.seed({"tier": "professional", "registries": registries, "clusters": listed})
    sandbox.set_clock(THURSDAY)
    sandbox.clear_log()
    converged = play(SITE, sandbox, {"docr_manifests": wanted, "docr_doks_clusters": names})
    assert converged.changed == []
    # Four lists of docr_plan, where 200 clusters are a page, and a list of collections for each registry.
    assert len(sandbox.calls()) == 4 + len(wanted)


def test_the_outputs_contain_endpoint_usage_and_time(team: Sandbox, files: Path) -> None:
    outputs = converge(team, files).statistics["docr_outputs"]
    assert sorted(outputs) == ["fig", "kiwi", "plum"]
    kiwi = outputs["kiwi"]
    host = team.environment.get("DOCR_REGISTRY_HOST", "registry.digitalocean.com")
    assert kiwi["endpoint"] == f"{host}/kiwi"
    assert (kiwi["server_url"], kiwi["region"], kiwi["subscription_tier"]) == (
        host,
        "blr1",
        "professional",
    )
    assert kiwi["changed"] is True
    collection = kiwi["garbage_collection"]
    assert (collection["enabled"], collection["decision"]) == (True, "outside_window")
    assert collection["next_window"]["opens_at"] == "2031-05-11T03:00:00Z"
    assert "only blobs that no manifest names" in collection["note"]
    assert outputs["plum"]["garbage_collection"]["enabled"] is False
    assert outputs["fig"]["clusters"][0]["name"] == "meadow"


def test_a_collection_inside_a_window_frees_unreferenced_blobs(team: Sandbox, files: Path) -> None:
    converge(team, files)
    team.seed({"registries": [{"name": "kiwi", "unreferenced_bytes": 71_000}]})
    team.set_clock(SUNDAY)
    team.control("PUT", "clock", {"rate": 60})
    played = converge(team, files, docr_gc_wait_sleep=1)
    last = played.statistics["docr_outputs"]["kiwi"]["garbage_collection"]["last"]
    assert (last["status"], last["freed_bytes"]) == ("succeeded", 71_000)
    assert converge(team, files).changed == []


@pytest.mark.parametrize(
    ("entry", "made"),
    [
        ("registry", {"kiwi", "plum", "fig"}),
        ("gc", set()),
        ("doks_integration", set()),
    ],
)
def test_each_stage_works_alone(team: Sandbox, files: Path, tmp_path: Path, entry: str, made: set[str]) -> None:
    if not made:
        regions = {"kiwi": "blr1", "plum": "syd1", "fig": "fra1"}
        present = [{"name": name, "region": region} for name, region in regions.items()]
        team.seed({"tier": "professional", "registries": present})
    team.clear_log()
    playbook = tmp_path / "stage.yml"
    include = {"name": "planton.digitalocean.docr", "tasks_from": entry}
    task = {"name": "Stage", "ansible.builtin.include_role": include}
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    played = play(playbook, team, {**UNREAD, "docr_manifest_files": str(files)})
    created = {call for call in writes(team) if call == "POST /v2/registries"}
    assert bool(created) is bool(made)
    assert (clusters(team)["meadow"] == ["fig"]) is (entry == "doks_integration")
    assert ("GET /v2/registries/kiwi/garbage-collections" in team.calls()) is (entry == "gc")
    outputs = played.statistics["docr_outputs"]
    assert sorted(outputs) == ["fig", "kiwi", "plum"]
    assert (outputs["plum"]["region"], outputs["plum"]["storage_usage_bytes"]) == (
        ("syd1", 0) if made else (None, None)
    )


def test_switches_turn_stages_off(team: Sandbox, files: Path) -> None:
    converge(team, files, docr_gc_enabled=False, docr_doks_integration_enabled=False)
    assert set(registries(team)) == {"kiwi", "plum", "fig"}
    assert clusters(team)["meadow"] == []
    assert not any("garbage" in call or "kubernetes" in call for call in team.calls())


def test_in_a_play_over_many_hosts_the_role_runs_once_and_all_hosts_have_the_outputs(
    team: Sandbox, files: Path, tmp_path: Path
) -> None:
    tasks = [
        {
            "name": "Converge",
            "ansible.builtin.include_role": {"name": "planton.digitalocean.docr"},
            "vars": {**UNREAD, "docr_manifest_files": str(files)},
        },
        {
            "name": "Use",
            "ansible.builtin.assert": {"that": "docr_outputs.kiwi.region == 'blr1'", "quiet": True},
        },
    ]
    defaults = {"group/planton.digitalocean.docr": {"token": "{{ lookup('env', 'MY_TOKEN') }}", "endpoint": team.url}}
    playbook = tmp_path / "mine.yml"
    playbook.write_text(
        yaml.safe_dump(
            [{"hosts": "all", "become": True, "gather_facts": False, "module_defaults": defaults, "tasks": tasks}]
        )
    )
    inventory = tmp_path / "hosts"
    # Hosts that nobody can reach, in a play that becomes root there: none of it concerns the controller.
    inventory.write_text(
        "web1\nweb2\nweb3\n[all:vars]\nansible_host=192.0.2.7\nansible_python_interpreter=/nowhere/python\n"
    )
    without = Sandbox(
        team.folder,
        team.process,
        {**team.exports, "DIGITALOCEAN_ACCESS_TOKEN": "", "DIGITALOCEAN_TOKEN": "", "MY_TOKEN": team.token,
         "DIGITALOCEAN_API_URL": "https://127.0.0.1:9"},
    )  # fmt: skip
    play(playbook, without, {}, "-i", str(inventory))
    assert team.calls().count("GET /v2/registries/options") == 2  # plan and creation, once for all


def test_a_registry_and_an_integration_of_another_client_are_adopted_without_a_change(team: Sandbox) -> None:
    made = {"name": "kiwi", "region": "blr1", "subscription_tier_slug": "basic"}
    assert team.request("POST", "/v2/registries", made)[0] == 201
    (orchard, _meadow) = (one["id"] for one in team.account()["clusters"])
    joined = {"cluster_uuids": [orchard], "registries": ["kiwi"]}
    assert team.request("POST", "/v2/kubernetes/registries", joined)[0] in (200, 204)
    before = (registries(team), clusters(team), team.account()["tier"])
    team.clear_log()
    adopted = manifest("kiwi", subscription_tier="BASIC", doks_integration={"clusters": ["orchard"]})
    played = play(SITE, team, {"docr_manifests": [adopted]})
    assert (played.changed, writes(team)) == ([], [])
    assert played.statistics["docr_outputs"]["kiwi"]["changed"] is False
    assert (registries(team), clusters(team), team.account()["tier"]) == before


def test_the_playbook_is_found_by_its_full_name_and_can_be_imported(team: Sandbox, files: Path, tmp_path: Path) -> None:
    play("planton.digitalocean.site", team, {**UNREAD, "docr_manifest_files": str(files)})
    playbook = tmp_path / "all.yml"
    playbook.write_text(
        yaml.safe_dump([{"name": "Ours", "ansible.builtin.import_playbook": "planton.digitalocean.site"}])
    )
    assert play(playbook, team, {**UNREAD, "docr_manifest_files": str(files)}).changed == []


def test_inline_manifests_do_the_same_as_files(team: Sandbox) -> None:
    play(SITE, team, {"docr_manifests": [manifest("kiwi"), manifest("plum")]})
    assert set(registries(team)) == {"kiwi", "plum"}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ([manifest("kiwi", region="lon1")], "no registry can be created in 'lon1'; choose one of "),
        ([manifest("kiwi"), manifest("plum", doks_integration={"clusters": ["gone"]})], "gone"),
        ([manifest(f"r{number}") for number in range(11)], "there would be 11 registries"),
        ([manifest("kiwi", region="mars1"), manifest("plum", doks_integration={"clusters": ["gone"]})], "2 errors"),
    ],
)
def test_values_that_only_the_service_can_reject_are_refused_before_any_write(
    team: Sandbox, spec: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(PlaybookFailedError, match=words):
        play(SITE, team, {"docr_manifests": spec})
    assert writes(team) == []


def test_manifests_whose_tiers_differ_are_resolved_or_refused_by_policy(team: Sandbox) -> None:
    both = [manifest("kiwi", subscription_tier="STARTER"), manifest("plum")]
    team.clear_log()
    with pytest.raises(PlaybookFailedError, match="names starter"):
        play(SITE, team, {"docr_manifests": both, "docr_tier_policy": "strict"})
    assert team.calls() == []
    play(SITE, team, {"docr_manifests": both})
    assert team.account()["tier"] == "professional"


def test_without_files_and_manifests_the_error_is_one_sentence(team: Sandbox) -> None:
    with pytest.raises(PlaybookFailedError, match="docr_manifest_files"):
        play(SITE, team)
    assert team.calls() == []


def kill_tree(root: subprocess.Popen[bytes]) -> None:
    """Kill a process with all below it, also those that Ansible's workers start in sessions of their own."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in table.splitlines())}
    doomed = [root.pid]
    for one in doomed:
        doomed += [pid for pid, parent in parents.items() if parent == one]
    for pid in doomed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    root.wait()


@pytest.mark.parametrize(
    ("path", "earlier", "made"),
    [
        ("/v2/registries", 0, set()),
        ("/v2/registries", 1, {"kiwi"}),
        ("/v2/kubernetes/registries", 0, {"kiwi", "plum", "fig"}),
    ],
)
def test_after_a_run_killed_at_any_call_the_next_run_succeeds(
    files: Path, tmp_path: Path, path: str, earlier: int, made: set[str]
) -> None:
    command = [str(Path(sys.executable).parent / "ansible-playbook"), SITE, "-e", f"docr_manifest_files={files}"]
    command += ["-e", json.dumps(UNREAD)]
    # A sandbox of its own: the request that was held back when its client died ends with it.
    with Sandbox.start(tmp_path / "own") as team:
        team.seed({"clusters": [{"name": "meadow", "region": "fra1"}]})
        team.fault(method="POST", path=path, skip=earlier, delay=300, times=1)
        running = subprocess.Popen(command, cwd=ROOT, env=team.environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while team.calls().count(f"POST {path}") <= earlier and time.monotonic() < deadline:
            time.sleep(0.05)
        kill_tree(running)
        assert set(registries(team)) == made
        team.clear_faults()
        converge(team, files)
        assert (set(registries(team)), clusters(team)) == ({"kiwi", "plum", "fig"}, {"meadow": ["fig"]})
        assert converge(team, files).changed == []


def test_a_server_that_dies_half_way_is_reported_and_the_next_run_succeeds(files: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox.start(tmp_path / "a", state_file=state) as dying:
        dying.seed({"clusters": [{"name": "meadow", "region": "fra1"}]})
        dying.fault(method="POST", path="/v2/kubernetes/registries", drop=True, times=99)
        with pytest.raises(PlaybookFailedError):
            converge(dying, files, docr_doks_wait_timeout=5)
    with Sandbox.start(tmp_path / "b", port=None, state_file=state) as reborn:
        converge(reborn, files)
        assert clusters(reborn) == {"meadow": ["fig"]}
        assert converge(reborn, files).changed == []


def test_the_token_shows_nowhere_not_even_at_the_highest_verbosity(team: Sandbox, files: Path, tmp_path: Path) -> None:
    given = {"docr_token": team.token, "docr_endpoint": team.url, "docr_ca_path": team.ca_file}
    # In a file, since Ansible itself prints what the command line says.
    variables = tmp_path / "connection.json"
    variables.write_text(json.dumps(given))
    played = converge(team, files, "-vvvv", "--diff", "-e", f"@{variables}")
    assert team.token not in played.output
    assert team.token not in str(played.statistics)
