# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Code that the plugins of this collection share.

All packages below are private to this collection: they are no interface for others and may change in any release.
"""

from __future__ import annotations
