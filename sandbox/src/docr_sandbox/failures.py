# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line tells a person when it cannot go on."""

from __future__ import annotations


class CommandError(Exception):
    """The command ends here; the text is for the user: one sentence, or one line per fault."""
