# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m docr_sandbox``: the command ``docr-sandbox``."""

from __future__ import annotations

import sys

from docr_sandbox.cli import main

sys.exit(main())
