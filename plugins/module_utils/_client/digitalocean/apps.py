# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Apps of App Platform and their deployments, as far as images go."""

from __future__ import annotations

from ..._domain.in_use.apps import AppImages, parse_app, parse_deployment
from ..operations import LIST_APP_DEPLOYMENTS, LIST_APPS
from .connection import PER_PAGE, ApiConnection
from .lists import Listing


class AppCalls(ApiConnection):
    """Apps; what the calls promise stands in the ports of the services."""

    def list_apps(self) -> tuple[AppImages, ...]:
        """All apps."""
        return self._pages(
            LIST_APPS.call(),
            lambda page: self._client.apps.list(page=page, per_page=PER_PAGE),
            Listing("apps", "id", parse_app),
        )

    def list_deployments(self, app: AppImages) -> tuple[AppImages, ...]:
        """All deployments of an app."""
        return self._pages(
            LIST_APP_DEPLOYMENTS.call(app=app.name),
            lambda page: self._client.apps.list_deployments(app.id, page=page, per_page=PER_PAGE),
            Listing("deployments", "id", parse_deployment),
        )
