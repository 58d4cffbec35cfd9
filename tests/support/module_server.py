# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes of modules without the cost of a new interpreter."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playing import module_python
from support import fork_server

# Below this folder is `support.controller_task`.
_PATHS = (*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), str(Path(__file__).resolve().parents[1]))
# Modules read variables in the run, so all runs share a server.
_VARIABLES = tuple(sorted({**os.environ, "PYTHONPATH": os.pathsep.join(_PATHS)}.items()))

# Python code. pydo imports a part of itself when a client is made, and azure-core when an answer arrives.
IMPORT_LIBRARIES = """
import contextlib
with contextlib.suppress(ImportError):
    import pydo
    import azure.core.rest._requests_basic
    pydo.Client("no token")
    import kubernetes
"""


def start(
    module: str, options: Mapping[str, Any], environment: Mapping[str, str], prelude: str = ""
) -> fork_server.Run:
    """Start a run of ``module`` (its full Python name); ``prelude`` is Python code that runs before the module."""
    # One server imports all modules, so that what the modules share is imported once.
    surroundings = fork_server.Surroundings(module_python(), _VARIABLES, str(Path.cwd()), IMPORT_LIBRARIES)
    given = json.dumps({"ANSIBLE_MODULE_ARGS": dict(options)})
    return fork_server.start(surroundings, module, given, environment, prelude)
