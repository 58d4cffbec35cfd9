# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a registry may be called, as far as that can be said without asking the service."""

from __future__ import annotations

import re

# Project Planton's rule and DigitalOcean's agree on this much; that a name starts with a letter is DigitalOcean's own
# rule from its product page, which the service decides (digitalocean-api.md 1.3).
NAME_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
NAME_MAX_LENGTH = 63
# They stand where a name does in the API's paths.
RESERVED_NAMES = frozenset({"options", "subscription", "validate-name"})


def name_fault(name: str) -> tuple[str, str] | None:
    """What is wrong with a name and what is right; None for one that may be asked for."""
    if len(name) > NAME_MAX_LENGTH:
        return f"{name!r} has {len(name)} characters", f"use at most {NAME_MAX_LENGTH}"
    if not re.fullmatch(NAME_PATTERN, name):
        return f"{name!r} is no registry name", "use a-z, 0-9 and '-', with a letter or digit at both ends"
    if name in RESERVED_NAMES:
        return f"{name!r} is a word of the API's own", "choose another name"
    return None
