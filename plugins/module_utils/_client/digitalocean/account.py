# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account and its team."""

from __future__ import annotations

from ..._domain.registry.model import Team, parse_team
from ..operations import READ_ACCOUNT
from .connection import ApiConnection


class AccountCalls(ApiConnection):
    """The account; what the calls promise stands in the ports of the services."""

    def fetch_team(self) -> Team:
        """The team of the token."""
        return self._read(READ_ACCOUNT.call(), self._client.account.get, lambda answer: parse_team(answer["account"]))
