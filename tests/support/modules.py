# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module as Ansible does: its own process, its options as JSON, its result as JSON.

`run_module` forks from a server that has imported the module (`support.module_server`).
"""

from __future__ import annotations

import json
import os
from typing import Any

from docr_sandbox.testing import Sandbox
from support import module_server
from support.ways import WAY_VARIABLE

CONTROLLER_TASK = "support.controller_task"
PACKAGE = "ansible_collections.planton.digitalocean.plugins.modules"

# Classed by what they do: a POST that changes nothing, and GETs that mint tokens.
_HARMLESS = ("/v2/registries/validate-name", "/v2/registry/validate-name")
_MINTING = ("/docker-credentials", "/credentials", "/kubeconfig")


def run_module(sandbox: Sandbox, module: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """The result of `module`; its connection comes from the sandbox's environment file.

    Whatever the module prints is searched for the token.
    """
    arguments = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_remote_tmp": "/tmp", **options}
    output, errors = module_server.start(*_program(module, arguments), sandbox.environment).wait()
    printed = output + errors
    token = str(options.get("token") or sandbox.token).strip() or "dop_v1_"
    assert token not in printed, f"{module} shows the token"
    assert "Traceback" not in printed, printed
    result: dict[str, Any] = json.loads(output)
    result.pop("invocation", None)
    # Newer versions of ansible-core pack a warning into its own type.
    warnings = (one["event"]["msg"] if isinstance(one, dict) else one for one in result.pop("warnings", ()))
    result["warnings"] = list(warnings)
    return result


def _program(module: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The Python module whose `main` runs a module of the collection in the way of this test run, and its input."""
    if os.environ.get(WAY_VARIABLE) == "controller":
        return CONTROLLER_TASK, {**arguments, "_module": module}
    return f"{PACKAGE}.{module}", arguments


def writes(sandbox: Sandbox) -> list[str]:
    """The requests of the log that change something or mint a token."""
    return [call for call in sandbox.calls() if is_write(call)]


def is_write(call: str) -> bool:
    """Whether a call to DigitalOcean, a method and a path, changes something or mints a token."""
    method, path = call.split(" ", 1)
    if method in ("GET", "HEAD"):
        return path.endswith(_MINTING)
    return path not in _HARMLESS
