# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of services."""

from __future__ import annotations

from urllib.parse import urlsplit

LAST_PORT = 65_535
PORT_RANGE = f"a number from 1 to {LAST_PORT}"


def has_bad_port(address: str) -> bool:
    """Whether an address with a scheme names a port out of range; raises ValueError for what is not an address."""
    place = urlsplit(address).netloc.rpartition("@")[2].rpartition("]")[2]
    if ":" not in place or place.endswith(":"):
        return False
    port = place.rpartition(":")[2]
    return not (port.isascii() and port.isdigit() and 0 < int(port) <= LAST_PORT)
