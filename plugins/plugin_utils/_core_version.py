# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the ansible-core that runs a play is new enough for the role."""

from __future__ import annotations

import re

OLDEST = (2, 18)


def core_fault(version: str) -> str | None:
    """Why the role does not run on a version such as `2.17.3` or `2.22.0rc1`; None where the role does.

    A version that has another form is not refused.
    """
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) >= OLDEST:
        return None
    oldest = ".".join(map(str, OLDEST))
    required = f"the role planton.digitalocean.docr requires ansible-core {oldest} or newer"
    return f"This play runs on ansible-core {version}; {required}."
