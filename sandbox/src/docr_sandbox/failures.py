# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error of a command."""

from __future__ import annotations


class CommandError(Exception):
    """The command cannot go on; the text is for the user: a sentence, or a line for each error."""
