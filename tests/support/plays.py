# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays without the start of ansible-playbook: a server imports the program once and forks for each play.

`playing.play` starts the program itself, as the demo, the benchmark and the tests of command lines do. Another version
of ansible-core always does.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import playing
from docr_sandbox.testing import Sandbox
from playing import PLAYBOOK_PROGRAM, ROOT, Ended, Played
from support import fork_server
from support.module_server import IMPORT_LIBRARIES

# Ansible reads these variables when it is imported, so plays share a server where the variables are equal.
_READ_ONCE = ("ANSIBLE_", "HOME", "LANG", "LC_", "NO_COLOR", "PATH", "PYTHON", "TMPDIR")
# What each play would do again: import the libraries of the modules and the action plugins of the collection, which run
# in forks of the play, and read the documentation of Ansible's own plugins, in which their settings stand.
_WARM_UP = f"""
import ansible.cli.playbook
from ansible.plugins import loader
loader.init_plugin_loader()
# A second call would warn. The option that sets further paths does not exist for ansible-playbook.
ansible.cli.init_plugin_loader = lambda paths: None
for name in {sorted(path.stem for path in (ROOT / "plugins" / "action").glob("docr_*.py"))}:
    loader.action_loader.get("planton.digitalocean." + name, class_only=True)
for kind in ("become", "cache", "callback", "connection", "inventory", "shell", "strategy", "vars"):
    list(getattr(loader, kind + "_loader").all(class_only=True))
"""
# The folder that a program of Ansible makes when it is imported, and removes at its end. Built modules stay in it for
# the next play.
_PRELUDE = """
import atexit, os, sys, tempfile
from ansible import constants
from ansible.config import manager
shared = os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache")
os.makedirs(shared, exist_ok=True)
atexit.unregister(manager.cleanup_tmp_file)
home = os.path.dirname(constants.DEFAULT_LOCAL_TMP)
constants.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(prefix="ansible-local-", dir=home)
atexit.register(manager.cleanup_tmp_file, constants.DEFAULT_LOCAL_TMP, warn=True)
os.symlink(shared, os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))
sys.argv = {command}
"""


def play(playbook: Path | str, sandbox: Sandbox, variables: Mapping[str, Any] | None = None, *arguments: str) -> Played:
    """Run a playbook as `playing.play` does."""
    if os.environ.get(PLAYBOOK_PROGRAM):
        return playing.play(playbook, sandbox, variables, *arguments)
    return playing.play(playbook, sandbox, variables, *arguments, runner=run_forked)


def run_forked(command: Sequence[str], environment: Mapping[str, str], folder: Path = ROOT) -> Ended:
    """Run ansible-playbook in a fork of a server and in a folder; the first word of the command is the program.

    The settings are those of the checkout's ansible.cfg, whatever the folder.
    """
    read_once = {name: value for name, value in environment.items() if name.startswith(_READ_ONCE)}
    variables = tuple(sorted({**read_once, "ANSIBLE_LOCAL_TEMP": _local_folder().name}.items()))
    surroundings = fork_server.Surroundings(sys.executable, variables, str(ROOT), IMPORT_LIBRARIES + _WARM_UP)
    prelude = _PRELUDE.format(command=list(command))
    run = fork_server.start(surroundings, "ansible.cli.playbook", "", environment, prelude, folder)
    output, errors = run.wait(600)
    assert run.status is not None, (output, errors)
    return Ended(run.status, output, errors)


@cache
def _local_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="docr-ansible-")
