# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What surrounds a task changes nothing: umask, fact cache, callbacks, --step, become, folders and kept files."""

from __future__ import annotations

import getpass
import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible_collections.planton.digitalocean.plugins as plugins_of_collection
from canaries import require_no_secret
from docr_sandbox.testing import Sandbox
from playing import playbook_program, write_play
from support.ways import WayName, count_tasks, environment_of

READ = "planton.digitalocean.docr_registry_info"
LOGIN = "planton.digitalocean.docr_credentials"
NO_ACCESS_OF_OTHERS = 0o027
HANGS_AFTER_S = 300
COLLECTIONS = Path(next(iter(plugins_of_collection.__path__))).parents[2]

# A callback that prints while a task runs, to both streams.
NOISY = """
import sys
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "noisy"

    def v2_runner_on_start(self, host, task):
        print("{noise", task.name, flush=True)
        print("}noise", file=sys.stderr, flush=True)
"""


def ansible(playbook: Path, environment: Mapping[str, str], *arguments: str, answers: str = "") -> str:
    """What a play prints, started with a umask that takes all access from others."""
    done = subprocess.run(
        [playbook_program(), str(playbook), *arguments],
        env={**environment, "ANSIBLE_LOCALHOST_WARNING": "0"},
        input=answers,
        umask=NO_ACCESS_OF_OTHERS,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS_AFTER_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_umask_fact_cache_callbacks_steps_and_become_to_the_same_user_change_nothing(
    sandbox: Sandbox, tmp_path: Path, way: WayName
) -> None:
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi"}]})
    config = tmp_path / "new" / "config.json"
    (tmp_path / "noisy.py").write_text(NOISY, encoding="utf-8")
    own = {"become": True, "become_user": getpass.getuser(), "become_method": "ansible.builtin.su"}
    fact = {"kept": "{{ read.registries }}", "cacheable": True}
    tasks: list[dict[str, Any]] = [
        {"name": "login", LOGIN: {"registry": "kiwi", "path": str(config)}},
        {"name": "refused", LOGIN: {"registry": "kiwi", "path": str(tmp_path / "refused.json")}},
        {"name": "read", READ: {}, "register": "read", **own},
        {"name": "keep", "ansible.builtin.set_fact": fact},
    ]
    facts = tmp_path / "facts"
    environment = environment_of(sandbox, way) | {
        "ANSIBLE_CALLBACK_PLUGINS": str(tmp_path),
        "ANSIBLE_CALLBACKS_ENABLED": "noisy",
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(facts),
    }
    # Yes, no, and continue with all others: no task reads an answer that is meant for Ansible.
    printed = ansible(write_play(tmp_path / "play.yml", tasks), environment, "--step", "-vvv", answers="y\nn\nc\n")
    assert count_tasks(printed, way) == 2
    assert "{noise login" in printed
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.parent.stat().st_mode) & NO_ACCESS_OF_OTHERS == 0
    assert not (tmp_path / "refused.json").exists()
    (cached,) = facts.iterdir()
    assert "kiwi" in cached.read_text(encoding="utf-8")
    require_no_secret("the play", printed, cached.read_text(encoding="utf-8"))


def test_a_collection_in_a_folder_with_blanks_runs_both_ways(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "two  blanks"
    folder.mkdir()
    (folder / "ansible_collections").symlink_to(COLLECTIONS)
    tasks: list[dict[str, Any]] = [{READ: {"run_in": way}} for way in ("controller", "module")]
    environment = {**sandbox.environment, "ANSIBLE_COLLECTIONS_PATH": str(folder)}
    printed = ansible(write_play(folder / "the play.yml", tasks), environment, "-vvv")
    assert (count_tasks(printed, "controller"), count_tasks(printed, "module")) == (1, 1)
    assert f"{folder}/ansible_collections/planton" in printed


def test_a_task_whose_files_ansible_keeps_is_a_module(sandbox: Sandbox, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    environment = {**sandbox.environment, "ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_REMOTE_TEMP": str(kept)}
    printed = ansible(write_play(tmp_path / "play.yml", [{READ: {}}]), environment, "-vvv")
    assert "docr_registry_info runs as a module: Ansible keeps the files of modules" in printed
    assert [path for path in kept.rglob("*.py") if "docr_registry_info" in path.name]
    assert os.environ.get("ANSIBLE_KEEP_REMOTE_FILES") is None
