# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folders of this collection in a user's home, by the XDG base directory specification."""

from __future__ import annotations

import os
from collections.abc import Mapping

_NAME = "planton.digitalocean"


def default_cache_path(environment: Mapping[str, str], home: str) -> str:
    """The folder below the user's cache."""
    return _below(environment.get("XDG_CACHE_HOME", ""), home, ".cache")


def default_undo_path(environment: Mapping[str, str], home: str) -> str:
    """The folder below the user's state folder."""
    return _below(environment.get("XDG_STATE_HOME", ""), home, ".local", "state")


def _below(base: str, home: str, *usual: str) -> str:
    # The specification has a relative path ignored.
    return os.path.join(base if os.path.isabs(base) else os.path.join(home, *usual), _NAME)
