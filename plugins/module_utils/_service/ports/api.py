# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All of DigitalOcean's API, for services that work on several resources."""

from __future__ import annotations

from typing import Protocol

from .collections import CollectionApi
from .credentials import CredentialApi
from .integrations import IntegrationApi
from .registries import RegistryApi


class Api(RegistryApi, CollectionApi, CredentialApi, IntegrationApi, Protocol):
    """DigitalOcean's API with each of its resources."""
