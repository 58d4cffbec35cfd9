# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes a fork of Ansible's worker a process of a module: options, environment, and Ansible's own state.

Options and results go through the same encoders as for a module that Ansible copies to a host, so the values are the
same on every version of ansible-core.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.common import json as ansible_json
from ansible.module_utils.common import warnings as ansible_warnings

from ..module_utils._module.run import Entry, Say, run_module

# Since ansible-core 2.19; the profile of every module that names no other profile.
HAS_PROFILES = hasattr(basic, "_ANSIBLE_PROFILE")
PROFILE = "legacy"


def encoded(arguments: Mapping[str, Any]) -> bytes:
    """Options as Ansible hands them to a module: vault values as text, and no types of the controller."""
    everything = {"ANSIBLE_MODULE_ARGS": arguments}
    if HAS_PROFILES:
        encoder = ansible_json.get_module_encoder(PROFILE, ansible_json.Direction.CONTROLLER_TO_MODULE)
        return json.dumps(everything, cls=encoder).encode()
    return json.dumps(everything, cls=ansible_json.AnsibleJSONEncoder, vault_to_text=True).encode()


@dataclass(frozen=True)
class ModuleProcess:
    """A module with its encoded options, the environment variables of the task, and the working folder."""

    entry: Entry
    arguments: bytes = field(repr=False)
    environment: Mapping[str, Any] = field(repr=False)
    folder: str

    def run(self, say: Say) -> None:
        """Be the module in this process; prints the result and raises SystemExit."""
        # As the shell of a local connection does with the values.
        os.environ.update({name: str(value) for name, value in self.environment.items()})
        time.tzset()
        tempfile.tempdir = None
        os.chdir(self.folder)
        _forget_controller()
        basic._ANSIBLE_ARGS = self.arguments
        if HAS_PROFILES:
            basic._ANSIBLE_PROFILE = PROFILE
        run_module(self.entry, say)


def _forget_controller() -> None:
    """Undo what the controller has set for itself: its log, its warnings, and that warnings go to the terminal."""
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)
    for name in ("_global_warnings", "_global_deprecations"):
        getattr(ansible_warnings, name).clear()
    internal = sys.modules.get("ansible.module_utils._internal")
    if internal is not None:
        internal.is_controller = False  # type: ignore[attr-defined]
