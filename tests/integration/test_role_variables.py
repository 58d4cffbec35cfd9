# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of the role as text, as AWX's `!unsafe` text, blank and misspelt: each means what the user wrote."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from docr_sandbox.testing import Sandbox
from playing import PlaybookFailedError, Played, playbook_program
from support.modules import writes
from support.plays import play
from support.role_manifests import written

DESTROY = "playbooks/destroy.yml"
ROTATE = "playbooks/rotate.yml"
SITE = "playbooks/site.yml"
GC = "planton.digitalocean.docr_gc"
FORMS = ("typed", "text", "unsafe", "json")


@pytest.fixture
def team(sandbox: Sandbox) -> Sandbox:
    """A team with the registries kiwi, which holds garbage, k and i, and a cluster."""
    names = {"kiwi": 900, "k": 0, "i": 0}
    sandbox.seed(
        {
            "tier": "professional",
            "registries": [
                {"name": one, "region": "syd1", "unreferenced_bytes": 900 * (one == "kiwi")} for one in names
            ],
            "clusters": [{"name": "orchard", "region": "syd1"}],
        }
    )
    sandbox.clear_log()
    return sandbox


def registries(sandbox: Sandbox) -> set[str]:
    return {one["name"] for one in sandbox.account()["registries"]}


def arguments(folder: Path, form: str, **variables: Any) -> list[str]:
    """The arguments of ansible-playbook that hand over variables in a form; texts in these variables stay texts."""
    path = folder / f"{form}.yml"
    if form == "typed":
        return ["-e", json.dumps(variables)]
    texts = {name: one if isinstance(one, str) else json.dumps(one) for name, one in variables.items()}
    if form == "json":
        return ["-e", json.dumps(texts)]
    if form == "text":
        return [part for name, one in texts.items() for part in ("-e", f"{name}='{one}'")]
    # As AWX writes the answers of surveys and prompts.
    lines = [f"{name}: !unsafe '{one}'" for name, one in texts.items()]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return ["-e", f"@{path}"]


def refusal(playbook: str, sandbox: Sandbox, given: dict[str, Any], *more: str) -> str:
    """What a play says that is refused before any call."""
    with pytest.raises(PlaybookFailedError) as failed:
        play(playbook, sandbox, given, *more)
    assert sandbox.calls() == []
    return " ".join(str(failed.value).split())


def manifest(name: str, **spec: Any) -> dict[str, Any]:
    return written(name, **({"subscription_tier": "professional", "region": "syd1"} | spec))


def site(sandbox: Sandbox, folder: Path, form: str, *manifests: dict[str, Any], **variables: Any) -> Played:
    given = {"docr_manifests": list(manifests), "docr_doks_wait_for_secrets": "never"}
    return play(SITE, sandbox, given, *arguments(folder, form, **variables))


@pytest.mark.parametrize("form", FORMS)
def test_destroy_deletes_the_registry_of_the_name_and_no_other(team: Sandbox, tmp_path: Path, form: str) -> None:
    name = team.account()["team"]["name"]
    play(DESTROY, team, {}, *arguments(tmp_path, form, docr_team=name, docr_destroy_names="kiwi"))
    assert registries(team) == {"k", "i"}


@pytest.mark.parametrize("blank", ["", " ", "null", "~"])
@pytest.mark.parametrize("form", ["text", "unsafe"])
def test_destroy_without_a_team_is_refused_before_any_call(
    team: Sandbox, tmp_path: Path, form: str, blank: str
) -> None:
    given = arguments(tmp_path, form, docr_team=blank, docr_destroy_names="kiwi")
    assert "docr_team is missing; name the team that the token must belong to" in refusal(DESTROY, team, {}, *given)


@pytest.mark.parametrize("form", FORMS)
def test_a_stage_that_is_switched_off_does_nothing(team: Sandbox, tmp_path: Path, form: str) -> None:
    off = {f"docr_{name}_enabled": False for name in ("registry", "gc", "doks_integration")}
    entry = manifest("plum", garbage_collection_enabled=True, doks_integration={"clusters": ["orchard"]})
    played = site(team, tmp_path, form, entry, **off)
    assert (played.changed, writes(team), played.ran.get(GC, 0)) == ([], [], 0)


@pytest.mark.parametrize("form", ["text", "unsafe", "json"])
def test_windows_dates_and_clusters_are_read_from_text(team: Sandbox, tmp_path: Path, form: str) -> None:
    team.set_clock("2031-05-11T23:00:00Z")
    windows = '[{"days": ["sunday"], "start": "22:30", "duration": "90m"}]'
    given = {"docr_gc_maintenance_windows": windows, "docr_gc_blackout_dates": "2031-05-18", "docr_gc_max_age": ""}
    entry = manifest("kiwi", garbage_collection_enabled=True)
    played = site(team, tmp_path, form, entry, docr_doks_clusters="orchard,", **given)
    assert played.ran[GC] >= 1
    assert "POST /v2/registries/kiwi/garbage-collection" in team.calls()
    assert team.account()["clusters"][0]["registries"] == ["kiwi"]


def test_a_start_that_yaml_changed_is_taken_back_and_told(team: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "prompt.yml"
    path.write_text(
        "docr_gc_maintenance_windows:\n- {days: [!unsafe sunday], start: !unsafe '22:30', duration: !unsafe '90m'}\n"
    )
    team.set_clock("2031-05-11T23:00:00Z")
    given = {"docr_manifests": [manifest("kiwi", garbage_collection_enabled=True)], "docr_registry_enabled": "no"}
    played = play(SITE, team, given, "-e", f"@{path}")
    assert "POST /v2/registries/kiwi/garbage-collection" in team.calls()
    # ansible-core 2.18 hands over the text.
    version = subprocess.run([playbook_program(), "--version"], capture_output=True, text=True, check=True).stdout
    is_text = "[core 2.18." in version
    assert ("22:30 is used" in " ".join(played.notes.split())) is not is_text


@pytest.mark.parametrize("blank", ["", None])
def test_a_blank_connection_leaves_the_environment_in_force(team: Sandbox, blank: str | None) -> None:
    given = dict.fromkeys(("docr_token", "docr_endpoint", "docr_ca_path", "docr_team", "docr_connect_timeout"), blank)
    played = play(SITE, team, {**given, "docr_manifests": [manifest("kiwi")]})
    assert played.changed == []
    assert team.calls()


@pytest.mark.parametrize("form", FORMS)
def test_every_error_is_told_at_once_in_the_names_of_variables(team: Sandbox, tmp_path: Path, form: str) -> None:
    wrong = {"docr_gc_enabled": "maybe", "docr_gc_wait_timeout": "soon", "docr_tier_policy": "hihgest"}
    told = refusal(SITE, team, {"docr_manifests": [manifest("kiwi")]}, *arguments(tmp_path, form, **wrong))
    for words in ("docr_gc_enabled: 'maybe' is not a boolean", "docr_gc_wait_timeout: 'soon'", "did you mean highest?"):
        assert words in told


def test_rotate_without_names_is_refused_and_a_misspelt_variable_is_told(team: Sandbox) -> None:
    given = {"docr_manifests": [manifest("kiwi")], "docr_rotate_name": "kiwi"}
    told = refusal(ROTATE, team, given)
    assert "docr_rotate_names is missing; repeat the names of the registries whose credentials leaked" in told
    assert "The role does not know the variable docr_rotate_name; did you mean docr_rotate_names?" in told


@pytest.mark.parametrize("stray", ["docr_destroy_names=kiwi, plum", "docr_destroy_names=kiwi docr_allow_delete_images"])
def test_extra_variable_that_ansible_cuts_at_a_blank_is_refused(team: Sandbox, stray: str) -> None:
    name = team.account()["team"]["name"]
    told = refusal(DESTROY, team, {}, "-e", f"docr_team='{name}' {stray}")
    assert f"the text '{stray.rpartition(' ')[2]}' belongs to no variable" in told
    assert "quote a value with blanks" in told


@pytest.mark.parametrize("name", ["DOCR_GC_ENABLED", "docr-gc-enabled", "Docr_Gc_Enabled"])
def test_variable_in_another_spelling_is_told(team: Sandbox, tmp_path: Path, name: str) -> None:
    played = site(team, tmp_path, "typed", manifest("kiwi"), **{name: False})
    assert f"The role does not know the variable {name}; did you mean docr_gc_enabled?" in " ".join(
        played.notes.split()
    )


def test_a_misspelt_variable_is_a_warning(team: Sandbox) -> None:
    played = play(SITE, team, {"docr_manifests": [manifest("kiwi")], "docr_gc_maintenance_window": []})
    assert "did you mean docr_gc_maintenance_windows?" in " ".join(played.notes.split())


def test_a_placeholder_of_awx_is_not_sent_as_a_token(team: Sandbox) -> None:
    told = refusal(SITE, team, {"docr_manifests": [manifest("kiwi")], "docr_token": "$encrypted$"})
    assert "placeholder for a secret, not the secret" in told


def test_a_server_named_by_a_variable_does_not_receive_the_token_of_the_environment(
    team: Sandbox, tmp_path: Path
) -> None:
    given = {"docr_manifests": [manifest("kiwi")]}
    others = {
        "docr_endpoint": "https://127.0.0.1:1",
        "docr_registry_host": "evil.test",
        "docr_revoke_url": "https://x.test",
    }
    told = refusal(SITE, team, {**given, **others})
    for name in others:
        assert f"{name} names a server that would receive the token of the environment" in told
    # The address of the environment, written by a variable, and a token beside the address are no concern.
    assert play(SITE, team, {**given, "docr_endpoint": f"{team.url}/"}).changed == []
    with Sandbox.start(tmp_path / "other") as other:
        other.seed({"tier": "professional", "registries": [{"name": "kiwi", "region": "syd1"}]})
        mixed = {"docr_endpoint": other.url, "docr_token": other.token, "docr_ca_path": other.ca_file}
        assert play(SITE, team, {**given, **mixed}).changed == []
        assert other.calls()
        # The token of module_defaults was written by the author of the playbook.
        include = {"name": "Converge", "ansible.builtin.include_role": {"name": "planton.digitalocean.docr"}}
        defaults = {"group/planton.digitalocean.docr": {"token": other.token}}
        head = {"hosts": "localhost", "gather_facts": False, "module_defaults": defaults}
        playbook = tmp_path / "mine.yml"
        playbook.write_text(yaml.safe_dump([{**head, "tasks": [include]}]))
        addresses = {"docr_endpoint": other.url, "docr_ca_path": other.ca_file}
        assert play(playbook, team, {**given, **addresses}).changed == []
        trusting = Sandbox(team.folder, team.process, {**team.exports, "DOCR_TRUST_ADDRESS_VARIABLES": "true"})
        del mixed["docr_token"]
        with pytest.raises(PlaybookFailedError, match="401"):
            play(SITE, trusting, {**given, **mixed})


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_hosts_of_a_play_with_different_values_are_refused(team: Sandbox, tmp_path: Path, strategy: str) -> None:
    hosts = {"one": {"docr_destroy_names": ["k"]}, "two": {"docr_destroy_names": ["kiwi"]}, "three": {}}
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    role = {"name": "planton.digitalocean.docr", "tasks_from": "destroy"}
    tasks = [{"ansible.builtin.include_role": role}]
    playbook = tmp_path / "play.yml"
    head = {"hosts": "all", "gather_facts": False, "connection": "local", "strategy": strategy}
    playbook.write_text(json.dumps([{**head, "tasks": tasks}]), encoding="utf-8")
    given = {"docr_team": team.account()["team"]["name"]}
    told = refusal(str(playbook), team, given, "-i", str(inventory))
    assert "docr_destroy_names: the host" in told
    assert "run the role in a play with hosts: localhost" in told
    # An extra variable wins over the values of hosts, so all hosts have the same value.
    play(playbook, team, {**given, "docr_destroy_names": ["i"]}, "-i", str(inventory))
    assert registries(team) == {"kiwi", "k"}


def test_a_malformed_name_is_told_by_its_variable(team: Sandbox) -> None:
    given = {"docr_team": team.account()["team"]["name"], "docr_destroy_names": "kiwi k"}
    told = refusal(DESTROY, team, given)
    # Older versions show the message as YAML, which doubles quotes.
    assert "docr_destroy_names: item 1 is refused: 'kiwi k' is not a registry name" in told.replace("''", "'")
    assert "and separate names with commas" in told
