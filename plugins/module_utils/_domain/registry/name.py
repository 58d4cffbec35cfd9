# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry names that are valid, as far as can be checked without the API."""

from __future__ import annotations

import re

from ..names import shown

# Project Planton's rule and DigitalOcean's agree on this much; that a name starts with a letter is DigitalOcean's own
# rule from its product page, which the service decides (digitalocean-api.md 1.3).
NAME_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
NAME_MAX_LENGTH = 63
# They stand where a name does in the API's paths.
RESERVED_NAMES = frozenset({"options", "subscription", "validate-name"})
# OCI distribution-spec, "Pulling manifests", without the length of a name.
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII)


def is_repository_name(name: str) -> bool:
    """Whether an image host can have a repository of this name, which has no capital letters."""
    return _REPOSITORY.fullmatch(name) is not None


def name_fault(name: str) -> tuple[str, str] | None:
    """What is wrong with a name, and the advice; None for a valid name."""
    if len(name) > NAME_MAX_LENGTH:
        return f"{shown(name)} has {len(name)} characters", f"use at most {NAME_MAX_LENGTH}"
    if not re.fullmatch(NAME_PATTERN, name):
        return f"{shown(name)} is not a registry name", "use a-z, 0-9 and '-', with a letter or digit at both ends"
    if name in RESERVED_NAMES:
        return f"{shown(name)} is reserved by the API", "choose another name"
    return None
