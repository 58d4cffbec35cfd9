# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of hypothesis for every unit test."""

from __future__ import annotations

from hypothesis import settings

# A deadline of 200 ms for an example measures how busy the machine is: other stages run beside this one.
settings.register_profile("without_deadline", deadline=None)
settings.load_profile("without_deadline")
