# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML as AWX writes the answers of surveys and prompts."""

from __future__ import annotations

import yaml


class UnsafeDumper(yaml.SafeDumper):
    """Writes each text with the tag !unsafe and single quotes, as AWX does."""


UnsafeDumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("!unsafe", text, style="'"))
