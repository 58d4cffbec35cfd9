# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access of clusters to registries: methods, pull secrets, service accounts, and the plan for each cluster."""

from __future__ import annotations
