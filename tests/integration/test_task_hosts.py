# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of several hosts at once, each with its own environment, in the controller's process and on a remote host."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from docr_sandbox.testing import Sandbox
from support.plays import play
from support.ways import WAY_VARIABLE, WayName, count_tasks, environment_of

INFO = "planton.digitalocean.docr_registry_info"
HOSTS = ("web1", "web2", "web3")
# A shell of this machine in the place of ssh: the words before the command are ssh's own.
FAKE_SSH = '#!/bin/sh\nfor command; do :; done\nexec /bin/sh -c "$command"\n'


def fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:12]


def remote_host(folder: Path) -> dict[str, Any]:
    """The keywords of a task whose host is reached by ssh; a shell of this machine stands in for the host."""
    ssh = folder / "ssh"
    ssh.write_text(FAKE_SSH, encoding="utf-8")
    ssh.chmod(0o700)
    shell = {"ansible_ssh_executable": str(ssh), "ansible_ssh_pipelining": True}
    return {"connection": "ssh", "vars": {**shell, "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}


def test_hosts_at_once_keep_their_tokens_apart_and_a_remote_host_runs_a_module(
    sandbox: Sandbox, tmp_path: Path, way: WayName
) -> None:
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    tokens = {host: sandbox.mint(scopes=["registry:read"]) for host in HOSTS}
    own_token = "{{ tokens[inventory_hostname] }}"
    # Ansible prints the environment of a module with -vvv.
    own: dict[str, Any] = (
        {INFO: {}, "environment": {"DIGITALOCEAN_ACCESS_TOKEN": own_token}}
        if way == "controller"
        else {INFO: {"token": own_token}}
    )
    wrong = {"team": "{{ inventory_hostname }}", "token": "{{ own_token }}"}
    says_host = {"that": "result.msg is search('for the team ' ~ inventory_hostname ~ ':')", "quiet": True}
    tasks: list[dict[str, Any]] = [
        {"name": "Own", "delegate_to": "localhost", **own},
        {"name": "Named", INFO: wrong, "connection": "local", "register": "result", "ignore_errors": True},
        {"name": "Check", "ansible.builtin.assert": says_host},
        {"name": "Once", INFO: {}, "delegate_to": "localhost", "delegate_facts": True, "run_once": True},
    ]
    # The way of the environment is for the tasks of the controller; a remote host can only run a module.
    far = {"name": "Far", INFO: {}, "environment": {WAY_VARIABLE: "auto"}, **remote_host(tmp_path)}
    plays = [
        {"hosts": "all", "gather_facts": False, "tasks": tasks},
        {"hosts": "all", "gather_facts": False, "strategy": "free", "tasks": tasks[:1]},
        {"hosts": "web1", "gather_facts": False, "tasks": [far]},
    ]
    path = tmp_path / "mine.yml"
    path.write_text(json.dumps(plays), encoding="utf-8")
    inventory = tmp_path / "hosts"
    inventory.write_text("\n".join(HOSTS) + "\n[all:vars]\nansible_host=192.0.2.7\n", encoding="utf-8")
    here = Sandbox(sandbox.folder, sandbox.process, {**environment_of(sandbox, way), "ANSIBLE_HOST_KEY_CHECKING": "0"})
    given = {"tokens": tokens, "own_token": sandbox.token}
    printed = play(path, here, given, "-vvv", "-i", str(inventory), "--forks", "5").output
    calls = Counter(str(entry["token"]) for entry in sandbox.log())
    each = {calls[fingerprint(token)] for token in tokens.values()}
    # As many calls of each host, in both plays.
    assert len(each) == 1
    assert each != {0}
    one = each.pop() // 2
    assert calls[fingerprint(sandbox.token)] == len(HOSTS) + 2 * one
    assert "runs as a module: the connection is ssh" in printed
    assert count_tasks(printed, way) == 3 * len(HOSTS) + (1 if way == "controller" else 2)
