# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images: the graph of manifests, indexes and their companions, what keeps each of them, damage, and sizes."""

from __future__ import annotations
