# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other versions of ansible-core that the collection supports, each in an environment of its own (`locks.provide`).

The version that .venv has is tested by all other stages.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from playing import MODULE_PYTHON, PLAYBOOK_PROGRAM, ROOT

# The newest release of each supported minor version beside the version in requirements/dev.txt, and the newest
# prerelease, which no user has yet. The second text is the oldest Python that the version runs on.
OLDER_CORES = {"2.18.19": "3.11", "2.19.14": "3.11", "2.20.10": "3.12"}
PRERELEASES = {"2.22.0rc1": "3.13"}
# The ansible-runner of AWX 24.6.1, which comes before the newest, which requirements/dev.txt names.
AWX_RUNNER = "2.4.0"


def environment_of(place: Path) -> Mapping[str, str]:
    """The environment variables that let tests play with an environment, on the collection of this checkout."""
    typing = str(ROOT / ".venv" / "typing")
    return {
        PLAYBOOK_PROGRAM: str(place / "bin" / "ansible-playbook"),
        MODULE_PYTHON: str(place / "bin" / "python"),
        "ANSIBLE_COLLECTIONS_PATH": typing,
        "PYTHONPATH": typing,
    }
